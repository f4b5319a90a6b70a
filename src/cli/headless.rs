//! The window's job without a window: a report on the terminal, and pictures of the room and of a waterfall as PNG files
//! where a graphics adapter exists.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy_math::Vec2;

use super::out;
use super::report::link_text;
use crate::app::{Theme, stage};
use crate::capture::source::simulator::SimulatorSource;
use crate::engine::pipeline::Pipeline;
use crate::engine::{LinkView, RadioNetwork, Snapshot, index};
use crate::photo::DETECT_LEN;
use crate::render::{
    Camera, Gpu, Mode, StandardView, ViewportRenderer, Waterfall, WaterfallView, save_png, scene_bounds,
};
use crate::signal::StreamConfig;
use crate::simulate::{Simulator, SimulatorSpec};
use crate::types::{Complex32, Provenance, Span};

/// How much of the demo is simulated: enough for every verdict that can be given early.
const DEMO_SECS: f64 = 12.0;
const PICTURE_PX: [u32; 2] = [1280, 800];
/// What the waterfall's picture shows of the end of the stream.
const WATERFALL_SECS: f64 = 10.0;
/// Range of the waterfall's colours around a mean channel of one, dB.
const WATERFALL_DB: (f32, f32) = (-15.0, 8.0);

fn is_photo(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(DETECT_LEN as u64).read_to_end(&mut head));
    read.is_ok() && crate::photo::Format::detect(&head).is_some()
}

/// Reports on recordings and measures photos, or reports on the demo scene when there are none.
pub fn run(files: &[PathBuf]) -> anyhow::Result<()> {
    if files.is_empty() {
        let snapshot = demo();
        out::line(format_args!("demo scene · {}", Provenance::Simulated.label()))?;
        report(&snapshot)?;
        return pictures(&snapshot, "demo");
    }
    let (photos, recordings): (Vec<PathBuf>, Vec<PathBuf>) = files.iter().cloned().partition(|path| is_photo(path));
    if !photos.is_empty() {
        super::fit::run(&super::fit::Options::report_on(photos))?;
    }
    for path in &recordings {
        let Some(index) = index::index(path, 1, &RadioNetwork::installed(), Default::default(), |_| true)? else {
            continue;
        };
        out::line(format_args!("{} · {} · {}", path.display(), index.format.label(), index.provenance.label()))?;
        let snapshot = Snapshot {
            provenance: Some(index.provenance),
            time: index.span().map(|span| span.end),
            links: index.links,
            ..Snapshot::default()
        };
        report(&snapshot)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        pictures(&snapshot, &stem)?;
    }
    Ok(())
}

fn demo() -> Snapshot {
    let spec = SimulatorSpec::demo();
    let mut simulator = Simulator::new(&spec);
    let mut pipeline = Pipeline::new(StreamConfig::default());
    let mut clocks = crate::capture::source::clocks::NodeClocks::default();
    let duration = std::time::Duration::from_secs_f64(DEMO_SECS);
    let mut source = SimulatorSource::unpaced(&spec, duration);
    let mut batch = crate::capture::Batch::default();
    loop {
        use crate::capture::Source as _;
        let polled = source.poll(std::time::Duration::ZERO, &mut batch);
        for frame in batch.frames.drain(..) {
            let (time, clock) = clocks.align(&frame);
            pipeline.ingest(1, Provenance::Simulated, time, Some(clock), &frame);
        }
        if !matches!(polled, Ok(crate::capture::Polled::Running | crate::capture::Polled::Idle)) {
            break;
        }
    }
    let time = pipeline.newest(None);
    simulator.skip_to(time.unwrap_or_default());
    Snapshot {
        provenance: Some(Provenance::Simulated),
        time,
        links: pipeline.links(simulator.site(), |_| None),
        site: Arc::new(simulator.site().clone()),
        simulated_body: time.map_or_else(Default::default, |time| simulator.truth(time).into()),
        simulated_bones: simulator.bones(),
        ..Snapshot::default()
    }
}

fn report(snapshot: &Snapshot) -> anyhow::Result<()> {
    for link in &snapshot.links {
        out::line(format_args!("{}", link_text(link)))?;
    }
    if snapshot.links.is_empty() {
        out::line("  no CSI in it")?;
    }
    Ok(())
}

/// The pictures' names say where they come from.
fn pictures(snapshot: &Snapshot, stem: &str) -> anyhow::Result<()> {
    let Some(gpu) = Gpu::headless() else {
        out::line("no graphics adapter: no pictures")?;
        return Ok(());
    };
    let provenance = snapshot.provenance.map_or("", Provenance::label);
    let theme = Theme::dark_or_light(true);
    let room = PathBuf::from(format!("corporeal-{stem}-room-{provenance}.png"));
    draw_room(&gpu, snapshot, theme, &room)?;
    out::line(format_args!("wrote {}", room.display()))?;
    if let Some(link) = snapshot.links.iter().max_by_key(|link| link.health.n_frames) {
        let waterfall = PathBuf::from(format!("corporeal-{stem}-waterfall-{provenance}.png"));
        if draw_waterfall(&gpu, link, theme, &waterfall)? {
            out::line(format_args!(
                "wrote {} (amplitude of {}, last {WATERFALL_SECS} s)",
                waterfall.display(),
                link.name
            ))?;
        }
    }
    Ok(())
}

fn draw_room(gpu: &Gpu, snapshot: &Snapshot, theme: &Theme, path: &Path) -> anyhow::Result<()> {
    let places = stage::places(snapshot);
    let scene = stage::scene(snapshot, &places, Default::default(), theme);
    let mut camera = Camera::default();
    camera.set_instant(true);
    camera.view(StandardView::Home);
    if let Some((low, high)) = scene_bounds(&scene) {
        let size = Vec2::new(PICTURE_PX[0] as f32, PICTURE_PX[1] as f32);
        camera.fit(low, high, size.x / size.y);
    }
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    renderer.render(&gpu.device, &gpu.queue, &scene, &camera, PICTURE_PX, 1.0);
    if let Some(texture) = renderer.texture() {
        save_png(&gpu.device, &gpu.queue, texture, path)?;
    }
    Ok(())
}

/// `false` when the link has no clean channel to show.
fn draw_waterfall(gpu: &Gpu, link: &LinkView, theme: &Theme, path: &Path) -> anyhow::Result<bool> {
    let products = &link.products;
    let n_bins = products.usable.len();
    let Some(all) = products.clean.span().filter(|_| n_bins > 0) else { return Ok(false) };
    let window = Span::new(all.start.max(all.end.plus_secs(-WATERFALL_SECS)), all.end);
    let slot_nanos = (window.nanos() / i64::from(PICTURE_PX[0])).max(1);
    let hold_nanos = products.quality.rate_hz.map_or(slot_nanos, |rate_hz| (3e9 / rate_hz) as i64);
    let n_slots = PICTURE_PX[0] as usize + 1;
    let mut waterfall = Waterfall::<Complex32>::new(&gpu.device, &gpu.queue, n_bins, n_slots, slot_nanos);
    let columns: Vec<usize> = (0..n_bins).collect();
    waterfall.sync(&gpu.queue, &products.clean, &columns, 0, hold_nanos, window);
    let view = WaterfallView {
        window,
        bins: (0.0, n_bins as f32),
        mode: Mode::Amplitude { low_db: WATERFALL_DB.0, high_db: WATERFALL_DB.1 },
        gap_color: theme.ground.to_srgba_unmultiplied(),
    };
    waterfall.draw(&gpu.device, &gpu.queue, &view, PICTURE_PX);
    if let Some(texture) = waterfall.texture() {
        save_png(&gpu.device, &gpu.queue, texture, path)?;
    }
    Ok(true)
}
