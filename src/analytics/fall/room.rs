//! Falls in a room with several links: what they saw of one moment is judged together.
//!
//! Goes in: the links' [`LinkEvidence`], in any order, and the time. Comes out: one [`Judged`] per moment, and alarms where
//! alarms are allowed. A model that was fitted on simulated rooms has not been proven on real ones, so on real data its
//! score is shown and alarms wait until the room's own movement has set the threshold ([`Learning`]).

use serde::{Deserialize, Serialize};

use super::super::learn::Logistic;
use super::chain::confidence;
use super::cool_down::CoolDown;
use super::detector::Config;
use super::evidence::{LinkEvidence, RoomEvidence};
use super::features::NAMES;
use super::learning::Learning;
use super::model::Scored;
use super::threshold::Threshold;
use crate::types::{Confidence, Event, EventId, EventKind, Figure, Severity, Span, Stage, StageKind, Timestamp};

/// Where a model was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Origin {
    SimulatedRooms,
    OwnLabels { n_falls: usize, n_others: usize },
}

impl Origin {
    /// What to print beside every score.
    pub fn text(self) -> String {
        match self {
            Self::SimulatedRooms => "fitted on simulated rooms; not proven on real ones".to_owned(),
            Self::OwnLabels { n_falls, n_others } => {
                format!("fitted on {n_falls} falls and {n_others} other events labelled here")
            }
        }
    }
}

/// A linear scorer of a room's pooled evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomModel {
    pub logistic: Logistic,
    pub origin: Origin,
    /// Set on hours of simulated ordinary living, for simulated sources.
    pub threshold: Option<Threshold>,
    /// The score that 95 of 100 other activities in simulated rooms stay below: for simulated sources where no hours of
    /// living set a threshold.
    #[serde(default)]
    pub above_95: Option<f64>,
    /// How often that score was passed in hours of simulated ordinary living without a fall; `None` where none were watched.
    #[serde(default)]
    pub alarms_per_day: Option<f64>,
}

impl RoomModel {
    /// The model that comes with the program; see `models/falls/TESTED.md`. `None` only if the program was built wrongly.
    pub fn simulated() -> Option<Self> {
        serde_json::from_str(include_str!("../../../models/falls/simulated.json")).ok()
    }

    /// `None` for evidence of another version.
    pub fn score(&self, evidence: &RoomEvidence) -> Option<Scored> {
        self.score_pooled(&evidence.pooled())
    }

    /// Scores a row of features, one per name of [`NAMES`]; `None` for another number of them.
    pub fn score_pooled(&self, row: &[f64]) -> Option<Scored> {
        (row.len() == NAMES.len() && self.logistic.weights.len() == NAMES.len()).then(|| scored(&self.logistic, row))
    }
}

/// The score of a row with the six features that added most, either way.
pub(super) fn scored(logistic: &Logistic, row: &[f64]) -> Scored {
    let added = logistic.contributions(row);
    let mut order: Vec<usize> = (0..added.len()).collect();
    let size = |at: &usize| added.get(*at).map_or(0.0, |c| c.abs());
    order.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
    let reason = |at: usize| Some(Figure { name: (*NAMES.get(at)?).to_owned(), value: *added.get(at)? });
    Scored { score: logistic.score(row), reasons: order.into_iter().filter_map(reason).take(N_REASONS).collect() }
}

const N_REASONS: usize = 6;

/// Whether alarms are raised, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Alarms {
    On(Threshold),
    /// On a simulated source: above what 95 of 100 other activities in other simulated rooms score.
    OnSimulated {
        score: f64,
        /// As hours of simulated ordinary living told; `None` where none were watched.
        alarms_per_day: Option<f64>,
    },
    /// Scores are shown; this room's ordinary movement is still being learned.
    Learning {
        hours: f64,
        needed_hours: f64,
        n_events: usize,
        needed_events: usize,
    },
}

impl Alarms {
    pub fn text(self) -> String {
        match self {
            Self::On(threshold) => format!(
                "Alarms above a score of {:.1}, set from {} events in {:.0} h to {:.1} false alarms a day{}",
                threshold.score,
                threshold.n_events,
                threshold.hours,
                threshold.alarms_per_day,
                if threshold.extrapolated { " (extended beyond what was seen)" } else { "" }
            ),
            Self::OnSimulated { score, alarms_per_day } => format!(
                "Possible falls, no alarms, above a score of {score:.1}, which 95 of 100 other activities in simulated rooms stay below; {}",
                match alarms_per_day {
                    Some(n) => format!("{n:.0} a day are told in simulated ordinary living without a fall"),
                    None => "how many are false was not measured".to_owned(),
                }
            ),
            Self::Learning { hours, needed_hours, n_events, needed_events } => {
                let mut text = format!("No alarms yet — learning: {hours:.1} of {needed_hours:.0} hours");
                if n_events < needed_events {
                    text += &format!(", {n_events} of {needed_events} events");
                }
                text
            }
        }
    }
}

/// One moment, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// To be kept with the event: [`super::refit`] learns from it once somebody has said what it was.
    pub evidence: RoomEvidence,
    pub scored: Scored,
    /// A fall that is told: an alert above a budgeted threshold, else a notice. Its stages hold the links' contrast and the score's
    /// reasons.
    pub alarm: Option<Event>,
}

/// Bursts that peak within this time are one moment of the room, seconds.
const JOIN_SECS: f64 = 2.0;
/// The slowest link describes a burst five seconds after its peak ([`super::detector`]), and looks twice a second.
const WAIT_SECS: f64 = 6.0;
/// A longer pause of the frames is no time that was watched.
const MAX_PAUSE_SECS: f64 = 5.0;

/// All links of one source that look at one room.
#[derive(Clone, Debug)]
pub struct Room {
    model: RoomModel,
    is_simulated: bool,
    config: Config,
    learning: Learning,
    pending: Vec<LinkEvidence>,
    cool_down: CoolDown,
    last: Option<Timestamp>,
}

impl Room {
    /// `is_simulated` says whether the frames come from the simulator, on which the simulated model may tell possible falls.
    pub fn new(model: RoomModel, is_simulated: bool, config: Config, learning: Learning) -> Self {
        Self { model, is_simulated, config, learning, pending: Vec::new(), cool_down: CoolDown::default(), last: None }
    }

    /// From now on judges by another model; the threshold follows from what was learned of the room.
    pub fn set_model(&mut self, model: RoomModel) {
        self.model = model;
    }

    pub fn origin(&self) -> Origin {
        self.model.origin
    }

    /// To be stored, and given to [`Room::new`] the next time.
    pub fn learning(&self) -> &Learning {
        &self.learning
    }

    /// Somebody said that this moment was a fall: it is no ordinary movement of the room.
    pub fn confirm_fall(&mut self, evidence: &RoomEvidence) {
        if let Some(leader) = evidence.leader() {
            self.learning.forget(leader.peak);
        }
    }

    pub fn alarms(&self) -> Alarms {
        let simulated = self.model.threshold.filter(|_| self.is_simulated);
        if let Some(threshold) = simulated.or_else(|| self.learning.threshold(&self.model)) {
            return Alarms::On(threshold);
        }
        match self.model.above_95.filter(|_| self.is_simulated) {
            Some(score) => Alarms::OnSimulated { score, alarms_per_day: self.model.alarms_per_day },
            None => self.learning.state(),
        }
    }

    /// Takes what the links described since the last call; the answer holds the moments that all of them had time to see.
    pub fn take(&mut self, now: Timestamp, evidence: impl IntoIterator<Item = LinkEvidence>) -> Vec<Judged> {
        self.pending.extend(evidence);
        if let Some(last) = self.last {
            let secs = now.secs_since(last);
            if (0.0..=MAX_PAUSE_SECS).contains(&secs) {
                self.learning.watched(secs);
            } else {
                // Another axis of time, or a pause: what waits will not be completed.
                self.pending.retain(|link| link.peak.secs_since(now).abs() < WAIT_SECS + MAX_PAUSE_SECS);
            }
        }
        self.last = Some(now);
        self.pending.sort_by(|a, b| a.peak.cmp(&b.peak).then(a.link.cmp(&b.link)));
        let mut judged = Vec::new();
        while let Some(first) =
            self.pending.first().map(|link| link.peak).filter(|peak| now.secs_since(*peak) >= WAIT_SECS)
        {
            let n = self.pending.partition_point(|link| link.peak.secs_since(first) <= JOIN_SECS).max(1);
            let mut links: Vec<LinkEvidence> = Vec::new();
            for link in self.pending.drain(..n) {
                match links.iter_mut().find(|known| known.link == link.link) {
                    // Two bursts of one link within the moment: the stronger counts.
                    Some(known) if known.contrast_db < link.contrast_db => *known = link,
                    Some(_) => {}
                    None => links.push(link),
                }
            }
            links.sort_by_key(|link| link.link);
            judged.extend(self.judge(RoomEvidence { links }));
        }
        judged
    }

    /// Only a threshold that keeps to a budget of false alarms wakes anybody; above any other, what is told is worth a look.
    fn severity(&self) -> Severity {
        if matches!(self.alarms(), Alarms::On(_)) { Severity::Alert } else { Severity::Notice }
    }

    fn judge(&mut self, evidence: RoomEvidence) -> Option<Judged> {
        let scored = self.model.score(&evidence)?;
        let leader = evidence.leader()?;
        let margin = match self.alarms() {
            Alarms::On(threshold) => scored.score - threshold.score,
            Alarms::OnSimulated { score, .. } => scored.score - score,
            Alarms::Learning { .. } => f64::NEG_INFINITY,
        };
        // An alarm must not raise the threshold for the next one before anybody has looked.
        let raises = margin > 0.0;
        if !raises {
            self.learning.observe(leader.peak, &evidence.pooled());
        }
        let alarm = (raises && self.cool_down.allows(leader.peak, &self.config))
            .then(|| Event { severity: self.severity(), ..alarm(&evidence, leader, &scored, margin) });
        Some(Judged { evidence, scored, alarm })
    }
}

fn alarm(evidence: &RoomEvidence, leader: &LinkEvidence, scored: &Scored, margin: f64) -> Event {
    let span = evidence.links.iter().map(|link| link.span).reduce(|a, b| a.union(b)).unwrap_or(leader.span);
    let figure = |name: &str, value: f64| Figure { name: name.to_owned(), value };
    let mut reasons = vec![figure("score, log-odds", scored.score), figure("score above the threshold", margin)];
    reasons.extend(scored.reasons.iter().cloned());
    let seen =
        |link: &LinkEvidence| figure(&format!("link {}, dB over its quiet floor", link.link), link.contrast_db.into());
    Event {
        id: EventId::of(EventKind::Fall, leader.link, leader.span.start),
        kind: EventKind::Fall,
        severity: Severity::Alert,
        span,
        link: Some(leader.link),
        zone: None,
        track: None,
        confidence: confidence(margin),
        stages: vec![
            Stage {
                kind: StageKind::EventGate,
                span,
                confidence: Confidence::clamped(evidence.links.len() as f64 / 3.0),
                figures: evidence.links.iter().map(seen).collect(),
            },
            Stage {
                kind: StageKind::DescentBurst,
                span: Span::new(leader.span.start, leader.peak),
                confidence: confidence(margin),
                figures: reasons,
            },
        ],
        revision: 0,
    }
}
