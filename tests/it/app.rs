//! The whole window, driven by its labels, over a snapshot made by hand.

use std::cell::RefCell;
use std::f32::consts::TAU;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bevy_math::Vec3;
use corporeal::app::{Action, App, Backend, Options};
use corporeal::capture::SourceSpec;
use corporeal::engine::{
    Command, JobView, LinkView, Notice, NoticeLevel, PlaybackView, RecordingView, Snapshot, SourceView, Timeline,
};
use corporeal::signal::Products;
use corporeal::types::{
    Channel, Complex32, Grade, Hardware, LinkHealth, LinkId, LinkQuality, Node, NodeId, NodeRole, Provenance, Purpose,
    PurposeVerdict, Room, Rows, Site, SkipReason, SourceState, Span, StreamId, Subcarriers, Tally, Timestamp,
};
use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions};

/// 2026-03-14 15:00:00 UTC.
const START: Timestamp = Timestamp(1_773_500_400_000_000_000);
const N_BINS: usize = 64;

/// A window of the size given, the snapshot it shows, and what it asked of the engine.
pub struct Bench {
    pub harness: Harness<'static, App>,
    snapshot: Rc<RefCell<Arc<Snapshot>>>,
    sent: Rc<RefCell<Vec<Command>>>,
}

#[derive(Clone)]
pub struct Setup {
    pub size: Vec2,
    pub theme: egui::Theme,
    pub zoom: f32,
    pub wgpu: bool,
    pub stored: Option<String>,
    pub screenshot_folder: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            size: Vec2::new(1280.0, 800.0),
            theme: egui::Theme::Dark,
            zoom: 1.0,
            wgpu: false,
            stored: None,
            screenshot_folder: None,
        }
    }
}

pub fn open(snapshot: Snapshot, setup: Setup) -> Bench {
    let snapshot = Rc::new(RefCell::new(Arc::new(snapshot)));
    let sent = Rc::new(RefCell::new(Vec::new()));
    let (read, write) = (Rc::clone(&snapshot), Rc::clone(&sent));
    let mut builder = Harness::builder()
        .with_size(setup.size)
        .with_pixels_per_point(setup.zoom)
        .with_theme(setup.theme)
        .with_max_steps(30)
        .with_render_cursor(false)
        .with_options(SnapshotOptions::new().threshold(1.5).max_failed_pixels(400));
    if setup.wgpu {
        builder = builder.wgpu();
    }
    let harness = builder.build_eframe(move |cc| {
        let backend = Backend {
            snapshot: Box::new(move || Arc::clone(&read.borrow())),
            send: Box::new(move |command| write.borrow_mut().push(command)),
            now: Box::new(|| START.plus_secs(60.25)),
        };
        let options = Options { screenshot_folder: setup.screenshot_folder, forget: true };
        let app = App::headless(&cc.egui_ctx, backend, options, setup.stored.as_deref(), cc.wgpu_render_state.clone());
        cc.egui_ctx.set_theme(setup.theme);
        app
    });
    let mut bench = Bench { harness, snapshot, sent };
    bench.harness.run();
    bench
}

impl Bench {
    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }

    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run();
    }

    #[track_caller]
    pub fn take_sent(&mut self) -> Vec<Command> {
        std::mem::take(&mut *self.sent.borrow_mut())
    }

    pub fn change(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut next = Snapshot::clone(&self.snapshot.borrow());
        change(&mut next);
        *self.snapshot.borrow_mut() = Arc::new(next);
        self.harness.run();
    }

    pub fn shows(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
    }

    pub fn shows_part(&self, label: &str) -> bool {
        self.harness.query_all_by_label_contains(label).next().is_some()
    }
}

fn mac(n: u8) -> NodeId {
    NodeId::Mac([0x24, 0x0a, 0xc4, 0, 0, n])
}

/// Two rays, one of which moves in and out: what a still room with a walking person looks like.
fn channel(link: usize, bin: usize, secs: f32) -> Complex32 {
    let k = bin as f32 - 32.0;
    let walk = 1.5 * (0.25 * TAU * secs).sin();
    let still = Complex32::from_polar(10.0 + link as f32, 0.12 * k);
    let moving = Complex32::from_polar(3.0, 0.35 * k + TAU * (2.0 * walk + 0.3 * link as f32));
    let grain = ((bin * 7 + (secs * 1e4) as usize * 13) % 17) as f32 / 17.0 - 0.5;
    still + moving + Complex32::new(0.4 * grain, -0.3 * grain)
}

fn products(link: usize, rate_hz: f32, secs: f32, gap: bool) -> Products {
    let mut raw = Rows::new(N_BINS, 1 << 16);
    let mut clean = Rows::new(N_BINS, 1 << 16);
    let mut motion = Rows::new(1, 1 << 12);
    let n_doppler = 41;
    let mut doppler = Rows::new(n_doppler, 1 << 12);
    let n = (rate_hz * secs) as usize;
    for i in 0..n {
        let t = secs * i as f32 / n as f32;
        if gap && (4.0..5.5).contains(&t) {
            continue;
        }
        let time = START.plus_secs(f64::from(60.0 - secs + t));
        let values: Vec<_> = (0..N_BINS).map(|bin| channel(link, bin, t)).collect();
        clean.push(time, &values);
        let turned: Vec<_> = values.iter().map(|v| v * Complex32::from_polar(40.0, 0.9 * i as f32)).collect();
        raw.push(time, &turned);
        if i % 20 == 0 {
            let speed = 18.0 * (0.25 * TAU * t).cos();
            let row: Vec<_> = (0..n_doppler)
                .map(|k| 24.0 * (-((k as f32 - 20.0 - speed) / 2.5).powi(2)).exp() + 2.0 * ((k * 31 + i) % 7) as f32 / 7.0)
                .collect();
            doppler.push(time, &row);
            motion.push(time, &[0.04 + 0.2 * (0.25 * TAU * t).cos().powi(2)]);
        }
    }
    let grade = [Grade::Good, Grade::Good, Grade::Usable, Grade::NotUsable][link % 4];
    let verdicts = Purpose::ALL
        .into_iter()
        .map(|purpose| PurposeVerdict {
            purpose,
            grade,
            reason: match grade {
                Grade::Good => "200 packets/s, jitter 2 %".to_owned(),
                Grade::Usable => "52 packets/s: movements above 1.5 m/s alias".to_owned(),
                Grade::NotUsable => "9 packets/s: too few for anything that moves".to_owned(),
            },
        })
        .collect();
    Products {
        subcarriers: Arc::new(Subcarriers::single((-32..32).collect(), 312_500.0)),
        n_rx: 1,
        n_tx: 1,
        usable: (0..N_BINS as u16).collect(),
        raw,
        clean,
        doppler,
        doppler_hz: (0..n_doppler).map(|k| (k as f32 - 20.0) * 5.0).collect(),
        motion,
        quality: Arc::new(LinkQuality {
            n_frames: 12_000,
            duration_secs: 60.0,
            rate_hz: Some(f64::from(rate_hz)),
            jitter: Some(0.02),
            n_gaps: u32::from(gap),
            longest_gap_secs: if gap { 1.5 } else { 0.0 },
            n_bins: N_BINS,
            n_dead_bins: 12,
            static_snr_db: Some(27.3),
            verdicts,
            ..LinkQuality::default()
        }),
        ..Products::default()
    }
}

/// A running lab: `n_links` links of 64 bins over the last `secs` seconds of a minute.
pub fn lab(provenance: Provenance, n_links: usize, rate_hz: f32, secs: f32) -> Snapshot {
    let end = START.plus_secs(60.0);
    let spec = SourceSpec::Udp { address: ([0, 0, 0, 0], SourceSpec::NEXMON_PORT).into() };
    let mut tally = Tally { n_bytes: 48_211_904, n_frames: 95_904, n_records: 95_904, ..Tally::default() };
    tally.skipped.insert(SkipReason::BadHeader, 12);
    tally.skipped.insert(SkipReason::CutTail, 1);
    let links = (0..n_links)
        .map(|n| LinkView {
            stream: StreamId { link: LinkId { tx: mac(n as u8), rx: NodeId::Source(1) }, shape: n as u64 },
            source: 1,
            provenance,
            name: format!("node {} → router · 20 MHz", n + 1),
            hardware: Hardware::Bcm4366c0,
            channel: Channel { centre_mhz: 5180, bandwidth_mhz: 20 },
            health: LinkHealth {
                rate_hz: Some(if n % 4 == 3 { 9.2 } else { rate_hz }),
                loss: (n != 2).then_some(0.004 * n as f32),
                n_frames: 12_000 - 7 * n as u64,
                n_dropped: if n == 5 { 1_204 } else { 0 },
                latency_secs: (provenance == Provenance::Live).then_some(0.012),
                last_seen: Some(end),
                clock: None,
            },
            products: products(n, rate_hz, secs, n % 3 == 1),
        })
        .collect();
    let n_buckets = 600;
    let buckets = 0..n_buckets;
    let gap = |i: usize| (210..235).contains(&i);
    let timeline = Timeline {
        span: Some(Span::new(START, end)),
        density: buckets.clone().map(|i| if gap(i) { 0 } else { 150 + (i as u32 * 37) % 20 }).collect(),
        activity: buckets.map(|i| (!gap(i)).then(|| 0.05 + 0.3 * (i as f32 / 40.0).sin().powi(4))).collect(),
        gaps: vec![Span::new(START.plus_secs(21.0), START.plus_secs(23.5))],
    };
    let corner = |n: usize| {
        let angle = TAU * n as f32 / n_links as f32;
        [3.0 + 2.6 * angle.cos(), 2.2 + 1.9 * angle.sin(), 0.8 + 0.1 * n as f32]
    };
    let mut nodes: Vec<Node> = (0..n_links)
        .map(|n| Node {
            id: mac(n as u8),
            name: format!("node {}", n + 1),
            role: NodeRole::Transmitter,
            position_m: Some(corner(n)),
        })
        .collect();
    nodes.push(Node {
        id: NodeId::Source(1),
        name: "router".to_owned(),
        role: NodeRole::Receiver,
        position_m: Some([3.0, 0.2, 1.9]),
    });
    Snapshot {
        run: 1,
        number: 1,
        provenance: Some(provenance),
        time: Some(end),
        sources: vec![SourceView {
            id: 1,
            spec,
            label: "UDP 0.0.0.0:5500".to_owned(),
            provenance,
            state: SourceState::Running,
            tally,
            n_dropped: 1_204,
            rate_hz: Some(rate_hz * n_links as f32),
        }],
        links,
        timeline: Arc::new(timeline),
        site: Arc::new(Site {
            name: "Lab".to_owned(),
            room: Some(Room { width_m: 6.0, depth_m: 4.4, height_m: 2.7 }),
            nodes,
        }),
        simulated_body: if provenance == Provenance::Simulated {
            (0..9).map(|i| Vec3::new(2.2 + 0.08 * (i % 3) as f32, 2.0, 0.2 + 0.18 * i as f32)).collect()
        } else {
            Arc::from([])
        },
        ..Snapshot::default()
    }
}

/// A recording of a minute, paused at its end.
pub fn replay(n_links: usize, rate_hz: f32, secs: f32) -> Snapshot {
    let mut snapshot = lab(Provenance::Replay, n_links, rate_hz, secs);
    let path = PathBuf::from("walk-through.pcap");
    snapshot.sources[0].spec = SourceSpec::File { path: path.clone(), follow: false };
    snapshot.sources[0].label = "walk-through.pcap".to_owned();
    snapshot.playback = Some(PlaybackView {
        paths: vec![path],
        span: snapshot.timeline.span,
        position: START.plus_secs(60.0),
        playing: false,
        speed: 1.0,
        looping: None,
        at_end: true,
    });
    snapshot
}

fn small() -> Snapshot {
    lab(Provenance::Live, 4, 50.0, 10.0)
}
