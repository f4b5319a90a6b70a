//! A tape around a section: cut the mesh with a plane and take the convex hull of the cut, because a tape bridges
//! hollows (ISO 8559-1).

use bevy_math::{DVec2, DVec3};

/// A plane through `origin`, `normal` of unit length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub origin: DVec3,
    pub normal: DVec3,
}

impl Plane {
    pub fn new(origin: DVec3, normal: DVec3) -> Self {
        Self { origin, normal: normal.normalize_or_zero() }
    }

    pub fn horizontal(z: f64) -> Self {
        Self { origin: DVec3::new(0.0, 0.0, z), normal: DVec3::Z }
    }

    fn axes(&self) -> (DVec3, DVec3) {
        let helper = if self.normal.x.abs() < 0.9 { DVec3::X } else { DVec3::Y };
        let u = self.normal.cross(helper).normalize_or_zero();
        (u, self.normal.cross(u))
    }
}

/// The closed tape in a plane: corners in order around the body, metres.
#[derive(Clone, Debug, Default)]
pub(super) struct Girth {
    pub corners: Vec<DVec3>,
    pub length: f64,
}

/// The convex hull of where `edges` cross the plane, at most `reach` metres from its origin.
///
/// Fewer than three crossings make no girth: its length is 0.
pub(super) fn girth<P: Copy + Into<DVec3>>(vertices: &[P], edges: &[[u16; 2]], plane: Plane, reach: f64) -> Girth {
    largest_girth(vertices, edges, plane, &[0.0], reach)
}

/// The largest of the girths in planes that are shifted along the normal by rising `offsets`; all cut in one pass.
pub(super) fn largest_girth<P: Copy + Into<DVec3>>(
    vertices: &[P],
    edges: &[[u16; 2]],
    plane: Plane,
    offsets: &[f64],
    reach: f64,
) -> Girth {
    let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else { return Girth::default() };
    let (u, w) = plane.axes();
    let mut sections: Vec<Vec<DVec2>> = offsets.iter().map(|_| Vec::with_capacity(256)).collect();
    for &[a, b] in edges {
        let a = vertices[usize::from(a)].into() - plane.origin;
        let b = vertices[usize::from(b)].into() - plane.origin;
        let (height_a, height_b) = (a.dot(plane.normal), b.dot(plane.normal));
        let (low, high) = (height_a.min(height_b), height_a.max(height_b));
        if !(low < last && high >= first) {
            continue;
        }
        for (section, &offset) in sections.iter_mut().zip(offsets) {
            if !(low < offset && high >= offset) {
                continue;
            }
            let crossing = a + (b - a) * ((height_a - offset) / (height_a - height_b)) - plane.normal * offset;
            if crossing.length_squared() < reach * reach {
                section.push(DVec2::new(crossing.dot(u), crossing.dot(w)));
            }
        }
    }
    let mut largest = Girth::default();
    for (section, offset) in sections.iter_mut().zip(offsets) {
        let hull = convex_hull(section);
        let n = hull.len();
        let length = (0..n).map(|i| hull[i].distance(hull[(i + 1) % n])).sum();
        if length > largest.length {
            let origin = plane.origin + plane.normal * *offset;
            largest = Girth { corners: hull.into_iter().map(|p| origin + u * p.x + w * p.y).collect(), length };
        }
    }
    largest
}

/// Corners of the hull, counter-clockwise (Andrew's monotone chain); empty for fewer than three points.
fn convex_hull(points: &mut [DVec2]) -> Vec<DVec2> {
    if points.len() < 3 {
        return Vec::new();
    }
    points.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let mut hull: Vec<DVec2> = Vec::with_capacity(64);
    let mut half = |chain: &mut dyn Iterator<Item = &DVec2>| {
        let start = hull.len();
        for &point in chain {
            while hull.len() >= start + 2 {
                let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
                if (b - a).perp_dot(point - a) > 0.0 {
                    break;
                }
                hull.pop();
            }
            hull.push(point);
        }
        hull.pop(); // the other half begins with it
    };
    half(&mut points.iter());
    half(&mut points.iter().rev());
    hull
}
