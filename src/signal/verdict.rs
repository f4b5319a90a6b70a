//! From measured figures to one word per purpose and the sentence that says why.
//!
//! Pure rules, one function per purpose. Each begins with the best grade and lowers it; the reason is that of the
//! lowest grade reached first. Thresholds that come from studies name them.

use crate::types::{Grade, LinkQuality, Purpose, PurposeVerdict};

/// What the rules need beyond [`LinkQuality`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// Zero where unknown.
    pub centre_mhz: u16,
    pub wavelength_m: Option<f32>,
    /// `None` until bins have been chosen.
    pub n_usable_bins: Option<usize>,
    pub untimed_share: f32,
    pub still_share: f32,
    pub amplitude_only: bool,
    pub n_recent_gaps: usize,
    pub recent_secs: f64,
    pub longest_recent_gap_secs: f32,
}

/// Less than this much is no basis for a word.
const MIN_FRAMES: u64 = 20;
const MIN_SECS: f64 = 2.0;
const MIN_BINS: usize = 8;
/// A stream meant to run at 100 Hz runs at 97, and half a minute lasts 29.9 s.
const TOLERANCE: f64 = 0.95;
/// Many packets lost are as good as a lower and irregular rate.
const MAX_LOSS: f64 = 0.3;
/// A spread of a quarter of the interval (standard deviation) blurs fast movement.
const MAX_JITTER: f64 = 0.5;
/// Gain steps are fitted out; where they come at more than this share of the packets and the amplitudes flicker all the
/// same, the fit has not held. (An ESP32 steps at a fifth of its packets and stands 32 dB above its flicker.)
const MAX_JUMP_SHARE: f64 = 0.1;
const JUMPY_SNR_DB: f64 = 20.0;

/// One verdict per purpose; none while there is too little to judge.
pub(super) fn verdicts(quality: &LinkQuality, around: &Circumstances) -> Vec<PurposeVerdict> {
    if quality.n_frames < MIN_FRAMES {
        return Vec::new();
    }
    let all = |reason: &str| {
        Purpose::ALL
            .map(|purpose| PurposeVerdict { purpose, grade: Grade::NotUsable, reason: reason.to_owned() })
            .to_vec()
    };
    if around.untimed_share > 0.5 {
        return all("The records carry no time, so speed and rhythm cannot be known");
    }
    if around.still_share > 0.5 {
        let percent = around.still_share * 100.0;
        return all(&format!("{percent:.0} % of the time stamps stand still, so speed and rhythm cannot be known"));
    }
    if quality.duration_secs < MIN_SECS {
        return Vec::new();
    }
    if let Some(n) = around.n_usable_bins.filter(|n| *n < MIN_BINS) {
        return all(&format!("Only {n} subcarriers carry a signal, at least {MIN_BINS} are needed"));
    }
    let Some(rate_hz) = quality.rate_hz else { return Vec::new() };
    Purpose::ALL
        .map(|purpose| {
            let judgement = match purpose {
                Purpose::Presence => presence(quality, around, rate_hz),
                Purpose::Breathing => breathing(quality, around, rate_hz),
                Purpose::Activity => activity(quality, around, rate_hz),
                Purpose::Falls => falls(quality, around, rate_hz),
            };
            PurposeVerdict { purpose, grade: judgement.grade, reason: judgement.reason }
        })
        .to_vec()
}

/// A grade on its way down.
struct Judgement {
    grade: Grade,
    reason: String,
}

impl Judgement {
    fn best(reason: String) -> Self {
        Self { grade: Grade::Good, reason }
    }

    /// Lowers the grade to `grade` when `applies`; a grade that is as low already keeps its reason.
    fn cap(mut self, applies: bool, grade: Grade, reason: impl FnOnce() -> String) -> Self {
        if applies && grade < self.grade {
            self.grade = grade;
            self.reason = reason();
        }
        self
    }

    fn cap_loss(self, quality: &LinkQuality) -> Self {
        let loss = quality.loss.unwrap_or(0.0);
        self.cap(loss > MAX_LOSS, Grade::Usable, || format!("{:.0} % of the packets are lost", loss * 100.0))
    }

    fn cap_jumps(self, quality: &LinkQuality) -> Self {
        let share = f64::from(quality.n_agc_jumps) / quality.n_frames.max(1) as f64;
        let flickers = quality.static_snr_db.is_none_or(|snr| snr < JUMPY_SNR_DB);
        self.cap(share > MAX_JUMP_SHARE && flickers, Grade::Usable, || {
            format!("The receiver's gain jumps at {:.0} % of the packets, which can look like movement", share * 100.0)
        })
    }

    fn cap_amplitude_only(self, around: &Circumstances, why: &str) -> Self {
        self.cap(around.amplitude_only, Grade::Usable, || format!("Only amplitudes were stored, {why}"))
    }
}

fn packets(rate_hz: f64) -> String {
    if rate_hz < 9.5 { format!("{rate_hz:.1} packets/s") } else { format!("{rate_hz:.0} packets/s") }
}

/// Movement changes amplitudes for seconds, so a slow stream is enough.
fn presence(quality: &LinkQuality, around: &Circumstances, rate_hz: f64) -> Judgement {
    const GOOD_HZ: f64 = 10.0;
    const LEAST_HZ: f64 = 2.0;
    const MIN_SNR_DB: f64 = 10.0;
    let gap = around.longest_recent_gap_secs;
    Judgement::best(format!("{} show movement anywhere near the link", packets(rate_hz)))
        .cap(rate_hz < LEAST_HZ * TOLERANCE, Grade::NotUsable, || {
            format!("{} are too few, at least {LEAST_HZ:.0} are needed", packets(rate_hz))
        })
        .cap(rate_hz < GOOD_HZ * TOLERANCE, Grade::Usable, || {
            format!("{} show slow changes only, {GOOD_HZ:.0} are wanted", packets(rate_hz))
        })
        .cap(gap > 5.0, Grade::Usable, || format!("Nothing came for {gap:.1} s, somebody may pass unseen"))
        .cap(quality.static_snr_db.is_some_and(|snr| snr < MIN_SNR_DB), Grade::Usable, || {
            let snr = quality.static_snr_db.unwrap_or_default();
            format!("The still channel stands only {snr:.0} dB above its flicker, {MIN_SNR_DB:.0} are wanted")
        })
        .cap_jumps(quality)
}

/// 0.1-0.5 Hz: a few samples a breath, several breaths without a break.
fn breathing(quality: &LinkQuality, around: &Circumstances, rate_hz: f64) -> Judgement {
    const GOOD_HZ: f64 = 10.0;
    const LEAST_HZ: f64 = 5.0;
    const LEAST_SECS: f64 = 20.0;
    const GOOD_SECS: f64 = 30.0;
    const MIN_SNR_DB: f64 = 20.0;
    let gap = around.longest_recent_gap_secs;
    let duration = quality.duration_secs;
    Judgement::best(format!("{} without a long gap follow a breath of somebody who sits still", packets(rate_hz)))
        .cap(rate_hz < LEAST_HZ * TOLERANCE, Grade::NotUsable, || {
            format!("{} are too few, at least {LEAST_HZ:.0} are needed", packets(rate_hz))
        })
        .cap(duration < LEAST_SECS * TOLERANCE, Grade::NotUsable, || {
            format!("{duration:.0} s hold too few breaths, at least {LEAST_SECS:.0} s are needed")
        })
        .cap(gap > 2.0, Grade::NotUsable, || format!("A gap of {gap:.1} s is as long as a breath"))
        .cap(duration < GOOD_SECS * TOLERANCE, Grade::Usable, || {
            format!("{duration:.0} s hold few breaths, {GOOD_SECS:.0} s are wanted")
        })
        .cap(rate_hz < GOOD_HZ * TOLERANCE, Grade::Usable, || {
            format!("{} leave little to average, {GOOD_HZ:.0} are wanted", packets(rate_hz))
        })
        .cap(gap > 0.5, Grade::Usable, || format!("Gaps of up to {gap:.1} s break the rhythm now and then"))
        .cap(quality.static_snr_db.is_some_and(|snr| snr < MIN_SNR_DB), Grade::Usable, || {
            let snr = quality.static_snr_db.unwrap_or_default();
            format!("The still channel stands only {snr:.0} dB above its flicker, {MIN_SNR_DB:.0} are wanted")
        })
        .cap_amplitude_only(around, "so there are places where a breath does not show")
        .cap_jumps(quality)
}

/// Arms and legs while walking: pose.md section 5 asks for 100 Hz, section 6 for gaps below 50 ms.
fn activity(quality: &LinkQuality, around: &Circumstances, rate_hz: f64) -> Judgement {
    const GOOD_HZ: f64 = 100.0;
    const LEAST_HZ: f64 = 50.0;
    let per_min = around.n_recent_gaps as f64 * 60.0 / around.recent_secs.max(1.0);
    let jitter = quality.jitter.unwrap_or(0.0);
    Judgement::best(format!("{} follow arms and legs", packets(rate_hz)))
        .cap(rate_hz < LEAST_HZ * TOLERANCE, Grade::NotUsable, || {
            format!(
                "{} are too few{}, at least {LEAST_HZ:.0} are needed",
                packets(rate_hz),
                limit_clause(around, rate_hz)
            )
        })
        .cap(rate_hz < GOOD_HZ * TOLERANCE, Grade::Usable, || {
            format!("{} follow the trunk but not fast limbs, {GOOD_HZ:.0} are wanted", packets(rate_hz))
        })
        .cap_loss(quality)
        .cap(per_min > 6.0, Grade::Usable, || {
            format!("{per_min:.0} gaps a minute, the longest of {:.1} s", around.longest_recent_gap_secs)
        })
        .cap(jitter > MAX_JITTER, Grade::Usable, || jitter_reason(jitter))
        .cap_amplitude_only(around, "so towards and away cannot be told apart")
        .cap_jumps(quality)
}

/// peers.md section 3 and falls.md: 200 Hz wanted at 5 GHz and 100 Hz the least; half of that at 2.4 GHz.
fn falls(quality: &LinkQuality, around: &Circumstances, rate_hz: f64) -> Judgement {
    const GOOD_HZ_AT_5_GHZ: f64 = 200.0;
    let low_band = (1..3_000).contains(&around.centre_mhz);
    let good_hz = if low_band { GOOD_HZ_AT_5_GHZ / 2.0 } else { GOOD_HZ_AT_5_GHZ };
    let least_hz = good_hz / 2.0;
    let gap = around.longest_recent_gap_secs;
    let jitter = quality.jitter.unwrap_or(0.0);
    let limit = limit_clause(around, rate_hz);
    let fall = "a fall reaches 2 to 4 m/s";
    Judgement::best(format!("{} are enough for a fall{limit}", packets(rate_hz)))
        .cap(rate_hz < least_hz * TOLERANCE, Grade::NotUsable, || {
            format!("{} are too few{limit}, {fall}, at least {least_hz:.0} are needed", packets(rate_hz))
        })
        .cap(gap > 1.0, Grade::NotUsable, || format!("A gap of {gap:.1} s is longer than a fall"))
        .cap(rate_hz < good_hz * TOLERANCE, Grade::Usable, || {
            format!("{} are few{limit}, {fall}, {good_hz:.0} are wanted", packets(rate_hz))
        })
        .cap(gap > 0.2, Grade::Usable, || format!("Gaps of up to {gap:.1} s can hide part of a fall"))
        .cap_loss(quality)
        .cap(jitter > MAX_JITTER, Grade::Usable, || jitter_reason(jitter))
        .cap_amplitude_only(around, "so towards and away cannot be told apart")
        .cap_jumps(quality)
}

fn jitter_reason(jitter: f64) -> String {
    format!("Packets come irregularly: intervals vary by {:.0} %", jitter * 100.0)
}

/// Which speeds alias at this rate: Doppler beyond half the rate does, that is a path changing faster than λ·rate/2; a
/// body's speed changes the path at up to twice its own.
fn limit_clause(around: &Circumstances, rate_hz: f64) -> String {
    let Some(wavelength_m) = around.wavelength_m else { return String::new() };
    let path = f64::from(wavelength_m) * rate_hz / 2.0;
    let ghz = f64::from(around.centre_mhz) / 1_000.0;
    format!(
        ": at {ghz:.1} GHz paths that change faster than {path:.1} m/s alias, body speeds above about {:.1} m/s",
        path / 2.0
    )
}
