//! What a frame of the window costs the UI thread with the demo running at full rate: layout, text, shapes, tessellation,
//! and, where a graphics adapter exists, uploads and draw calls.
//!
//! The mean is of the thread's own processor time, so what the rasteriser does on its own threads is left out (Linux only:
//! it reads /proc, which is too coarse for single frames). The percentiles are of the clock, with everything in the way.
//!
//! `cargo bench --bench ui -- [SECONDS]` prints the distribution over real frames, each after a new snapshot, as JSON lines.

use std::time::{Duration, Instant};

use corporeal::app::{App, Backend, Options};
use corporeal::engine::{Command, Engine, EngineConfig};

const SIZES: [[f32; 2]; 2] = [[1280.0, 800.0], [1920.0, 1080.0]];
/// The first frames build the fonts' atlas and see no links yet.
const N_WARM_UP: usize = 30;
/// The pace of a 30 Hz display.
const FRAME: Duration = Duration::from_millis(33);

fn main() {
    let seconds: f64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10.0);
    for (size, with_gpu) in SIZES.into_iter().flat_map(|size| [(size, false), (size, true)]) {
        let gpu = with_gpu.then(|| {
            let setup = egui_kittest::wgpu::default_wgpu_setup();
            egui_kittest::wgpu::create_render_state(setup, egui_wgpu::RendererOptions::default())
        });
        let engine = Engine::start(EngineConfig::default(), Box::new(|| {})).expect("threads can be started");
        engine.send(Command::OpenDemo);
        let ctx = egui::Context::default();
        let options = Options { forget: true, ..Options::default() };
        let mut app = App::headless(&ctx, Backend::engine(engine), options, None, gpu);
        let screen_rect = Some(egui::Rect::from_min_size(egui::Pos2::ZERO, size.into()));
        let started = Instant::now();
        let (mut wall_millis, mut processor_millis) = (Vec::new(), 0.0);
        while started.elapsed().as_secs_f64() < seconds {
            let (began, processor_began) = (Instant::now(), thread_millis());
            let input =
                egui::RawInput { screen_rect, time: Some(started.elapsed().as_secs_f64()), ..Default::default() };
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
            "size": size,
            "with_gpu": with_gpu,
            "n_frames": settled.len(),
            "processor_mean_ms": processor_millis / settled.len() as f64,
            "clock_median_ms": at(0.5),
            "clock_p90_ms": at(0.9),
            "clock_p99_ms": at(0.99),
        });
        println!("{report}");
    }
}

/// Processor time of this thread so far.
fn thread_millis() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}
