//! Turns polylines into one instance per stretch, each knowing its neighbours, so that they join without gaps.

use bevy_math::Vec3;
use bytemuck::{Pod, Zeroable};

use crate::render::Rgba;
use crate::render::scene_mesh::ScenePolyline;

/// How far a line on a surface is drawn towards the viewer: more than a chord between points sinks into a limb.
const LIFT_M: f32 = 0.006;

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct PolylineInstance {
    before: [f32; 3],
    start: [f32; 3],
    end: [f32; 3],
    after: [f32; 3],
    color: Rgba,
    width_px: f32,
    lift_m: f32,
}

/// All stretches, and how many of them, the first ones, lie on surfaces. A line with a point that is no number is left
/// out.
pub fn instances(polylines: &[ScenePolyline], px_per_point: f32) -> (Vec<PolylineInstance>, u32) {
    let mut all = Vec::new();
    let mut add = |line: &ScenePolyline| {
        let points = &line.points;
        let n = points.len();
        if n < 2 || !points.iter().all(|point| point.is_finite()) || line.width_points.is_nan() {
            return;
        }
        let at = |i: usize| -> Vec3 { points[i % n] };
        for i in 0..if line.closed { n } else { n - 1 } {
            let first = i == 0 && !line.closed;
            let last = i + 2 == n && !line.closed;
            all.push(PolylineInstance {
                before: if first { at(i) } else { at(i + n - 1) }.to_array(),
                start: at(i).to_array(),
                end: at(i + 1).to_array(),
                after: if last { at(i + 1) } else { at(i + 2) }.to_array(),
                color: line.color,
                width_px: line.width_points.max(0.0) * px_per_point,
                lift_m: if line.on_surface { LIFT_M } else { 0.0 },
            });
        }
    };
    polylines.iter().filter(|line| line.on_surface).for_each(&mut add);
    polylines.iter().filter(|line| !line.on_surface).for_each(&mut add);
    let n_on_surface = all.iter().take_while(|stretch| stretch.lift_m > 0.0).count() as u32;
    (all, n_on_surface)
}
