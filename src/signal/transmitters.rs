//! Which transmitters of a receiver are worth showing first.
//!
//! A receiver in a flat hears its own access point, phones, and the neighbours. Goes in: counts, rate and power per
//! transmitter. Comes out: an order, best first, with the reason in words.

use crate::types::LinkId;

/// What is known of one transmitter as a receiver hears it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub link: LinkId,
    pub n_frames: u64,
    /// Packets per second; `None` while it is unknown.
    pub rate_hz: Option<f64>,
    pub rssi_dbm: Option<f32>,
    /// Bins that carry a channel.
    pub n_usable_bins: usize,
    pub longest_gap_secs: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    pub link: LinkId,
    /// 0..=1; zero is not worth looking at.
    pub score: f64,
    /// Which figure decides, e.g. "97 packets/s on 56 subcarriers at -41 dBm".
    pub reason: String,
}

/// Fewer packets than this say nothing about a transmitter.
const MIN_FRAMES: u64 = 20;

/// Best first; equal ones in the order of their links.
///
/// Rate counts most, up to the 100 Hz that activity needs, then bandwidth, then power; a long silence halves the score.
pub fn rank(candidates: &[Candidate]) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = candidates.iter().map(judge).collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.link.cmp(&b.link)));
    ranked
}

/// One transmitter on its own.
pub fn judge(candidate: &Candidate) -> Ranked {
    let Candidate { link, n_frames, rate_hz, rssi_dbm, n_usable_bins, longest_gap_secs } = *candidate;
    let none = |reason: String| Ranked { link, score: 0.0, reason };
    if n_frames < MIN_FRAMES {
        return none(format!("Only {n_frames} packets so far"));
    }
    if n_usable_bins < super::bins::MIN_USABLE {
        return none(format!("Only {n_usable_bins} subcarriers carry a signal"));
    }
    let Some(rate_hz) = rate_hz else { return none("The packet rate is not known".to_owned()) };
    let by_rate = (rate_hz / 100.0).clamp(0.0, 1.0).sqrt();
    let by_width = (n_usable_bins as f64 / 52.0).min(1.0);
    // -35 dBm is an access point in the room, -85 dBm the edge of what can be decoded.
    let by_power = rssi_dbm.map_or(0.5, |rssi| ((f64::from(rssi) + 85.0) / 50.0).clamp(0.0, 1.0));
    let by_gaps = if longest_gap_secs > 2.0 { 0.5 } else { 1.0 };
    let power = rssi_dbm.map(|rssi| format!(" at {rssi:.0} dBm")).unwrap_or_default();
    let gap =
        if longest_gap_secs > 2.0 { format!(", silent for up to {longest_gap_secs:.1} s") } else { String::new() };
    Ranked {
        link,
        score: (0.6 * by_rate + 0.25 * by_power + 0.15 * by_width) * by_gaps,
        reason: format!("{rate_hz:.0} packets/s on {n_usable_bins} subcarriers{power}{gap}"),
    }
}
