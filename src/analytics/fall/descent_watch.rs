//! Watches one person's height for falls and follows whoever lies on the floor until they are up again.
//!
//! Goes in: what a pose network said of each window, and who is followed. Comes out: fall events, told again with a higher
//! revision while the time on the floor grows, and once more at recovery. Remembers a few seconds. Alarms cool down as those
//! of links do, and people in beds and seats raise none. Deterministic: time comes from windows.

use std::collections::VecDeque;

use super::super::order::quantile;
use super::chain::confidence;
use super::cool_down::CoolDown;
use super::descent::{AFTER_SECS, Descent, DescentModel, Sight};
use super::descent_look::DescentLook;
use super::descent_stages::{on_floor, recovery, stages};
use super::detector::Config;
use super::evidence::RoomEvidence;
use crate::types::{Event, EventId, EventKind, Provenance, Severity, Span, StageKind, Timestamp, TrackId};

/// What is remembered, s: before and after a moment, and some.
const MEMORY_SECS: f64 = 6.0;
/// Heights are forgotten after so long without a look, s: as `pose` forgets its windows.
const GAP_SECS: f64 = 1.5;
/// Descents that begin so soon after one another are one, s.
const ONE_FALL_SECS: f64 = 5.0;
/// Who is up again so soon still wants to be asked, no more than that, s.
const SOON_UP_SECS: f64 = 10.0;
/// Whoever is as high as this again, kneels or stands, m; a seat is at 0.45 m.
const RISEN_M: f64 = 0.6;
/// The middle of so many seconds must be that high: single looks at a still body are off by 0.2 m.
const RISEN_SECS: f64 = 1.5;
/// A burst so near to a descent is the same movement, s: as [`super::detector`] holds bursts apart.
const SAME_MOMENT_SECS: f64 = 1.5;
const MAX_BURSTS: usize = 16;
/// An event is told again this often, s.
const TELL_EVERY_SECS: f64 = 1.0;

/// Why descents cannot be judged now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescentUnsupported {
    /// Too little has been seen of late.
    NoLooks,
    SeveralPeople,
    NoModel,
}

impl DescentUnsupported {
    pub fn text(self) -> &'static str {
        match self {
            Self::NoLooks => "Falls are judged by height once four seconds of a person have been seen",
            Self::SeveralPeople => "Heights are told of one person alone; falls are not judged by height now",
            Self::NoModel => "The program came without its model of descents",
        }
    }
}

#[derive(Clone, Debug)]
pub struct DescentWatch {
    model: Option<DescentModel>,
    config: Config,
    sights: VecDeque<Sight>,
    /// Bursts that the links saw of late: their time and pooled features.
    bursts: VecDeque<(Timestamp, Vec<f64>)>,
    /// Moments up to here are judged.
    judged_until: Option<Timestamp>,
    last_track: Option<TrackId>,
    cool_down: CoolDown,
    notices_cool_down: CoolDown,
    following: Option<Followed>,
    state: Result<(), DescentUnsupported>,
    best: Option<f64>,
    severity: Severity,
}

/// A fall that has not ended.
#[derive(Clone, Debug)]
struct Followed {
    event: Event,
    /// When the person was on the floor.
    landed: Timestamp,
    told: Timestamp,
    /// Whether it was told as an alarm, or as what may be a fall.
    alarms: bool,
}

impl Default for DescentWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl DescentWatch {
    /// With the model that comes with the program.
    pub fn new() -> Self {
        Self::with(DescentModel::simulated(), Config::default())
    }

    /// What was fitted on simulated rooms has not been proven on real ones: only what is simulated raises alerts, all
    /// else is told as a notice.
    pub fn of(provenance: Provenance) -> Self {
        let severity = if provenance == Provenance::Simulated { Severity::Alert } else { Severity::Notice };
        Self { severity, ..Self::new() }
    }

    pub fn with(model: Option<DescentModel>, config: Config) -> Self {
        let missing = if model.is_some() { DescentUnsupported::NoLooks } else { DescentUnsupported::NoModel };
        Self {
            model,
            config,
            sights: VecDeque::new(),
            bursts: VecDeque::new(),
            judged_until: None,
            last_track: None,
            cool_down: CoolDown::default(),
            notices_cool_down: CoolDown::default(),
            following: None,
            state: Err(missing),
            best: None,
            severity: Severity::Alert,
        }
    }

    /// `Ok` while descents are judged.
    pub fn state(&self) -> Result<(), DescentUnsupported> {
        self.state
    }

    /// False alarms a day in simulated ordinary living; `None` where none was watched.
    pub fn alarms_per_day(&self) -> Option<f64> {
        self.model.as_ref()?.alarms_per_day
    }

    /// The highest score so far of any descent, log-odds.
    pub fn best_score(&self) -> Option<f64> {
        self.best
    }

    /// Takes what a window said; windows come in the order of time.
    pub fn look(&mut self, look: &DescentLook) -> Vec<Event> {
        let time = look.time;
        if let Some(last) = self.sights.back() {
            let secs = time.secs_since(last.time);
            if secs <= 0.0 && secs > -GAP_SECS {
                return Vec::new();
            }
            // The clock went back, or nothing came for too long: what was before is no before any more.
            if secs.abs() > GAP_SECS {
                self.forget();
            }
        }
        if look.several {
            self.state = Err(DescentUnsupported::SeveralPeople);
        } else if look.track.is_some() {
            self.last_track = look.track;
        }
        let Some(sight) = look.sight.filter(|_| !look.several) else { return Vec::new() };
        self.sights.push_back(sight);
        while self.sights.front().is_some_and(|old| time.secs_since(old.time) > MEMORY_SECS) {
            self.sights.pop_front();
        }
        let mut told: Vec<Event> = self.follow(time).into_iter().collect();
        told.extend(self.judge(time, &look.resting));
        told
    }

    /// Takes a burst that the links of the room saw; in any order, before or after the windows of its moment.
    pub fn hear(&mut self, evidence: &RoomEvidence) {
        if let Some(leader) = evidence.leader() {
            self.hear_burst(leader.peak, evidence.pooled());
        }
    }

    /// The same, as its peak and the mean of its links' features.
    pub fn hear_burst(&mut self, peak: Timestamp, pooled: Vec<f64>) {
        if !pooled.is_empty() && pooled.iter().all(|value| value.is_finite()) {
            self.bursts.push_back((peak, pooled));
        }
        while self.bursts.len() > MAX_BURSTS {
            self.bursts.pop_front();
        }
    }

    fn forget(&mut self) {
        self.sights.clear();
        self.bursts.clear();
        self.judged_until = None;
        self.following = None;
        self.last_track = None;
        if self.model.is_some() {
            self.state = Err(DescentUnsupported::NoLooks);
        }
    }

    /// Judges the moments that have enough after them by now.
    fn judge(&mut self, now: Timestamp, resting: &[TrackId]) -> Option<Event> {
        let model = self.model.as_ref()?;
        let raised = model.raised;
        let sights: &[Sight] = self.sights.make_contiguous();
        let until = self.judged_until;
        let moments = sights.iter().map(|sight| sight.time).filter(|time| until.is_none_or(|until| *time > until));
        let mut best: Option<(f64, f64, Descent)> = None;
        for time in moments {
            let Some(descent) = Descent::at(sights, time) else { continue };
            self.judged_until = Some(time);
            self.state = Ok(());
            if !descent.is_event() {
                continue;
            }
            let near = |(peak, _): &&(Timestamp, Vec<f64>)| peak.secs_since(time).abs() <= SAME_MOMENT_SECS;
            let nearest = self
                .bursts
                .iter()
                .filter(near)
                .min_by(|a, b| a.0.secs_since(time).abs().total_cmp(&b.0.secs_since(time).abs()));
            let Some((score, margin)) = model.margin(&descent, nearest.map(|(_, row)| &row[..])) else { continue };
            if best.as_ref().is_none_or(|(_, known, _)| margin > *known) {
                best = Some((score, margin, descent));
            }
        }
        let Some((score, margin, descent)) = best else {
            if self.judged_until.is_none_or(|until| now.secs_since(until) > 2.0 * AFTER_SECS) {
                self.state = Err(DescentUnsupported::NoLooks);
            }
            return None;
        };
        self.best = Some(self.best.map_or(score, |known| known.max(score)));
        let rests = self.last_track.is_some_and(|track| resting.contains(&track));
        if margin <= 0.0 || rests {
            return None;
        }
        let alarms = margin > raised;
        // What was told as a notice gives way to an alarm, and nothing else ends what is followed.
        if self.following.as_ref().is_some_and(|followed| followed.alarms || !alarms) {
            return None;
        }
        let cool_down = if alarms { &mut self.cool_down } else { &mut self.notices_cool_down };
        if !cool_down.allows(descent.time, &self.config) {
            return None;
        }
        let severity = if alarms { self.severity } else { Severity::Notice };
        let notice = self.following.as_ref().map(|followed| followed.event.clone());
        let mut event = self.raise(now, &descent, (score, margin), severity, alarms);
        // What was told a moment ago and looks worse now is the same fall.
        let same = |notice: &Event| descent.time.secs_since(notice.span.start) <= ONE_FALL_SECS;
        if let Some(notice) = notice.filter(same) {
            event.id = notice.id;
            event.revision = notice.revision + 1;
            event.span = Span::new(notice.span.start, event.span.end);
            if let Some(followed) = &mut self.following {
                followed.event = event.clone();
            }
        }
        Some(event)
    }

    fn raise(
        &mut self,
        now: Timestamp,
        descent: &Descent,
        (score, margin): (f64, f64),
        severity: Severity,
        alarms: bool,
    ) -> Event {
        let peak = descent.time;
        let event = Event {
            id: EventId::of(EventKind::Fall, self.last_track, peak),
            kind: EventKind::Fall,
            severity,
            span: Span::new(peak.plus_secs(-0.5), now),
            link: None,
            zone: None,
            track: self.last_track,
            confidence: confidence(margin),
            stages: stages(descent, now, score, margin),
            revision: 0,
        };
        self.following = Some(Followed { event: event.clone(), landed: peak.plus_secs(0.5), told: now, alarms });
        event
    }

    /// Tells a fall again while its person lies, and when they are up.
    fn follow(&mut self, now: Timestamp) -> Option<Event> {
        let followed = self.following.as_mut()?;
        let recent = self.sights.iter().filter(|sight| now.secs_since(sight.time) <= RISEN_SECS);
        let height = quantile(recent.map(|sight| sight.height_m).collect(), 0.5)?;
        let is_up = height > RISEN_M;
        if !is_up && now.secs_since(followed.told) < TELL_EVERY_SECS {
            return None;
        }
        followed.told = now;
        let event = &mut followed.event;
        event.revision += 1;
        event.span = Span::new(event.span.start, now);
        event.stages.retain(|stage| stage.kind != StageKind::TimeOnFloor);
        event.stages.push(on_floor(followed.landed, now, height));
        if is_up {
            if now.secs_since(followed.landed) < SOON_UP_SECS {
                event.severity = event.severity.min(Severity::Notice);
            }
            event.stages.push(recovery(now, height));
        }
        let event = event.clone();
        if is_up || now.secs_since(followed.landed) > self.config.follow_secs {
            self.following = None;
        }
        Some(event)
    }
}
