//! Nexmon CSI: one UDP payload of a patched Broadcom router in, one chain of one packet out.
//!
//! The firmware sends a datagram for each receive core and spatial stream. [`datagram`] reads one and is stateless;
//! [`Joiner`] puts those of one packet together into a frame. Layout as in nexmon_csi's `csi_extractor.c` and, for the
//! floating-point chips, its `unpack_float.c`.

mod join;
mod layout;

pub use join::{Arrival, Joiner, MAX_PAUSE};
pub use layout::{channel, subcarriers};

use crate::types::{Complex32, FrameFlags, Hardware, SkipReason};

/// Where the firmware sends to unless told otherwise.
pub const USUAL_PORT: u16 = 5500;

/// First two bytes of every payload. The old header repeats them where the new one has power and frame type.
const MAGIC: [u8; 2] = [0x11, 0x11];
const HEADER_LEN: usize = 18;

/// 20 MHz; fewer values are no channel.
const MIN_VALUES: usize = 64;
/// 160 MHz, the widest channel that a chanspec of these chips can name.
const MAX_VALUES: usize = 512;

/// Brings the floating-point chips to the size of the integer ones (hundreds to thousands); a power of two, so exact.
/// Recordings of 4358 and 4366c0 have mantissas times two to the exponent of at most 4 and 6.
pub const FLOAT_SCALE: f32 = 256.0;

/// One chain of one packet, as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datagram<'a> {
    /// `None` under the old header.
    pub rssi_dbm: Option<i8>,
    /// First byte of the 802.11 frame control field; `None` under the old header.
    pub frame_control: Option<u8>,
    pub mac: [u8; 6],
    /// As captured: the packet number is in the upper twelve bits.
    pub sequence_control: u16,
    /// Receive core, 0 to 7.
    pub core: u8,
    /// Spatial stream, 0 to 7.
    pub stream: u8,
    pub chanspec: u16,
    pub hardware: Hardware,
    pub flags: FrameFlags,
    /// Four bytes for each value, a power of two of them.
    words: &'a [u8],
}

/// Whether a payload claims to be from Nexmon firmware.
pub fn looks_like(payload: &[u8]) -> bool {
    payload.starts_with(&MAGIC)
}

/// Reads one payload that [`looks_like`] Nexmon. `n_trailing` bytes lay behind it in the same packet: some firmware
/// appends a word there that the length fields do not count.
pub fn datagram(payload: &[u8], n_trailing: usize) -> Result<Datagram<'_>, SkipReason> {
    let (header, words) = payload.split_first_chunk::<HEADER_LEN>().ok_or(SkipReason::BadHeader)?;
    let [m0, m1, rssi, frame_control, a, b, c, d, e, f, seq0, seq1, chain0, chain1, spec0, spec1, chip0, chip1] =
        *header;
    if [m0, m1] != MAGIC {
        return Err(SkipReason::BadHeader);
    }
    let mut flags = FrameFlags::default();
    let old_header = [rssi, frame_control] == MAGIC;
    if old_header {
        flags.insert(FrameFlags::OLD_HEADER);
    }
    let hardware = hardware([chip0, chip1]).ok_or(SkipReason::UnknownHardware)?;
    let chain = chain_word([chain0, chain1]).ok_or(SkipReason::BadHeader)?;
    let chanspec = u16::from_le_bytes([spec0, spec1]);

    let n_words = words.len() / 4;
    if n_words < MIN_VALUES {
        return Err(SkipReason::BadValueCount);
    }
    let n_values = (1 << n_words.ilog2()).min(MAX_VALUES);
    match usize::from(channel(chanspec).bandwidth_mhz / 20) * MIN_VALUES {
        0 => {}
        // The capture cut the packet: its first values are not those of a narrower channel.
        n if n > n_values => return Err(SkipReason::BadValueCount),
        n if n < n_values => flags.insert(FrameFlags::LENGTH_MISMATCH),
        _ => {}
    }
    if (words.len() + n_trailing) / 4 > n_values {
        flags.insert(FrameFlags::SURPLUS_VALUES);
    }
    Ok(Datagram {
        // Zero is what firmware that does not measure power leaves in the field.
        rssi_dbm: (!old_header && rssi != 0).then_some(rssi.cast_signed()),
        frame_control: (!old_header).then_some(frame_control),
        mac: [a, b, c, d, e, f],
        sequence_control: u16::from_le_bytes([seq0, seq1]),
        core: chain & 7,
        stream: chain >> 3,
        chanspec,
        hardware,
        flags,
        words: words.get(..n_values * 4).ok_or(SkipReason::BadValueCount)?,
    })
}

impl Datagram<'_> {
    pub fn n_values(&self) -> usize {
        self.words.len() / 4
    }

    /// The sender's packet number, 12 bits; `None` where it does not count. Control frames have no such field, and
    /// the old header does not tell them from others, so that its zeros mean nothing.
    pub fn sequence(&self) -> Option<u32> {
        const TYPE_CONTROL: u8 = 1;
        let counts = match self.frame_control {
            Some(frame_control) => (frame_control >> 2) & 3 != TYPE_CONTROL,
            None => self.sequence_control != 0,
        };
        counts.then_some(u32::from(self.sequence_control >> 4))
    }

    /// Appends the values in buffer order (that of the Fourier transform: the carrier first, then upwards).
    pub fn append_values(&self, values: &mut Vec<Complex32>) {
        let (words, _) = self.words.as_chunks::<4>();
        match self.hardware {
            Hardware::Bcm4358 => values.extend(words.iter().map(|word| float_value::<9, 5>(*word))),
            Hardware::Bcm4366c0 => values.extend(words.iter().map(|word| float_value::<12, 6>(*word))),
            _ => values.extend(words.iter().map(|[r0, r1, i0, i1]| {
                Complex32::new(f32::from(i16::from_le_bytes([*r0, *r1])), f32::from(i16::from_le_bytes([*i0, *i1])))
            })),
        }
    }
}

/// A value of the floating-point chips: from the low bits up `N_EXP` bits of exponent in two's complement, then
/// imaginary and real part, each of `N_MAN` bits with the sign on top of the magnitude.
fn float_value<const N_MAN: u32, const N_EXP: u32>(word: [u8; 4]) -> Complex32 {
    const F32_BIAS: i32 = 127;
    const F32_MANTISSA_BITS: u32 = 23;
    let word = u32::from_le_bytes(word);
    let exponent = (word << (32 - N_EXP)).cast_signed() >> (32 - N_EXP);
    // Six bits at most, so that the biased exponent stays far inside a byte.
    let scale = f32::from_bits(((exponent + F32_BIAS) as u32) << F32_MANTISSA_BITS) * FLOAT_SCALE;
    let part = |shift: u32| {
        let magnitude = ((word >> shift) & ((1 << (N_MAN - 1)) - 1)) as f32;
        let negative = (word >> (shift + N_MAN - 1)) & 1 == 1;
        scale * if negative { -magnitude } else { magnitude }
    };
    Complex32::new(part(N_EXP + N_MAN), part(N_EXP))
}

/// Chip numbers as the firmware writes them; 4358 and 4366c0 have two each, by firmware age.
fn hardware(chip: [u8; 2]) -> Option<Hardware> {
    match u16::from_le_bytes(chip) {
        0x0001 => Some(Hardware::Bcm4339),
        0x0065 => Some(Hardware::Bcm43455c0),
        0xdead | 0x0003 => Some(Hardware::Bcm4358),
        0x006a | 0xe834 => Some(Hardware::Bcm4366c0),
        _ => None,
    }
}

/// Core in bits 0 to 2, stream in bits 3 to 5. Some routers swap the bytes; the field has only six bits, so that shows.
fn chain_word(bytes: [u8; 2]) -> Option<u8> {
    let word = match u16::from_le_bytes(bytes) {
        word if word > 63 => word.swap_bytes(),
        word => word,
    };
    u8::try_from(word).ok().filter(|word| *word <= 63)
}
