//! Data colour maps: perceptually even and safe for colour-blind readers.
//!
//! Each is a short row of anchors, evenly spaced from 0 to 1, with straight lines between them. Pure; legends and the GPU
//! take their colours from the same table.

use super::scene::Rgba;

/// Colours per map in [`Colormap::table`]: more than eight bits of a colour can tell apart.
pub const N_COLORS: usize = 256;

/// Which colours a value between 0 and 1 gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colormap {
    /// Dark blue over green to yellow: amplitude.
    Viridis,
    /// Black over purple and orange to cream: power, Doppler.
    Magma,
    /// Cyclic, both ends alike: phase.
    Twilight,
    /// Blue over white to red: signed differences.
    Diverging,
}

/// Every 17th of matplotlib's 256 colours (`_cm_listed.py`, CC0).
const VIRIDIS: [u32; 16] = [
    0x440154, 0x481A6C, 0x472F7D, 0x414487, 0x39568C, 0x31688E, 0x2A788E, 0x23888E, 0x1F988B, 0x22A884, 0x35B779,
    0x54C568, 0x7AD151, 0xA5DB36, 0xD2E21B, 0xFDE725,
];
/// Every 17th of matplotlib's 256 colours (`_cm_listed.py`, CC0).
const MAGMA: [u32; 16] = [
    0x000004, 0x0B0924, 0x20114B, 0x3B0F70, 0x57157E, 0x721F81, 0x8C2981, 0xA8327D, 0xC43C75, 0xDE4968, 0xF1605D,
    0xFA7F5E, 0xFE9F6D, 0xFEBF84, 0xFDDEA0, 0xFCFDBF,
];
/// Ninths of matplotlib's cyclic map of that name (Bechtold, CC0).
const TWILIGHT: [u32; 10] =
    [0xE2D9E2, 0x9EBBC9, 0x6785BE, 0x5E43A5, 0x421257, 0x471340, 0x8E2C50, 0xBA6657, 0xCEAC94, 0xE2D9E2];
/// ColorBrewer's nine-class RdBu, blue first (Brewer and Harrower, Apache-2.0).
const DIVERGING: [u32; 9] = [0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B];

impl Colormap {
    pub const ALL: [Self; 4] = [Self::Viridis, Self::Magma, Self::Twilight, Self::Diverging];

    fn anchors(self) -> &'static [u32] {
        match self {
            Self::Viridis => &VIRIDIS,
            Self::Magma => &MAGMA,
            Self::Twilight => &TWILIGHT,
            Self::Diverging => &DIVERGING,
        }
    }

    /// The colour of a value; below 0 and above 1 the ends', for no number the lower end's.
    pub fn color(self, value: f32) -> Rgba {
        let anchors = self.anchors();
        let n_steps = anchors.len() - 1;
        let at = value.clamp(0.0, 1.0) * n_steps as f32;
        // Not-a-number becomes step 0 here and a share of 0 below.
        let step = (at as usize).min(n_steps - 1);
        let share = (at - step as f32).max(0.0);
        let channel = |shift: u32| {
            let of = |color: u32| ((color >> shift) & 0xFF) as f32;
            (of(anchors[step]) + (of(anchors[step + 1]) - of(anchors[step])) * share).round() as u8
        };
        [channel(16), channel(8), channel(0), 255]
    }

    /// The colours of values from `low` to `high`, one per vertex of a mesh or step of a legend.
    ///
    /// For signed errors take [`Self::Diverging`] and `low` = -`high`, so that zero is white.
    pub fn colors(self, values: impl IntoIterator<Item = f32>, low: f32, high: f32) -> Vec<Rgba> {
        values.into_iter().map(|value| self.color((value - low) / (high - low))).collect()
    }

    /// The map cut into [`N_COLORS`] equal steps, as the GPU looks it up.
    pub fn table(self) -> [Rgba; N_COLORS] {
        std::array::from_fn(|i| self.color(i as f32 / (N_COLORS - 1) as f32))
    }
}

/// Round numbers from `low` to `high` to write beside a legend, with their places (0..=1); about `n_wanted` of them.
///
/// Empty where there is no such range.
pub fn legend_ticks(low: f32, high: f32, n_wanted: usize) -> Vec<(f32, f32)> {
    let range = f64::from(high) - f64::from(low);
    if !(range.is_finite() && range > 0.0) {
        return Vec::new();
    }
    let rough = range / n_wanted.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let first = (f64::from(low) / step - 1e-6).ceil() as i64;
    let last = (f64::from(high) / step + 1e-6).floor() as i64;
    let tick = |i: i64| i as f64 * step;
    (first..=last).map(|i| (tick(i) as f32, ((tick(i) - f64::from(low)) / range).clamp(0.0, 1.0) as f32)).collect()
}
