//! When a score may be called evidence: not before it beats what the same records give away without the movement.

use super::bootstrap::Interval;

/// What must lie between a score and its best control, in AUROC (`spec/falls.md` section 3.7).
pub const MIN_MARGIN: f64 = 0.1;

/// What a score amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Supported,
    NoEvidence,
}

impl Verdict {
    pub fn label(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::NoEvidence => "no evidence",
        }
    }
}

/// Supported only when the score beats every control by [`MIN_MARGIN`] and its interval lies above each of theirs.
///
/// Without a control nothing is supported.
pub fn verdict(auroc: &Interval, controls: &[Interval]) -> Verdict {
    let beats = |control: &Interval| auroc.value - control.value >= MIN_MARGIN && auroc.is_above(control);
    if !controls.is_empty() && controls.iter().all(beats) { Verdict::Supported } else { Verdict::NoEvidence }
}
