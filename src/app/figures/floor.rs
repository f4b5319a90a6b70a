//! Where time is spent: person-seconds over the floor as colours, with the scale that goes with them.

use bevy_math::{Vec2, Vec3};

use crate::app::theme::{self, Theme};
use crate::render::sheet::SheetCorner;
use crate::render::{Colormap, Rgba, Scene};
use crate::tracking::occupancy::FloorMap;

/// Cells drawn at most, a side; finer maps are drawn in coarser squares.
const MAX_CELLS: usize = 120;

/// The floor's map as squares, and the value that has the last colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    pub square_m: f32,
    pub n_columns: usize,
    /// Person-seconds per square, row by row.
    pub secs: Vec<f64>,
    pub most_secs: f64,
    pub watched_secs: f64,
}

/// `None` where nobody has spent any time yet.
pub fn heat(map: &FloorMap) -> Option<Heat> {
    let step = map.n_columns.max(map.n_rows).div_ceil(MAX_CELLS).max(1);
    let (n_columns, n_rows) = (map.n_columns.div_ceil(step), map.n_rows.div_ceil(step));
    let mut secs = vec![0.0; n_columns * n_rows];
    for (cell, value) in map.secs.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let (row, column) = (cell / map.n_columns.max(1) / step, cell % map.n_columns.max(1) / step);
        if let Some(sum) = secs.get_mut(row * n_columns + column) {
            *sum += value;
        }
    }
    let most_secs = secs.iter().copied().fold(0.0, f64::max);
    let square_m = (map.cell_m * step as f64) as f32;
    (most_secs > 0.0).then_some(Heat { square_m, n_columns, secs, most_secs, watched_secs: map.watched_secs })
}

impl Heat {
    /// Of the scale, at a corner of the squares: the mean of those around it. In fortieths, so that what nobody can tell
    /// apart does not draw the room anew.
    fn share(&self, column: usize, row: usize) -> f32 {
        let n_rows = self.secs.len() / self.n_columns.max(1);
        let (mut sum, mut n) = (0.0, 0.0);
        for row in row.saturating_sub(1)..=row.min(n_rows.saturating_sub(1)) {
            for column in column.saturating_sub(1)..=column.min(self.n_columns.saturating_sub(1)) {
                sum += self.secs.get(row * self.n_columns + column).copied().unwrap_or(0.0);
                n += 1.0;
            }
        }
        ((sum / f64::max(n, 1.0) / self.most_secs * 40.0).round() / 40.0) as f32
    }
}

/// The colour of a share of the scale: towards black in a light window, towards white in a dark one.
pub fn heat_color(share: f32, theme: &Theme) -> Rgba {
    Colormap::Magma.color(if theme.dark { share } else { 1.0 - share })
}

pub fn add_heat(scene: &mut Scene, heat: &Heat, theme: &Theme) {
    let room = scene.room.map_or(Vec2::INFINITY, |room| room.truncate());
    let corner = |column: usize, row: usize| {
        let share = heat.share(column, row);
        let [r, g, b, _] = heat_color(share, theme);
        // What is next to nothing shines through.
        let alpha = (f32::from(theme::HEAT_ALPHA) * (share * 8.0).min(1.0)).round() as u8;
        let at = (Vec2::new(column as f32, row as f32) * heat.square_m).min(room);
        SheetCorner { position: at.extend(0.0), normal: Vec3::ZERO, color: [r, g, b, alpha] }
    };
    for cell in 0..heat.secs.len() {
        let (column, row) = (cell % heat.n_columns, cell / heat.n_columns);
        let [a, b, c, d] =
            [corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)];
        if [a, b, c, d].iter().any(|corner| corner.color[3] > 0) {
            scene.floor.extend([[a, b, c], [a, c, d]]);
        }
    }
}
