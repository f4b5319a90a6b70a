//! Fall detection on a running link, half a second at a time: looks back ten seconds, judges each burst once, and follows
//! what it took for a fall until somebody moves again.
//!
//! Pure and deterministic: time comes from the stretches that are given. Alarms cannot flood: after each one the link keeps
//! silent for a while, twice as long each time until it has been quiet. Where it cannot judge it says why.

use serde::{Deserialize, Serialize};

use super::super::burst::{self, Burst};
use super::super::clean::{Clean, RATE_HZ};
use super::super::evaluation::controls::background;
use super::super::masking::Masking;
use super::super::spectrogram;
use super::chain::{RECOVERY_DB, confidence, floor_stage, stages};
use super::cool_down::CoolDown;
use super::evidence::LinkEvidence;
use super::features::features;
use super::model::FallModel;
use super::threshold::Threshold;
use crate::types::{Event, EventId, EventKind, LinkId, Severity, Span, Stage, StageKind, Timestamp};

/// What a detector looks back on, seconds.
pub const LOOK_BACK_SECS: f64 = 10.0;
/// What must have been seen after a burst before it is judged: its stillness is part of the evidence.
const AFTER_SECS: f64 = 2.2;
/// Descriptions that wait to be taken, at most.
const MAX_GATHERED: usize = 64;
/// Bursts that peak closer than this are one.
const APART_SECS: f64 = 1.5;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Packets a second below which falls are not judged. The recordings of falls at hand have 48.8 Hz, where Doppler shifts
    /// beyond 24 Hz are lost already; slower streams were not tested.
    pub min_rate_hz: f64,
    /// A longer pause of the packets within the look-back is no decision (`spec/falls.md` section 3.1).
    pub max_gap_secs: f64,
    /// Silence after an alarm; doubles with each alarm that follows, up to [`Config::max_cool_down_secs`].
    pub cool_down_secs: f64,
    pub max_cool_down_secs: f64,
    /// Quiet after which the cool-down is short again.
    pub forgive_secs: f64,
    /// A fall is followed no longer than this.
    pub follow_secs: f64,
    /// Whether bursts are described also while nothing is calibrated here, so that a [`super::Room`] can judge them.
    pub gathers: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            min_rate_hz: 40.0,
            max_gap_secs: 0.5,
            cool_down_secs: 30.0,
            max_cool_down_secs: 480.0,
            forgive_secs: 600.0,
            follow_secs: 600.0,
            gathers: false,
        }
    }
}

/// Why falls cannot be judged now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Unsupported {
    /// Nothing long enough has been seen yet.
    Warming,
    /// A machine shakes the channel all the time.
    Masked {
        shaken_share: f64,
    },
    TooSlow {
        rate_hz: f64,
        needed_hz: f64,
    },
    Gap {
        secs: f64,
    },
    /// No model has been fitted, or no threshold set on this place.
    NotCalibrated,
}

impl Unsupported {
    /// What to tell a person, and what to do about it.
    pub fn text(self) -> String {
        match self {
            Self::Warming => "Falls are judged once ten seconds have been seen".to_owned(),
            Self::Masked { .. } => {
                "This link is shaken all the time, as a machine does; falls cannot be judged — switch machines off or move a radio"
                    .to_owned()
            }
            Self::TooSlow { rate_hz, needed_hz } => {
                format!("{rate_hz:.0} packets/s are too few to judge falls — {needed_hz:.0} are needed")
            }
            Self::Gap { secs } => format!("Packets were missing for {secs:.1} s, so the last seconds cannot be judged"),
            Self::NotCalibrated => "Not calibrated for falls — label events of this room and fit them".to_owned(),
        }
    }
}

/// The detector of one link.
#[derive(Clone, Debug)]
pub struct Detector {
    link: LinkId,
    config: Config,
    calibration: Option<(FallModel, Threshold)>,
    /// `Ok` while falls are judged.
    state: Result<(), Unsupported>,
    judged_until: Option<Timestamp>,
    cool_down: CoolDown,
    following: Option<Followed>,
    evidence: Vec<LinkEvidence>,
    gathered_until: Option<Timestamp>,
}

/// A fall that has not ended.
#[derive(Clone, Debug)]
struct Followed {
    event: Event,
    burst_end: Timestamp,
    /// Energy above which movement has come back.
    recovery_energy: f64,
}

impl Detector {
    pub fn new(link: LinkId, config: Config) -> Self {
        Self {
            link,
            config,
            calibration: None,
            state: Err(Unsupported::Warming),
            judged_until: None,
            cool_down: CoolDown::default(),
            following: None,
            evidence: Vec::new(),
            gathered_until: None,
        }
    }

    /// From now on scores by this model and alarms above this place's threshold.
    pub fn calibrate(&mut self, model: FallModel, threshold: Threshold) {
        self.calibration = Some((model, threshold));
    }

    /// Whether falls are judged now, and if not, why.
    pub fn state(&self) -> Result<(), Unsupported> {
        self.state
    }

    /// Alarms that the cool-down kept back.
    pub fn n_suppressed(&self) -> u64 {
        self.cool_down.n_suppressed()
    }

    /// What was seen of the bursts that ended since the last call.
    pub fn take_evidence(&mut self) -> Vec<LinkEvidence> {
        std::mem::take(&mut self.evidence)
    }

    /// Whether bursts are described for a [`super::Room`].
    pub fn gathers(&self) -> bool {
        self.config.gathers
    }

    /// Whether it has what it needs to score and to alarm.
    pub fn is_calibrated(&self) -> bool {
        self.calibration.is_some()
    }

    /// Looks at the last seconds of the link. `start` is the time of the first sample; stretches must come in order of
    /// time; `masking` is what was found on the link lately. The answer holds new events, and old ones with more known under the same id.
    pub fn look(&mut self, start: Timestamp, clean: &Clean, masking: Option<Masking>) -> Vec<Event> {
        let end = start.plus_secs(clean.len().saturating_sub(1) as f64 / RATE_HZ);
        let burst = self.is_calibrated().then(|| burst::find(clean)).flatten();
        let mut events = Vec::new();
        if let Some(burst) = &burst {
            events.extend(self.follow(start, end, burst));
        }
        self.state = self.support(clean, masking);
        if let (Ok(()), Some(burst)) = (self.state, burst) {
            events.extend(self.judge(start, end, clean, &burst));
        }
        events
    }

    fn support(&self, clean: &Clean, masking: Option<Masking>) -> Result<(), Unsupported> {
        let interval_secs = clean.bookkeeping.median_interval_secs;
        let rate_hz = if interval_secs > 0.0 { 1.0 / interval_secs } else { 0.0 };
        if rate_hz < self.config.min_rate_hz {
            return Err(Unsupported::TooSlow { rate_hz, needed_hz: self.config.min_rate_hz });
        }
        if (clean.len() as f64) < 0.9 * LOOK_BACK_SECS * RATE_HZ {
            return Err(Unsupported::Warming);
        }
        let secs = clean.bookkeeping.longest_gap_secs;
        if secs > self.config.max_gap_secs {
            return Err(Unsupported::Gap { secs });
        }
        if let Some(masking) = masking.filter(|masking| masking.masked) {
            return Err(Unsupported::Masked { shaken_share: masking.shaken_share });
        }
        if self.calibration.is_none() { Err(Unsupported::NotCalibrated) } else { Ok(()) }
    }

    /// Judges the burst if it is an event, is over, and has not been judged.
    fn judge(&mut self, start: Timestamp, end: Timestamp, clean: &Clean, burst: &Burst) -> Option<Event> {
        let at = |sample: usize| start.plus_secs(sample as f64 / RATE_HZ);
        let (peak, burst_end) = (at(burst.peak), at(burst.end));
        if !is_due(burst, peak, burst_end, end, self.judged_until) {
            return None;
        }
        let (model, threshold) = self.calibration.as_ref()?;
        let scored = model.score(&features(clean, burst), &spectrogram::crop(clean)?);
        let margin = scored.score - threshold.score;
        self.judged_until = Some(peak.max(burst_end));
        if margin <= 0.0 {
            return None;
        }
        if !self.cool_down.allows(peak, &self.config) {
            return None;
        }
        let event = Event {
            id: EventId::of(EventKind::Fall, self.link, at(burst.start)),
            kind: EventKind::Fall,
            severity: Severity::Alert,
            span: Span::new(at(burst.start), end),
            link: Some(self.link),
            zone: None,
            track: None,
            confidence: confidence(margin),
            stages: stages(start, burst, &scored, margin),
            revision: 0,
        };
        let recovery_energy = burst.floor * 10.0_f64.powf(RECOVERY_DB / 10.0);
        self.following = Some(Followed { event: event.clone(), burst_end, recovery_energy });
        Some(event)
    }

    /// Describes the last burst for the room, once it is over and where it can be judged at all; comes after
    /// [`Detector::look`] at the same stretch. `moved` is that stretch with its level, `still` gives it without.
    pub fn gather(&mut self, start: Timestamp, moved: &Clean, still: impl FnOnce() -> Option<Clean>) {
        let is_sound = matches!(self.state, Ok(()) | Err(Unsupported::NotCalibrated));
        let Some(burst) = is_sound.then(|| burst::find(moved)).flatten() else { return };
        let at = |sample: usize| start.plus_secs(sample as f64 / RATE_HZ);
        let (peak, burst_end) = (at(burst.peak), at(burst.end));
        if !is_due(&burst, peak, burst_end, at(moved.len().saturating_sub(1)), self.gathered_until) {
            return;
        }
        let Some(still) = still() else { return };
        self.gathered_until = Some(peak.max(burst_end));
        // Nobody has asked for a long time: the newest are worth most.
        if self.evidence.len() >= MAX_GATHERED {
            self.evidence.remove(0);
        }
        self.evidence.push(LinkEvidence {
            link: self.link,
            peak,
            span: Span::new(at(burst.start), burst_end),
            contrast_db: burst.contrast_db as f32,
            features: features(moved, &burst).iter().map(|v| *v as f32).collect(),
            background: background(&still),
        });
    }

    /// Tells the last fall again when movement has come back, and every ten seconds until then.
    fn follow(&mut self, start: Timestamp, end: Timestamp, burst: &Burst) -> Option<Event> {
        let followed = self.following.as_mut()?;
        let from = (followed.burst_end.plus_secs(1.0).secs_since(start).max(0.0) * RATE_HZ) as usize;
        let risen =
            (from..burst.energy.len()).find(|at| burst.energy.get(*at).is_some_and(|e| *e > followed.recovery_energy));
        let told_until = followed.event.span.end;
        let is_long = end.secs_since(followed.burst_end) > self.config.follow_secs;
        if risen.is_none() && !is_long && end.secs_since(told_until) < 10.0 {
            return None;
        }
        let until = risen.map_or(end, |at| start.plus_secs(at as f64 / RATE_HZ));
        let event = &mut followed.event;
        event.stages.retain(|stage: &Stage| !matches!(stage.kind, StageKind::TimeOnFloor | StageKind::Recovery));
        event.stages.extend(floor_stage(followed.burst_end, until.max(followed.burst_end), risen.is_some()));
        event.span = event.span.union(Span::new(event.span.start, until));
        event.revision += 1;
        // Somebody who got up at once still wants to be asked, no more than that.
        if risen.is_some() && until.secs_since(followed.burst_end) < 10.0 {
            event.severity = Severity::Notice;
        }
        let event = event.clone();
        if risen.is_some() || is_long {
            self.following = None;
        }
        Some(event)
    }
}

/// Whether a burst is an event, is over, and has not been looked at. One that goes on until it would leave the look-back is
/// over then.
fn is_due(burst: &Burst, peak: Timestamp, burst_end: Timestamp, end: Timestamp, done: Option<Timestamp>) -> bool {
    let is_new = done.is_none_or(|until| peak.secs_since(until) > APART_SECS);
    let is_over = end.secs_since(burst_end) >= AFTER_SECS || end.secs_since(peak) >= LOOK_BACK_SECS / 2.0;
    burst.is_event() && is_new && is_over
}
