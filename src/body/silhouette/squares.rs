//! Marching squares: the closed lines along which a field crosses one half.

use bevy_math::DVec2;

use super::field::Field;

const LEVEL: f32 = 0.5;

/// A closed line; its last point is not its first.
pub(super) struct Loop {
    pub points: Vec<DVec2>,
    pub length: f64,
    /// Positive around the inside of the field, negative around holes.
    pub area: f64,
}

/// All lines of a field whose outermost values are below the level.
pub(super) fn loops(field: &Field) -> Vec<Loop> {
    // Each place where an edge of the grid crosses the level begins one piece of line and ends another.
    let mut pieces = pieces(field);
    pieces.sort_unstable();
    let mut is_used = vec![false; pieces.len()];
    let mut found = Vec::new();
    for first in 0..pieces.len() {
        let mut points = Vec::new();
        let mut piece = first;
        while !is_used[piece] {
            is_used[piece] = true;
            let (from, to) = pieces[piece];
            points.push(place(field, from));
            let Ok(next) = pieces.binary_search_by_key(&to, |(from, _)| *from) else { break };
            piece = next;
        }
        if points.len() >= 3 {
            found.push(Loop::new(points));
        }
    }
    found
}

/// Pieces from edge to edge, the inside on the same hand of each. An edge is twice the index of its first value, plus one
/// when it goes down.
fn pieces(field: &Field) -> Vec<(u32, u32)> {
    let width = field.width;
    let is_in = |at: usize| field.values[at] >= LEVEL;
    let mut pieces = Vec::new();
    for y in 0..field.height - 1 {
        for x in 0..width - 1 {
            let at = y * width + x;
            let corners = [is_in(at), is_in(at + 1), is_in(at + width + 1), is_in(at + width)];
            let n_in = corners.iter().filter(|corner| **corner).count();
            if n_in == 0 || n_in == 4 {
                continue;
            }
            let (top, right) = (2 * at as u32, 2 * (at as u32 + 1) + 1);
            let (bottom, left) = (2 * (at + width) as u32, 2 * at as u32 + 1);
            let edges = [top, right, bottom, left];
            // Going around the square clockwise, each edge that leaves the inside begins a piece; it ends where the next
            // edge enters the inside again, or where the one before did if the corners outside hang together.
            let leaves = |i: usize| corners[i] && !corners[(i + 1) % 4];
            let enters = |i: usize| !corners[i] && corners[(i + 1) % 4];
            let middle =
                (field.values[at] + field.values[at + 1] + field.values[at + width] + field.values[at + width + 1])
                    / 4.0;
            for i in (0..4).filter(|i| leaves(*i)) {
                let joins_inside = n_in != 2 || middle >= LEVEL;
                let mut steps: [usize; 3] = [1, 2, 3];
                if !joins_inside {
                    steps.reverse();
                }
                if let Some(end) = steps.into_iter().map(|step| (i + step) % 4).find(|j| enters(*j)) {
                    pieces.push((edges[i], edges[end]));
                }
            }
        }
    }
    pieces
}

/// Where on an edge the level is crossed, in the mask's coordinates.
fn place(field: &Field, edge: u32) -> DVec2 {
    let at = (edge / 2) as usize;
    let is_down = edge % 2 == 1;
    let (first, second) = (field.values[at], field.values[if is_down { at + field.width } else { at + 1 }]);
    let part = f64::from((LEVEL - first) / (second - first));
    let start = DVec2::new((at % field.width) as f64, (at / field.width) as f64);
    field.origin + start + if is_down { DVec2::new(0.0, part) } else { DVec2::new(part, 0.0) }
}

impl Loop {
    fn new(points: Vec<DVec2>) -> Self {
        let ends = || points.iter().zip(points.iter().cycle().skip(1));
        let length = ends().map(|(a, b)| a.distance(*b)).sum();
        let area: f64 = ends().map(|(a, b)| a.perp_dot(*b)).sum::<f64>() / 2.0;
        Self { points, length, area }
    }

    /// Points at equal distances, as near to `step` as closes the line.
    pub fn resampled(&self, step: f64) -> Vec<DVec2> {
        let n_points = (self.length / step).round().max(3.0) as usize;
        let step = self.length / n_points as f64;
        let mut resampled = Vec::with_capacity(n_points);
        let mut passed = 0.0;
        for (a, b) in self.points.iter().zip(self.points.iter().cycle().skip(1)) {
            let length = a.distance(*b);
            while resampled.len() < n_points && resampled.len() as f64 * step <= passed + length {
                let part = if length > 0.0 { (resampled.len() as f64 * step - passed) / length } else { 0.0 };
                resampled.push(a.lerp(*b, part.clamp(0.0, 1.0)));
            }
            passed += length;
        }
        resampled
    }

    /// Even-odd rule.
    pub fn contains(&self, place: DVec2) -> bool {
        let mut is_inside = false;
        for (a, b) in self.points.iter().zip(self.points.iter().cycle().skip(1)) {
            if (a.y > place.y) != (b.y > place.y) && place.x < a.x + (place.y - a.y) / (b.y - a.y) * (b.x - a.x) {
                is_inside = !is_inside;
            }
        }
        is_inside
    }
}
