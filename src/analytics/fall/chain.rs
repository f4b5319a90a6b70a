//! The stages of a fall as a stretch shows them: what stood out, what it looked like, how it ended, what came after.
//!
//! Goes in: a clean stretch, its burst and the burst's score. Comes out: one [`Stage`] each with its figures and how far it
//! speaks for a fall. No stage but the score decides: on the real falls at hand neither steepness nor stillness tells falls
//! from other movement by itself (`spec/falls.md` section 2), yet a person who reviews an alarm asks for them.

use super::super::burst::{Burst, MIN_CONTRAST_DB};
use super::super::clean::RATE_HZ;
use super::model::Scored;
use crate::types::{Confidence, Figure, Span, Stage, StageKind, Timestamp};

/// After a burst, energy below this share of its peak for good is stillness, dB.
const STILL_DB: f64 = -12.0;
/// Movement that comes back is this much above the stretch's floor, dB.
pub const RECOVERY_DB: f64 = 9.0;
/// Stillness is looked for from here after the burst, seconds.
const STILL_SECS: f64 = 2.0;

/// The stages up to stillness. `start` is the time of the stretch's first sample, `margin` the score above the threshold.
pub fn stages(start: Timestamp, burst: &Burst, scored: &Scored, margin: f64) -> Vec<Stage> {
    let at = |sample: usize| start.plus_secs(sample as f64 / RATE_HZ);
    let figure = |name: &str, value: f64| Figure { name: name.to_owned(), value };
    let ratio_db = |a: f64, b: f64| 10.0 * (a.max(f64::MIN_POSITIVE) / b.max(f64::MIN_POSITIVE)).log10();
    let peak_energy = burst.energy.get(burst.peak).copied().unwrap_or(0.0);
    let mean = |from: usize, to: usize| {
        let part = burst.energy.get(from.min(burst.energy.len())..to.min(burst.energy.len())).unwrap_or_default();
        (!part.is_empty()).then(|| part.iter().sum::<f64>() / part.len() as f64)
    };
    let mut stages = vec![Stage {
        kind: StageKind::EventGate,
        span: Span::new(at(burst.start), at(burst.end)),
        confidence: Confidence::clamped((burst.contrast_db - MIN_CONTRAST_DB) / MIN_CONTRAST_DB + 0.5),
        figures: vec![figure("movement over the quiet floor, dB", burst.contrast_db)],
    }];
    let mut reasons = vec![figure("score, log-odds", scored.score), figure("score above the threshold", margin)];
    reasons.extend(scored.reasons.iter().cloned());
    stages.push(Stage {
        kind: StageKind::DescentBurst,
        span: Span::new(at(burst.start), at(burst.peak)),
        confidence: confidence(margin),
        figures: reasons,
    });
    // How much is gone 0.3 s after the peak.
    let after_peak = burst.energy.get(burst.peak + 15).copied().unwrap_or(burst.floor);
    let drop_db = ratio_db(peak_energy, after_peak);
    stages.push(Stage {
        kind: StageKind::Impact,
        span: Span::new(at(burst.peak), at(burst.end)),
        confidence: Confidence::clamped(drop_db / 10.0),
        figures: vec![
            figure("fall of the energy within 0.3 s of the peak, dB", drop_db),
            figure("from peak to end, s", (burst.end - burst.peak) as f64 / RATE_HZ),
        ],
    });
    let until = burst.end + (STILL_SECS * RATE_HZ) as usize;
    if let Some(after) = mean(burst.end, until) {
        let after_db = ratio_db(after, peak_energy);
        stages.push(Stage {
            kind: StageKind::Stillness,
            span: Span::new(at(burst.end), at(until.min(burst.energy.len()))),
            confidence: Confidence::clamped(0.5 * after_db / STILL_DB),
            figures: vec![
                figure("energy of the 2 s after, against the peak, dB", after_db),
                figure("the same against the quiet floor, dB", ratio_db(after, burst.floor)),
            ],
        });
    }
    stages
}

/// A score at the threshold is worth one half; one unit of log-odds above is worth 0.73.
pub fn confidence(margin: f64) -> Confidence {
    Confidence::clamped(1.0 / (1.0 + (-margin).exp()))
}

/// How long nothing moved after a burst, and when it did again.
pub fn floor_stage(from: Timestamp, until: Timestamp, recovered: bool) -> Vec<Stage> {
    let span = Span::new(from, until);
    let secs = span.secs();
    let mut stages = vec![Stage {
        kind: StageKind::TimeOnFloor,
        span,
        // Half a minute without getting up is what people call lying.
        confidence: Confidence::clamped(secs / 30.0),
        figures: vec![Figure { name: "without movement, s".to_owned(), value: secs }],
    }];
    if recovered {
        stages.push(Stage {
            kind: StageKind::Recovery,
            span: Span::new(until, until),
            confidence: Confidence::clamped(1.0),
            figures: vec![Figure { name: "movement came back after, s".to_owned(), value: secs }],
        });
    }
    stages
}
