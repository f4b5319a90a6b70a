//! Meshes, polylines and the photo's camera as pictures; picking and legends as tables.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use bevy_math::{Isometry3d, Quat, Vec2, Vec3};
use corporeal::render::{
    Camera, Colormap, Detail, MeshProblem, Picked, Pose, Rgba, Scene, SceneMesh, ScenePolyline, StandardView,
    ViewportRenderer, legend_ticks, pick, pick_mesh, read_back, render_image, scene_bounds,
};
use image::RgbaImage;

use super::render::{
    ASPECT, BACKGROUND, GREEN, GREY, RED, SIZE, assert_close, at, bare, camera, draw, gpu, is_green, is_red, limb,
    n_unlike,
};

const WHITE: Rgba = [255, 255, 255, 255];

/// A ball of radius one around the origin.
fn ball(key: u64, color: Rgba) -> SceneMesh {
    let (n_round, n_up) = (48, 24);
    let mut normals = Vec::new();
    for up in 0..=n_up {
        let (sin, cos) = (PI * up as f32 / n_up as f32).sin_cos();
        for round in 0..n_round {
            let (y, x) = (TAU * round as f32 / n_round as f32).sin_cos();
            normals.push(Vec3::new(sin * x, sin * y, -cos));
        }
    }
    let mut triangles = Vec::new();
    for up in 0..n_up {
        for round in 0..n_round {
            let (a, b) = (up * n_round + round, up * n_round + (round + 1) % n_round);
            triangles.extend([[a, b, b + n_round], [a, b + n_round, a + n_round]]);
        }
    }
    SceneMesh::new(key, 0, normals.clone().into(), normals.into(), triangles.into(), color)
}

/// A square of two triangles around the origin, two metres wide, facing up.
fn plate(key: u64, color: Rgba) -> SceneMesh {
    let positions = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| Vec3::new(x, y, 0.0));
    SceneMesh::new(key, 0, Arc::new(positions), Arc::new([Vec3::Z; 4]), Arc::new([[0, 1, 2], [0, 2, 3]]), color)
}

fn scaled(mut mesh: SceneMesh, scale: Vec3) -> SceneMesh {
    mesh.positions = mesh.positions.iter().map(|position| *position * scale).collect();
    mesh
}

fn placed(mut mesh: SceneMesh, translation: Vec3) -> SceneMesh {
    mesh.room_from_mesh = Isometry3d::from_translation(translation);
    mesh
}

fn with(meshes: impl Into<Vec<SceneMesh>>) -> Scene {
    Scene { meshes: meshes.into(), ..bare() }
}

fn small_ball(key: u64, color: Rgba, radius: f32, centre: Vec3) -> SceneMesh {
    placed(scaled(ball(key, color), Vec3::splat(radius)), centre)
}

fn from_above() -> Camera {
    let mut camera = camera();
    camera.view(StandardView::Top);
    camera
}

#[test]
fn a_mesh_shows_where_it_is_placed_and_hides_what_is_behind_it() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let mut long = scaled(ball(1, RED), Vec3::new(0.5, 0.1, 0.1));
    long.room_from_mesh = Isometry3d::new(Vec3::new(0.2, 0.0, 1.0), Quat::from_rotation_y(-PI / 2.0));
    let behind = limb(Vec3::new(-1.0, 0.5, 1.0), Vec3::new(1.4, 0.5, 1.0), 0.05, GREEN);
    let image = draw(gpu, &Scene { capsules: vec![behind], ..with([long]) }, &camera);
    for (x, z, red, green) in [
        (0.2, 1.0, true, false),
        (0.2, 1.4, true, false),
        (0.2, 0.6, true, false),
        (0.2, 1.6, false, false),
        (0.6, 1.0, false, true),
        (-0.2, 1.0, false, true),
    ] {
        let pixel = at(&image, &camera, Vec3::new(x, 0.0, z));
        assert_eq!((is_red(pixel), is_green(pixel)), (red, green), "{x} {z}: {pixel:?}");
    }
}

#[test]
fn a_mesh_is_seen_from_both_sides() {
    let Some(gpu) = gpu() else { return };
    let mut upright = plate(1, RED);
    for turn in [-PI / 2.0, PI / 2.0] {
        upright.room_from_mesh = Isometry3d::new(Vec3::Z, Quat::from_rotation_x(turn));
        assert!(is_red(at(&draw(gpu, &with([upright.clone()]), &camera()), &camera(), Vec3::Z)), "{turn}");
    }
}

#[test]
fn meshes_throw_soft_shadows_on_the_ground() {
    let Some(gpu) = gpu() else { return };
    let mut camera = from_above();
    let middle = Vec3::new(3.0, 3.0, 0.0);
    camera.go_to(Pose { target: middle, ..camera.goal() });
    // The room's floor is wider than the picture.
    let room = Scene { room: Some(Vec3::splat(6.0)), ..bare() };
    let high = small_ball(1, GREY, 0.2, middle + Vec3::Z);
    // Where the key light throws the middle of a ball: it comes from (0.35, -0.45, 0.82).
    let thrown = |height: f32| middle + Vec3::new(-0.35, 0.45, 0.0) / 0.82 * height;
    let floor = |scene: &Scene, point: Vec3| i32::from(at(&draw(gpu, scene, &camera), &camera, point)[1]);
    let lit = floor(&room, thrown(1.0));
    let mut scene = Scene { meshes: vec![high], ..room.clone() };
    assert!(floor(&scene, thrown(1.0)) + 8 < lit, "shadow");
    assert_eq!(floor(&scene, middle + Vec3::X * 1.2), floor(&room, middle + Vec3::X * 1.2), "far off");
    scene.meshes[0].cast_shadow = false;
    assert_eq!(floor(&scene, thrown(1.0)), lit, "a mesh that casts none");
    // The same renderer, in which nothing but the place changes.
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    let mut edge_width = |height: f32| {
        let scene = Scene { meshes: vec![small_ball(1, GREY, 0.2, middle + Vec3::Z * height)], ..room.clone() };
        renderer.render(&gpu.device, &gpu.queue, &scene, &camera, SIZE, 1.0);
        let image = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
        let darkness = |x: f32| lit - i32::from(at(&image, &camera, thrown(height) - Vec3::X * x)[1]);
        let deepest = darkness(0.0);
        (0..60).map(|i| darkness(i as f32 * 0.015)).filter(|dark| (deepest / 5..deepest * 4 / 5).contains(dark)).count()
    };
    let (near, far) = (edge_width(0.3), edge_width(1.2));
    assert!(far > near, "the higher, the softer: {far} {near}");
}

#[test]
fn meshes_throw_shadows_on_each_other_and_on_themselves() {
    let Some(gpu) = gpu() else { return };
    let mut camera = from_above();
    camera.go_to(Pose { target: Vec3::new(0.0, 0.0, 0.5), ..camera.goal() });
    let ground = placed(plate(1, GREY), Vec3::Z * 0.5);
    // Out of the camera's sight line to where its shadow falls.
    let cover = small_ball(2, GREY, 0.15, Vec3::new(0.35, -0.45, 0.5 + 0.82));
    let scene = with([ground.clone(), cover.clone()]);
    let seen = |scene: &Scene, detail: Detail, point: Vec3| {
        let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
        renderer.set_detail(detail);
        renderer.render(&gpu.device, &gpu.queue, scene, &camera, SIZE, 1.0);
        let image = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
        i32::from(at(&image, &camera, point)[1])
    };
    let shadow = Vec3::new(0.0, 0.0, 0.5);
    let clear = Vec3::new(-0.6, -0.4, 0.5);
    assert!(seen(&scene, Detail::Full, shadow) + 30 < seen(&scene, Detail::Full, clear), "on another mesh");
    let alone = with([ground.clone()]);
    assert!((seen(&alone, Detail::Full, shadow) - seen(&alone, Detail::Full, clear)).abs() <= 2, "a plate is even");
    assert!((seen(&scene, Detail::Fast, shadow) - seen(&scene, Detail::Fast, clear)).abs() <= 2, "without detail");
    // The same two as one mesh.
    let n = ground.positions.len() as u32;
    let offset = Vec3::from(cover.room_from_mesh.translation);
    let mut one = ground.clone();
    one.room_from_mesh = Isometry3d::IDENTITY;
    one.positions = (ground.positions.iter().map(|p| *p + Vec3::Z * 0.5))
        .chain(cover.positions.iter().map(|p| *p + offset))
        .collect();
    one.normals = ground.normals.iter().chain(cover.normals.iter()).copied().collect();
    one.triangles = ground.triangles.iter().copied().chain(cover.triangles.iter().map(|t| t.map(|i| i + n))).collect();
    let one = with([one]);
    assert!(seen(&one, Detail::Full, shadow) + 30 < seen(&one, Detail::Full, clear), "on itself");
}

#[test]
fn nooks_are_darker_than_open_places() {
    let Some(gpu) = gpu() else { return };
    let camera = from_above();
    // No caster, so that only the sky's light differs.
    let mut scene = with([placed(plate(1, GREY), Vec3::Z), small_ball(2, RED, 0.25, Vec3::Z)]);
    scene.meshes.iter_mut().for_each(|mesh| mesh.cast_shadow = false);
    let image = draw(gpu, &scene, &camera);
    let plate = |x: f32| at(&image, &camera, Vec3::new(x, 0.0, 1.0))[1];
    assert!(plate(0.3) + 4 < plate(0.9), "{} {}", plate(0.3), plate(0.9));
    assert!(plate(0.6).abs_diff(plate(0.9)) <= 4, "out of reach: {} {}", plate(0.6), plate(0.9));
}

#[test]
fn colours_per_vertex_are_exact_where_the_surface_faces_the_viewer() {
    let Some(gpu) = gpu() else { return };
    let camera = from_above();
    let mut map = placed(plate(1, GREY), Vec3::Z);
    let (left, right) = (Colormap::Diverging.color(0.1), Colormap::Diverging.color(0.9));
    map.colors = Some(Arc::new([left, right, right, left]));
    // Shadows must not change what a legend explains.
    let image = draw(gpu, &with([map, small_ball(2, GREY, 0.1, Vec3::new(0.35, -0.45, 1.82))]), &camera);
    for (x, expected) in [(-0.97, left), (0.97, right)] {
        assert_close(at(&image, &camera, Vec3::new(x, -0.1, 1.0)), expected);
    }
    let middle = at(&image, &camera, Vec3::new(0.0, 0.0, 1.0));
    let expected: [u8; 4] = std::array::from_fn(|i| left[i].midpoint(right[i]));
    assert_close(middle, expected);
    // A ball's rim is dimmer, so that its form is seen, but of the same hue.
    let mut round = small_ball(3, GREY, 0.5, Vec3::Z);
    round.colors = Some(vec![RED; round.positions.len()].into());
    let image = draw(gpu, &with([round]), &camera);
    assert_close(at(&image, &camera, Vec3::Z), RED);
    let rim = at(&image, &camera, Vec3::new(0.47, 0.0, 1.0));
    assert!(is_red(rim) && rim[0] + 25 < RED[0], "{rim:?}");
}

#[test]
fn edges_show_in_their_colour_but_not_the_diagonals_of_quads() {
    let Some(gpu) = gpu() else { return };
    let camera = from_above();
    // A grid of four by four quads, half a metre wide each.
    let side = |i: usize| i as f32 * 0.5 - 1.0;
    let positions: Vec<_> = (0..25).map(|i| Vec3::new(side(i % 5), side(i / 5), 0.0)).collect();
    let quads = (0..16).map(|i| (i / 4 * 5 + i % 4) as u32);
    let triangles: Vec<_> = quads.flat_map(|a| [[a, a + 1, a + 6], [a, a + 6, a + 5]]).collect();
    let mut grid = SceneMesh::new(1, 0, positions.into(), vec![Vec3::Z; 25].into(), triangles.into(), GREY);
    grid.room_from_mesh = Isometry3d::from_translation(Vec3::Z);
    grid.wireframe = Some(RED);
    let is_edge = |image: &RgbaImage, x: f32, y: f32| {
        // A line on the border between two pixels is half in each.
        let near = |dx: f32, dy: f32| at(image, &camera, Vec3::new(x + dx, y + dy, 1.0));
        [near(0.004, 0.004), near(-0.004, 0.004), near(0.004, -0.004)]
            .iter()
            .any(|[r, g, ..]| *r > g.saturating_add(40))
    };
    for (opacity, between) in [(1.0, None), (0.0, Some(BACKGROUND))] {
        grid.opacity = opacity;
        let image = draw(gpu, &with([grid.clone()]), &camera);
        for (x, y, edge) in [(0.0, 0.25, true), (0.25, 0.5, true), (0.25, 0.25, false), (0.1, 0.3, false)] {
            assert_eq!(is_edge(&image, x, y), edge, "{opacity}: {x} {y}");
        }
        if let Some(between) = between {
            assert_eq!(at(&image, &camera, Vec3::new(0.2, 0.3, 1.0)), between);
        }
    }
    // Triangles that are no halved quads show all three sides.
    grid.triangles = grid.triangles.iter().step_by(2).copied().collect();
    grid.revision += 1;
    assert!(is_edge(&draw(gpu, &with([grid]), &camera), 0.25, 0.25));
}

#[test]
fn what_is_inside_or_behind_shines_through_a_translucent_mesh() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let mut skin = small_ball(1, RED, 0.5, Vec3::Z);
    let bone = limb(Vec3::new(0.0, 0.0, 0.8), Vec3::new(0.0, 0.0, 1.2), 0.05, GREEN);
    let seen = |opacity: f32, skin: &mut SceneMesh, point: Vec3| {
        skin.opacity = opacity;
        at(&draw(gpu, &Scene { capsules: vec![bone], ..with([skin.clone()]) }, &camera), &camera, point)
    };
    assert!(is_red(seen(1.0, &mut skin, Vec3::Z)));
    let mixed = seen(0.4, &mut skin, Vec3::Z);
    assert!(mixed[1] > 70 && mixed[0] > 70, "bone under skin: {mixed:?}");
    // One layer only: the ball's far side adds nothing.
    let (full, half) = (seen(1.0, &mut skin, Vec3::new(0.3, 0.0, 1.0)), seen(0.5, &mut skin, Vec3::new(0.3, 0.0, 1.0)));
    let expected: [u8; 4] = std::array::from_fn(|i| full[i].midpoint(BACKGROUND[i]));
    let far = half.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > 12);
    assert!(!far, "{half:?} is not half way to {full:?}");
    // Two that lie over each other are both seen, whichever is nearer.
    let mut other = small_ball(2, GREEN, 0.5, Vec3::Z + Vec3::X * 0.05);
    (skin.opacity, other.opacity) = (0.5, 0.5);
    for meshes in [[skin.clone(), other.clone()], [other, skin]] {
        let image = draw(gpu, &with(meshes), &camera);
        for x in [-0.3, 0.35] {
            let [r, g, ..] = at(&image, &camera, Vec3::new(x, 0.0, 1.0));
            assert!(r > 55 && g > 40, "{x}: {r} {g}");
        }
    }
}

#[test]
fn a_highlight_marks_the_outline() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let mut mesh = small_ball(1, GREY, 0.5, Vec3::Z);
    let plain = draw(gpu, &with([mesh.clone()]), &camera);
    mesh.highlight = Some(RED);
    let marked = draw(gpu, &with([mesh]), &camera);
    let (rim, middle) = (Vec3::new(0.48, 0.0, 1.0), Vec3::Z);
    assert!(is_red(at(&marked, &camera, rim)));
    assert_eq!(at(&marked, &camera, middle), at(&plain, &camera, middle));
}

#[test]
fn a_new_revision_and_nothing_else_is_uploaded() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    let mut show = |scene: &Scene| {
        renderer.render(&gpu.device, &gpu.queue, scene, &camera, SIZE, 1.0);
        let image = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
        (is_red(at(&image, &camera, Vec3::Z)), is_red(at(&image, &camera, Vec3::new(0.7, 0.0, 1.0))))
    };
    let mut scene = with([small_ball(1, RED, 0.5, Vec3::Z)]);
    assert_eq!(show(&scene), (true, false));
    scene.meshes[0].positions = scene.meshes[0].positions.iter().map(|p| *p * 2.0).collect();
    assert_eq!(show(&scene), (true, false), "the same revision");
    scene.meshes[0].revision = 7;
    assert_eq!(show(&scene), (true, true), "a new revision");
    let kept = scene.clone();
    assert!(kept == scene);
    scene.meshes[0].room_from_mesh.translation.x = -2.0;
    assert!(kept != scene);
    assert_eq!(show(&scene), (false, false), "moved");
    assert_eq!(show(&bare()), (false, false), "gone");
    assert_eq!(show(&kept), (true, true), "back again");
    // More vertices under the same key.
    scene = with([small_ball(1, RED, 0.5, Vec3::Z), plate(2, RED)]);
    scene.meshes[0].triangles = scene.meshes[0].triangles[..2000].into();
    scene.meshes[0].revision = 8;
    assert!(show(&scene).0, "other triangles");
}

#[test]
fn a_mesh_that_makes_no_sense_is_skipped_and_named() {
    let Some(gpu) = gpu() else { return };
    let good = small_ball(1, RED, 0.3, Vec3::Z);
    let broken = |change: &dyn Fn(&mut SceneMesh)| {
        let mut mesh = small_ball(2, GREEN, 0.5, Vec3::Z);
        change(&mut mesh);
        mesh
    };
    type Case<'a> = (&'a str, SceneMesh, &'a [(u64, MeshProblem)]);
    let cases: [Case<'_>; 7] = [
        ("sound", broken(&|_| ()), &[]),
        ("no triangles", broken(&|mesh| mesh.triangles = Arc::new([])), &[]),
        (
            "a triangle of nothing",
            broken(&|mesh| mesh.triangles = Arc::new([[0, 1, 1_000_000]])),
            &[(2, MeshProblem::Malformed)],
        ),
        ("normals missing", broken(&|mesh| mesh.normals = Arc::new([])), &[(2, MeshProblem::Malformed)]),
        ("colours missing", broken(&|mesh| mesh.colors = Some(Arc::new([RED]))), &[(2, MeshProblem::Malformed)]),
        (
            "no number",
            broken(&|mesh| mesh.positions = mesh.positions.iter().map(|p| p / 0.0).collect()),
            &[(2, MeshProblem::Malformed)],
        ),
        (
            "no place",
            broken(&|mesh| mesh.room_from_mesh.rotation = Quat::from_xyzw(f32::NAN, 0.0, 0.0, 1.0)),
            &[(2, MeshProblem::Malformed)],
        ),
    ];
    for (what, mesh, problems) in cases {
        let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
        let scene = with([mesh, good.clone()]);
        for _ in 0..2 {
            renderer.render(&gpu.device, &gpu.queue, &scene, &camera(), SIZE, 1.0);
            assert_eq!(renderer.problems(), problems, "{what}");
        }
        let image = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
        let seen = at(&image, &camera(), Vec3::Z);
        assert_eq!(is_red(seen), what != "sound", "{what}: the others are drawn");
        renderer.render(&gpu.device, &gpu.queue, &with([good.clone()]), &camera(), SIZE, 1.0);
        assert!(renderer.problems().is_empty(), "gone with its mesh");
    }
}

#[test]
fn a_tape_lies_on_the_skin_and_its_hidden_part_is_fainter() {
    let Some(gpu) = gpu() else { return };
    let mut camera = camera();
    camera.go_to(Pose { pitch: 0.3, ..camera.goal() });
    let body = small_ball(1, GREY, 0.5, Vec3::Z);
    let place = |angle: f32| Vec3::new(0.5 * angle.cos(), 0.5 * angle.sin(), 1.0);
    let points: Arc<[Vec3]> = (0..64).map(|i| place(TAU * i as f32 / 64.0)).collect();
    let tape = ScenePolyline { points, closed: true, color: GREEN, width_points: 3.0, on_surface: true };
    let scene = |tape: ScenePolyline| Scene { polylines: vec![tape], ..with([body.clone()]) };
    let [front, back] = [place(-PI / 2.0), place(PI / 2.0)];
    let greenness = |image: &RgbaImage, point: Vec3| {
        let [r, g, ..] = at(image, &camera, point);
        i32::from(g) - i32::from(r)
    };
    let bare_body = draw(gpu, &with([body.clone()]), &camera);
    let image = draw(gpu, &scene(tape.clone()), &camera);
    assert_close(at(&image, &camera, front), GREEN);
    let hidden = greenness(&image, back) - greenness(&bare_body, back);
    assert!((20..100).contains(&hidden), "the part behind: {hidden}");
    // In the air, nothing of it shines through.
    let image = draw(gpu, &scene(ScenePolyline { on_surface: false, ..tape.clone() }), &camera);
    assert_eq!(greenness(&image, back), greenness(&bare_body, back));

    // Open lines, corners and nonsense.
    let n_green = |points: &[Vec3], closed: bool| {
        let line = ScenePolyline { points: points.into(), closed, ..tape.clone() };
        draw(gpu, &Scene { polylines: vec![line], ..bare() }, &camera).pixels().filter(|p| is_green(p.0)).count()
    };
    let corner = [Vec3::new(-0.5, 0.0, 1.0), Vec3::new(0.5, 0.0, 1.0), Vec3::new(0.5, 0.0, 1.5)];
    let (open, closed) = (n_green(&corner, false), n_green(&corner, true));
    assert!(open > 250 && closed > open + 60, "{open} {closed}");
    assert_eq!(n_green(&corner[..1], true), 0);
    assert_eq!(n_green(&[], true), 0);
    assert_eq!(n_green(&[Vec3::ZERO, Vec3::NAN], false), 0);
    assert!(n_green(&[corner[0], corner[0], corner[1], corner[1]], false) > 150, "points that coincide");
    assert!(n_green(&[Vec3::new(0.2, -9.0, 1.1), Vec3::new(0.0, 3.0, 1.0)], false) > 20, "past the viewer");
}

#[test]
fn the_photo_camera_is_the_pinhole_that_took_the_photo() {
    let size = [640, 480];
    let focal_px = 500.0;
    let camera = Camera::photo(focal_px, size);
    // A place in the camera's frame and the pixel where a pinhole shows it.
    for (point, u, v) in [
        (Vec3::new(0.0, 2.0, 0.0), 320.0, 240.0),
        (Vec3::new(0.4, 2.0, 0.0), 420.0, 240.0),
        (Vec3::new(-0.8, 4.0, 0.6), 220.0, 165.0),
    ] {
        // Whatever the picture is shown in.
        for aspect in [4.0 / 3.0, 1.0, 2.0] {
            let ndc = camera.project(point, aspect).expect("in front");
            let pixel = (ndc * Vec2::new(0.5, -0.5) + 0.5) * Vec2::new(640.0, 480.0);
            assert!(pixel.distance(Vec2::new(u, v)) < 1e-2, "{point}: {pixel}");
            let ray = camera.ray(ndc, aspect);
            assert!(ray.origin.length() < 1e-5 && ray.direction.distance(point.normalize()) < 1e-5);
        }
    }
    let Some(gpu) = gpu() else { return };
    let mut scene = with([small_ball(1, RED, 0.1, Vec3::new(-0.8, 4.0, 0.6))]);
    scene.palette.background = [0, 0, 0, 0];
    let image = render_image(gpu, &scene, &camera, size, 1.0).expect("drawn");
    assert!(is_red(image.get_pixel(220, 165).0));
    assert_eq!(image.get_pixel(220, 165).0[3], 255);
    assert_eq!(image.get_pixel(260, 165).0, [0, 0, 0, 0]);
    // 0.1 m at 4 m: a disc of radius 12.5 pixels.
    let n_covered = image.pixels().filter(|pixel| pixel.0[3] > 127).count() as f32;
    assert!((n_covered / (PI * 12.5 * 12.5) - 1.0).abs() < 0.06, "{n_covered}");
    // Half transparent: alpha is straight in images and the colour is not darkened by it.
    scene.meshes[0].opacity = 0.5;
    let half = render_image(gpu, &scene, &camera, size, 1.0).expect("drawn").get_pixel(220, 165).0;
    let full = image.get_pixel(220, 165).0;
    assert!(half[3].abs_diff(128) <= 1 && half[0].abs_diff(full[0]) <= 12, "{half:?} {full:?}");
    for focal_px in [f32::NAN, 0.0, -5.0, f32::INFINITY] {
        let odd = Camera::photo(focal_px, [0, 0]);
        assert!(odd.clip_from_room(1.0).is_finite(), "{focal_px}");
    }
}

#[test]
fn the_pointer_finds_the_nearest_triangle_and_vertex() {
    let camera = camera();
    let mut far = small_ball(1, GREY, 0.5, Vec3::new(0.0, 1.0, 1.0));
    far.room_from_mesh.rotation = Quat::from_rotation_z(1.0);
    let near = small_ball(2, GREY, 0.2, Vec3::new(0.0, -1.0, 1.0));
    let scene = with([far, near]);
    let ray = |point: Vec3| camera.ray(camera.project(point, ASPECT).expect("in view"), ASPECT);
    for (aim, expected) in [(Vec3::new(0.0, -1.0, 1.0), Some(1)), (Vec3::new(0.4, 1.0, 1.0), Some(0))] {
        let hit = pick_mesh(&scene.meshes, &ray(aim)).expect("on a ball");
        assert_eq!(Some(hit.mesh), expected);
        let mesh = &scene.meshes[hit.mesh];
        let corners = mesh.triangles[hit.triangle].map(|i| mesh.positions[i as usize]);
        let on_triangle: Vec3 = corners.iter().zip(hit.shares).map(|(corner, share)| *corner * share).sum();
        let in_room = Vec3::from(mesh.room_from_mesh.transform_point(on_triangle));
        assert!(in_room.distance(hit.point) < 1e-4, "{in_room} {}", hit.point);
        assert!((hit.shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!((hit.point - camera.eye()).length() - hit.distance < 1e-4);
        let away = |i: u32| mesh.positions[i as usize].distance(on_triangle);
        let nearest = mesh.triangles[hit.triangle].into_iter().min_by(|a, b| away(*a).total_cmp(&away(*b)));
        let slack = away(hit.vertex as u32) - nearest.map_or(0.0, away);
        assert!(slack < 0.01, "{slack}");
        let ndc = camera.project(aim, ASPECT).expect("in view");
        assert_eq!(pick(&scene, &camera, ndc, SIZE, 1.0), Some(Picked::Mesh(hit)));
    }
    assert_eq!(pick_mesh(&scene.meshes, &ray(Vec3::new(1.5, 0.0, 1.0))), None);
    let away = corporeal::render::Ray { origin: camera.eye(), direction: Vec3::NEG_Y };
    assert_eq!(pick_mesh(&scene.meshes, &away), None, "behind the viewer");
    // A limb in front of the mesh comes first.
    let arm = limb(Vec3::new(-0.1, -2.0, 1.0), Vec3::new(0.1, -2.0, 1.0), 0.05, GREY);
    let scene = Scene { capsules: vec![arm], ..scene };
    assert!(matches!(pick(&scene, &camera, Vec2::ZERO, SIZE, 1.0), Some(Picked::Body(_))));
}

#[test]
fn bounds_follow_a_meshs_place() {
    let mut mesh = scaled(plate(1, GREY), Vec3::new(0.5, 0.1, 1.0));
    mesh.room_from_mesh = Isometry3d::new(Vec3::new(3.0, 0.0, 1.0), Quat::from_rotation_z(PI / 2.0));
    let line = ScenePolyline {
        points: Arc::new([Vec3::ZERO, Vec3::new(0.0, 0.0, 2.0)]),
        closed: false,
        color: WHITE,
        width_points: 1.0,
        on_surface: false,
    };
    let (low, high) = scene_bounds(&Scene { polylines: vec![line], ..with([mesh]) }).expect("something");
    assert!(low.distance(Vec3::new(0.0, -0.5, 0.0)) < 1e-5 && high.distance(Vec3::new(3.1, 0.5, 2.0)) < 1e-5);
}

#[test]
fn a_legend_has_round_numbers_at_their_places() {
    assert_eq!(legend_ticks(-5.0, 5.0, 5), [(-4.0, 0.1), (-2.0, 0.3), (0.0, 0.5), (2.0, 0.7), (4.0, 0.9)]);
    assert_eq!(legend_ticks(0.0, 0.03, 3), [(0.0, 0.0), (0.01, 1.0 / 3.0), (0.02, 2.0 / 3.0), (0.03, 1.0)]);
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f32::NAN, 1.0), (0.0, f32::INFINITY)] {
        assert!(legend_ticks(low, high, 4).is_empty());
    }
    let colors = Colormap::Diverging.colors([-9.0, -2.0, 0.0, 2.0, f32::NAN], -2.0, 2.0);
    let [blue, same, white, red, none] = colors[..] else { panic!("one colour per value") };
    assert_eq!((blue, none), (same, same));
    assert!(blue[2] > blue[0] + 80 && red[0] > red[2] + 80 && white[..3].iter().all(|c| *c > 240));
}

#[test]
fn a_picture_without_meshes_is_the_same_whether_or_not_there_were_some() {
    let Some(gpu) = gpu() else { return };
    let scene = Scene { grid: true, capsules: vec![limb(Vec3::Z * 0.2, Vec3::Z, 0.1, GREY)], ..bare() };
    let fresh = draw(gpu, &scene, &camera());
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    for scene in [&with([small_ball(1, RED, 0.5, Vec3::Z)]), &scene] {
        renderer.render(&gpu.device, &gpu.queue, scene, &camera(), SIZE, 1.0);
    }
    let after = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
    assert_eq!(fresh, after);
    assert!(n_unlike(&fresh, BACKGROUND) > 1000);
}
