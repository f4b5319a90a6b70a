//! What a picture of ten bodies with ten tapes each costs the thread that asks for it: preparation, uploads, encoding and
//! submission, and what a ray costs that looks for a body.
//!
//! The mean is of the thread's own processor time (Linux only: it reads /proc); drawing itself is the adapter's, on a
//! software one on other threads, and is waited for in between. The median is of the clock, with everything in the way.
//!
//! `cargo bench --bench render -- [FRAMES]` prints a JSON line per case.

use std::time::{Duration, Instant};

use bevy_math::{Isometry3d, Quat, Vec2, Vec3};
use corporeal::render::{Camera, Gpu, Scene, SceneMesh, ScenePalette, ScenePolyline, ViewportRenderer, pick_mesh};

const SIZE_PX: [u32; 2] = [1280, 800];
const N_BODIES: usize = 10;
/// A ball with no fewer vertices than Anny's 13 718.
const N_ROUND: u32 = 228;
const N_UP: u32 = 60;

fn main() {
    let n_frames: usize = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(60);
    check("still bodies, turning camera", n_frames, |_, camera| camera.orbit(Vec2::new(3.0, 0.0)));
    check("one body changes", n_frames, |scene, _| grow(&mut scene.meshes[4]));
    check("one body with edges changes", n_frames, |scene, _| {
        scene.meshes[4].wireframe = Some([20, 20, 20, 255]);
        grow(&mut scene.meshes[4]);
    });
    check("one body moves", n_frames, |scene, _| scene.meshes[4].room_from_mesh.translation.y += 0.001);

    let (scene, camera) = (scene(), Camera::default());
    let ndc = camera.project(Vec3::new(2.1, 0.0, 0.9), 1.6).expect("in view");
    let ray = camera.ray(ndc, 1.6);
    let mut report = Report::new("a ray finds its body among ten");
    for _ in 0..n_frames {
        report.measure(|| std::hint::black_box(pick_mesh(&scene.meshes, &ray)).expect("there is a body"));
    }
    report.print();
}

fn grow(mesh: &mut SceneMesh) {
    mesh.revision += 1;
    mesh.positions = mesh.positions.iter().map(|point| *point * 1.001).collect();
}

/// Draws a picture after each `change`.
fn check(label: &'static str, n_frames: usize, mut change: impl FnMut(&mut Scene, &mut Camera)) {
    let Some(gpu) = Gpu::headless() else {
        println!("SKIPPED: needs a graphics adapter");
        return;
    };
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    let (mut scene, mut camera) = (scene(), Camera::default());
    camera.set_instant(true);
    let mut report = Report::new(label);
    let mut draw = |scene: &Scene, camera: &Camera| {
        renderer.render(&gpu.device, &gpu.queue, scene, camera, SIZE_PX, 1.0);
    };
    let wait = || gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device is there");
    // The first pictures make pipelines and buffers.
    for frame in 0..n_frames + 3 {
        wait();
        change(&mut scene, &mut camera);
        if frame < 3 { draw(&scene, &camera) } else { report.measure(|| draw(&scene, &camera)) }
    }
    wait();
    report.print();
}

struct Report {
    label: &'static str,
    wall_millis: Vec<f64>,
    processor_millis: f64,
}

impl Report {
    fn new(label: &'static str) -> Self {
        Self { label, wall_millis: Vec::new(), processor_millis: 0.0 }
    }

    fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let processor_began = thread_millis();
        let began = Instant::now();
        let done = work();
        self.wall_millis.push(began.elapsed().as_secs_f64() * 1e3);
        self.processor_millis += thread_millis() - processor_began;
        done
    }

    fn print(mut self) {
        self.wall_millis.sort_by(f64::total_cmp);
        let n = self.wall_millis.len();
        let report = serde_json::json!({
            "case": self.label,
            "n": n,
            "processor_mean_ms": self.processor_millis / n as f64,
            "clock_median_ms": self.wall_millis.get(n / 2),
        });
        println!("{report}");
    }
}

/// Processor time of this thread so far. The kernel brings it up to date when the thread rests.
fn thread_millis() -> f64 {
    std::thread::sleep(Duration::from_micros(20));
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

fn palette() -> ScenePalette {
    ScenePalette {
        background: [15, 18, 22, 255],
        floor: [30, 36, 44, 255],
        grid: [154, 165, 180, 200],
        room_line: [154, 165, 180, 255],
        accent: [76, 155, 232, 255],
        shadow: [0, 0, 0, 200],
        axis_x: [220, 80, 70, 255],
        axis_y: [90, 190, 90, 255],
        axis_z: [76, 155, 232, 255],
    }
}

fn body(key: u64) -> SceneMesh {
    let mut normals = Vec::new();
    for up in 0..=N_UP {
        let (sin, cos) = (std::f32::consts::PI * up as f32 / N_UP as f32).sin_cos();
        for round in 0..N_ROUND {
            let angle = std::f32::consts::TAU * round as f32 / N_ROUND as f32;
            normals.push(Vec3::new(sin * angle.cos(), sin * angle.sin(), -cos));
        }
    }
    let mut triangles = Vec::new();
    for up in 0..N_UP {
        for round in 0..N_ROUND {
            let next = (round + 1) % N_ROUND;
            let (a, b) = (up * N_ROUND + round, up * N_ROUND + next);
            triangles.push([a, b, b + N_ROUND]);
            triangles.push([a, b + N_ROUND, a + N_ROUND]);
        }
    }
    let positions: Vec<_> = normals.iter().map(|n| *n * Vec3::new(0.25, 0.2, 0.86) + Vec3::Z * 0.86).collect();
    let mut mesh = SceneMesh::new(key, 0, positions.into(), normals.into(), triangles.into(), [186, 190, 196, 255]);
    mesh.room_from_mesh = Isometry3d::new(Vec3::X * key as f32 * 0.7, Quat::from_rotation_z(key as f32));
    mesh
}

fn scene() -> Scene {
    let mut scene = Scene::new(palette());
    scene.meshes = (0..N_BODIES as u64).map(body).collect();
    // Ten tapes around each.
    for mesh in &scene.meshes {
        for tape in 0..10 {
            let place = |i: i32| {
                let angle = std::f32::consts::TAU * i as f32 / 100.0;
                Vec3::new(0.26 * angle.cos(), 0.21 * angle.sin(), 0.4 + 0.05 * tape as f32)
            };
            let points = (0..100).map(|i| mesh.room_from_mesh.transform_point(place(i)).into()).collect();
            let color = [76, 155, 232, 255];
            scene.polylines.push(ScenePolyline { points, closed: true, color, width_points: 2.0, on_surface: true });
        }
    }
    scene
}
