//! What a frame of the window costs the UI thread: with the demo running at full rate, and with ten bodies on the stage
//! while the camera goes around them. Layout, text, shapes, tessellation, and, where a graphics adapter exists, uploads and
//! draw calls.
//!
//! The mean is of the thread's own processor time, so what the rasteriser does on its own threads is left out (Linux only:
//! it reads /proc, which is too coarse for single frames). The percentiles are of the clock, with everything in the way.
//!
//! `cargo bench --bench ui -- [SECONDS]` prints the distribution over real frames as JSON lines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bevy_math::Vec3;
use corporeal::app::{Action, App, Backend, Options, StartLayout};
use corporeal::engine::studio::{BodyOrigin, BodyView, PoseChoice, PosedView, Studio};
use corporeal::engine::{Command, Engine, EngineConfig, Snapshot};
use corporeal::types::{Evidence, Measurement, MeasurementKind, Mesh, Phenotype, Provenance, Timestamp};
use egui::{Event, PointerButton, Pos2, RawInput, Rect, Vec2};

const SIZES: [[f32; 2]; 2] = [[1280.0, 800.0], [1920.0, 1080.0]];
/// The first frames build the fonts' atlas and see no links yet.
const N_WARM_UP: usize = 30;
/// The pace of a 30 Hz display.
const FRAME: Duration = Duration::from_millis(33);
/// As many vertices as the body model has, in a grid.
const N_AROUND: u32 = 114;
const N_ALONG: u32 = 121;
const N_BODIES: u64 = 10;

fn main() {
    let seconds: f64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10.0);
    for (size, with_gpu) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        demo(size, with_gpu, seconds);
        ten_bodies(size, with_gpu, seconds);
    }
}

fn gpu(wanted: bool) -> Option<egui_wgpu::RenderState> {
    wanted.then(|| {
        let setup = egui_kittest::wgpu::default_wgpu_setup();
        egui_kittest::wgpu::create_render_state(setup, egui_wgpu::RendererOptions::default())
    })
}

fn options() -> Options {
    Options { forget: true, ..Options::default() }
}

/// The simulated scene, a new snapshot for every frame.
fn demo(size: [f32; 2], with_gpu: bool, seconds: f64) {
    let engine = Engine::start(EngineConfig::default(), Box::new(|| {})).expect("threads can be started");
    engine.send(Command::OpenDemo);
    let ctx = egui::Context::default();
    let mut app = App::headless(&ctx, Backend::engine(engine), options(), None, gpu(with_gpu));
    measure("demo", &ctx, &mut app, size, with_gpu, seconds, |_| Vec::new());
}

/// Ten bodies beside each other; the pointer drags the stage around, so that every frame is drawn anew.
fn ten_bodies(size: [f32; 2], with_gpu: bool, seconds: f64) {
    let studio = Studio { bodies: (1..=N_BODIES).map(|id| Arc::new(body(id))).collect(), ..Studio::default() };
    let snapshot = Arc::new(Snapshot { studio: Arc::new(studio), ..Snapshot::default() });
    let backend = Backend {
        snapshot: Box::new(move || Arc::clone(&snapshot)),
        send: Box::new(|_| {}),
        now: Box::new(|| Timestamp::ZERO),
    };
    let ctx = egui::Context::default();
    let mut app = App::headless(&ctx, backend, options(), None, gpu(with_gpu));
    app.perform(Action::Layout(StartLayout::Bodies));
    app.perform(Action::Together);
    let middle = Pos2::new(0.5 * size[0], 0.5 * size[1]);
    measure("ten bodies", &ctx, &mut app, size, with_gpu, seconds, |n| {
        let at = middle + Vec2::angled(0.05 * n as f32) * 60.0;
        let press = (n == N_WARM_UP / 2).then_some(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed: true,
            modifiers: egui::Modifiers::NONE,
        });
        std::iter::once(Event::PointerMoved(at)).chain(press).collect()
    });
}

/// A column of as many vertices and faces as the body model has.
fn body(id: u64) -> BodyView {
    let vertex = |around: u32, along: u32| {
        let (sin, cos) = (std::f32::consts::TAU * around as f32 / N_AROUND as f32).sin_cos();
        let height = along as f32 / (N_ALONG - 1) as f32;
        let radius = 0.16 + 0.05 * (9.0 * height).sin();
        Vec3::new(radius * cos, radius * sin, 1.75 * height)
    };
    let positions: Vec<Vec3> =
        (0..N_ALONG).flat_map(|along| (0..N_AROUND).map(move |around| vertex(around, along))).collect();
    let triangles: Vec<[u32; 3]> = (0..N_ALONG - 1)
        .flat_map(|along| {
            (0..N_AROUND).flat_map(move |around| {
                let at = |around: u32, along: u32| along * N_AROUND + around % N_AROUND;
                let (p, q) = (at(around, along), at(around + 1, along));
                let (r, s) = (at(around, along + 1), at(around + 1, along + 1));
                [[p, q, r], [r, q, s]]
            })
        })
        .collect();
    let n_vertices = positions.len();
    let mesh = Mesh { positions: positions.into(), triangles: triangles.into() };
    let posed = PosedView {
        pose: PoseChoice::APose,
        normals: mesh.normals().into(),
        mesh,
        joints: Arc::from([]),
        bones: Arc::from([]),
        tapes: Arc::from([]),
    };
    let figure = |kind| Measurement { kind, value: 0.8, sigma: Some(0.01), evidence: Evidence::Photo };
    BodyView {
        id,
        name: format!("body {id}"),
        origin: BodyOrigin::Drawn,
        provenance: Provenance::Simulated,
        revision: 1,
        phenotype: Some(Phenotype::default()),
        edited: false,
        poses: vec![posed],
        measurements: MeasurementKind::ALL.map(figure).into(),
        quality: None,
        sigma_m: vec![0.01; n_vertices].into(),
        in_photos: Vec::new(),
    }
}

/// Draws frames for some seconds and prints what they cost. `events` is asked before each.
fn measure(
    scene: &str,
    ctx: &egui::Context,
    app: &mut App,
    size: [f32; 2],
    with_gpu: bool,
    seconds: f64,
    events: impl Fn(usize) -> Vec<Event>,
) {
    let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, size.into()));
    let started = Instant::now();
    let (mut wall_millis, mut processor_millis) = (Vec::new(), 0.0);
    while started.elapsed().as_secs_f64() < seconds {
        let (began, processor_began) = (Instant::now(), thread_millis());
        let time = Some(started.elapsed().as_secs_f64());
        let input = RawInput { screen_rect, time, events: events(wall_millis.len()), ..RawInput::default() };
        let mut output = ctx.run_ui(input, |ui| app.frame(ui));
        output.textures_delta.clear();
        let shapes = ctx.tessellate(output.shapes, output.pixels_per_point);
        std::hint::black_box(&shapes);
        wall_millis.push(began.elapsed().as_secs_f64() * 1e3);
        if wall_millis.len() > N_WARM_UP {
            processor_millis += thread_millis() - processor_began;
        }
        std::thread::sleep(FRAME.saturating_sub(began.elapsed()));
    }
    let mut settled = wall_millis.split_off(wall_millis.len().min(N_WARM_UP));
    settled.sort_by(f64::total_cmp);
    let at = |share: f64| settled.get((settled.len() as f64 * share) as usize).copied();
    let report = serde_json::json!({
        "scene": scene,
        "size": size,
        "with_gpu": with_gpu,
        "n_frames": settled.len(),
        "n_drawn": app.n_rooms_drawn(),
        "processor_mean_ms": processor_millis / settled.len() as f64,
        "clock_median_ms": at(0.5),
        "clock_p90_ms": at(0.9),
        "clock_p99_ms": at(0.99),
    });
    println!("{report}");
}

/// Processor time of this thread so far.
fn thread_millis() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}
