//! What every panel gets: the picture to draw, the state of the window, and a list for its wishes.

use std::sync::Arc;

use super::actions::Action;
use super::time::TimeView;
use super::{
    dialog, evaluation, evidence_plot, figures, heat, log, sources, studio, summaries, timeline, viewport, zones,
};
use crate::engine::{Command, LinkView, Snapshot};
use crate::types::{EventId, NodeId, StreamId, Timestamp, TrackId};

/// What a panel wants to happen after the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    Do(Action),
    Send(Command),
    /// Files of any kind: recordings, photos, scans.
    Open(Vec<std::path::PathBuf>),
    /// Selects an event, goes there and shows what led to it.
    ChooseEvent(EventId),
    /// Asks for files.
    Choose(dialog::Purpose),
}

pub struct Cx<'a> {
    /// What is shown: the newest snapshot, or the frozen one.
    pub shown: &'a Snapshot,
    /// The same for words and figures: renewed at most four times a second.
    pub calm: &'a Snapshot,
    /// Always the newest.
    pub live: &'a Snapshot,
    pub now: Timestamp,
    pub frozen: bool,
    pub recent: &'a [std::path::PathBuf],
    pub state: &'a mut State,
    pub wishes: &'a mut Vec<Wish>,
    pub gpu: Option<&'a egui_wgpu::RenderState>,
    /// Whether the panels are arranged for bodies.
    pub for_bodies: bool,
}

impl Cx<'_> {
    pub fn act(&mut self, action: Action) {
        self.wishes.push(Wish::Do(action));
    }

    pub fn send(&mut self, command: Command) {
        self.wishes.push(Wish::Send(command));
    }

    /// The link whose data the plots show: the selected one, else the first.
    pub fn link(&self) -> Option<&LinkView> {
        self.state.selection.link(self.shown)
    }

    pub fn context(&self) -> super::actions::Context {
        super::actions::Context { of_verdicts: !self.for_bodies, ..self.state.context(self.frozen) }
    }

    /// Whether there are bodies to look at, or one in the making.
    pub fn has_bodies(&self) -> bool {
        let studio = &self.live.studio;
        !studio.bodies.is_empty() || studio.work.as_ref().is_some_and(|work| work.preview.is_some())
    }

    /// Whether the viewport shows bodies, else the room: as chosen, else by the arrangement, else what there is.
    pub fn bodies_on_stage(&self) -> bool {
        let has_room = !self.shown.sources.is_empty() || !self.shown.site.nodes.is_empty();
        match self.state.bodies_on_stage {
            _ if !self.has_bodies() => self.for_bodies,
            Some(choice) => choice || !has_room,
            None => self.for_bodies || !has_room,
        }
    }
}

/// What the panels remember between frames; nothing of it is data.
#[derive(Default)]
pub struct State {
    pub selection: Selection,
    pub time: TimeView,
    pub scope: Scope,
    pub heat: heat::Maps,
    pub timeline: timeline::State,
    pub sources: sources::State,
    pub viewport: viewport::State,
    pub log: log::Log,
    pub studio: studio::State,
    pub zones: zones::State,
    /// How people, zones and the floor are drawn.
    pub look: figures::Look,
    /// The event whose evidence is shown.
    pub event: Option<EventId>,
    /// Its signals.
    pub evidence: evidence_plot::Signals,
    pub evaluation: evaluation::State,
    /// Whose summary is shown.
    pub summary: summaries::Domain,
    /// Whether the viewport shows bodies instead of the room; `None` leaves it to the arrangement of panels.
    pub bodies_on_stage: Option<bool>,
}

impl State {
    /// What of the window decides whether an action can be done.
    pub fn context(&self, frozen: bool) -> super::actions::Context {
        super::actions::Context {
            frozen,
            of_verdicts: false,
            has_range: self.timeline.range.is_some(),
            event: self.event,
            photo: self.studio.photo,
            body: self.studio.body,
            zones_undo: self.zones.can_undo(),
            zones_redo: self.zones.can_redo(),
            inputs_error: self.studio.inputs_error(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeatKind {
    Amplitude,
    Phase,
    Doppler,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Selection {
    pub stream: Option<StreamId>,
    pub node: Option<NodeId>,
    pub person: Option<TrackId>,
    /// What is shown while nobody has chosen a link.
    pub(super) proposed: Option<StreamId>,
}

/// A proposal stands until another link is worth this much more: rates flicker, and the plots must not jump.
const CLEARLY_BETTER: f64 = 1.5;

impl Selection {
    pub fn link<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a LinkView> {
        let chosen = snapshot.links.iter().find(|link| Some(link.stream) == self.stream);
        chosen
            .or_else(|| snapshot.links.iter().find(|link| Some(link.stream) == self.proposed))
            .or_else(|| snapshot.links.first())
    }

    /// Proposes the link that is most worth looking at, and stays with it.
    pub fn propose(&mut self, snapshot: &Snapshot) {
        let order = |a: &&LinkView, b: &&LinkView| a.worth.total_cmp(&b.worth).then(b.stream.cmp(&a.stream));
        let Some(best) = snapshot.links.iter().max_by(order) else { return };
        let standing = snapshot.links.iter().find(|link| Some(link.stream) == self.proposed);
        if standing.is_none_or(|link| best.worth > link.worth * CLEARLY_BETTER) {
            self.proposed = Some(best.stream);
        }
    }

    pub fn select_link(&mut self, stream: StreamId) {
        (self.stream, self.node, self.person) = (Some(stream), None, None);
    }

    pub fn select_person(&mut self, person: TrackId) {
        (self.person, self.node) = (Some(person), None);
    }

    /// Moves to the next or previous link, around the end.
    pub fn step(&mut self, snapshot: &Snapshot, by: isize) {
        let n = snapshot.links.len() as isize;
        if n == 0 {
            return;
        }
        let at = snapshot.links.iter().position(|link| Some(link.stream) == self.stream).unwrap_or(0) as isize;
        self.select_link(snapshot.links[(at + by).rem_euclid(n) as usize].stream);
    }
}

/// Which part of the data the plots show.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Cleaned values, else values as the radio reported them.
    pub clean: bool,
    pub all_links: bool,
    pub all_links_doppler: bool,
    /// Which antenna pair, counted through `[rx][tx]`.
    pub chain: usize,
    /// Signed numbers of the subcarriers that the time series shows; empty chooses three.
    pub subcarriers: Vec<i16>,
    /// The constellation follows one subcarrier over time instead of all of one frame.
    pub one_subcarrier: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            clean: true,
            all_links: true,
            all_links_doppler: false,
            chain: 0,
            subcarriers: Vec::new(),
            one_subcarrier: false,
        }
    }
}

/// Renews `calm` at most four times a second, and at once when something was opened, closed or changed its state.
pub struct Calm {
    pub snapshot: Arc<Snapshot>,
    at_secs: f64,
}

impl Calm {
    const PERIOD_SECS: f64 = 0.25;

    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, at_secs: f64::NEG_INFINITY }
    }

    pub fn renew(&mut self, shown: &Arc<Snapshot>, now_secs: f64) {
        let shape = |s: &Snapshot| {
            let states: Vec<_> =
                s.sources.iter().map(|source| (source.id, std::mem::discriminant(&source.state))).collect();
            let playing = s.playback.as_ref().map(|p| (p.playing, p.at_end, p.speed.to_bits(), p.looping));
            let studio =
                (s.studio.photos.len(), s.studio.bodies.len(), s.studio.work.as_ref().map(|w| (w.job, w.stage)));
            (s.run, s.links.len(), s.jobs.len(), s.recording.is_some(), states, playing, studio)
        };
        let due = now_secs - self.at_secs >= Self::PERIOD_SECS || now_secs < self.at_secs;
        if !Arc::ptr_eq(&self.snapshot, shown) && (due || shape(&self.snapshot) != shape(shown)) {
            self.snapshot = Arc::clone(shown);
            self.at_secs = now_secs;
        }
    }
}
