//! One picture of everything that meshes can look like, in both themes' colours.

use std::f32::consts::{PI, TAU};

use bevy_math::{Isometry3d, Quat, Vec3};
use corporeal::render::{
    Camera, Capsule, Colormap, Rgba, Scene, SceneMesh, ScenePalette, ScenePolyline, StandardView, render_image,
};
use egui_kittest::{SnapshotOptions, image_snapshot_options};

use super::render::gpu;

const SIZE: [u32; 2] = [560, 320];

/// A ring of the given radii around the z axis.
fn torus(key: u64, radius: f32, thickness: f32, color: Rgba) -> SceneMesh {
    let (n_round, n_across) = (64, 24);
    let (mut positions, mut normals, mut triangles) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..n_round {
        let (sin, cos) = (TAU * round as f32 / n_round as f32).sin_cos();
        for across in 0..n_across {
            let (up, out) = (TAU * across as f32 / n_across as f32).sin_cos();
            let normal = Vec3::new(cos * out, sin * out, up);
            positions.push(Vec3::new(cos, sin, 0.0) * radius + normal * thickness);
            normals.push(normal);
            let next = |i: u32, n: u32| (i + 1) % n;
            let at = |round: u32, across: u32| round * n_across + across;
            let (a, b) = (at(round, across), at(next(round, n_round), across));
            let (c, d) = (at(next(round, n_round), next(across, n_across)), at(round, next(across, n_across)));
            triangles.extend([[a, b, c], [a, c, d]]);
        }
    }
    SceneMesh::new(key, 0, positions.into(), normals.into(), triangles.into(), color)
}

fn palette(dark: bool) -> ScenePalette {
    let (background, line, accent): (Rgba, Rgba, Rgba) = if dark {
        ([0x0F, 0x12, 0x16, 255], [0x9A, 0xA5, 0xB4, 90], [0x4C, 0x9B, 0xE8, 255])
    } else {
        ([0xF6, 0xF7, 0xF9, 255], [0x5A, 0x66, 0x75, 90], [0x1C, 0x6F, 0xC4, 255])
    };
    ScenePalette {
        background,
        floor: background,
        grid: line,
        room_line: line,
        accent,
        shadow: [0, 0, 0, 120],
        axis_x: accent,
        axis_y: accent,
        axis_z: accent,
    }
}

fn scene(dark: bool) -> Scene {
    let palette = palette(dark);
    let mut scene = Scene { axes: false, axis_cube: false, ..Scene::new(palette) };
    let grey = [188, 192, 198, 255];
    let place = |mesh: &mut SceneMesh, x: f32, turn: f32| {
        mesh.room_from_mesh = Isometry3d::new(Vec3::new(x, 0.0, 0.5), Quat::from_rotation_x(turn));
    };
    for (i, turn) in [0.4, PI / 2.0, 1.0, 1.3].into_iter().enumerate() {
        let mut ring = torus(i as u64, 0.32, 0.13, grey);
        place(&mut ring, i as f32 * 1.05 - 1.6, turn);
        match i {
            // A tape around it, and bare matte.
            0 => {
                let around = (0..64).map(|i| {
                    let (sin, cos) = (TAU * i as f32 / 64.0).sin_cos();
                    ring.room_from_mesh.transform_point(Vec3::new(0.455 * cos, 0.455 * sin, 0.0)).into()
                });
                let points = around.collect();
                let tape =
                    ScenePolyline { points, closed: true, color: palette.accent, width_points: 2.0, on_surface: true };
                scene.polylines.push(tape);
            }
            1 => {
                ring.colors = Some(Colormap::Diverging.colors(ring.positions.iter().map(|p| p.x), -0.45, 0.45).into());
            }
            2 => {
                ring.wireframe = Some(if dark { [20, 24, 30, 255] } else { [60, 70, 85, 255] });
                ring.highlight = Some(palette.accent);
            }
            _ => {
                ring.opacity = 0.4;
                let (a, b) = (Vec3::new(1.2, 0.0, 0.5), Vec3::new(1.9, 0.0, 0.5));
                scene.capsules.push(Capsule { a, b, radius_a: 0.04, radius_b: 0.06, color: [230, 159, 0, 255] });
            }
        }
        scene.meshes.push(ring);
    }
    scene
}

#[test]
fn meshes_look_as_they_did_in_both_themes() {
    let Some(gpu) = gpu() else { return };
    let mut camera = Camera::default();
    camera.set_instant(true);
    camera.view(StandardView::Home);
    camera.fit(Vec3::new(-2.0, -0.4, 0.0), Vec3::new(2.0, 0.4, 0.9), 1.75);
    for (dark, label) in [(true, "meshes_dark"), (false, "meshes_light")] {
        let image = render_image(gpu, &scene(dark), &camera, SIZE, 1.0).expect("drawn");
        image_snapshot_options(&image, label, &SnapshotOptions::new().threshold(1.5).max_failed_pixels(200));
    }
}
