//! Which subcarriers a value list belongs to, from the packet's format, its width and the number of values.
//!
//! The plans are those of IEEE 802.11-2020 (clause 17 non-HT, 19 HT, 21 VHT) and 802.11ax-2021 (clause 27 HE).
//! That they are also the order of the values is measured: FeitCSI leaves exactly the standard's pilots at zero.

use std::sync::{Arc, LazyLock};

use crate::types::{LtfField, Segment, Subcarriers};

/// 802.11-2020 tables 17-5, 19-6 and 21-5: 20 MHz over 64.
const SPACING_HZ: f32 = 312_500.0;
/// 802.11ax-2021 table 27-12: 20 MHz over 256.
const HE_SPACING_HZ: f32 = 78_125.0;

/// A subcarrier layout that some format uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plan {
    /// The 30 groups that the Intel 5300 reports: 802.11n-2009 table 7-25f, grouping 2.
    Iwl5300Ht20,
    /// The same over 40 MHz: grouping 4.
    Iwl5300Ht40,
    /// 52 tones, equation 17-9.
    Legacy20,
    /// 56 tones, also VHT20: table 19-6.
    Ht20,
    /// 114 tones, also VHT40: table 19-6.
    Ht40,
    /// 242 tones: table 21-5.
    Vht80,
    /// 484 tones, two 80 MHz halves: table 21-5.
    Vht160,
    /// The 242-tone unit over 20 MHz: 802.11ax table 27-7.
    He20,
    /// The 484-tone unit over 40 MHz: table 27-8.
    He40,
    /// The 996-tone unit over 80 MHz: table 27-9.
    He80,
    /// Two 996-tone units: table 27-9, shifted by ±512.
    He160,
}

/// The packet formats that headers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketFormat {
    NonHt,
    Ht,
    Vht,
    He,
    Unknown,
}

impl Plan {
    const ALL: [Self; 11] = [
        Self::Iwl5300Ht20,
        Self::Iwl5300Ht40,
        Self::Legacy20,
        Self::Ht20,
        Self::Ht40,
        Self::Vht80,
        Self::Vht160,
        Self::He20,
        Self::He40,
        Self::He80,
        Self::He160,
    ];

    /// The plan of a packet; `None` when the count is not the one that the format prescribes.
    pub fn of_packet(format: PacketFormat, bandwidth_mhz: u16, n_tones: usize) -> Option<Self> {
        use PacketFormat::{He, Ht, NonHt, Vht};
        Some(match (format, bandwidth_mhz, n_tones) {
            (NonHt, 20, 52) => Self::Legacy20,
            (Ht | Vht, 20, 56) => Self::Ht20,
            (Ht | Vht, 40, 114) => Self::Ht40,
            (Vht, 80, 242) => Self::Vht80,
            (Vht, 160, 484) => Self::Vht160,
            (He, 20, 242) => Self::He20,
            (He, 40, 484) => Self::He40,
            (He, 80, 996) => Self::He80,
            (He, 160, 1992) => Self::He160,
            _ => return None,
        })
    }

    fn index(self) -> Vec<i16> {
        match self {
            Self::Iwl5300Ht20 => (-28..=-2).step_by(2).chain([-1]).chain((1..=27).step_by(2)).chain([28]).collect(),
            Self::Iwl5300Ht40 => (-58..=58).step_by(4).collect(),
            Self::Legacy20 => mirrored(&[1..=26]),
            Self::Ht20 => mirrored(&[1..=28]),
            Self::Ht40 => mirrored(&[2..=58]),
            Self::Vht80 | Self::He20 => mirrored(&[2..=122]),
            Self::Vht160 => mirrored(&[6..=126, 130..=250]),
            Self::He40 => mirrored(&[3..=244]),
            Self::He80 => mirrored(&[3..=500]),
            Self::He160 => mirrored(&[12..=509, 515..=1012]),
        }
    }

    /// Positive pilot subcarriers; the negative ones mirror them.
    fn pilots(self) -> &'static [i16] {
        match self {
            Self::Iwl5300Ht20 | Self::Iwl5300Ht40 => &[],
            Self::Legacy20 | Self::Ht20 => &[7, 21],
            Self::Ht40 => &[11, 25, 53],
            Self::Vht80 => &[11, 39, 75, 103],
            Self::Vht160 => &[25, 53, 89, 117, 139, 167, 203, 231],
            Self::He20 => &[22, 48, 90, 116],
            Self::He40 => &[10, 36, 78, 104, 144, 170, 212, 238],
            Self::He80 => &[24, 92, 158, 226, 266, 334, 400, 468],
            Self::He160 => &[44, 112, 178, 246, 286, 354, 420, 488, 536, 604, 670, 738, 778, 846, 912, 980],
        }
    }

    fn spacing_hz(self) -> f32 {
        match self {
            Self::He20 | Self::He40 | Self::He80 | Self::He160 => HE_SPACING_HZ,
            _ => SPACING_HZ,
        }
    }

    fn build(self, pilots_blank: bool) -> Arc<Subcarriers> {
        let index = self.index();
        let is_pilot = |k: i16| pilots_blank && self.pilots().contains(&k.abs());
        let invalid = index.iter().zip(0_u16..).filter(|(k, _)| is_pilot(**k)).map(|(_, at)| at).collect();
        let segments = vec![Segment { field: LtfField::Unnamed, len: index.len() }];
        Arc::new(Subcarriers::new(index, self.spacing_hz(), segments, invalid))
    }
}

/// Every plan, built once: without and with blank pilots.
static PLANS: LazyLock<[[Arc<Subcarriers>; 2]; Plan::ALL.len()]> =
    LazyLock::new(|| Plan::ALL.map(|plan| [false, true].map(|pilots_blank| plan.build(pilots_blank))));

/// `Plan::ALL` lists the variants in their order, so that the discriminant is the place in the table.
pub(super) fn subcarriers(plan: Plan) -> Arc<Subcarriers> {
    PLANS[plan as usize][0].clone()
}

/// For devices that report zero at the pilots: those positions are marked invalid.
pub(super) fn subcarriers_with_blank_pilots(plan: Plan) -> Arc<Subcarriers> {
    PLANS[plan as usize][1].clone()
}

/// A guess for a count that no plan has: numbered outwards from the carrier, which only an odd count includes.
pub(super) fn symmetric(format: PacketFormat, n_tones: u16) -> Arc<Subcarriers> {
    let half = (n_tones / 2).cast_signed();
    let spacing_hz = if format == PacketFormat::He { HE_SPACING_HZ } else { SPACING_HZ };
    let index = (-half..=half).filter(|&k| k != 0 || n_tones % 2 == 1).collect();
    Arc::new(Subcarriers::single(index, spacing_hz))
}

/// The same layout moved by a number of subcarriers.
pub(super) fn shifted(layout: &Subcarriers, by: i16) -> Arc<Subcarriers> {
    let index = layout.index.iter().map(|k| k.saturating_add(by)).collect();
    Arc::new(Subcarriers::new(index, layout.spacing_hz, layout.segments.clone(), layout.invalid.clone()))
}

/// The given positive runs with their mirror images, in rising order.
fn mirrored(positive: &[std::ops::RangeInclusive<i16>]) -> Vec<i16> {
    let upper: Vec<i16> = positive.iter().cloned().flatten().collect();
    upper.iter().rev().map(|k| -k).chain(upper.iter().copied()).collect()
}
