//! Where a person is and where they go: one and 90 % regions on the floor, the way they came, and where they face.

use bevy_math::Vec2;

use super::{Colours, faded, foot, rgba};
use crate::app::theme::{self, Theme};
use crate::engine::ShownPerson;
use crate::render::sheet::{self, FloorEllipse};
use crate::render::{Scene, Stroke, Trail, TrailPoint};

/// A place in two dimensions lies within this many standard deviations nine times of ten: √(−2 ln 0.1).
pub const NINETY_PERCENT: f64 = 2.145_966;
/// A trail has faded away after this.
const TRAIL_SECS: f64 = 10.0;
/// The arrow of where somebody faces, metres.
const ARROW_M: f32 = 0.8;
const BARB_M: f32 = 0.14;
/// Nobody's direction is less sure than not at all, radians.
const MAX_FAN_RAD: f64 = std::f64::consts::PI;

pub fn add(scene: &mut Scene, person: &ShownPerson, selected: bool, colours: &Colours, theme: &Theme) {
    let root = &person.track.pose.root;
    let ellipse = |scale| FloorEllipse::of_covariance(root.position_m, root.covariance_m2, scale);
    let (Some(one), Some(ninety)) = (ellipse(1.0), ellipse(NINETY_PERCENT)) else { return };
    scene.floor.extend(ninety.fill(colours.clear(theme::REGION_90)));
    scene.floor.extend(one.fill(colours.clear(theme::REGION_1)));
    let ring = |points, share, dashed| Stroke {
        points,
        closed: true,
        color: colours.clear(share),
        width_points: theme::CURVE,
        dashed,
    };
    scene.strokes.push(ring(ninety.rim(), 0.8, true));
    scene.strokes.push(ring(one.rim(), 1.0, false));
    if selected {
        let marked = FloorEllipse { half_axes: ninety.half_axes.map(|axis| axis * 1.06), ..ninety };
        let color = rgba(theme.accent);
        let width_points = 2.0 * theme::CURVE;
        scene.strokes.push(Stroke { points: marked.rim(), closed: true, color, width_points, dashed: false });
    }
    add_heading(scene, person, colours);
    let track = &person.track;
    let points = track.trail.iter().filter_map(|point| {
        let strength = 1.0 - track.time.secs_since(point.time) / TRAIL_SECS;
        let [x, y] = point.position_m.map(|value| value as f32);
        let position = Vec2::new(x, y).extend(theme::TRAIL_HEIGHT_M);
        (strength > 0.0).then_some(TrailPoint { position, strength: strength.min(1.0) as f32 })
    });
    scene.trails.push(Trail { points: points.collect(), color: colours.clear(1.0) });
}

/// The arrow, and a fan of one standard deviation to each side.
fn add_heading(scene: &mut Scene, person: &ShownPerson, colours: &Colours) {
    let Some(heading) = person.shown.heading_rad.filter(|heading| heading.is_sound()) else { return };
    let from = foot(person);
    let (middle, sigma) = (heading.value as f32, heading.sigma.min(MAX_FAN_RAD) as f32);
    let at = from.truncate();
    scene.floor.extend(sheet::fan(at, 1.5 * ARROW_M, middle - sigma, middle + sigma, colours.clear(theme::FAN)));
    let along = Vec2::from_angle(middle);
    let tip = at + along * ARROW_M;
    let barb = |side: f32| tip - along * BARB_M + along.perp() * side * 0.6 * BARB_M;
    let stroke = |points: Vec<Vec2>| Stroke {
        points: points.into_iter().map(|point| point.extend(0.0)).collect(),
        closed: false,
        color: faded(colours.hue, colours.presence),
        width_points: 2.0 * theme::CURVE,
        dashed: false,
    };
    scene.strokes.push(stroke(vec![at, tip]));
    scene.strokes.push(stroke(vec![barb(1.0), tip, barb(-1.0)]));
}
