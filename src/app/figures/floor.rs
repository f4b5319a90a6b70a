//! Where time is spent: person-seconds over the floor as colours, with the scale that goes with them.

use bevy_math::Vec2;

use crate::app::theme;
use crate::render::{Colormap, Scene, sheet};
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
    /// In fortieths of the scale, so that what nobody can tell apart does not draw the room anew.
    fn share(&self, secs: f64) -> f32 {
        ((secs / self.most_secs * 40.0).round() / 40.0) as f32
    }
}

pub fn add_heat(scene: &mut Scene, heat: &Heat) {
    let room = scene.room.map_or(Vec2::INFINITY, |room| room.truncate());
    for (cell, secs) in heat.secs.iter().enumerate() {
        let share = heat.share(*secs);
        if share <= 0.0 {
            continue;
        }
        let [r, g, b, _] = Colormap::Magma.color(share);
        // What is next to nothing shines through.
        let alpha = (f32::from(theme::HEAT_ALPHA) * (share * 6.0).min(1.0)).round() as u8;
        let at = Vec2::new((cell % heat.n_columns) as f32, (cell / heat.n_columns) as f32) * heat.square_m;
        let end = (at + Vec2::splat(heat.square_m)).min(room);
        scene.floor.extend(sheet::rectangle(at, end, [r, g, b, alpha]));
    }
}
