//! Plain trackers to compare with: SORT, and nearest neighbour.
//!
//! SORT after Bewley et al. (ICIP 2016): constant velocity, Hungarian assignment, no memory of the lost. Boxes overlap or
//! do not; points lie within reach or do not, so distance stands for overlap here. Both know nothing of sizes of errors.

use nalgebra::{Matrix2, Matrix2x4, Matrix4, Matrix4x2, Vector2, Vector4};

use super::assign::{Costs, assign};

/// What both need to know. The defaults of reach, hits and age are the best of a grid on the development seeds of [`super::trial`]
/// (0.8 to 1.6 m, 3 and 5, 1 to 15; sum of MOTA and IDF1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlainConfig {
    /// A detection farther off than this belongs to somebody else, m.
    pub reach_m: f64,
    /// Seen in so many frames in a row, a track is shown (SORT's own value).
    pub min_hits: u32,
    /// Not seen in more frames than this, it ends. SORT's own value is 1; radio misses more than cameras do.
    pub max_age: u32,
    /// Of a detection along each axis, m.
    pub sigma_m: f64,
    /// Spectral density of acceleration, m²/s³.
    pub acceleration_m2_per_s3: f64,
}

impl Default for PlainConfig {
    fn default() -> Self {
        Self { reach_m: 1.6, min_hits: 3, max_age: 10, sigma_m: 0.25, acceleration_m2_per_s3: 0.6 }
    }
}

#[derive(Clone, Debug)]
struct Follow {
    id: u64,
    state: Vector4<f64>,
    covariance: Matrix4<f64>,
    n_seen_in_a_row: u32,
    n_missed: u32,
    shown: bool,
}

/// SORT for points.
#[derive(Clone, Debug)]
pub struct Sort {
    config: PlainConfig,
    tracks: Vec<Follow>,
    next_id: u64,
    filtered: bool,
}

impl Sort {
    pub fn new(config: PlainConfig) -> Self {
        Self { config, tracks: Vec::new(), next_id: 1, filtered: true }
    }

    /// The same bookkeeping without a filter: a track is where it was seen last, and the nearest pairs are taken first.
    pub fn nearest_neighbour(config: PlainConfig) -> Self {
        Self { filtered: false, ..Self::new(config) }
    }

    /// Places of a moment, `secs` after the one before. Returns tracks that are shown: number and place.
    pub fn step(&mut self, secs: f64, places_m: &[[f64; 2]]) -> Vec<(u64, [f64; 2])> {
        let places: Vec<Vector2<f64>> = places_m
            .iter()
            .filter(|place| place.iter().all(|v| v.is_finite()))
            .map(|place| Vector2::from(*place))
            .collect();
        if self.filtered {
            self.tracks.iter_mut().for_each(|track| track.predict(secs, &self.config));
        }
        let mut costs = Costs::new(self.tracks.len(), places.len());
        for (row, track) in self.tracks.iter().enumerate() {
            for (column, place) in places.iter().enumerate() {
                let apart = (place - track.state.fixed_rows::<2>(0)).norm();
                if apart <= self.config.reach_m {
                    costs.set(row, column, apart);
                }
            }
        }
        let pairing =
            if self.filtered { assign(&costs) } else { nearest_first(&costs, self.tracks.len(), places.len()) };
        for (track, column) in self.tracks.iter_mut().zip(&pairing) {
            match column.and_then(|column| places.get(column)) {
                Some(place) => track.see(*place, self.filtered, &self.config),
                None => {
                    track.n_missed += 1;
                    track.n_seen_in_a_row = 0;
                }
            }
        }
        self.tracks.retain(|track| track.n_missed <= self.config.max_age);
        for (column, place) in places.iter().enumerate() {
            if !pairing.contains(&Some(column)) {
                self.tracks.push(Follow::new(self.next_id, *place, &self.config));
                self.next_id += 1;
            }
        }
        let shown = self.tracks.iter().filter(|track| track.shown);
        shown.map(|track| (track.id, [track.state[0], track.state[1]])).collect()
    }
}

fn nearest_first(costs: &Costs, n_rows: usize, n_columns: usize) -> Vec<Option<usize>> {
    let mut pairs: Vec<(f64, usize, usize)> = (0..n_rows)
        .flat_map(|row| (0..n_columns).map(move |column| (row, column)))
        .map(|(row, column)| (costs.get(row, column), row, column))
        .filter(|(cost, ..)| cost.is_finite())
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut of_row, mut taken) = (vec![None; n_rows], vec![false; n_columns]);
    for (_, row, column) in pairs {
        if of_row[row].is_none() && !taken[column] {
            of_row[row] = Some(column);
            taken[column] = true;
        }
    }
    of_row
}

impl Follow {
    fn new(id: u64, place: Vector2<f64>, config: &PlainConfig) -> Self {
        let place_variance = config.sigma_m * config.sigma_m;
        Self {
            id,
            state: Vector4::new(place.x, place.y, 0.0, 0.0),
            covariance: Matrix4::from_diagonal(&Vector4::new(place_variance, place_variance, 1.0, 1.0)),
            n_seen_in_a_row: 1,
            n_missed: 0,
            shown: config.min_hits <= 1,
        }
    }

    fn predict(&mut self, secs: f64, config: &PlainConfig) {
        let mut transition = Matrix4::identity();
        let mut noise = Matrix4::zeros();
        for axis in 0..2 {
            transition[(axis, axis + 2)] = secs;
            noise[(axis, axis)] = secs.powi(3) / 3.0;
            noise[(axis, axis + 2)] = secs * secs / 2.0;
            noise[(axis + 2, axis)] = secs * secs / 2.0;
            noise[(axis + 2, axis + 2)] = secs;
        }
        self.state = transition * self.state;
        self.covariance = transition * self.covariance * transition.transpose() + noise * config.acceleration_m2_per_s3;
    }

    fn see(&mut self, place: Vector2<f64>, filtered: bool, config: &PlainConfig) {
        self.n_missed = 0;
        self.n_seen_in_a_row += 1;
        self.shown |= self.n_seen_in_a_row >= config.min_hits;
        if !filtered {
            self.state.fixed_rows_mut::<2>(0).copy_from(&place);
            return;
        }
        let mut observe = Matrix2x4::zeros();
        observe.fixed_view_mut::<2, 2>(0, 0).copy_from(&Matrix2::identity());
        let variance = Matrix2::identity() * (config.sigma_m * config.sigma_m);
        let spread: Matrix2<f64> = observe * self.covariance * observe.transpose() + variance;
        let Some(factor) = spread.cholesky() else { return };
        let crossed: Matrix2x4<f64> = observe * self.covariance;
        let gain: Matrix4x2<f64> = factor.solve(&crossed).transpose();
        self.state += gain * (place - observe * self.state);
        self.covariance = (Matrix4::identity() - gain * observe) * self.covariance;
    }
}
