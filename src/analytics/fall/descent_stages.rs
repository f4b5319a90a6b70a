//! A fall by height told stage by stage.

use super::chain::confidence;
use super::descent::{Descent, MIN_DROP_M};
use crate::types::{Confidence, Figure, Span, Stage, StageKind, Timestamp};

fn figure(name: &str, value: f64) -> Figure {
    Figure { name: name.to_owned(), value }
}

/// What led to an alarm. An impact is not among them: a window of 1.28 s smears it away.
pub(super) fn stages(descent: &Descent, now: Timestamp, score: f64, margin: f64) -> Vec<Stage> {
    let landed = descent.time.plus_secs(0.5);
    let around = Span::new(descent.time.plus_secs(-0.5), landed);
    let stage = |kind, span, confidence, figures| Stage { kind, span, confidence, figures };
    vec![
        stage(
            StageKind::EventGate,
            around,
            Confidence::clamped(descent.drop_m() / (2.0 * MIN_DROP_M)),
            vec![
                figure("drop of the pelvis, m", descent.drop_m()),
                figure("most movement, dB over the noise", descent.movement_db()),
            ],
        ),
        stage(
            StageKind::DescentBurst,
            around,
            confidence(margin),
            vec![
                figure("score, log-odds", score),
                figure("score above the threshold", margin),
                figure("largest drop within 1 s, m", descent.speed_m_per_s()),
                figure("height after, m", descent.height_after_m()),
                figure("lowest height after, m", descent.lowest_m()),
            ],
        ),
        stage(
            StageKind::Stillness,
            Span::new(landed, now),
            Confidence::clamped(descent.stillness()),
            vec![figure("chance that nobody moves", descent.stillness())],
        ),
        on_floor(landed, now, descent.height_after_m()),
    ]
}

pub(super) fn on_floor(landed: Timestamp, now: Timestamp, height_m: f64) -> Stage {
    let span = Span::new(landed, now);
    Stage {
        kind: StageKind::TimeOnFloor,
        span,
        // Half a minute without getting up is what people call lying.
        confidence: Confidence::clamped(span.secs() / 30.0),
        figures: vec![figure("low since, s", span.secs()), figure("height of the pelvis, m", height_m)],
    }
}

/// The person is up again.
pub(super) fn recovery(now: Timestamp, height_m: f64) -> Stage {
    Stage {
        kind: StageKind::Recovery,
        span: Span::new(now, now),
        confidence: Confidence::clamped(1.0),
        figures: vec![figure("height of the pelvis, m", height_m)],
    }
}
