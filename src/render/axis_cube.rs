//! The small axis cube in a corner of the viewport: shows which way is which, and takes clicks for standard views.

use bevy_math::{Vec2, Vec3};

use super::batch::{AXES, Solids, rod, rounded_box};
use super::camera::{Camera, Pose};
use super::scene::Scene;

const SIDE_POINTS: f32 = 72.0;
const MARGIN_POINTS: f32 = 8.0;
/// How far the rods reach, in its own units.
const REACH: f32 = 1.0;

/// Top left corner and side of the axis cube's square, pixels; `None` where there is no room for it.
pub fn rect(size: Vec2, px_per_point: f32) -> Option<(Vec2, f32)> {
    let side = SIDE_POINTS * px_per_point;
    let margin = MARGIN_POINTS * px_per_point;
    let corner = Vec2::new(size.x - side - margin, margin);
    (size.min_element() > 3.0 * side).then_some((corner, side))
}

/// Where the ends of the axis cube's x, y and z rods appear in a picture of `size_px`, in pixels from the top left, so
/// that the caller can write their names there and take clicks; farthest first. Empty where the cube is not drawn.
pub fn axis_cube_ends(camera: &Camera, size_px: [u32; 2], pixels_per_point: f32) -> Vec<(usize, Vec2)> {
    let size = Vec2::new(size_px[0] as f32, size_px[1] as f32);
    let Some((corner, side)) = rect(size, pixels_per_point) else { return Vec::new() };
    let view = self::camera(camera);
    let mut ends: Vec<_> = AXES.into_iter().map(|axis| axis * REACH).enumerate().collect();
    ends.sort_by(|(_, a), (_, b)| view.depth(*b).total_cmp(&view.depth(*a)));
    let place = |ndc: Vec2| corner + (ndc * Vec2::new(0.5, -0.5) + 0.5) * side;
    ends.into_iter().filter_map(|(axis, end)| Some((axis, place(view.project(end, 1.0)?)))).collect()
}

/// The small cube in the corner with a rod along each positive axis.
pub fn solids(scene: &Scene) -> Solids {
    let palette = &scene.palette;
    let mut out = Solids::default();
    out.boxes.push(rounded_box(Vec3::ZERO, Vec3::splat(0.3), 0.07, palette.room_line));
    for (axis, color) in AXES.into_iter().zip([palette.axis_x, palette.axis_y, palette.axis_z]) {
        out.capsules.push(rod(axis * 0.3, axis * REACH, 0.05, color));
        out.capsules.push(rod(axis * REACH, axis * REACH, 0.15, color));
    }
    out
}

/// The view of the axis cube that goes with a view of the scene.
pub fn camera(camera: &Camera) -> Camera {
    Camera::new(Pose { target: Vec3::splat(0.15), distance: 4.4, ..camera.pose() })
}
