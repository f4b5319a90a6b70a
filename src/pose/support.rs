//! When a network must not be believed: hard gates on what was measured, and two tests on what the network makes of it.
//!
//! Gates and limits follow `spec/pose.md` section 6: fewer than two links, less than 80 packets a second, gaps over
//! 50 ms, less than 15 dB, no geometry. Beyond them, a window is strange where the network's own variance is beyond what
//! it was on known rooms, or where its pooled features lie farther from their mean, or nearer to it, than those did:
//! faint signals lie too near, so a one-sided test would pass them.

use serde::{Deserialize, Serialize};

use super::tokens::LinkTokens;
use super::window::LinkWindow;
use crate::types::Moves;

/// One link tells no place. What two and more tell is decided by what the network was measured to tell from them.
pub const MIN_LINKS: usize = 2;
/// Fewer links tell a place and a posture at most, no direction, no body and no fall.
pub const MIN_LINKS_FOR_BODIES: usize = 3;
pub const MIN_PACKETS_PER_SEC: f32 = 80.0;
pub const MAX_GAP_SECS: f32 = 0.05;
pub const MIN_SNR_DB: f32 = 15.0;
/// Below this on every link nothing stands out that an empty room would not show as well: the most that 160 looks into 40
/// simulated empty rooms had was 7.9 dB (`models/pose/TESTED.md`).
const STILL_DB: f32 = 8.0;
/// Below this nobody walks: of 30 looks at one person between the two, in 40 simulated rooms, nobody's pelvis moved faster than
/// 0.17 m/s.
const CALM_DB: f32 = 12.0;

/// What is known about a window before any network looks at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Links with a window and with geometry.
    pub n_links: usize,
    pub n_without_geometry: usize,
    /// Of the slowest link that is used.
    pub packets_per_sec: f32,
    /// Of the link with the longest gap.
    pub longest_gap_secs: f32,
    /// Of the median link: one faint link among many does little harm.
    pub snr_db: f32,
    /// How far movement from the spot stands out of the noise on the link that sees most, dB.
    pub movement_db: f32,
}

impl Conditions {
    /// Of the links that gave a window and tokens, and of the count of those that stand nowhere.
    pub fn new<'a>(
        links: impl Iterator<Item = (&'a LinkWindow, &'a LinkTokens)> + Clone,
        n_without_geometry: usize,
    ) -> Self {
        let mut snr: Vec<f32> = links.clone().map(|(_, tokens)| tokens.snr_db).collect();
        snr.sort_by(f32::total_cmp);
        Self {
            n_links: snr.len(),
            n_without_geometry,
            packets_per_sec: links.clone().map(|(window, _)| window.packets_per_sec).fold(f32::INFINITY, f32::min),
            longest_gap_secs: links.clone().map(|(window, _)| window.longest_gap_secs).fold(0.0, f32::max),
            snr_db: snr.get(snr.len() / 2).copied().unwrap_or(f32::NAN),
            movement_db: links.map(|(_, tokens)| tokens.movement_db).fold(f32::NAN, f32::max),
        }
    }
}

impl Conditions {
    /// How much moves from its place, by the link that sees most. A figure that is no number is much.
    pub fn moves(&self) -> Moves {
        match self.movement_db {
            db if db < STILL_DB => Moves::Nothing,
            db if db < CALM_DB => Moves::Little,
            _ => Moves::Much,
        }
    }
}

/// Why no body is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsupported {
    NoGeometry {
        n_links: usize,
    },
    FewLinks {
        n: usize,
    },
    LowRate {
        packets_per_sec: f32,
    },
    Gap {
        secs: f32,
    },
    Faint {
        snr_db: f32,
    },
    /// The network itself gives a wide region; metres, one sigma.
    Uncertain {
        sigma_m: f32,
    },
    /// The window is unlike those that the network was made from: too far from their middle, or suspiciously near.
    Strange {
        too_far: bool,
    },
    /// The network was taught nothing useful about so few links or antennas.
    Untaught {
        n_links: usize,
        n_antennas: usize,
    },
    /// Nothing moves from its place: who stays still cannot be placed, and whoever is followed has not gone away.
    Still,
    /// More people than the network tells places of.
    Crowd,
    /// The room has no size.
    NoRoom,
    /// The network's output is no number.
    Broken,
}

impl Unsupported {
    /// What is the matter, for the user.
    pub fn reason(&self) -> String {
        match self {
            Self::NoGeometry { n_links } => format!("{n_links} links have no place in the room"),
            Self::FewLinks { n: 1 } => "only 1 link gives a usable signal".into(),
            Self::FewLinks { n } => format!("only {n} links give a usable signal"),
            Self::LowRate { packets_per_sec } => format!("the slowest link has {packets_per_sec:.0} packets a second"),
            Self::Gap { secs } => format!("no packets for {:.0} ms", secs * 1e3),
            Self::Faint { snr_db } => format!("the signal is only {snr_db:.0} dB above the noise"),
            Self::Uncertain { sigma_m } => format!("the position is uncertain by {sigma_m:.1} m"),
            Self::Strange { too_far: true } => "the signal is unlike anything the model was made for".into(),
            Self::Strange { too_far: false } => "the signal holds too little to tell anything from".into(),
            Self::Untaught { n_links, n_antennas } => {
                format!("the model tells no places from {n_links} links with {n_antennas} of their antennas")
            }
            Self::Still => "nobody moves from their place, and who is still cannot be placed".into(),
            Self::Crowd => "more people than the model can tell apart".into(),
            Self::NoRoom => "the room has no size".into(),
            Self::Broken => "the model gave no usable numbers".into(),
        }
    }

    /// The same in general words, to count such windows by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoGeometry { .. } => "links have no place in the room",
            Self::FewLinks { .. } => "too few links give a usable signal",
            Self::LowRate { .. } => "too few packets a second",
            Self::Gap { .. } => "a gap between packets",
            Self::Faint { .. } => "the signal is too faint",
            Self::Uncertain { .. } => "the position is too uncertain",
            Self::Strange { too_far: true } => "the signal is unlike what the model was made for",
            Self::Strange { too_far: false } => "the signal holds too little",
            Self::Untaught { .. } => "the model was not taught so few links or antennas",
            Self::Still => "nobody moves from their place",
            Self::Crowd => "more people than the model can tell apart",
            Self::NoRoom => "the room has no size",
            Self::Broken => "the model gave no usable numbers",
        }
    }

    /// What would help, for the user.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NoGeometry { .. } => "place the radios in the room plan",
            Self::FewLinks { .. } => "add receivers: two links with arrays tell a place, three and more a direction",
            Self::LowRate { .. } => "let the sender transmit at least 100 packets a second on a free channel",
            Self::Gap { .. } => "look for interference or a busy channel; move the sender to a free one",
            Self::Faint { .. } => "move the radios closer or free of metal; check the antennas",
            Self::Uncertain { .. } => "wait for movement, add links, or record the empty room",
            Self::Strange { too_far: true } => {
                "check for a second person, a machine that moves, or wrongly placed radios; fit the room"
            }
            Self::Strange { too_far: false } => "check that the links cross the place where people are",
            Self::Untaught { .. } => "use receivers with three antennas whose array direction is set, or add links",
            Self::Still => "wait for movement",
            Self::Crowd => "wait until one person is left in the room",
            Self::NoRoom => "measure the room and enter its size",
            Self::Broken => "choose another model version",
        }
    }
}

/// Every hard gate that a window fails, in the order in which a user should mend them. A figure that is no number fails.
pub fn hard_gates(conditions: &Conditions) -> Vec<Unsupported> {
    let &Conditions { n_links, n_without_geometry, packets_per_sec, longest_gap_secs, snr_db, .. } = conditions;
    let mut failed = Vec::new();
    if n_without_geometry > 0 && n_links < MIN_LINKS {
        failed.push(Unsupported::NoGeometry { n_links: n_without_geometry });
    }
    if n_links < MIN_LINKS {
        failed.push(Unsupported::FewLinks { n: n_links });
    }
    if n_links > 0 {
        if packets_per_sec.is_nan() || packets_per_sec < MIN_PACKETS_PER_SEC {
            failed.push(Unsupported::LowRate { packets_per_sec });
        }
        if longest_gap_secs.is_nan() || longest_gap_secs > MAX_GAP_SECS {
            failed.push(Unsupported::Gap { secs: longest_gap_secs });
        }
        if snr_db.is_nan() || snr_db < MIN_SNR_DB {
            failed.push(Unsupported::Faint { snr_db });
        }
    }
    failed
}

/// How a network's features lie on known rooms, and the limits beyond which they were in 5 of 100 windows.
///
/// Written by the training beside the weights; [`Familiarity::checked`] is how it comes in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Familiarity {
    /// Mean of the pooled features.
    pub mean: Vec<f32>,
    /// Lower triangle of L in `C⁻¹ = L·Lᵀ`, row by row.
    pub factor: Vec<f32>,
    /// Squared distances: nearer than the first or farther than the second is strange.
    pub distance: [f32; 2],
    /// Largest usual sigma of the position, metres.
    pub sigma_m: f32,
}

impl Familiarity {
    /// `None` unless sizes fit together and all numbers are finite and in order.
    pub fn checked(self) -> Option<Self> {
        let n = self.mean.len();
        let sizes = n > 0 && n <= 4_096 && self.factor.len() == n * (n + 1) / 2;
        let finite = self.mean.iter().chain(&self.factor).chain(&self.distance).all(|value| value.is_finite());
        let ordered = self.distance[0] <= self.distance[1] && self.sigma_m > 0.0;
        (sizes && finite && ordered).then_some(self)
    }

    /// Squared Mahalanobis distance of pooled features; `None` where their count is another one.
    pub fn distance_squared(&self, features: &[f32]) -> Option<f32> {
        if features.len() != self.mean.len() {
            return None;
        }
        // |Lᵀ·d|²: column by column of L, which is stored by rows.
        let mut along = vec![0.0_f32; features.len()];
        let mut at = 0;
        for (i, (x, mean)) in features.iter().zip(&self.mean).enumerate() {
            let row = self.factor.get(at..=at + i)?;
            at += i + 1;
            along.iter_mut().zip(row).for_each(|(sum, l)| *sum += l * (x - mean));
        }
        Some(along.iter().map(|sum| sum * sum).sum())
    }

    /// Why this output lies outside, if it does.
    pub fn judge(&self, features: &[f32], sigma_m: f32) -> Vec<Unsupported> {
        let distance = self.distance_squared(features).filter(|distance| distance.is_finite());
        let Some(distance) = distance.filter(|_| sigma_m.is_finite()) else {
            return vec![Unsupported::Broken];
        };
        let mut outside = Vec::new();
        if sigma_m > self.sigma_m {
            outside.push(Unsupported::Uncertain { sigma_m });
        }
        if distance < self.distance[0] || distance > self.distance[1] {
            outside.push(Unsupported::Strange { too_far: distance > self.distance[1] });
        }
        outside
    }
}
