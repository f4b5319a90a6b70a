//! The viewport and the waterfall as pictures, and the camera as tables.

use std::sync::OnceLock;

use bevy_math::{Vec2, Vec3};
use corporeal::render::{
    Camera, Capsule, Colormap, Gpu, Mode, NodeKind, Picked, Pose, Rgba, Scene, SceneLink, SceneNode, ScenePalette,
    ScenePoint, StandardView, Texel, Trail, TrailPoint, ViewportRenderer, Waterfall, WaterfallView, axis_cube_ends,
    pick, read_back, save_png, scene_bounds,
};
use corporeal::types::{Complex32, Rows, Span, Timestamp};
use image::RgbaImage;

pub const SIZE: [u32; 2] = [300, 200];
pub const ASPECT: f32 = 1.5;
pub const BACKGROUND: Rgba = [15, 18, 22, 255];
pub const GREY: Rgba = [180, 186, 194, 255];
pub const RED: Rgba = [220, 30, 30, 255];
pub const GREEN: Rgba = [30, 200, 60, 255];
const MS: i64 = 1_000_000;

/// The machine's adapter, a software one if need be; without any the test says so and passes without checking.
pub fn gpu() -> Option<&'static Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(Gpu::headless).as_ref();
    if gpu.is_none() {
        println!(
            "SKIPPED: needs a graphics adapter, and this machine has none (a software one such as lavapipe will do)"
        );
    }
    gpu
}

pub fn palette() -> ScenePalette {
    ScenePalette {
        background: BACKGROUND,
        floor: [30, 36, 44, 255],
        grid: [154, 165, 180, 200],
        room_line: [154, 165, 180, 255],
        accent: [76, 155, 232, 255],
        shadow: [0, 0, 0, 200],
        axis_x: RED,
        axis_y: GREEN,
        axis_z: [76, 155, 232, 255],
    }
}

/// A scene with nothing in it, not even ground.
pub fn bare() -> Scene {
    Scene { grid: false, axes: false, axis_cube: false, ..Scene::new(palette()) }
}

/// Looks along +y at the point one metre above the origin, from four metres.
pub fn camera() -> Camera {
    let mut camera = Camera::new(Pose { target: Vec3::new(0.0, 0.0, 1.0), distance: 4.0, ..Pose::default() });
    camera.set_instant(true);
    camera.view(StandardView::Front);
    camera
}

pub fn limb(a: Vec3, b: Vec3, radius: f32, color: Rgba) -> Capsule {
    Capsule { a, b, radius_a: radius, radius_b: radius, color }
}

fn node(position: Vec3) -> SceneNode {
    SceneNode { position, color: GREEN, kind: NodeKind::Both, selected: false, schematic: false }
}

fn link(from: Vec3, to: Vec3) -> SceneLink {
    SceneLink { from, to, color: GREEN, brightness: 0.5, dashed: false, selected: false }
}

pub fn draw(gpu: &Gpu, scene: &Scene, camera: &Camera) -> RgbaImage {
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    renderer.render(&gpu.device, &gpu.queue, scene, camera, SIZE, 1.0);
    read_back(&gpu.device, &gpu.queue, renderer.texture().expect("it has been drawn")).expect("it can be read")
}

/// The pixel where a point of the room appears.
#[track_caller]
pub fn at(image: &RgbaImage, camera: &Camera, point: Vec3) -> [u8; 4] {
    let ndc = camera.project(point, ASPECT).expect("in front of the camera");
    let x = (ndc.x * 0.5 + 0.5) * SIZE[0] as f32;
    let y = (0.5 - ndc.y * 0.5) * SIZE[1] as f32;
    image.get_pixel(x as u32, y as u32).0
}

pub fn is_red([r, g, b, _]: [u8; 4]) -> bool {
    r > 90 && r > 2 * g && r > 2 * b
}

pub fn is_green([r, g, b, _]: [u8; 4]) -> bool {
    g > 90 && g > 2 * r && g > 2 * b
}

pub fn n_unlike(image: &RgbaImage, color: Rgba) -> usize {
    image.pixels().filter(|pixel| pixel.0 != color).count()
}

#[test]
fn an_empty_scene_is_the_background() {
    let Some(gpu) = gpu() else { return };
    let image = draw(gpu, &bare(), &camera());
    assert_eq!((image.width(), image.height()), (300, 200));
    assert_eq!(n_unlike(&image, BACKGROUND), 0);
}

#[test]
fn a_limb_shows_where_it_is_and_hides_what_is_behind_it() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let red = limb(Vec3::new(-0.5, 0.0, 1.0), Vec3::new(0.5, 0.0, 1.0), 0.15, RED);
    let green = limb(Vec3::new(0.0, 0.6, 0.2), Vec3::new(0.0, 0.6, 1.8), 0.1, GREEN);
    // The order in the list does not matter, only the distance.
    for capsules in [vec![red, green], vec![green, red]] {
        let image = draw(gpu, &Scene { capsules, ..bare() }, &camera);
        assert!(is_red(at(&image, &camera, Vec3::new(0.0, 0.0, 1.0))), "the crossing");
        assert!(is_red(at(&image, &camera, Vec3::new(0.4, 0.0, 1.0))), "the red limb");
        assert!(is_green(at(&image, &camera, Vec3::new(0.0, 0.6, 1.6))), "the green limb above");
        assert_eq!(at(&image, &camera, Vec3::new(1.2, 0.0, 1.6)), BACKGROUND, "beside them");
    }
}

#[test]
fn a_limb_is_as_thick_as_its_two_radii() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let (a, b) = (Vec3::new(-0.8, 0.0, 1.0), Vec3::new(0.8, 0.0, 1.0));
    let cone = Capsule { a, b, radius_a: 0.1, radius_b: 0.4, color: RED };
    let ball = ScenePoint { position: Vec3::new(0.0, 0.0, 1.0), radius: 0.5, color: RED };
    let cone = draw(gpu, &Scene { capsules: vec![cone], ..bare() }, &camera);
    let ball = draw(gpu, &Scene { points: vec![ball], ..bare() }, &camera);
    let cases = [
        (&cone, -0.8, 0.06, true),
        (&cone, -0.8, 0.16, false),
        (&cone, 0.8, 0.34, true),
        (&cone, 0.8, 0.48, false),
        (&cone, -0.94, 0.0, false),
        (&cone, 1.14, 0.0, true),
        (&ball, 0.0, 0.45, true),
        (&ball, 0.0, 0.56, false),
        (&ball, 0.45, 0.0, true),
        (&ball, 0.56, 0.0, false),
    ];
    for (image, x, up, inside) in cases {
        let pixel = at(image, &camera, Vec3::new(x, 0.0, 1.0 + up));
        assert_eq!(is_red(pixel), inside, "{x} {up}: {pixel:?}");
    }
}

#[test]
fn light_comes_from_above_and_shadows_lie_below() {
    let Some(gpu) = gpu() else { return };
    let mut from_above = camera();
    from_above.view(StandardView::Top);
    let ball = ScenePoint { position: Vec3::new(0.0, 0.0, 1.0), radius: 0.4, color: GREY };
    let image = draw(gpu, &Scene { points: vec![ball], ..bare() }, &camera());
    let brightness = |z: f32| at(&image, &camera(), Vec3::new(0.0, 0.0, z))[1];
    assert!(brightness(1.25) > brightness(0.75) + 20);

    let mut scene = bare();
    scene.room = Some(Vec3::splat(6.0));
    let foot = limb(Vec3::new(2.0, 2.0, 0.1), Vec3::new(2.0, 2.0, 0.6), 0.1, GREY);
    from_above.go_to(Pose { target: Vec3::new(2.0, 2.0, 0.0), ..from_above.goal() });
    let floor =
        |scene: &Scene, x: f32, y: f32| at(&draw(gpu, scene, &from_above), &from_above, Vec3::new(x, y, 0.0))[1];
    let lit = floor(&scene, 1.85, 2.18);
    scene.capsules = vec![foot];
    assert!(floor(&scene, 1.85, 2.18) + 8 < lit, "away from the light");
    assert_eq!(floor(&scene, 3.5, 1.2), floor(&Scene { capsules: Vec::new(), ..scene.clone() }, 3.5, 1.2), "far off");
}

#[test]
fn ground_axes_room_and_axis_cube_can_be_seen_and_switched_off() {
    let Some(gpu) = gpu() else { return };
    let mut camera = camera();
    camera.view(StandardView::Home);
    let drawn = |scene: &Scene| n_unlike(&draw(gpu, scene, &camera), BACKGROUND);
    assert!(drawn(&Scene { grid: true, ..bare() }) > 2_000);
    assert!(drawn(&Scene { axes: true, ..bare() }) > 100);
    assert!(drawn(&Scene { room: Some(Vec3::new(3.0, 2.0, 2.5)), ..bare() }) > 2_000);
    // Too small a picture has no axis cube.
    assert_eq!(drawn(&Scene { axis_cube: true, ..bare() }), 0);
    assert!(axis_cube_ends(&camera, SIZE, 1.0).is_empty());
    let large = [600, 400];
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    renderer.render(&gpu.device, &gpu.queue, &Scene { axis_cube: true, ..bare() }, &camera, large, 1.0);
    let image = read_back(&gpu.device, &gpu.queue, renderer.texture().expect("drawn")).expect("readable");
    let ends = axis_cube_ends(&camera, large, 1.0);
    for (axis, place) in &ends {
        let pixel = image.get_pixel(place.x as u32, place.y as u32).0;
        assert!(n_unlike(&image, BACKGROUND) > 100 && pixel != BACKGROUND, "{axis} at {place}");
        assert!(*axis != 0 || is_red(pixel), "{pixel:?}");
    }
    assert_eq!(ends.len(), 3);
}

#[test]
fn the_metre_grid_lies_on_whole_metres() {
    let Some(gpu) = gpu() else { return };
    let mut camera = camera();
    camera.go_to(Pose { target: Vec3::ZERO, distance: 6.0, ..camera.goal() });
    camera.view(StandardView::Top);
    let image = draw(gpu, &Scene { grid: true, ..bare() }, &camera);
    for (x, y, on_line) in
        [(1.0, 0.5, true), (0.5, -1.0, true), (0.0, 0.0, true), (0.55, 0.55, false), (-0.45, 0.65, false)]
    {
        let [r, ..] = at(&image, &camera, Vec3::new(x, y, 0.0));
        assert_eq!(r > 60, on_line, "{x} {y}: {r}");
    }
}

#[test]
fn near_walls_fade_and_far_ones_stay() {
    let Some(gpu) = gpu() else { return };
    let size = Vec3::new(4.0, 4.0, 2.5);
    let mut camera = camera();
    camera.view(StandardView::Home);
    camera.fit(Vec3::ZERO, size, ASPECT);
    let image = draw(gpu, &Scene { room: Some(size), ..bare() }, &camera);
    // The home view stands over the corner at large x and small y.
    let brightest = |corner: Vec3| {
        let middle = camera.project(corner, ASPECT).expect("in view");
        let (x, y) = ((middle.x * 0.5 + 0.5) * 300.0, (0.5 - middle.y * 0.5) * 200.0);
        (-2..=2).map(|dx| image.get_pixel((x as i32 + dx) as u32, y as u32).0[0]).max().expect("five pixels")
    };
    let (near, far) = (brightest(Vec3::new(4.0, 0.0, 1.5)), brightest(Vec3::new(0.0, 4.0, 1.5)));
    assert!(far > near + 40, "near {near}, far {far}");
}

#[test]
fn links_nodes_and_trails_show_their_state() {
    let Some(gpu) = gpu() else { return };
    let camera = camera();
    let (from, to) = (Vec3::new(-1.0, 0.0, 1.0), Vec3::new(1.0, 0.0, 1.0));
    let n_green = |scene: Scene| draw(gpu, &scene, &camera).pixels().filter(|pixel| pixel.0[1] > 50).count();
    let with = |link: SceneLink| n_green(Scene { links: vec![link], ..bare() });
    let plain = with(link(from, to));
    assert!(plain > 100);
    assert!(with(SceneLink { brightness: 1.0, ..link(from, to) }) > plain, "motion");
    assert!(with(SceneLink { dashed: true, brightness: 0.0, ..link(from, to) }) < plain * 3 / 4, "dashed");
    assert!(with(SceneLink { selected: true, ..link(from, to) }) > plain, "selected");
    assert_eq!(with(SceneLink { to: Vec3::NAN, ..link(from, to) }), 0, "no place");
    // A link that passes the viewer is cut off at the eye, not turned around.
    assert!(with(link(Vec3::new(0.2, -9.0, 1.1), Vec3::new(0.0, 3.0, 1.0))) > 20);

    let solid = n_green(Scene { nodes: vec![node(from)], ..bare() });
    let frame = n_green(Scene { nodes: vec![SceneNode { schematic: true, ..node(from) }], ..bare() });
    let selected = n_green(Scene { nodes: vec![SceneNode { selected: true, ..node(from) }], ..bare() });
    assert!(solid > 100 && frame > 40 && selected > solid, "{solid} {frame} {selected}");

    let points = vec![TrailPoint { position: from, strength: 0.0 }, TrailPoint { position: to, strength: 1.0 }];
    let image = draw(gpu, &Scene { trails: vec![Trail { points, color: GREEN }], ..bare() }, &camera);
    let green = |x: f32| at(&image, &camera, Vec3::new(x, 0.0, 1.0))[1];
    assert!(green(0.9) > green(0.0) && green(0.0) > green(-0.9));
}

#[test]
fn pictures_follow_their_size_and_can_be_saved() {
    let Some(gpu) = gpu() else { return };
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    let (scene, camera) = (bare(), camera());
    let mut render = |size| renderer.render(&gpu.device, &gpu.queue, &scene, &camera, size, 1.0).clone();
    let first = render([64, 48]);
    assert_eq!(first, render([64, 48]), "the same size, the same view");
    assert_ne!(first, render([65, 48]), "another size, another view");
    render([0, 0]);
    render([65, 48]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("view.png");
    let texture = renderer.texture().expect("drawn");
    save_png(&gpu.device, &gpu.queue, texture, &path).expect("written");
    let read = image::open(&path).expect("a PNG").to_rgba8();
    assert_eq!((read.width(), read.height(), n_unlike(&read, BACKGROUND)), (65, 48, 0));
    let nowhere = folder.path().join("missing/view.png");
    assert!(save_png(&gpu.device, &gpu.queue, texture, &nowhere).is_err());
}

#[test]
fn standard_views_look_along_the_axes() {
    let mut camera = camera();
    // View, what lies to the right, what lies up.
    let cases = [
        (StandardView::Front, Vec3::X, Vec3::Z),
        (StandardView::Side, Vec3::Y, Vec3::Z),
        (StandardView::Top, Vec3::X, Vec3::Y),
    ];
    for (view, right, up) in cases {
        camera.view(view);
        let (seen_right, seen_up, _) = camera.axes();
        assert!(seen_right.distance(right) < 1e-5 && seen_up.distance(up) < 1e-5, "{view:?}: {seen_right} {seen_up}");
        let target = camera.pose().target;
        assert!(camera.project(target, ASPECT).expect("in front").length() < 1e-5);
        assert!(camera.project(target + right, ASPECT).expect("in front").x > 0.1);
        assert!(camera.project(target + up, ASPECT).expect("in front").y > 0.1);
    }
}

#[test]
fn rays_projection_and_matrix_agree() {
    let mut camera = camera();
    for (yaw, pitch) in [(0.3, 0.2), (-2.0, 1.2), (3.0, 0.0), (1.0, std::f32::consts::FRAC_PI_2)] {
        camera.go_to(Pose { yaw, pitch, ..camera.goal() });
        for ndc in [Vec2::ZERO, Vec2::new(0.7, -0.4), Vec2::new(-0.9, 0.9)] {
            let ray = camera.ray(ndc, ASPECT);
            let point = ray.origin + ray.direction * 3.0;
            let seen = camera.project(point, ASPECT).expect("in front");
            assert!(seen.distance(ndc) < 1e-4, "{ndc} {seen}");
            let clip = camera.clip_from_room(ASPECT) * point.extend(1.0);
            assert!((clip.truncate().truncate() / clip.w).distance(ndc) < 1e-4);
            assert!((0.0..1.0).contains(&(clip.z / clip.w)));
            assert_eq!(camera.project(ray.origin - ray.direction, ASPECT), None, "behind the viewer");
        }
    }
}

#[test]
fn gestures_move_the_picture_with_the_pointer() {
    let mut moved = camera();
    let target = moved.pose().target;
    let seen = |camera: &Camera| camera.project(target, ASPECT).expect("in front");
    moved.pan(Vec2::new(40.0, -20.0), 200.0);
    assert!(seen(&moved).distance(Vec2::new(40.0 / 150.0, 20.0 / 100.0)) < 1e-4, "{}", seen(&moved));

    let mut moved = camera();
    let cursor = Vec2::new(0.5, 0.25);
    let ray = moved.ray(cursor, ASPECT);
    let under = ray.origin + ray.direction * (4.0 / ray.direction.y);
    moved.zoom(0.5, Some(cursor), ASPECT);
    assert!((moved.pose().distance - 2.0).abs() < 1e-5);
    assert!(moved.project(under, ASPECT).expect("in front").distance(cursor) < 1e-4);
    moved.zoom(1e-9, None, ASPECT);
    assert!(moved.pose().distance > 0.1);
    moved.zoom(f32::NAN, None, ASPECT);
    assert!(moved.pose().distance.is_finite());

    let mut moved = camera();
    moved.orbit(Vec2::new(100.0, 50.0));
    let (right, ..) = moved.axes();
    assert!(right.y < 0.0 && moved.eye().z > 1.0, "dragging right and down turns the scene along");
    moved.orbit(Vec2::new(0.0, 1e6));
    assert!((moved.pose().pitch - std::f32::consts::FRAC_PI_2).abs() < 1e-5, "no further than from above");
}

#[test]
fn fitting_shows_the_whole_box_and_not_much_more() {
    let (low, high) = (Vec3::ZERO, Vec3::new(5.0, 4.0, 2.6));
    let corners = |i: usize| Vec3::new([0.0, 5.0][i & 1], [0.0, 4.0][i >> 1 & 1], [0.0, 2.6][i >> 2 & 1]);
    for aspect in [0.6, 1.5, 2.4] {
        for view in [StandardView::Front, StandardView::Side, StandardView::Top, StandardView::Home] {
            let mut camera = camera();
            camera.view(view);
            camera.fit(low, high, aspect);
            let seen: Vec<_> = (0..8).map(|i| camera.project(corners(i), aspect).expect("in front")).collect();
            let most = seen.iter().map(|ndc| ndc.abs().max_element()).fold(0.0, f32::max);
            assert!((0.75..=1.0).contains(&most), "{aspect} {view:?}: {most}");
        }
    }
    let scene = Scene { room: Some(high), nodes: vec![node(Vec3::new(6.0, 1.0, 1.0))], ..bare() };
    let (low, high) = scene_bounds(&scene).expect("a room");
    assert!(low.x <= 0.0 && high.x > 6.0 && high.z >= 2.6);
    assert_eq!(scene_bounds(&bare()), None);
}

#[test]
fn the_camera_settles_within_150_ms_and_at_once_when_told() {
    let mut camera = Camera::default();
    camera.focus(Vec3::new(1.0, 2.0, 0.5), 3.0);
    let start = camera.pose();
    assert!(camera.step(0.02));
    assert_ne!(camera.pose(), start);
    assert_ne!(camera.pose(), camera.goal());
    let n_steps = (0..20).take_while(|_| camera.step(0.02)).count();
    assert!(n_steps <= 7, "{n_steps}");
    assert_eq!(camera.pose(), camera.goal());
    assert!(!camera.step(0.02), "at rest");
    camera.set_instant(true);
    camera.view(StandardView::Top);
    assert_eq!(camera.pose(), camera.goal());
    // A turn to a standard view takes the short way.
    camera.go_to(Pose { yaw: 3.1, ..camera.goal() });
    let before = camera.pose().yaw;
    camera.go_to(Pose { yaw: -3.1, ..camera.goal() });
    assert!((camera.pose().yaw - before).abs() < 0.2);
}

#[test]
fn the_pointer_finds_nodes_bodies_links_and_the_floor() {
    let camera = camera();
    let (from, to) = (Vec3::new(-1.0, 0.0, 1.2), Vec3::new(1.0, 0.0, 1.2));
    let body = limb(Vec3::new(0.0, 0.0, 0.2), Vec3::new(0.0, 0.0, 1.0), 0.1, GREY);
    let scene =
        Scene { nodes: vec![node(from), node(to)], links: vec![link(from, to)], capsules: vec![body], ..bare() };
    let under = |point: Vec3| pick(&scene, &camera, camera.project(point, ASPECT).expect("in view"), SIZE, 1.0);
    assert_eq!(under(to + Vec3::Z * 0.05), Some(Picked::Node(1)));
    assert_eq!(under(Vec3::new(0.5, 0.0, 1.2)), Some(Picked::Link(0)));
    assert!(matches!(under(Vec3::new(0.05, 0.0, 0.6)), Some(Picked::Body(point)) if (point.z - 0.6).abs() < 0.02));
    assert!(
        matches!(under(Vec3::new(0.5, 1.0, 0.0)), Some(Picked::Floor(point)) if point.distance(Vec3::new(0.5, 1.0, 0.0)) < 1e-3)
    );
    assert_eq!(under(Vec3::new(0.5, 0.0, 1.8)), None, "the sky");
}

#[test]
fn sequential_colour_maps_only_get_lighter_and_the_cyclic_one_closes() {
    // Relative luminance of sRGB, as the WCAG define it.
    let luminance = |[r, g, b, _]: Rgba| {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    for map in [Colormap::Viridis, Colormap::Magma] {
        let rising = map.table().map(luminance);
        assert!(rising.windows(2).all(|pair| pair[1] > pair[0] - 2e-3), "{map:?}");
        assert!(rising[255] - rising[0] > 0.7);
    }
    // Anchors from matplotlib's own table.
    let known = [
        (Colormap::Viridis, 0.0, [0x44, 0x01, 0x54]),
        (Colormap::Viridis, 1.0, [0xFD, 0xE7, 0x25]),
        (Colormap::Magma, 0.0, [0x00, 0x00, 0x04]),
        (Colormap::Magma, 1.0, [0xFC, 0xFD, 0xBF]),
    ];
    for (map, value, [r, g, b]) in known {
        assert_eq!(map.color(value), [r, g, b, 255], "{map:?} {value}");
    }
    assert_eq!(Colormap::Twilight.color(0.0), Colormap::Twilight.color(1.0));
    for map in Colormap::ALL {
        assert_eq!(map.color(-5.0), map.color(0.0));
        assert_eq!(map.color(f32::INFINITY), map.color(1.0));
        assert_eq!(map.color(f32::NAN), map.color(0.0));
    }
}

const GAP: Rgba = [40, 41, 42, 255];
const DB: Mode = Mode::Amplitude { low_db: -20.0, high_db: 20.0 };
/// No row stands for longer than its own slot.
const NO_HOLD: i64 = 0;

fn span_ms(start: i64, end: i64) -> Span {
    Span::new(Timestamp(start * MS), Timestamp(end * MS))
}

/// A table with one row every 10 ms at the given slots; bin `b` of the row at slot `s` is `value(s, b)`.
fn table<T: Texel>(slots: impl IntoIterator<Item = i64>, n_bins: usize, value: impl Fn(i64, usize) -> T) -> Rows<T> {
    let mut rows = Rows::new(n_bins, 100_000);
    for slot in slots {
        let values: Vec<_> = (0..n_bins).map(|bin| value(slot, bin)).collect();
        assert!(rows.push(Timestamp(slot * 10 * MS + 3 * MS), &values));
    }
    rows
}

/// One pixel per slot and bin.
fn picture<T: Texel>(gpu: &Gpu, waterfall: &mut Waterfall<T>, window: Span, mode: Mode) -> RgbaImage {
    let n_bins = waterfall.n_bins();
    let view = WaterfallView { window, bins: (0.0, n_bins as f32), mode, gap_color: GAP };
    let width = (window.nanos() / (10 * MS)) as u32;
    waterfall.draw(&gpu.device, &gpu.queue, &view, [width, n_bins as u32]);
    read_back(&gpu.device, &gpu.queue, waterfall.texture().expect("drawn")).expect("readable")
}

fn waterfall<T: Texel>(gpu: &Gpu, n_bins: usize, n_slots: usize) -> Waterfall<T> {
    Waterfall::new(&gpu.device, &gpu.queue, n_bins, n_slots, 10 * MS)
}

/// A channel value that tells its slot and bin by its magnitude.
fn tone(slot: i64, bin: usize) -> Complex32 {
    Complex32::from_polar(0.2 + (slot.rem_euclid(37) as f32) * 0.1 + bin as f32 * 0.05, 0.3)
}

#[track_caller]
pub fn assert_close(found: [u8; 4], expected: Rgba) {
    let far = found.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > 3);
    assert!(!far, "{found:?}, expected {expected:?}");
}

#[test]
fn known_values_get_known_colours_at_known_pixels() {
    let Some(gpu) = gpu() else { return };
    let mut amplitude = waterfall::<Complex32>(gpu, 3, 16);
    let value = |slot: i64, bin: usize| match (slot, bin) {
        (0, 0) => Complex32::new(0.1, 0.0),
        (0, 1) => Complex32::new(0.0, -1.0),
        (0, 2) => Complex32::new(6.0, 8.0),
        (2, 1) => Complex32::new(f32::NAN, 0.0),
        _ => Complex32::new(1e3, 0.0),
    };
    // Nothing came at slot 1.
    let rows = table([0, 2], 3, value);
    let window = span_ms(0, 40);
    assert_eq!(amplitude.sync(&gpu.queue, &rows, &[0, 1, 2], 1, NO_HOLD, window), 2);
    let image = picture(gpu, &mut amplitude, window, DB);
    let pixel = |image: &RgbaImage, x: u32, bin: u32| image.get_pixel(x, 2 - bin).0;
    assert_close(pixel(&image, 0, 0), Colormap::Viridis.color(0.0));
    assert_close(pixel(&image, 0, 1), Colormap::Viridis.color(0.5));
    assert_close(pixel(&image, 0, 2), Colormap::Viridis.color(1.0));
    assert_close(pixel(&image, 2, 0), Colormap::Viridis.color(1.0));
    for (x, bin) in [(1, 0), (1, 1), (1, 2), (2, 1), (3, 0), (3, 2)] {
        assert_eq!(pixel(&image, x, bin), GAP, "{x} {bin}");
    }
    let image = picture(gpu, &mut amplitude, window, Mode::Phase);
    assert_close(pixel(&image, 0, 0), Colormap::Twilight.color(0.5));
    assert_close(pixel(&image, 0, 1), Colormap::Twilight.color(0.25));

    // Columns are chosen and ordered by the caller.
    amplitude.sync(&gpu.queue, &rows, &[2, 99, 0], 1, NO_HOLD, window);
    let image = picture(gpu, &mut amplitude, window, DB);
    assert_close(pixel(&image, 0, 0), Colormap::Viridis.color(1.0));
    assert_eq!(pixel(&image, 0, 1), GAP);
    assert_close(pixel(&image, 0, 2), Colormap::Viridis.color(0.0));
}

#[test]
fn spectrograms_and_differences_have_their_own_colours() {
    let Some(gpu) = gpu() else { return };
    let mut power = waterfall::<f32>(gpu, 3, 16);
    let rows = table([5], 3, |_, bin| [-10.0, 5.0, 20.0][bin]);
    let window = span_ms(50, 60);
    power.sync(&gpu.queue, &rows, &[0, 1, 2], 0, NO_HOLD, window);
    let image = picture(gpu, &mut power, window, Mode::Power { low_db: -10.0, high_db: 20.0 });
    for (bin, share) in [(0, 0.0), (1, 0.5), (2, 1.0)] {
        assert_close(image.get_pixel(0, 2 - bin).0, Colormap::Magma.color(share));
    }
    let image = picture(gpu, &mut power, window, Mode::Signed { limit: 10.0 });
    for (bin, share) in [(0, 0.0), (1, 0.75), (2, 1.0)] {
        assert_close(image.get_pixel(0, 2 - bin).0, Colormap::Diverging.color(share));
    }
}

#[test]
fn a_row_stands_over_short_breaks_only() {
    let Some(gpu) = gpu() else { return };
    let mut held = waterfall::<Complex32>(gpu, 1, 64);
    let rows = table([0, 3, 20], 1, tone);
    let window = span_ms(0, 220);
    held.sync(&gpu.queue, &rows, &[0], 0, 40 * MS, window);
    let image = picture(gpu, &mut held, window, DB);
    let row: Vec<_> = (0..22).map(|x| image.get_pixel(x, 0).0).collect();
    assert!(row[0] != GAP && row[1] == row[0] && row[2] == row[0] && row[3] != row[0]);
    assert!(row[4..20].iter().all(|pixel| *pixel == GAP), "17 slots are too long");
    assert!(row[20] != GAP && row[21] == GAP);
}

#[test]
fn new_rows_alone_make_the_same_picture_as_all_rows() {
    let Some(gpu) = gpu() else { return };
    let columns = [0, 1, 2, 3];
    // Uneven steps with two breaks; four times around a ring of 64 slots.
    let slots: Vec<i64> = (0..260).filter(|slot| slot % 7 != 3 && !(100..130).contains(slot)).collect();
    let mut grown = waterfall::<Complex32>(gpu, 4, 64);
    let mut n_read = 0;
    let mut n_compared = 0;
    for n in (1..=slots.len()).step_by(9) {
        let rows = table(slots[..n].iter().copied(), 4, tone);
        let end = slots[n - 1] * 10 + 10;
        let window = span_ms(end - 500, end);
        n_read += grown.sync(&gpu.queue, &rows, &columns, 7, 15 * MS, window);
        if n % 3 == 1 {
            let mut fresh = waterfall::<Complex32>(gpu, 4, 64);
            fresh.sync(&gpu.queue, &rows, &columns, 7, 15 * MS, window);
            assert_eq!(picture(gpu, &mut grown, window, DB), picture(gpu, &mut fresh, window, DB), "{n} rows");
            n_compared += 1;
        }
    }
    assert!(n_compared > 5);
    assert!(n_read <= slots.len(), "no row was uploaded twice: {n_read} of {}", slots.len());
}

#[test]
fn scrolling_back_and_forth_shows_what_was_there() {
    let Some(gpu) = gpu() else { return };
    let rows = table(0..1_000, 2, tone);
    let mut waterfall = waterfall::<Complex32>(gpu, 2, 64);
    let live = span_ms(9_500, 10_000);
    for start in [9_500, 9_300, 4_000, 3_990, 0, -300, 4_100, 9_500, 12_000, 9_500] {
        let window = span_ms(start, start + 500);
        waterfall.sync(&gpu.queue, &rows, &[0, 1], 0, 15 * MS, window);
        let image = picture(gpu, &mut waterfall, window, DB);
        for x in 0..50 {
            let slot = start / 10 + x;
            let db = 20.0 * tone(slot, 0).norm().log10();
            let expected = if (0..1_000).contains(&slot) { Colormap::Viridis.color((db + 20.0) / 40.0) } else { GAP };
            assert_close(image.get_pixel(x as u32, 1).0, expected);
        }
    }
    assert_eq!(waterfall.sync(&gpu.queue, &rows, &[0, 1], 0, 15 * MS, live), 0, "nothing new");
    // A table that starts anew replaces the old one.
    let rows = table(0..3, 2, tone);
    assert_eq!(waterfall.sync(&gpu.queue, &rows, &[0, 1], 0, 15 * MS, span_ms(0, 500)), 3);
    assert_eq!(waterfall.sync(&gpu.queue, &Rows::new(2, 10), &[0, 1], 0, 15 * MS, live), 0);
    assert_eq!(n_unlike(&picture(gpu, &mut waterfall, live, DB), GAP), 0);
}

#[test]
fn a_peak_stays_visible_when_a_pixel_covers_several_slots_and_bins() {
    let Some(gpu) = gpu() else { return };
    let mut waterfall = waterfall::<f32>(gpu, 8, 64);
    let rows = table(0..64, 8, |slot, bin| if (slot, bin) == (21, 5) { 10.0 } else { 0.0 });
    let window = span_ms(0, 640);
    waterfall.sync(&gpu.queue, &rows, &[0, 1, 2, 3, 4, 5, 6, 7], 0, NO_HOLD, window);
    let mode = Mode::Power { low_db: 0.0, high_db: 10.0 };
    let view = WaterfallView { window, bins: (0.0, 8.0), mode, gap_color: GAP };
    waterfall.draw(&gpu.device, &gpu.queue, &view, [16, 2]);
    let image = read_back(&gpu.device, &gpu.queue, waterfall.texture().expect("drawn")).expect("readable");
    let peaks: Vec<_> =
        image.enumerate_pixels().filter(|(.., pixel)| pixel.0[0] > 200).map(|(x, y, _)| (x, y)).collect();
    assert_eq!(peaks, [(5, 0)]);
}

#[test]
fn wall_clock_times_lose_no_precision() {
    let Some(gpu) = gpu() else { return };
    // The year 2025 in slots of 10 ms.
    let first = 175_000_000_000;
    let rows = table(first..first + 50, 1, tone);
    let mut waterfall = waterfall::<Complex32>(gpu, 1, 64);
    let window = span_ms(first * 10, first * 10 + 500);
    waterfall.sync(&gpu.queue, &rows, &[0], 0, NO_HOLD, window);
    let image = picture(gpu, &mut waterfall, window, DB);
    for x in 0..50 {
        let db = 20.0 * tone(first + x, 0).norm().log10();
        assert_close(image.get_pixel(x as u32, 0).0, Colormap::Viridis.color((db + 20.0) / 40.0));
    }
}
