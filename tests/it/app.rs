//! The whole window, driven by its labels, over a snapshot made by hand.

use std::cell::RefCell;
use std::f32::consts::TAU;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bevy_math::Vec3;
use corporeal::app::{Action, App, Backend, Options, Theme};
use corporeal::capture::SourceSpec;
use corporeal::engine::{
    Command, JobView, LinkView, Notice, NoticeLevel, PlaybackView, RecordingView, Snapshot, SourceView, Timeline,
};
use corporeal::render::{Colormap, Gpu};
use corporeal::signal::Products;
use corporeal::types::{
    Channel, Complex32, Grade, Hardware, LinkHealth, LinkId, LinkQuality, Node, NodeId, NodeRole, Provenance, Purpose,
    PurposeVerdict, Room, Rows, Site, SkipReason, SourceState, Span, StreamId, Subcarriers, Tally, Timestamp,
};
use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};

/// 2026-03-14 15:00:00 UTC.
pub const START: Timestamp = Timestamp(1_773_500_400_000_000_000);
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
    pub step_secs: f32,
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
            step_secs: 0.25,
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
        .with_step_dt(setup.step_secs)
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
                .map(|k| {
                    24.0 * (-((k as f32 - 20.0 - speed) / 2.5).powi(2)).exp() + 2.0 * ((k * 31 + i) % 7) as f32 / 7.0
                })
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
            worth: 1.0 - n as f64 * 0.01,
            worth_reason: "97 packets/s on 52 subcarriers".into(),
            sensed: Default::default(),
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
            array_axis_deg: None,
        })
        .collect();
    nodes.push(Node {
        id: NodeId::Source(1),
        name: "router".to_owned(),
        role: NodeRole::Receiver,
        position_m: Some([3.0, 0.2, 1.9]),
        array_axis_deg: None,
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
            zones: Vec::new(),
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

/// The shortcut keys of a keyboard with a Ctrl key.
const CTRL: Modifiers = Modifiers::COMMAND;

#[test]
fn the_empty_window_names_the_next_step() {
    let mut bench = open(Snapshot::default(), Setup::default());
    for words in ["Connect a node or open a recording", "No recording and no source is open", "Provenance NO SOURCE"] {
        assert!(bench.shows(words) || words.starts_with("No rec"), "{words}");
    }
    bench.click("Open simulated scene");
    assert_eq!(bench.take_sent(), [Command::OpenDemo]);
}

#[test]
fn a_typed_path_opens_a_file_and_is_remembered() {
    let mut bench = open(Snapshot::default(), Setup::default());
    bench.key(CTRL, Key::N);
    // The menu has the name, too: the form's is the one drawn last.
    bench.harness.query_all_by_label("File").last().expect("the form has the kind").click();
    bench.harness.run();
    bench.harness.get_by_label("Path").focus();
    bench.harness.run();
    bench.harness.get_by_label("Path").type_text("/data/walk.dat");
    bench.harness.run();
    bench.click("Open");
    let path = PathBuf::from("/data/walk.dat");
    assert_eq!(bench.take_sent(), [Command::Open(vec![path.clone()])]);
    assert_eq!(bench.harness.state().settings().recent, [path]);
    assert!(bench.shows("walk.dat"), "the start page offers it again");
}

#[derive(Debug)]
pub struct Dropped(pub PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".to_owned())
    }
}

#[test]
fn dropped_files_are_opened_together() {
    let mut bench = open(small(), Setup::default());
    let paths = [PathBuf::from("/data/a.pcap"), PathBuf::from("/data/b.csv")];
    for path in &paths {
        bench.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    }
    bench.harness.run();
    assert_eq!(bench.take_sent(), [Command::Open(paths.to_vec())]);
}

#[test]
fn forms_turn_into_sources_and_say_what_is_wrong() {
    for (kind, expected) in [
        ("UDP", SourceSpec::Udp { address: ([0, 0, 0, 0], 5500).into() }),
        ("TCP", SourceSpec::Tcp { address: "192.168.1.1:5500".to_owned() }),
        ("Serial port", SourceSpec::Serial { port: "/dev/ttyUSB0".to_owned(), baud: 921_600 }),
    ] {
        let mut bench = open(Snapshot::default(), Setup::default());
        bench.key(CTRL, Key::N);
        bench.click(kind);
        bench.click("Connect");
        assert_eq!(bench.take_sent(), [Command::Connect(expected)], "{kind}");
        assert!(!bench.shows("Connect"), "the form closes");
    }
    let mut bench = open(Snapshot::default(), Setup::default());
    bench.key(CTRL, Key::N);
    bench.click("TCP");
    bench.harness.get_by_label("Host and port").focus();
    bench.harness.run();
    bench.harness.get_by_label("Host and port").type_text("x");
    bench.harness.run();
    assert!(bench.shows_part("such as 192.168.1.1:5500"));
    bench.click("Connect");
    assert_eq!(bench.take_sent(), []);
}

#[test]
fn playback_keys_become_commands() {
    let nanos = |millis: i64| Command::SeekBy { nanos: millis * 1_000_000 };
    let shift = Modifiers::SHIFT;
    let none = Modifiers::NONE;
    for (modifiers, key, expected) in [
        (none, Key::Space, Command::TogglePlay),
        (none, Key::ArrowLeft, nanos(-100)),
        (none, Key::ArrowRight, nanos(100)),
        (shift, Key::ArrowLeft, nanos(-1_000)),
        (shift, Key::ArrowRight, nanos(1_000)),
        (CTRL, Key::ArrowLeft, Command::StepFrames(-1)),
        (CTRL, Key::ArrowRight, Command::StepFrames(1)),
        (none, Key::Home, Command::Seek(START)),
        (none, Key::End, Command::FollowLive),
        (none, Key::Num1, Command::SetSpeed(1.0)),
        (none, Key::Num7, Command::SetSpeed(7.0)),
    ] {
        let mut bench = open(replay(1, 20.0, 2.0), Setup::default());
        bench.key(modifiers, key);
        assert_eq!(bench.take_sent(), [expected], "{modifiers:?} {key:?}");
    }
}

#[test]
fn over_the_room_number_keys_turn_the_camera() {
    let mut bench = open(replay(2, 20.0, 2.0), Setup::default());
    bench.harness.get_by_label("Room view").hover();
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::Num7);
    bench.key(Modifiers::NONE, Key::Num1);
    assert_eq!(bench.take_sent(), []);
    bench.key(Modifiers::NONE, Key::Num2);
    assert_eq!(bench.take_sent(), [Command::SetSpeed(2.0)], "other numbers keep their meaning");
}

#[test]
fn buttons_of_the_transport_play_and_pause() {
    let mut bench = open(replay(1, 20.0, 2.0), Setup::default());
    bench.click("Play");
    assert_eq!(bench.take_sent(), [Command::TogglePlay]);
    bench.change(|s| {
        if let Some(playback) = &mut s.playback {
            playback.playing = true;
        }
    });
    bench.click("Pause");
    assert_eq!(bench.take_sent(), [Command::TogglePlay]);
}

fn drag(bench: &mut Bench, from: egui::Pos2, to: egui::Pos2) {
    bench.harness.hover_at(from);
    bench.harness.run();
    bench.harness.drag_at(from);
    bench.harness.run();
    for share in [0.3, 0.6, 1.0] {
        bench.harness.hover_at(from.lerp(to, share));
        bench.harness.run();
    }
    bench.harness.drop_at(to);
    bench.harness.run();
}

/// A place on the timeline's strip at a share of its length.
fn on_timeline(bench: &Bench, share: f32) -> egui::Pos2 {
    let rect = bench.harness.get_by_label("Timeline").rect();
    egui::pos2(rect.left() + 8.0 + share * (rect.width() - 16.0), rect.top() + 20.0)
}

#[test]
fn dragging_on_the_timeline_seeks() {
    let mut bench = open(replay(1, 20.0, 2.0), Setup::default());
    let (from, to) = (on_timeline(&bench, 0.8), on_timeline(&bench, 0.25));
    drag(&mut bench, from, to);
    let sent = bench.take_sent();
    let Some(Command::Seek(last)) = sent.last() else { panic!("{sent:?}") };
    assert!((last.secs_since(START) - 15.0).abs() < 0.2, "{}", last.secs_since(START));
}

#[test]
fn a_range_is_selected_without_a_modifier_and_looped() {
    let mut bench = open(replay(1, 20.0, 2.0), Setup::default());
    bench.click("Select range");
    let (from, to) = (on_timeline(&bench, 0.5), on_timeline(&bench, 0.75));
    drag(&mut bench, from, to);
    assert_eq!(bench.take_sent(), [], "selecting does not seek");
    assert!(bench.shows_part("Δt 15."), "the length is said");
    bench.click("Loop");
    let sent = bench.take_sent();
    let [Command::SetLoop(Some(range))] = sent.as_slice() else { panic!("{sent:?}") };
    assert!((range.start.secs_since(START) - 30.0).abs() < 0.3 && (range.secs() - 15.0).abs() < 0.3);
    bench.change(|s| {
        if let Some(playback) = &mut s.playback {
            playback.looping = Some(Span::new(START, START.plus_secs(1.0)));
        }
    });
    bench.key(Modifiers::NONE, Key::Escape);
    assert_eq!(bench.take_sent(), [Command::SetLoop(None)], "Esc backs out of the range and its loop");
}

#[test]
fn a_frozen_window_says_so_while_recording_goes_on() {
    let mut bench = open(small(), Setup::default());
    bench.key(Modifiers::NONE, Key::P);
    assert!(bench.harness.state().is_frozen());
    bench.change(|s| {
        s.time = s.time.map(|t| t.plus_secs(4.0));
        s.links.truncate(1);
        s.recording = Some(RecordingView {
            path: PathBuf::from("lab.mcap"),
            duration: Duration::from_secs(83),
            n_bytes: 48_200_000,
            n_frames: 16_600,
            error: None,
        });
    });
    assert!(bench.shows("FROZEN") && bench.shows("4.0 s behind · capture goes on"));
    assert!(bench.shows("1:23  48.2 MB"), "the recording's figures stay live");
    assert!(bench.shows_part("node 4 → router · 20 MHz, rate"), "the picture is the old one");
    bench.key(Modifiers::NONE, Key::End);
    assert!(!bench.harness.state().is_frozen());
    assert!(!bench.shows_part("node 4 → router · 20 MHz, rate"));
}

#[test]
fn the_record_button_starts_and_stops() {
    let mut bench = open(small(), Setup::default());
    bench.key(CTRL, Key::R);
    assert!(matches!(bench.take_sent().as_slice(), [Command::StartRecording(_)]));
    bench.change(|s| {
        s.recording = Some(RecordingView {
            path: PathBuf::from("lab.mcap"),
            duration: Duration::from_secs(5),
            n_bytes: 900,
            n_frames: 100,
            error: Some("disk full — free some space".to_owned()),
        });
    });
    assert!(bench.shows("disk full — free some space"));
    bench.click("Stop recording");
    assert_eq!(bench.take_sent(), [Command::StopRecording]);
    let mut bench = open(Snapshot::default(), Setup::default());
    bench.key(CTRL, Key::R);
    assert_eq!(bench.take_sent(), [], "nothing to record");
    assert!(bench.shows_part("Needs a source"), "and the window says why");
}

#[test]
fn provenance_is_said_on_every_panel() {
    for (provenance, word) in
        [(Provenance::Live, "LIVE"), (Provenance::Replay, "REPLAY"), (Provenance::Simulated, "SIMULATED")]
    {
        let bench = open(lab(provenance, 1, 20.0, 2.0), Setup::default());
        assert!(bench.shows(&format!("Provenance {word}")));
        assert_eq!(bench.harness.query_all_by_label(word).count(), 6, "one for each visible group of panels");
    }
}

#[test]
fn the_palette_runs_any_command() {
    let mut bench = open(small(), Setup::default());
    bench.key(Modifiers { shift: true, ..CTRL }, Key::P);
    bench.harness.get_by_label("Type a command").type_text("light th");
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::Enter);
    assert_eq!(bench.harness.state().settings().theme, egui::ThemePreference::Light);
    assert!(!bench.shows("Type a command"), "the palette closes");
    bench.key(CTRL, Key::P);
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows("Type a command"), "Esc closes it, too");
}

#[test]
fn errors_stay_until_closed_and_are_kept_in_the_log() {
    let mut bench = open(small(), Setup::default());
    let text = "not a CSI recording in any format this program reads: \"holiday.jpg\"";
    bench.change(|s| {
        s.notices = Arc::new(vec![Notice { number: 1, level: NoticeLevel::Error, text: text.to_owned() }]);
    });
    bench.harness.run_steps(100);
    assert!(bench.shows(text), "an error does not leave by itself");
    bench.click("Copy");
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows(text));
    bench.click("Log");
    assert!(bench.shows(text) && bench.shows("Error"));
    bench.click("Copy log");
}

#[test]
fn a_failed_source_says_what_to_do_and_can_be_restarted() {
    let mut bench = open(small(), Setup::default());
    bench.click("Sources");
    assert!(bench.shows_part("12 skipped: header contradicts itself"));
    bench.change(|s| s.sources[0].state = SourceState::Failed("another program listens there already".to_owned()));
    assert!(bench.shows("another program listens there already") && bench.shows("1 failed"));
    bench.click("Restart");
    assert_eq!(bench.take_sent(), [Command::Restart(1)]);
    bench.click("Close");
    assert_eq!(bench.take_sent(), [Command::Close(1)]);
}

#[test]
fn jobs_show_progress_and_can_be_cancelled() {
    let mut bench = open(small(), Setup::default());
    bench.change(|s| s.jobs = vec![JobView { id: 7, label: "Exporting CSV".to_owned(), progress: Some(0.4) }]);
    bench.click("Cancel Exporting CSV");
    assert_eq!(bench.take_sent(), [Command::CancelJob(7)]);
}

#[test]
fn a_clicked_link_shows_its_verdicts_and_missing_figures_are_no_data() {
    let mut bench = open(small(), Setup::default());
    bench.harness.get_by_label_contains("node 3 → router · 20 MHz, rate 50.0 Hz, loss no data").click();
    bench.harness.run();
    bench.click("Selection");
    assert!(bench.shows("52 packets/s: movements above 1.5 m/s alias") && bench.shows("usable"));
    bench.key(Modifiers::NONE, Key::N);
    assert!(bench.shows("9 packets/s: too few for anything that moves"), "N goes to the next link");
}

#[test]
fn figures_change_at_most_four_times_a_second() {
    let mut bench = open(small(), Setup { step_secs: 0.05, ..Setup::default() });
    let mut seen = Vec::new();
    for n in 0..40 {
        let mut next = Snapshot::clone(&bench.snapshot.borrow());
        next.links[0].health.rate_hz = Some(100.0 + n as f32);
        *bench.snapshot.borrow_mut() = Arc::new(next);
        bench.harness.step();
        let shown = bench.harness.get_by_label_contains("node 1 → router · 20 MHz, rate");
        let label = shown.accesskit_node().label().expect("the row has a name");
        if seen.last() != Some(&label) {
            seen.push(label);
        }
    }
    assert!((6..=9).contains(&seen.len()), "{} different texts in 2 s", seen.len());
}

#[test]
fn the_users_own_layout_and_settings_come_back() {
    let mut bench = open(small(), Setup::default());
    bench.click("Window");
    bench.click("Layout Review");
    bench.key(CTRL, Key::Plus);
    assert!(!bench.shows("Show room") && bench.shows("Room"));
    let stored = bench.harness.state().stored().expect("settings can be written");
    let mut again = open(small(), Setup { stored: Some(stored.clone()), ..Setup::default() });
    assert_eq!(again.harness.state().settings().zoom, 1.1);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("settings are JSON");
    let restored = again.harness.state().stored().expect("settings can be written");
    assert_eq!(value(&restored), value(&stored));
    again.key(CTRL, Key::Num0);
    assert_eq!(again.harness.state().settings().zoom, 1.0);
    let broken = open(small(), Setup { stored: Some("{\"settings\":3}".to_owned()), ..Setup::default() });
    assert!(broken.shows("Links"), "unreadable settings give the start layout");
}

#[test]
fn help_lists_keys_and_gestures() {
    let mut bench = open(small(), Setup::default());
    bench.key(Modifiers::NONE, Key::Questionmark);
    for words in ["Keys and gestures", "Ctrl+O", "back out one level", "front, side, top (pointer over the room)"] {
        assert!(bench.shows(words), "{words}");
    }
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows("back out one level"));
}

#[test]
fn every_action_can_be_done_in_every_state() {
    for snapshot in [Snapshot::default(), small(), replay(2, 20.0, 2.0)] {
        // Dialogs are the system's; the clipboard is the desktop's.
        let others = [Action::Open, Action::AddPhotos, Action::OpenScan, Action::BatchFolder, Action::PastePhoto];
        for action in Action::all().filter(|action| !others.contains(action)) {
            let mut bench = open(snapshot.clone(), Setup::default());
            bench.harness.state_mut().perform(action);
            bench.harness.run_steps(3);
        }
    }
}

#[test]
fn the_room_is_drawn_only_when_something_changed() {
    let mut bench = open(small(), Setup { wgpu: true, ..Setup::default() });
    let before = bench.harness.state().n_rooms_drawn();
    assert!(before > 0);
    bench.harness.run_steps(5);
    bench.change(|s| s.number += 1);
    assert_eq!(bench.harness.state().n_rooms_drawn(), before);
    bench.change(|s| s.links.truncate(2));
    assert_eq!(bench.harness.state().n_rooms_drawn(), before + 1);
}

#[test]
fn waterfalls_are_drawn_on_the_gpu_only_when_something_changed_and_show_gaps() {
    if Gpu::headless().is_none() {
        println!("SKIPPED: needs a graphics adapter, and this machine has none");
        return;
    }
    let mut bench = open(lab(Provenance::Live, 2, 50.0, 10.0), Setup { wgpu: true, ..Setup::default() });
    let before = bench.harness.state().n_waterfalls_drawn();
    assert!(before > 0);
    bench.harness.run_steps(5);
    bench.change(|s| s.number += 1);
    assert_eq!(bench.harness.state().n_waterfalls_drawn(), before, "nothing new, nothing drawn");

    let image = bench.harness.render().expect("the window can be drawn");
    let strip = bench.harness.get_by_label("Amplitude of node 2 → router · 20 MHz").rect();
    let viridis = Colormap::Viridis.table();
    let is_near = |a: [u8; 4], b: [u8; 4]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 3);
    let ground = Theme::dark_or_light(true).ground.to_array();
    // Pixels between two shares of the window that have a data colour and the ground's, and how many data colours there are.
    let look = |from: f32, to: f32| {
        let (mut n, mut n_data, mut n_ground, mut colours) = (0, 0, 0, std::collections::BTreeSet::new());
        for x in (strip.left() + from * strip.width()) as u32..(strip.left() + to * strip.width()) as u32 {
            for y in strip.top() as u32 + 2..strip.bottom() as u32 - 2 {
                let pixel = image.get_pixel(x, y).0;
                let data = viridis.iter().position(|colour| is_near(*colour, pixel));
                colours.extend(data);
                n += 1;
                n_data += u32::from(data.is_some());
                n_ground += u32::from(is_near(ground, pixel));
            }
        }
        (f64::from(n_data) / f64::from(n), f64::from(n_ground) / f64::from(n), colours.len())
    };
    // Frames are missing from 4.0 to 5.5 of the 10 seconds; a row stands for three intervals of 20 ms at most.
    let (data, ground_share, n_colours) = look(0.6, 0.98);
    assert!(data > 0.98 && ground_share < 0.01 && n_colours > 50, "{data} {ground_share} {n_colours}");
    let (data, ground_share, _) = look(0.41, 0.54);
    assert!(data < 0.01 && ground_share > 0.5, "{data} {ground_share}");

    // A new row is drawn in both strips of the panel; other panels over the same axis follow.
    let at = START.plus_secs(60.02);
    bench.change(|s| {
        s.time = Some(at);
        for link in &mut s.links {
            let values: Vec<_> = (0..N_BINS).map(|bin| channel(0, bin, 0.0)).collect();
            link.products.clean.push(at, &values);
        }
    });
    assert!(bench.harness.state().n_waterfalls_drawn() > before + 1);
}

/// What a reader must see: the main panels in both themes, and the marks that tell simulated, frozen and failed apart.
#[test]
fn the_main_panels_look_as_they_should() {
    let mut results = SnapshotResults::new();
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let setup = Setup { theme, size: Vec2::new(900.0, 600.0), wgpu: true, ..Setup::default() };
        let mut bench = open(lab(Provenance::Live, 2, 50.0, 10.0), setup.clone());
        bench.harness.snapshot(format!("live_{name}"));
        results.extend_harness(&mut bench.harness);
        let mut bench = open(Snapshot::default(), setup);
        bench.harness.snapshot(format!("empty_{name}"));
        results.extend_harness(&mut bench.harness);
    }
    let setup = Setup { size: Vec2::new(900.0, 600.0), wgpu: true, ..Setup::default() };
    let mut bench = open(lab(Provenance::Simulated, 2, 50.0, 10.0), setup);
    bench.key(Modifiers::NONE, Key::P);
    bench.change(|s| {
        let text = "the port is used by another program".to_owned();
        s.notices = Arc::new(vec![Notice { number: 1, level: NoticeLevel::Error, text }]);
    });
    bench.harness.snapshot("simulated_frozen_error");
    results.extend_harness(&mut bench.harness);
}
