//! All algorithm state: frames in, link views out. One thread owns it, and the same frames always give the same views.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::perceiving::Perceiving;
use super::radio_network::RadioNetwork;
use super::rooms::{Rooms, Taken};
use super::sensing::{BreathLog, EventLog, Sensed};
use super::{LinkView, People};
use crate::analytics::fall::{self, Learning, RoomEvidence, RoomModel};
use crate::analytics::presence::QuietBaseline;
use crate::analytics::watch::Watch;
use crate::capture::SourceId;
use crate::signal::transmitters::{self, Candidate};
use crate::signal::{Products, StreamConfig, StreamProcessor};
use crate::tracking::summary::BreathingReading;
use crate::types::{ClockHealth, CsiFrame, Event, LinkHealth, NodeId, Provenance, Site, StreamId, Timestamp};

/// Streams kept at once. Monitor mode hears every phone in the street, most of them once.
const MAX_STREAMS: usize = 64;
/// Share of a new power reading in the running mean.
const RSSI_FOLLOW: f32 = 0.05;
/// What rates and losses are measured over.
const HEALTH_SECS: f64 = 3.0;

#[derive(Default)]
pub struct Pipeline {
    config: StreamConfig,
    streams: BTreeMap<(SourceId, StreamId), Stream>,
    /// What each link is like while nobody is there; kept when a replay jumps.
    quiet: BTreeMap<(SourceId, StreamId), QuietBaseline>,
    /// Per source.
    events: BTreeMap<SourceId, EventLog>,
    site: Arc<Site>,
    network: RadioNetwork,
    /// People are looked for by the links of all sources of one provenance together.
    people: BTreeMap<Provenance, Room>,
    breathing: BreathLog,
    /// Falls, per source.
    falls: Rooms,
    /// Streams given up because there were too many; shown, so that nobody misses them silently.
    pub n_streams_evicted: u64,
}

/// What was learned of a place: its links' quiet, and how it judges falls.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    quiet: BTreeMap<(SourceId, StreamId), QuietBaseline>,
    falls: Option<RoomModel>,
}

/// The people in the room, and what has happened to them.
struct Room {
    perceiving: Perceiving,
    events: EventLog,
    sources: BTreeSet<SourceId>,
}

/// What the pipeline keeps of one stream.
struct Stream {
    provenance: Provenance,
    processor: StreamProcessor,
    watch: Watch,
    clock: Option<ClockHealth>,
    n_frames: u64,
    last_seen: Timestamp,
    rate: RateMeter,
    rssi_dbm: Option<f32>,
    hardware: crate::types::Hardware,
    channel: crate::types::Channel,
}

impl Pipeline {
    pub fn new(config: StreamConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Looks for people too, in this place and with this network.
    pub fn with_people(mut self, site: &Arc<Site>, network: &RadioNetwork) -> Self {
        self.site = Arc::clone(site);
        self.network = network.clone();
        self
    }

    pub fn set_site(&mut self, site: &Arc<Site>) {
        if Arc::ptr_eq(&self.site, site) {
            return;
        }
        self.site = Arc::clone(site);
        for room in self.people.values_mut() {
            room.perceiving.set_site(site);
        }
    }

    pub fn ingest(
        &mut self,
        source: SourceId,
        provenance: Provenance,
        time: Timestamp,
        clock: Option<ClockHealth>,
        frame: &CsiFrame,
    ) {
        let key = (source, frame.stream());
        if !self.streams.contains_key(&key) {
            self.make_room();
            let mut stream = Stream::new(&self.config, provenance, frame);
            if let Some(baseline) = self.quiet.get(&key) {
                stream.watch.set_quiet(*baseline);
            }
            self.streams.insert(key, stream);
            self.count_transmitters(source, frame.link.rx);
        }
        let Some(stream) = self.streams.get_mut(&key) else { return };
        if let Some(clock) = clock {
            stream.clock = Some(clock);
            stream.processor.quality_mut().set_clock_wraps(clock.n_wraps);
        }
        stream.processor.push(time, frame);
        for event in stream.watch.push(time, frame) {
            self.events.entry(source).or_default().tell(event);
        }
        let room = self.people.entry(provenance).or_insert_with(|| Room {
            perceiving: Perceiving::new(Arc::clone(&self.site), provenance),
            events: EventLog::default(),
            sources: BTreeSet::new(),
        });
        room.sources.insert(source);
        let seen = stream.watch.take_evidence();
        let by_height = room.perceiving.judges_falls();
        let Taken { events, moments } = self.falls.take(source, provenance, time, seen, by_height);
        for event in events {
            self.events.entry(source).or_default().tell(event);
        }
        for moment in &moments {
            room.perceiving.hear(moment);
        }
        self.breathing.note(time, stream.watch.presence());
        for event in room.perceiving.push(time, frame, &self.network) {
            room.events.tell(event);
        }
        stream.n_frames += 1;
        stream.last_seen = time;
        stream.rate.push(time);
        if let Some(rssi_dbm) = frame.rssi_dbm {
            let before = stream.rssi_dbm.unwrap_or(rssi_dbm);
            stream.rssi_dbm = Some(before + (rssi_dbm - before) * RSSI_FOLLOW);
        }
    }

    /// Forgets what was received from one source, but not what its links are like while nobody is there.
    pub fn forget(&mut self, source: SourceId) {
        self.streams.retain(|(of, _), _| *of != source);
        self.events.remove(&source);
        self.falls.forget(source);
        for room in self.people.values_mut().filter(|room| room.sources.contains(&source)) {
            room.perceiving.jump();
            room.events = EventLog::default();
        }
    }

    /// Forgets a source for good.
    pub fn close(&mut self, source: SourceId) {
        self.forget(source);
        self.people.retain(|_, room| {
            room.sources.remove(&source);
            !room.sources.is_empty()
        });
    }

    /// Who is followed, of the least direct of what is open: its provenance is the whole window's.
    pub fn people(&self) -> Arc<People> {
        self.people.values().next_back().map(|room| room.perceiving.people()).unwrap_or_default()
    }

    /// What has happened in the zones.
    pub fn people_events(&self, provenance: Provenance) -> Arc<Vec<Event>> {
        self.people.get(&provenance).map(|room| room.events.events()).unwrap_or_default()
    }

    pub fn n_streams(&self) -> usize {
        self.streams.len()
    }

    /// Takes the last ten seconds of every link as those of an empty room. The answer is how many links had seen enough.
    pub fn learn_quiet(&mut self) -> usize {
        for (key, stream) in &mut self.streams {
            if let Some(baseline) = stream.watch.learn_quiet() {
                self.quiet.insert(*key, baseline);
            }
        }
        for room in self.people.values_mut() {
            room.perceiving.learn_empty();
        }
        self.streams.keys().filter(|key| self.quiet.contains_key(key)).count()
    }

    /// What detectors have told of a source, in order of the events' beginning.
    pub fn events(&self, source: SourceId) -> Arc<Vec<Event>> {
        self.events.get(&source).map(EventLog::events).unwrap_or_default()
    }

    /// What detectors need to read a recording as this pipeline does.
    pub fn calibration(&self) -> Calibration {
        Calibration { quiet: self.quiet.clone(), falls: self.falls.model() }
    }

    pub fn calibrate(&mut self, calibration: Calibration) {
        self.quiet.extend(calibration.quiet);
        self.falls.set_model(calibration.falls);
    }

    /// From now on falls are judged by a model of this place; `None` takes the one that comes with the program.
    /// The ordinary movement of this installation's room, to be kept.
    pub fn learning(&self) -> &Learning {
        self.falls.learning()
    }

    pub fn set_learning(&mut self, learning: Learning) {
        self.falls.set_learning(learning);
    }

    pub fn set_fall_model(&mut self, model: Option<RoomModel>) {
        self.falls.set_model(model);
    }

    /// What the links of a source saw of each moment in which something moved.
    pub fn moments(&self, source: SourceId) -> Vec<RoomEvidence> {
        self.falls.moments(source)
    }

    /// Breathing rates told so far, of all links.
    pub fn breathing(&self) -> Arc<Vec<BreathingReading>> {
        self.breathing.readings()
    }

    /// The newest frame's time over the streams of one source, or over all.
    pub fn newest(&self, source: Option<SourceId>) -> Option<Timestamp> {
        let of_source = |(&(of, _), stream): (&(SourceId, StreamId), &Stream)| {
            source.is_none_or(|wanted| wanted == of).then_some(stream.last_seen)
        };
        self.streams.iter().filter_map(of_source).max()
    }

    /// Largest motion energy of any stream of the source in its newest row, for the timeline.
    pub fn motion(&self, source: SourceId) -> Option<f32> {
        let newest = |stream: &Stream| stream.processor.motion();
        let of_source = self.streams.iter().filter(|((of, _), _)| *of == source);
        of_source.filter_map(|(_, stream)| newest(stream)).max_by(f32::total_cmp)
    }

    /// One view per stream, in a stable order, with names that are unique.
    pub fn links(&self, site: &Site, latency_secs: impl Fn(SourceId) -> Option<f32>) -> Vec<LinkView> {
        let mut links: Vec<LinkView> = self
            .streams
            .iter()
            .map(|(&(source, id), stream)| {
                let products = stream.processor.products();
                let (worth, worth_reason) = stream.worth(id, &products);
                LinkView {
                    stream: id,
                    source,
                    provenance: stream.provenance,
                    name: format!("{} → {}", node_name(site, id.link.tx), node_name(site, id.link.rx)),
                    hardware: stream.hardware,
                    channel: stream.channel,
                    health: LinkHealth {
                        rate_hz: stream.rate.rate_hz(),
                        loss: products.quality.loss.map(|loss| loss as f32),
                        n_frames: stream.n_frames,
                        n_dropped: 0,
                        latency_secs: latency_secs(source),
                        last_seen: Some(stream.last_seen),
                        clock: stream.clock,
                    },
                    worth,
                    worth_reason,
                    sensed: Sensed::of(&stream.watch, self.falls.here(source)),
                    products,
                }
            })
            .collect();
        make_names_unique(&mut links);
        links
    }

    /// Every link of a receiver knows how many transmitters it hears.
    fn count_transmitters(&mut self, source: SourceId, receiver: NodeId) {
        let of_receiver = |(of, stream): &(SourceId, StreamId)| *of == source && stream.link.rx == receiver;
        let heard: BTreeSet<NodeId> =
            self.streams.keys().filter(|key| of_receiver(key)).map(|(_, stream)| stream.link.tx).collect();
        for (key, stream) in &mut self.streams {
            if of_receiver(key) {
                stream.processor.quality_mut().set_transmitters(heard.len());
            }
        }
    }

    fn make_room(&mut self) {
        if self.streams.len() < MAX_STREAMS {
            return;
        }
        let stalest = self.streams.iter().min_by_key(|(_, stream)| (stream.n_frames.min(100), stream.last_seen));
        if let Some((&key, _)) = stalest {
            self.streams.remove(&key);
            self.n_streams_evicted += 1;
        }
    }
}

impl Stream {
    fn new(config: &StreamConfig, provenance: Provenance, first: &CsiFrame) -> Self {
        Self {
            provenance,
            processor: StreamProcessor::new(*config, first),
            watch: Watch::new(first.link, fall::Config { gathers: true, ..fall::Config::default() }),
            clock: None,
            n_frames: 0,
            last_seen: Timestamp::ZERO,
            rate: RateMeter::default(),
            rssi_dbm: None,
            hardware: first.hardware,
            channel: first.channel,
        }
    }
}

impl Stream {
    fn worth(&self, id: StreamId, products: &Products) -> (f64, String) {
        let ranked = transmitters::judge(&Candidate {
            link: id.link,
            n_frames: self.n_frames,
            rate_hz: self.rate.rate_hz().map(f64::from),
            rssi_dbm: self.rssi_dbm,
            n_usable_bins: products.usable.len(),
            longest_gap_secs: products.quality.longest_gap_secs,
        });
        (ranked.score, ranked.reason)
    }
}

/// Frames a second over the last few seconds of a stream's own time.
#[derive(Default)]
pub struct RateMeter {
    times: VecDeque<Timestamp>,
}

impl RateMeter {
    /// Two seconds at the fastest rate that any tool reaches; more frames only shorten what is averaged.
    const MAX_TIMES: usize = 4_096;

    pub fn push(&mut self, time: Timestamp) {
        // Frames of several nodes interleave within their clocks' jitter; only a real step back starts again.
        let last = self.times.back().copied().unwrap_or(time);
        if last.secs_since(time) > HEALTH_SECS {
            self.times.clear();
        }
        let time = if self.times.is_empty() { time } else { time.max(last) };
        self.times.push_back(time);
        while self.times.len() > Self::MAX_TIMES
            || self.times.front().is_some_and(|first| time.secs_since(*first) > HEALTH_SECS)
        {
            self.times.pop_front();
        }
    }

    pub fn rate_hz(&self) -> Option<f32> {
        let secs = self.times.back()?.secs_since(*self.times.front()?);
        (secs > 0.0).then(|| ((self.times.len() - 1) as f64 / secs) as f32)
    }
}

/// What people call the node, or what the wire calls it.
fn node_name(site: &Site, id: NodeId) -> String {
    let name = site.node(id).map(|node| node.name.clone()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| id.to_string())
}

/// Streams of one link differ in width or antennas: their names say so.
fn make_names_unique(links: &mut [LinkView]) {
    let mut n_of_name: BTreeMap<String, usize> = BTreeMap::new();
    for link in links.iter() {
        *n_of_name.entry(link.name.clone()).or_default() += 1;
    }
    let mut n_used: BTreeMap<String, usize> = BTreeMap::new();
    for link in links.iter_mut() {
        if n_of_name.get(&link.name).is_none_or(|&n| n < 2) {
            continue;
        }
        let products = &link.products;
        link.name = format!("{} · {}×{}×{}", link.name, products.n_rx, products.n_tx, products.subcarriers.index.len());
        if link.channel.bandwidth_mhz > 0 {
            link.name = format!("{} · {} MHz", link.name, link.channel.bandwidth_mhz);
        }
        let n = n_used.entry(link.name.clone()).or_default();
        *n += 1;
        if *n > 1 {
            link.name = format!("{} · {}", link.name, *n);
        }
    }
}
