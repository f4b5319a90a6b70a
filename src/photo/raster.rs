//! Decoded pixels on their way to a photo: any of three colour models, 8 or 16 bits, opaque, wiped when dropped.

use zeroize::{Zeroize, Zeroizing};

use super::Problem;

/// What the values of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Gray,
    Rgb,
    /// Amounts of ink: 0 is bare paper.
    Cmyk,
}

impl Model {
    pub fn n_channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// `width * height * model.n_channels()` values, rows from the top.
pub(super) struct Raster {
    pub width: u32,
    pub height: u32,
    pub model: Model,
    pub samples: Samples,
}

pub(super) enum Samples {
    U8(Zeroizing<Vec<u8>>),
    U16(Zeroizing<Vec<u16>>),
}

/// An all-zero buffer that is wiped when dropped, or an error where there is no memory for it.
pub(super) fn buffer<T: Zeroize + Clone + Default>(n: usize) -> Result<Zeroizing<Vec<T>>, Problem> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(n).map_err(|_| Problem::OutOfMemory)?;
    buffer.resize(n, T::default());
    Ok(Zeroizing::new(buffer))
}

/// How transparency lies beside the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    Straight,
    /// Colours are multiplied by alpha already.
    Associated,
}

/// Lays pixels of `n_colors` values and an alpha each over white; the result has the colours only.
pub(super) fn over_white<T: Depth>(pixels: &[T], n_colors: usize, alpha: Alpha) -> Result<Zeroizing<Vec<T>>, Problem> {
    let mut opaque = buffer::<T>(pixels.len() / (n_colors + 1) * n_colors)?;
    for (to, from) in opaque.chunks_exact_mut(n_colors).zip(pixels.chunks_exact(n_colors + 1)) {
        let a = from[n_colors].to_u32();
        for (to, from) in to.iter_mut().zip(from) {
            let color = match alpha {
                Alpha::Straight => (from.to_u32() * a + T::MAX / 2) / T::MAX,
                Alpha::Associated => from.to_u32(),
            };
            *to = T::from_u32((color + T::MAX - a).min(T::MAX));
        }
    }
    Ok(opaque)
}

/// The two depths of samples.
pub(super) trait Depth: Zeroize + Copy + Default {
    /// The value of white. Products of two samples stay within 32 bits.
    const MAX: u32;
    fn to_u32(self) -> u32;
    /// `value` is at most [`Self::MAX`].
    fn from_u32(value: u32) -> Self;
}

impl Depth for u8 {
    const MAX: u32 = 255;
    fn to_u32(self) -> u32 {
        self.into()
    }
    fn from_u32(value: u32) -> Self {
        value as u8
    }
}

impl Depth for u16 {
    const MAX: u32 = 65_535;
    fn to_u32(self) -> u32 {
        self.into()
    }
    fn from_u32(value: u32) -> Self {
        value as u16
    }
}
