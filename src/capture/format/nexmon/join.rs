//! Joins the datagrams of one packet, one for each core and spatial stream, into one frame.
//!
//! How many chains a sender's packets have is not on the wire: it is learnt from the first packet, which therefore waits
//! until something else comes (or [`Joiner::flush`]). From then on a frame is handed out the moment its last chain comes,
//! so that a single chain never waits. A packet that lost chains keeps its shape: they are zero, and it is flagged.

use std::time::Duration;

use super::{Datagram, channel, subcarriers};
use crate::types::{Complex32, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, NodeId, Timestamp};

/// Longest pause between two datagrams of one packet. A 4339 takes 0.7 ms for each, but in a recording of 950 packets
/// 18 had a pause of 5 to 18.5 ms; nothing else can have the same sequence number so soon.
pub const MAX_PAUSE: Duration = Duration::from_millis(25);

/// The same for packets without a number that counts: these can only be told apart by time.
const MAX_UNNUMBERED_PAUSE: Duration = Duration::from_millis(5);

/// Senders that are remembered; in a busy place the longest silent one is forgotten.
const MAX_SENDERS: usize = 64;

/// Packets that may wait at a time, fewer than the senders, so that there is always one to forget.
const MAX_WAITING: usize = MAX_SENDERS / 2;

/// After so many incomplete packets in a row the router was told to send fewer chains.
const N_SHORT_TO_RELEARN: u32 = 32;

/// When a datagram came, by the clocks that are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival {
    pub host: Option<Timestamp>,
    pub device: Option<DeviceTime>,
}

impl Arrival {
    /// For pauses between datagrams; the capturing device's stamp is the steadier one.
    fn nanos(self) -> i64 {
        match (self.device, self.host) {
            (Some(device), _) => i64::try_from(device.nanos).unwrap_or(i64::MAX),
            (None, Some(host)) => host.0,
            (None, None) => 0,
        }
    }
}

#[derive(Clone, Default)]
pub struct Joiner {
    senders: Vec<Sender>,
    n_waiting: usize,
    n_pushed: u64,
}

/// What frames of one stream have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    rx: NodeId,
    mac: [u8; 6],
    chanspec: u16,
    hardware: Hardware,
    n_values: usize,
}

#[derive(Clone)]
struct Sender {
    key: Key,
    /// Chains of a packet as bits `core * 8 + stream`; zero while that is not known.
    expected: u64,
    partial: Option<Partial>,
    n_short: u32,
    /// All chains that came in the last `n_short` packets.
    short_seen: u64,
    last_push: u64,
}

/// A packet of which some chains have come.
#[derive(Clone)]
struct Partial {
    sequence_control: u16,
    last_nanos: i64,
    seen: u64,
    /// In order of arrival, like the values of `frame`.
    chains: Vec<u8>,
    core_rssi: [i8; 8],
    frame: CsiFrame,
}

impl Joiner {
    /// A waiting packet that must go out before this datagram can be taken in: the datagram belongs to a later packet
    /// of the same sender, or comes too late for any partner. Ask until `None`, then [`Joiner::push`].
    pub fn displaced(&mut self, rx: NodeId, datagram: &Datagram<'_>, arrival: Arrival) -> Option<CsiFrame> {
        if self.n_waiting == 0 {
            return None;
        }
        if let Some(frame) = self.expired(arrival) {
            return Some(frame);
        }
        if self.n_waiting >= MAX_WAITING {
            return self.flush();
        }
        let key = key(rx, datagram);
        let sender = self.senders.iter_mut().find(|sender| sender.is_displaced_by(&key, datagram))?;
        let partial = sender.partial.take()?;
        self.n_waiting -= 1;
        Some(sender.complete(partial))
    }

    /// The longest waiting packet, if its partners would have come by now.
    pub fn expired(&mut self, now: Arrival) -> Option<CsiFrame> {
        let now = now.nanos();
        self.hand_out(|partial| u128::from(now.abs_diff(partial.last_nanos)) > partial.max_pause().as_nanos())
    }

    /// The longest waiting packet, however short it waits.
    pub fn flush(&mut self) -> Option<CsiFrame> {
        self.hand_out(|_| true)
    }

    fn hand_out(&mut self, due: impl Fn(&Partial) -> bool) -> Option<CsiFrame> {
        if self.n_waiting == 0 {
            return None;
        }
        let nanos = |sender: &Sender| sender.partial.as_ref().filter(|partial| due(partial)).map(|p| p.last_nanos);
        let (_, sender) = self.senders.iter_mut().filter_map(|s| nanos(s).map(|n| (n, s))).min_by_key(|(n, _)| *n)?;
        let partial = sender.partial.take()?;
        self.n_waiting -= 1;
        Some(sender.complete(partial))
    }

    /// Takes a datagram in and hands out its packet when that is complete.
    pub fn push(&mut self, rx: NodeId, datagram: &Datagram<'_>, arrival: Arrival) -> Option<CsiFrame> {
        self.n_pushed += 1;
        let key = key(rx, datagram);
        let idx = match self.senders.iter().position(|sender| sender.key == key) {
            Some(idx) => idx,
            None => {
                self.make_room();
                self.senders.push(Sender { key, expected: 0, partial: None, n_short: 0, short_seen: 0, last_push: 0 });
                self.senders.len() - 1
            }
        };
        let sender = self.senders.get_mut(idx)?;
        sender.last_push = self.n_pushed;
        let chain = chain_number(datagram);
        let bit = 1_u64 << chain;
        if sender.expected != 0 {
            sender.expected |= bit;
        }
        let mut partial = match sender.partial.take() {
            Some(partial) => {
                self.n_waiting -= 1;
                partial
            }
            None => Partial::new(&key, datagram, arrival, sender.expected.count_ones()),
        };
        partial.add(datagram, chain, arrival);
        if partial.seen == sender.expected {
            return Some(sender.complete(partial));
        }
        self.n_waiting += 1;
        sender.partial = Some(partial);
        None
    }

    /// Forgets the sender that was silent for longest, but never one that has a packet waiting.
    fn make_room(&mut self) {
        if self.senders.len() < MAX_SENDERS {
            return;
        }
        let free = self.senders.iter().enumerate().filter(|(_, sender)| sender.partial.is_none());
        if let Some((idx, _)) = free.min_by_key(|(_, sender)| sender.last_push) {
            self.senders.swap_remove(idx);
        }
    }
}

impl Sender {
    /// A sender's own next packet always displaces. Another sender's does so only while it is not known whether there
    /// is anything to wait for: routers send the chains of a packet one after the other, and a sender of single
    /// chains must not see its first frame overtaken.
    fn is_displaced_by(&self, key: &Key, datagram: &Datagram<'_>) -> bool {
        let Some(partial) = &self.partial else {
            return false;
        };
        if self.key == *key { !partial.takes(datagram) } else { self.expected == 0 && self.key.rx == key.rx }
    }

    /// Gives the packet its shape and keeps account of what the sender's packets look like.
    fn complete(&mut self, partial: Partial) -> CsiFrame {
        if self.expected == 0 {
            self.expected = partial.seen;
        }
        let expected = self.expected;
        if partial.seen == expected {
            (self.n_short, self.short_seen) = (0, 0);
        } else {
            self.n_short += 1;
            self.short_seen |= partial.seen;
            if self.n_short >= N_SHORT_TO_RELEARN {
                self.expected = self.short_seen;
                (self.n_short, self.short_seen) = (0, 0);
            }
        }
        partial.into_frame(expected)
    }
}

impl Partial {
    fn new(key: &Key, datagram: &Datagram<'_>, arrival: Arrival, n_chains: u32) -> Self {
        let frame = CsiFrame {
            link: LinkId { tx: NodeId::Mac(key.mac), rx: key.rx },
            host_time: arrival.host,
            device_time: arrival.device,
            sequence: datagram.sequence(),
            hardware: key.hardware,
            channel: channel(key.chanspec),
            subcarriers: subcarriers(key.hardware, key.n_values),
            values: Vec::with_capacity(key.n_values * n_chains.max(1) as usize),
            n_records: 0,
            ..CsiFrame::default()
        };
        Self {
            sequence_control: datagram.sequence_control,
            last_nanos: arrival.nanos(),
            seen: 0,
            chains: Vec::new(),
            core_rssi: [i8::MIN; 8],
            frame,
        }
    }

    fn max_pause(&self) -> Duration {
        if self.sequence_control == 0 { MAX_UNNUMBERED_PAUSE } else { MAX_PAUSE }
    }

    /// Whether a datagram of the same sender belongs to this packet. Control frames all have number 0: there the
    /// chains must also come in their order, else the next packet has begun.
    fn takes(&self, datagram: &Datagram<'_>) -> bool {
        let chain = chain_number(datagram);
        self.sequence_control == datagram.sequence_control
            && self.seen & (1 << chain) == 0
            && (self.sequence_control != 0 || self.seen >> chain == 0)
    }

    fn add(&mut self, datagram: &Datagram<'_>, chain: u8, arrival: Arrival) {
        self.seen |= 1 << chain;
        self.chains.push(chain);
        self.last_nanos = arrival.nanos();
        self.frame.n_records += 1;
        self.frame.flags.insert(datagram.flags);
        datagram.append_values(&mut self.frame.values);
        if let Some(rssi_dbm) = datagram.rssi_dbm {
            let power = f32::from(rssi_dbm);
            self.frame.rssi_dbm = Some(self.frame.rssi_dbm.map_or(power, |strongest| strongest.max(power)));
            if let Some(core) = self.core_rssi.get_mut(usize::from(datagram.core)) {
                *core = (*core).max(rssi_dbm);
            }
        }
    }

    /// Lays the chains out as `[rx][tx]`: cores and streams in ascending order, without those that never send.
    fn into_frame(self, expected: u64) -> CsiFrame {
        let Self { chains, core_rssi, mut frame, seen, .. } = self;
        let cores = (0..8).filter(|core| (expected >> (core * 8)) & 0xff != 0).collect::<Mask>();
        let streams = (0..8).filter(|stream| expected & (0x0101_0101_0101_0101 << stream) != 0).collect::<Mask>();
        frame.n_rx = cores.len();
        frame.n_tx = streams.len();
        if seen != expected {
            frame.flags.insert(FrameFlags::MISSING_CHAINS);
        }
        for core in 0..8 {
            let rank = usize::from(cores.rank(core));
            if cores.contains(core)
                && let (Some(slot), Some(rssi)) = (frame.chain_rssi.get_mut(rank), core_rssi.get(usize::from(core)))
            {
                *slot = *rssi;
            }
        }
        let n_chains = frame.n_chains();
        if chains.len() == n_chains && chains.is_sorted() {
            return frame;
        }
        let n = frame.n_subcarriers();
        let mut values = vec![Complex32::ZERO; n_chains * n];
        for (chain, came) in chains.iter().zip(frame.values.chunks_exact(n)) {
            let place = usize::from(cores.rank(chain / 8) * streams.len() + streams.rank(chain % 8));
            if let Some(slot) = values.get_mut(place * n..(place + 1) * n) {
                slot.copy_from_slice(came);
            }
        }
        frame.values = values;
        frame
    }
}

/// A set of cores or streams, each 0 to 7.
#[derive(Clone, Copy)]
struct Mask(u8);

impl Mask {
    fn len(self) -> u8 {
        self.0.count_ones() as u8
    }

    fn contains(self, number: u8) -> bool {
        (self.0 >> number) & 1 == 1
    }

    /// How many members are below `number`.
    fn rank(self, number: u8) -> u8 {
        (self.0 & ((1 << number) - 1)).count_ones() as u8
    }
}

impl FromIterator<u8> for Mask {
    fn from_iter<I: IntoIterator<Item = u8>>(numbers: I) -> Self {
        Self(numbers.into_iter().fold(0, |mask, number| mask | (1 << number)))
    }
}

fn key(rx: NodeId, datagram: &Datagram<'_>) -> Key {
    Key {
        rx,
        mac: datagram.mac,
        chanspec: datagram.chanspec,
        hardware: datagram.hardware,
        n_values: datagram.n_values(),
    }
}

/// 0 to 63: cores and streams are below 8 each.
fn chain_number(datagram: &Datagram<'_>) -> u8 {
    (datagram.core & 7) * 8 + (datagram.stream & 7)
}
