//! The front door of all detectors for a running link: frames in, events and states out.
//!
//! Keeps the last half minute of amplitudes and looks at the newest of them every half second of the frames' own time; what needs
//! longer stretches comes less often. The same frames give the same events, bit for bit.

use std::collections::VecDeque;

use super::breathing;
use super::clean::{self, Clean, Level, Sound};
use super::fall::{self, Detector, Unsupported};
use super::masking::{self, Masking};
use super::presence::{self, QuietBaseline};
use super::series::{AmplitudeSeries, Columns};
use crate::signal::bins::N_PROBE_FRAMES;
use crate::types::{Confidence, CsiFrame, Event, EventId, EventKind, LinkId, Severity, Span, Timestamp};

/// What breathing needs; the fall detector looks at the last third.
const KEPT_SECS: f64 = 30.0;
const LOOK_EVERY_SECS: f64 = 0.5;
/// Movement is told from the newest windows.
const MOVEMENT_SECS: f64 = 4.0;
/// A machine runs for longer than this, and its figures cost more than all others.
const MASKING_EVERY_SECS: f64 = 2.0;
/// Somebody who walks shakes a link for a while as well: what goes on for this long is called a machine. Falls are not judged before.
const MACHINE_SECS: f64 = 40.0;
/// Breathing changes slowly.
const BREATHE_EVERY_SECS: f64 = 5.0;
/// A jump of the clock by more than this, either way, starts everything again.
const MAX_JUMP_SECS: f64 = 60.0;
/// Packets kept at most, at 1 kHz.
const MAX_PACKETS: usize = 30_000;

/// What a link says of the people near it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Presence {
    /// No quiet baseline has been learned.
    NotCalibrated,
    Moving,
    /// Nobody moves, but somebody breathes: breaths a minute and quality.
    Still {
        breaths_per_min: f64,
        quality: f64,
    },
    /// Neither movement nor breath. An empty room, or somebody whom this link does not reach.
    Quiet,
}

/// All detectors of one link.
#[derive(Clone, Debug)]
pub struct Watch {
    link: LinkId,
    columns: Option<Columns>,
    probe: Vec<(Timestamp, CsiFrame)>,
    packets: VecDeque<(Timestamp, Vec<f32>)>,
    last_look: Option<Timestamp>,
    last_masking: Option<Timestamp>,
    last_breath: Option<Timestamp>,
    breath: Option<(f64, f64)>,
    baseline: Option<QuietBaseline>,
    masking: Option<Masking>,
    shaken_since: Option<Timestamp>,
    machine: Option<bool>,
    presence: Presence,
    fall: Detector,
    /// The movement or masking that goes on, told once at its begin and once at its end.
    movement: Option<Event>,
    masked: Option<Event>,
    /// Neither breath nor presence is looked for.
    only_falls: bool,
}

impl Watch {
    pub fn new(link: LinkId, config: fall::Config) -> Self {
        Self {
            link,
            columns: None,
            probe: Vec::new(),
            packets: VecDeque::new(),
            last_look: None,
            last_masking: None,
            last_breath: None,
            breath: None,
            baseline: None,
            masking: None,
            shaken_since: None,
            machine: None,
            presence: Presence::NotCalibrated,
            fall: Detector::new(link, config),
            movement: None,
            masked: None,
            only_falls: false,
        }
    }

    /// Looks for falls and what masks them, and for nothing else: for many hours at once.
    pub fn for_falls(link: LinkId, config: fall::Config) -> Self {
        Self { only_falls: true, ..Self::new(link, config) }
    }

    /// Takes the last ten seconds as quiet and gives the baseline; `None` where too little has been seen.
    pub fn learn_quiet(&mut self) -> Option<QuietBaseline> {
        let learned = self.clean(fall::detector::LOOK_BACK_SECS);
        let baseline = learned.and_then(|(_, clean)| QuietBaseline::learn(&presence::windows(&clean)));
        self.baseline = baseline.or(self.baseline);
        baseline
    }

    pub fn set_quiet(&mut self, baseline: QuietBaseline) {
        self.baseline = Some(baseline);
    }

    pub fn fall_detector(&mut self) -> &mut Detector {
        &mut self.fall
    }

    /// What this link saw of the bursts that ended since the last call, for a [`fall::Room`]; empty unless
    /// [`fall::Config::gathers`] is set.
    pub fn take_evidence(&mut self) -> Vec<fall::LinkEvidence> {
        self.fall.take_evidence()
    }

    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// Whether a machine masks movement on the link; `None` while too little has been seen.
    pub fn has_machine(&self) -> Option<bool> {
        self.machine
    }

    pub fn falls_supported(&self) -> Result<(), Unsupported> {
        self.fall.state()
    }

    /// Takes a frame of the link's stream. Frames that do not fit it are left out.
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame) -> Vec<Event> {
        let jumped = self.packets.back().is_some_and(|(last, _)| time.secs_since(*last).abs() > MAX_JUMP_SECS);
        if jumped {
            // A clock that was set anew: what came before lies on another axis.
            self.packets.clear();
            (self.last_look, self.last_masking, self.last_breath, self.breath) = (None, None, None, None);
        }
        let Some(columns) = &self.columns else {
            self.probe.push((time, frame.clone()));
            if self.probe.len() >= N_PROBE_FRAMES {
                let frames: Vec<&CsiFrame> = self.probe.iter().map(|(_, frame)| frame).collect();
                self.columns = Columns::choose(&frames).filter(|columns| !columns.numbers.is_empty());
                let probe = std::mem::take(&mut self.probe);
                if let Some(columns) = &self.columns {
                    for (time, frame) in &probe {
                        let mut row = Vec::new();
                        if columns.amplitudes(frame, &mut row) {
                            self.packets.push_back((*time, row));
                        }
                    }
                }
            }
            return Vec::new();
        };
        let mut row = Vec::new();
        let is_later = self.packets.back().is_none_or(|(last, _)| time > *last);
        if !is_later || !columns.amplitudes(frame, &mut row) {
            return Vec::new();
        }
        self.packets.push_back((time, row));
        while self.packets.len() > MAX_PACKETS
            || self.packets.front().is_some_and(|(first, _)| time.secs_since(*first) > KEPT_SECS)
        {
            self.packets.pop_front();
        }
        let since = |last: Option<Timestamp>| last.map_or(f64::INFINITY, |last| time.secs_since(last));
        if since(self.last_look) < LOOK_EVERY_SECS {
            return Vec::new();
        }
        self.last_look = Some(time);
        let for_masking = since(self.last_masking) >= MASKING_EVERY_SECS;
        // Not both in one look, so that no frame waits for long.
        if !for_masking && !self.only_falls && since(self.last_breath) >= BREATHE_EVERY_SECS {
            self.last_breath = Some(time);
            self.breath = self.clean(KEPT_SECS).and_then(|(_, clean)| breathing::rate(&clean));
        }
        let mut events = Vec::new();
        let looks = for_masking || self.fall.is_calibrated() || self.fall.gathers();
        if let Some((start, series)) = looks.then(|| self.stretch(fall::detector::LOOK_BACK_SECS)).flatten()
            && let Some(sound) = Sound::of(&series)
        {
            events.extend(self.look_for_falls(start, time, &sound, for_masking));
        }
        if !self.only_falls
            && let Some((_, clean)) = self.clean(MOVEMENT_SECS)
        {
            events.extend(self.look_for_movement(time, &clean));
        }
        events
    }

    fn look_for_falls(&mut self, start: Timestamp, time: Timestamp, sound: &Sound, for_masking: bool) -> Vec<Event> {
        let mut events = Vec::new();
        let moved = self.fall.gathers().then(|| sound.clean(Level::Kept)).flatten();
        // Where nothing is scored here, only what is the same with the level is asked for.
        let needs_shape = for_masking || self.fall.is_calibrated() || moved.is_none();
        let still = needs_shape.then(|| sound.clean(Level::Removed)).flatten();
        if for_masking && let Some(still) = &still {
            self.last_masking = Some(time);
            events.extend(self.look_for_masking(start, time, still));
        }
        if let Some(clean) = still.as_ref().or(moved.as_ref()) {
            events.extend(self.fall.look(start, clean, self.masking));
        }
        if let Some(moved) = &moved {
            self.fall.gather(start, moved, || still.or_else(|| sound.clean(Level::Removed)));
        }
        events
    }

    fn look_for_masking(&mut self, start: Timestamp, time: Timestamp, clean: &Clean) -> Option<Event> {
        // Half the windows of a few seconds are soon shaken by a person.
        (self.masking, self.machine) = (None, None);
        if time.secs_since(start) < 0.9 * fall::detector::LOOK_BACK_SECS {
            return None;
        }
        self.masking = masking::judge(clean);
        let masking = self.masking?;
        self.shaken_since = masking.masked.then(|| self.shaken_since.unwrap_or(start));
        let begin = self.shaken_since.filter(|since| time.secs_since(*since) >= MACHINE_SECS);
        self.machine = Some(begin.is_some());
        let link = self.link;
        tell(&mut self.masked, begin.is_some(), time, || {
            new_event(EventKind::Masking, link, begin.unwrap_or(start), masking.shaken_share)
        })
    }

    fn look_for_movement(&mut self, time: Timestamp, clean: &Clean) -> Option<Event> {
        let baseline = self.baseline?;
        let windows = presence::windows(clean);
        let last = windows.len().checked_sub(2)?;
        let moves = presence::moving(&windows, &baseline).get(last) == Some(&true);
        self.presence = match (moves, self.breath) {
            (true, _) => Presence::Moving,
            (false, Some((breaths_per_min, quality))) => Presence::Still { breaths_per_min, quality },
            (false, None) => Presence::Quiet,
        };
        let excess = windows.get(last).map_or(0.0, |window| baseline.excess(window));
        let link = self.link;
        tell(&mut self.movement, moves, time, || {
            new_event(EventKind::Movement, link, time, (0.5 + excess / 2.0).min(1.0))
        })
    }

    /// The last seconds, and when they begin.
    fn clean(&self, secs: f64) -> Option<(Timestamp, Clean)> {
        let (start, series) = self.stretch(secs)?;
        Some((start, clean::clean(&series)?))
    }

    /// The last seconds as a series, and when it begins.
    fn stretch(&self, secs: f64) -> Option<(Timestamp, AmplitudeSeries)> {
        let end = self.packets.back()?.0;
        let from = self.packets.partition_point(|(time, _)| end.secs_since(*time) > secs);
        let start = self.packets.get(from)?.0;
        let mut series =
            AmplitudeSeries { numbers: self.columns.as_ref()?.numbers.clone(), ..AmplitudeSeries::default() };
        for (time, row) in self.packets.iter().skip(from) {
            series.times_secs.push(time.secs_since(start));
            series.rows.extend_from_slice(row);
        }
        Some((start, series))
    }
}

/// An event at its begin and at its end, nothing in between.
fn tell(going_on: &mut Option<Event>, now: bool, time: Timestamp, begin: impl FnOnce() -> Event) -> Option<Event> {
    match (going_on.take(), now) {
        (None, true) => {
            let event = begin();
            *going_on = Some(event.clone());
            Some(event)
        }
        (Some(event), true) => {
            *going_on = Some(event);
            None
        }
        (Some(mut event), false) => {
            event.span = Span::new(event.span.start, time);
            event.revision += 1;
            Some(event)
        }
        (None, false) => None,
    }
}

fn new_event(kind: EventKind, link: LinkId, start: Timestamp, confidence: f64) -> Event {
    Event {
        id: EventId::of(kind, link, start),
        kind,
        severity: if kind == EventKind::Masking { Severity::Notice } else { Severity::Info },
        span: Span::new(start, start),
        link: Some(link),
        zone: None,
        track: None,
        confidence: Confidence::clamped(confidence),
        stages: Vec::new(),
        revision: 0,
    }
}
