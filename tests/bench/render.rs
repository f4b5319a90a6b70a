//! What a picture of ten bodies costs the thread that asks for it: preparation, uploads, encoding and submission. What the
//! adapter does afterwards, on a software one on other threads, is waited for outside the measured time.
//!
//! `cargo bench --bench render`

use std::sync::Arc;

use bevy_math::{Isometry3d, Quat, Vec3};
use corporeal::render::{Camera, Gpu, Scene, SceneMesh, ScenePalette, ScenePolyline, ViewportRenderer, pick_mesh};

const SIZE_PX: [u32; 2] = [1280, 800];
const N_BODIES: usize = 10;
/// A ball with as many vertices as a body of Anny: 13 718, and 27 432 triangles.
const N_ROUND: u32 = 228;
const N_UP: u32 = 60;

fn main() {
    divan::main();
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
    // Twenty tapes around each.
    for mesh in &scene.meshes {
        for tape in 0..20 {
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

/// Draws every picture after `change` and leaves out the time that the adapter needs.
fn check(bencher: divan::Bencher<'_, '_>, mut change: impl FnMut(&mut Scene, &mut Camera)) {
    let Some(gpu) = Gpu::headless() else {
        println!("SKIPPED: needs a graphics adapter");
        return;
    };
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    let (mut scene, mut camera) = (scene(), Camera::default());
    camera.set_instant(true);
    renderer.render(&gpu.device, &gpu.queue, &scene, &camera, SIZE_PX, 1.0);
    bencher
        .with_inputs(|| {
            gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device is there");
            change(&mut scene, &mut camera);
            (scene.clone(), camera.clone())
        })
        .bench_local_values(|(scene, camera)| {
            renderer.render(&gpu.device, &gpu.queue, &scene, &camera, SIZE_PX, 1.0);
        });
}

#[divan::bench(sample_count = 60)]
fn still_bodies_and_a_turning_camera(bencher: divan::Bencher<'_, '_>) {
    check(bencher, |_, camera| camera.orbit(bevy_math::Vec2::new(3.0, 0.0)));
}

#[divan::bench(sample_count = 60)]
fn one_body_changes(bencher: divan::Bencher<'_, '_>) {
    check(bencher, |scene, _| {
        let mesh = &mut scene.meshes[4];
        mesh.revision += 1;
        mesh.positions = mesh.positions.iter().map(|point| *point * 1.001).collect();
    });
}

#[divan::bench(sample_count = 60)]
fn one_body_with_edges_changes(bencher: divan::Bencher<'_, '_>) {
    check(bencher, |scene, _| {
        let mesh = &mut scene.meshes[4];
        mesh.revision += 1;
        mesh.wireframe = Some([20, 20, 20, 255]);
        mesh.positions = mesh.positions.iter().map(|point| *point * 1.001).collect();
    });
}

#[divan::bench]
fn a_ray_finds_its_body_among_ten(bencher: divan::Bencher<'_, '_>) {
    let (scene, camera) = (scene(), Camera::default());
    let ndc = camera.project(Vec3::new(2.1, 0.0, 0.9), 1.6).expect("in view");
    bencher.bench(|| pick_mesh(&scene.meshes, &camera.ray(ndc, 1.6)).expect("there is a body"));
}
