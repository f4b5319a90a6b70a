//! From frames as they come to what a pose network takes, and from its answers to people.
//!
//! Goes in: frames of all links with their times, the site. Comes out: a [`PoseWindow`] when one is asked for, or the
//! reasons why there is none; and what a network's answers about it mean ([`Reading`]). Remembers a second and a half of
//! each stream, thinned packets of ten seconds, and each link's empty room. Runs no network. Deterministic: times are
//! those of frames.

use std::collections::BTreeMap;

use bevy_math::Vec2;

use super::answers::Answers;
use super::description::Description;
use super::empty_room::EmptyRoom;
use super::inputs::NetworkInputs;
use super::layout::{MAX_LINKS, WINDOW_SECS};
use super::shown::Evidence;
use super::stream::Stream;
use super::support::{
    Conditions, MAX_GAP_SECS, MIN_LINKS, MIN_LINKS_FOR_BODIES, MIN_PACKETS_PER_SEC, Unsupported, hard_gates,
};
use super::tokens::{LinkInput, LinkTokens, TokenMaker};
use super::window::{LinkGeometry, LinkWindow, Unfit};
use crate::types::{CsiFrame, Detection, FrameFlags, LinkId, Moves, Room, Site, StreamId, Timestamp};

/// A link that sent nothing for so long is left out, so that the others can go on without it.
const SILENT_SECS: f64 = 0.2;
/// Streams that are remembered at most, of all links: bounds the memory against frames whose shape changes all the time.
const MAX_STREAMS: usize = 128;

/// Keeps what came of late.
#[derive(Clone, Default)]
pub struct Perceiver {
    streams: BTreeMap<(LinkId, u64), Stream>,
    /// With all antennas, and with the middle one alone.
    empty: BTreeMap<LinkId, [Option<EmptyRoom>; 2]>,
    /// Links of which only amplitudes come.
    without_phase: BTreeMap<LinkId, Timestamp>,
    maker: TokenMaker,
    left_out: Vec<(LinkId, Unfit)>,
    evidence: Evidence,
}

impl std::fmt::Debug for Perceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Perceiver").field("streams", &self.streams.len()).finish_non_exhaustive()
    }
}

/// One moment that a network can be asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct PoseWindow {
    /// The window's middle: what the answers are about.
    pub time: Timestamp,
    pub inputs: NetworkInputs,
    pub conditions: Conditions,
    /// Links that are in the inputs, in their order.
    pub links: Vec<LinkId>,
    /// Antennas of the link that has fewest; links without a known array count as one.
    pub n_antennas: usize,
    /// Links that are not, and why.
    pub left_out: Vec<(LinkId, Unfit)>,
    pub room: Room,
}

/// What is known about people at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub time: Timestamp,
    /// People whose places may be used, in room coordinates; empty where anything speaks against them.
    pub detections: Vec<Detection>,
    /// Probabilities of nobody, one, and two or more people.
    pub count: [f64; 3],
    /// Why there are no detections although there may be people.
    pub refusals: Vec<Unsupported>,
    /// Where nothing moves there are no detections.
    pub moves: Moves,
    /// What [`super::shown()`] asks for.
    pub evidence: Evidence,
}

/// One link's part of a window, and where it stands.
struct Usable {
    link: LinkId,
    window: LinkWindow,
    geometry: LinkGeometry,
    /// One antenna of the receiver is used.
    single: bool,
}

impl Perceiver {
    /// Takes a frame; never fails. `time` is the frame's on the session's time axis.
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame) {
        if frame.flags.contains(FrameFlags::AMPLITUDE_ONLY) {
            self.without_phase.insert(frame.link, time);
            return;
        }
        let StreamId { link, shape } = frame.stream();
        if let Some(stream) = self.streams.get_mut(&(link, shape)) {
            stream.push(time, frame);
            return;
        }
        let Some(mut stream) = Stream::new(frame) else { return };
        if self.streams.len() >= MAX_STREAMS {
            // The one that has been silent for longest.
            let oldest = self.streams.iter().min_by_key(|(_, stream)| stream.last_time()).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                self.streams.remove(&oldest);
            }
        }
        stream.push(time, frame);
        self.streams.insert((link, shape), stream);
    }

    /// The window that ends at `at`, or every reason why no network should look at it. [`Perceiver::left_out`] and
    /// [`Perceiver::evidence`] tell more in both cases.
    pub fn window(&mut self, at: Timestamp, site: &Site) -> Result<PoseWindow, Vec<Unsupported>> {
        let start = at.plus_secs(-WINDOW_SECS);
        self.left_out.clear();
        self.evidence = Evidence::default();
        let Some(room) = site.room else { return Err(vec![Unsupported::NoRoom]) };
        let mut usable: Vec<Usable> = Vec::new();
        let links: Vec<LinkId> = self.links();
        for link in links {
            match self.usable(link, start, site) {
                Ok(one) => usable.push(one),
                Err(reason) => self.left_out.push((link, reason)),
            }
        }
        self.leave_out_bad_ones(&mut usable);
        for one in usable.drain(usable.len().min(MAX_LINKS)..) {
            self.left_out.push((one.link, Unfit::Surplus));
        }
        let (usable, tokens) = self.tokens(usable, room);
        let n_without_geometry = self.left_out.iter().filter(|(_, reason)| *reason == Unfit::NoGeometry).count();
        let conditions = Conditions::new(usable.iter().map(|one| &one.window).zip(&tokens), n_without_geometry);
        let measured = |value: f32| (!usable.is_empty()).then_some(f64::from(value));
        self.evidence = Evidence {
            n_links: conditions.n_links,
            geometry_known: conditions.n_links > 0,
            rate_hz: measured(conditions.packets_per_sec),
            longest_gap_secs: measured(conditions.longest_gap_secs),
            snr_db: measured(conditions.snr_db),
            out_of_support: false,
            worth_links: None,
        };
        let failed = hard_gates(&conditions);
        if !failed.is_empty() {
            return Err(failed);
        }
        let n_antennas = tokens.iter().map(|one| one.n_antennas).min().unwrap_or(0);
        let links = usable.iter().map(|one| one.link).collect();
        let Some(inputs) = NetworkInputs::new(&tokens) else { return Err(vec![Unsupported::FewLinks { n: 0 }]) };
        let time = start.plus_secs(WINDOW_SECS / 2.0);
        Ok(PoseWindow { time, inputs, conditions, links, n_antennas, left_out: self.left_out.clone(), room })
    }

    /// Links that the last window was made without, and why.
    pub fn left_out(&self) -> &[(LinkId, Unfit)] {
        &self.left_out
    }

    /// What the last window rests on, also where there was none.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Takes what came in the last ten seconds for the empty room; answers of how many links.
    pub fn learn_empty(&mut self) -> usize {
        self.empty.clear();
        for link in self.links() {
            let Some(stream) = self.best_stream(link, None) else { continue };
            let of = |single| EmptyRoom::from_packets(&stream.recent(single).ok()?.packets()).ok();
            let rooms = [of(false), of(true)];
            if rooms.iter().any(Option::is_some) {
                self.empty.insert(link, rooms);
            }
        }
        self.empty.len()
    }

    /// A replay jumps: what came before belongs to another time. The empty room stays known.
    pub fn forget_packets(&mut self) {
        self.streams.clear();
        self.without_phase.clear();
    }

    /// Furniture was moved: what the empty room was like is no longer known.
    pub fn forget_empty(&mut self) {
        self.empty.clear();
    }

    pub fn knows_empty(&self) -> bool {
        !self.empty.is_empty()
    }

    fn links(&self) -> Vec<LinkId> {
        let mut links: Vec<LinkId> =
            self.streams.keys().map(|(link, _)| *link).chain(self.without_phase.keys().copied()).collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The link's stream that serves best: the widest of those that are fast enough, else the fastest. Without a start
    /// all that was heard last counts alike.
    fn best_stream(&self, link: LinkId, start: Option<Timestamp>) -> Option<&Stream> {
        let enough = (f64::from(MIN_PACKETS_PER_SEC) * WINDOW_SECS) as usize;
        let own = self.streams.range((link, 0)..=(link, u64::MAX)).map(|(_, stream)| stream);
        own.max_by(|a, b| {
            let key = |stream: &Stream| {
                let n = start.map_or(enough, |start| stream.n_packets(start));
                (n.min(enough), stream.width_hz(), n)
            };
            let ((na, wa, ra), (nb, wb, rb)) = (key(a), key(b));
            na.cmp(&nb).then(wa.total_cmp(&wb)).then(ra.cmp(&rb)).then(a.last_time().cmp(&b.last_time()))
        })
    }

    fn usable(&self, link: LinkId, start: Timestamp, site: &Site) -> Result<Usable, Unfit> {
        let (tx, rx) = site.ends(link).ok_or(Unfit::NoGeometry)?;
        let axis = site.node(link.rx).and_then(|node| node.array_axis_deg).filter(|axis| axis.is_finite());
        let Some(stream) = self.best_stream(link, Some(start)) else { return Err(Unfit::NoPhase) };
        let end = start.plus_secs(WINDOW_SECS);
        let silent = stream.last_time().map_or(f64::INFINITY, |last| end.secs_since(last));
        if silent > SILENT_SECS {
            return Err(Unfit::Silent { secs: silent as f32 });
        }
        // The network knows one antenna, and two or three whose direction is known.
        let single = stream.n_rx() < 2 || axis.is_none();
        let window = stream.window(start, single)?;
        let axis = axis.filter(|_| !single).map_or(Vec2::ZERO, |axis| Vec2::from_angle(axis.to_radians()));
        let geometry = LinkGeometry { tx, rx, axis }.checked().ok_or(Unfit::NoGeometry)?;
        Ok(Usable { link, window, geometry, single })
    }

    /// What a network is told about each link; those go for which there is nothing to tell.
    fn tokens(&mut self, usable: Vec<Usable>, room: Room) -> (Vec<Usable>, Vec<LinkTokens>) {
        let inputs: Vec<LinkInput<'_>> = usable
            .iter()
            .map(|Usable { link, window, geometry, single }| LinkInput {
                receiver: link.rx,
                window,
                geometry: *geometry,
                empty: self.empty.get(link).and_then(|rooms| rooms[usize::from(*single)].as_ref()),
            })
            .collect();
        let made = self.maker.make(&inputs, room);
        let mut kept = (Vec::new(), Vec::new());
        for (one, tokens) in usable.into_iter().zip(made) {
            let Some(tokens) = tokens else {
                self.left_out.push((one.link, Unfit::NoGeometry));
                continue;
            };
            kept.0.push(one);
            kept.1.push(tokens);
        }
        kept
    }

    /// Slow and holed links would spoil what the others have; they go where enough others stay.
    fn leave_out_bad_ones(&mut self, usable: &mut Vec<Usable>) {
        let fault = |one: &Usable| {
            let LinkWindow { packets_per_sec, longest_gap_secs, .. } = one.window;
            if packets_per_sec < MIN_PACKETS_PER_SEC {
                Some(Unfit::Slow { packets_per_sec })
            } else {
                (longest_gap_secs > MAX_GAP_SECS).then_some(Unfit::Gaps { secs: longest_gap_secs })
            }
        };
        if usable.iter().filter(|one| fault(one).is_none()).count() < MIN_LINKS {
            return;
        }
        usable.retain(|one| match fault(one) {
            Some(reason) => {
                self.left_out.push((one.link, reason));
                false
            }
            None => true,
        });
    }
}

impl PoseWindow {
    /// What a network's answers about this window mean.
    pub fn read(&self, answers: &[f32], features: &[f32], description: &Description) -> Reading {
        let shape = [self.conditions.n_links, self.n_antennas];
        let Answers { mut detections, count, mut refusals } =
            Answers::read(answers, features, description, shape, self.room);
        let is_broken =
            refusals.iter().any(|reason| matches!(reason, Unsupported::Broken | Unsupported::Untaught { .. }));
        let moves = if is_broken { Moves::Much } else { self.conditions.moves() };
        if moves == Moves::Nothing {
            // A place would be made up, and that it is none of those known is no surprise.
            detections.clear();
            refusals = if count[0] > 0.5 { Vec::new() } else { vec![Unsupported::Still] };
        }
        let evidence = Evidence {
            n_links: self.conditions.n_links,
            geometry_known: true,
            rate_hz: Some(f64::from(self.conditions.packets_per_sec)),
            longest_gap_secs: Some(f64::from(self.conditions.longest_gap_secs)),
            snr_db: Some(f64::from(self.conditions.snr_db)),
            out_of_support: refusals.iter().any(|reason| *reason != Unsupported::Still),
            worth_links: None,
        };
        Reading { time: self.time, detections, count, refusals, moves, evidence }
    }

    /// What the network says of one person, also where it cannot tell their place: whoever lies still keeps a height.
    /// Not for places, and no sign that anybody is there. `None` where the answers are no numbers, and with fewer than
    /// three links, from which no falls were ever judged.
    pub fn lone(&self, answers: &[f32], description: &Description) -> Option<Detection> {
        let shape = [self.conditions.n_links, self.n_antennas];
        (self.conditions.n_links >= MIN_LINKS_FOR_BODIES)
            .then(|| Answers::one(answers, description, shape, self.room))
            .flatten()
    }
}
