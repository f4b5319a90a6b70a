//! Turns a scene into lines: room edges, axes, links, trails, the frames of unplaced nodes and selection marks.

use bevy_math::Vec3;
use bytemuck::{Pod, Zeroable};

use super::batch::{AXES, node_shape};
use super::camera::Camera;
use super::scene::{Rgba, Scene, SceneLink};

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct LineInstance {
    start: [f32; 3],
    end: [f32; 3],
    start_color: Rgba,
    end_color: Rgba,
    width_px: f32,
    dash_px: f32,
}

/// Collects lines; widths and dashes in points.
struct Lines {
    px_per_point: f32,
    all: Vec<LineInstance>,
}

impl Lines {
    fn add(&mut self, start: Vec3, end: Vec3, width: f32, color: Rgba) {
        self.add_shaded(start, end, width, 0.0, color, color);
    }

    fn add_dashed(&mut self, start: Vec3, end: Vec3, width: f32, dash: f32, color: Rgba) {
        self.add_shaded(start, end, width, dash, color, color);
    }

    fn add_shaded(&mut self, start: Vec3, end: Vec3, width: f32, dash: f32, start_color: Rgba, end_color: Rgba) {
        if start.is_finite() && end.is_finite() {
            self.all.push(LineInstance {
                start: start.to_array(),
                end: end.to_array(),
                start_color,
                end_color,
                width_px: width * self.px_per_point,
                dash_px: dash * self.px_per_point,
            });
        }
    }
}

/// In drawing order: what comes later covers what came before.
pub fn lines(scene: &Scene, camera: &Camera, height_px: f32, px_per_point: f32) -> Vec<LineInstance> {
    let mut out = Lines { px_per_point, all: Vec::new() };
    add_room(&mut out, scene, camera.eye());
    if scene.axes {
        let palette = &scene.palette;
        for (axis, color) in AXES.into_iter().zip([palette.axis_x, palette.axis_y, palette.axis_z]) {
            out.add(Vec3::ZERO, axis, 1.6, color);
        }
    }
    for trail in &scene.trails {
        for pair in trail.points.windows(2) {
            let [start, end] = pair else { continue };
            let color = |strength: f32| faded(trail.color, strength);
            out.add_shaded(start.position, end.position, 2.0, 0.0, color(start.strength), color(end.strength));
        }
    }
    for stroke in &scene.strokes {
        let ends = stroke.points.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.last()?)));
        let last = stroke.closed.then(|| stroke.points.last().copied().zip(stroke.points.first().copied())).flatten();
        let dash = if stroke.dashed { 5.0 } else { 0.0 };
        for (start, end) in ends.chain(last) {
            out.add_dashed(start, end, stroke.width_points, dash, stroke.color);
        }
    }
    add_nodes(&mut out, scene, camera, height_px);
    // Selected links last, so that no other crosses over them.
    for link in scene.links.iter().filter(|link| !link.selected).chain(scene.links.iter().filter(|l| l.selected)) {
        add_link(&mut out, link, scene.palette.accent);
    }
    out.all
}

fn add_link(out: &mut Lines, link: &SceneLink, accent: Rgba) {
    let brightness = if link.brightness.is_finite() { link.brightness.clamp(0.0, 1.0) } else { 0.0 };
    if link.selected {
        out.add(link.from, link.to, 7.0, faded(accent, 0.5));
    } else if brightness > 0.02 {
        out.add(link.from, link.to, 2.0 + 5.0 * brightness, faded(link.color, 0.22 * brightness));
    }
    let strength = if link.selected { 1.0 } else { 0.45 + 0.55 * brightness };
    let color = faded(link.color, strength);
    let dash = if link.dashed { 6.0 } else { 0.0 };
    let extra = if link.selected { 0.8 } else { 0.0 };
    out.add_dashed(link.from, link.to, 1.2 + 0.6 * brightness + extra, dash, color);
}

/// The room's edges; those of walls that stand between the viewer and the room fade away.
fn add_room(out: &mut Lines, scene: &Scene, eye: Vec3) {
    let Some(size) = scene.room.filter(|size| size.is_finite() && size.min_element() > 0.0) else { return };
    let color = scene.palette.room_line;
    // 0 where the wall is seen from inside, 1 where it is seen from well outside.
    let near = |outside_m: f32| (outside_m / (0.25 * size.max_element())).clamp(0.0, 1.0);
    let near_x = [near(-eye.x), near(eye.x - size.x)];
    let near_y = [near(-eye.y), near(eye.y - size.y)];
    let at = |x: usize, y: usize, z: f32| Vec3::new(x as f32 * size.x, y as f32 * size.y, z);
    for (x, wall_x) in near_x.into_iter().enumerate() {
        for (y, wall_y) in near_y.into_iter().enumerate() {
            // An upright edge belongs to two walls: it stays while one of them is far.
            out.add(at(x, y, 0.0), at(x, y, size.z), 1.2, faded(color, 1.0 - 0.85 * wall_x.min(wall_y)));
        }
    }
    for (side, (wall_x, wall_y)) in near_x.into_iter().zip(near_y).enumerate() {
        out.add(at(side, 0, 0.0), at(side, 1, 0.0), 1.4, faded(color, 1.0 - 0.35 * wall_x));
        out.add(at(0, side, 0.0), at(1, side, 0.0), 1.4, faded(color, 1.0 - 0.35 * wall_y));
        out.add(at(side, 0, size.z), at(side, 1, size.z), 1.2, faded(color, 1.0 - 0.85 * wall_x));
        out.add(at(0, side, size.z), at(1, side, size.z), 1.2, faded(color, 1.0 - 0.85 * wall_y));
    }
}

/// A plumb line under every node, an empty frame for those nobody has placed, a frame around selected ones.
fn add_nodes(out: &mut Lines, scene: &Scene, camera: &Camera, height_px: f32) {
    for node in &scene.nodes {
        let shape = node_shape(node, camera, height_px, out.px_per_point);
        let floor = Vec3::new(shape.centre.x, shape.centre.y, 0.0);
        let bottom = shape.centre - Vec3::Z * shape.half_size.z;
        if bottom.z > 0.0 {
            out.add_dashed(floor, bottom, 1.0, 2.0, faded(scene.palette.room_line, 0.7));
        }
        if node.schematic {
            let top = shape.centre + Vec3::Z * shape.half_size.z;
            add_box(out, shape.centre, shape.half_size, 1.2, node.color);
            out.add(top, shape.antenna_top, 1.2, node.color);
        }
        if node.selected {
            add_box(out, shape.centre, shape.half_size * 1.35, 1.6, scene.palette.accent);
        }
    }
}

fn add_box(out: &mut Lines, centre: Vec3, half_size: Vec3, width: f32, color: Rgba) {
    for axis in 0..3 {
        for (u, v) in [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)] {
            let mut sign = Vec3::ZERO;
            sign[(axis + 1) % 3] = u;
            sign[(axis + 2) % 3] = v;
            let (start, end) = (sign - AXES[axis], sign + AXES[axis]);
            out.add(centre + start * half_size, centre + end * half_size, width, color);
        }
    }
}

fn faded([r, g, b, a]: Rgba, strength: f32) -> Rgba {
    [r, g, b, (f32::from(a) * strength.clamp(0.0, 1.0)).round() as u8]
}
