//! One window with its answers, as numbers of a record.

use bevy_math::Vec3;

use crate::pose::layout::{N_CELLS, N_GEOMETRY, N_GRID_CHANNELS, N_TOKENS};
use crate::pose::targets::{N_TARGET, PersonTarget};
use crate::pose::{FloorGrid, LinkTokens};

/// People whose answers a record has room for.
const N_PEOPLE: usize = 3;

/// One window with its answers.
#[derive(Clone, Debug)]
pub struct Example {
    pub room: u64,
    pub n_antennas: usize,
    pub n_people: usize,
    pub links: Vec<LinkTokens>,
    pub grid: FloorGrid,
    pub packets_per_sec: f32,
    pub longest_gap_secs: f32,
    pub people: Vec<PersonTarget>,
    pub size_m: Vec3,
}

impl Example {
    /// Numbers of a record for so many links; the order is that of [`fields`].
    pub fn numbers(&self, n_links: usize) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(record_len(n_links));
        numbers.extend([
            (self.room % (1 << 24)) as f32,
            self.n_antennas as f32,
            self.n_people as f32,
            self.links.len() as f32,
            self.packets_per_sec,
            self.longest_gap_secs,
        ]);
        numbers.extend(self.size_m.to_array());
        let padded = |mut part: Vec<f32>, len: usize| {
            part.resize(len, 0.0);
            part
        };
        let all = |part: &dyn Fn(&LinkTokens) -> Vec<f32>| -> Vec<f32> {
            self.links.iter().take(n_links).flat_map(part).collect()
        };
        numbers.extend(padded(all(&|_| vec![1.0]), n_links));
        numbers.extend(padded(all(&|link| vec![link.snr_db]), n_links));
        numbers.extend(padded(all(&|link| vec![link.map.path_rate_m_per_s]), n_links));
        numbers.extend(padded(all(&|link| link.values.clone()), n_links * N_TOKENS));
        numbers.extend(padded(all(&|link| link.geometry.to_vec()), n_links * N_GEOMETRY));
        numbers.extend(padded(all(&|link| link.map.energy.to_vec()), n_links * N_CELLS));
        numbers.extend(padded(all(&|link| link.likelihood.to_vec()), n_links * N_CELLS));
        numbers.extend(self.grid.values);
        let people = self.people.iter().take(N_PEOPLE).flat_map(|person| person.numbers()).collect();
        numbers.extend(padded(people, N_PEOPLE * N_TARGET));
        numbers
    }
}

/// Names and shapes of what a record holds, in order.
pub fn fields(n_links: usize) -> Vec<(&'static str, Vec<usize>)> {
    vec![
        ("room", vec![]),
        ("n_antennas", vec![]),
        ("n_people", vec![]),
        ("n_links", vec![]),
        ("packets_per_sec", vec![]),
        ("longest_gap_secs", vec![]),
        ("size_m", vec![3]),
        ("mask", vec![n_links]),
        ("snr_db", vec![n_links]),
        ("path_rate", vec![n_links]),
        ("tokens", vec![n_links, N_TOKENS]),
        ("geometry", vec![n_links, N_GEOMETRY]),
        ("map", vec![n_links, N_CELLS]),
        ("likelihood", vec![n_links, N_CELLS]),
        ("grid", vec![N_GRID_CHANNELS, N_CELLS]),
        ("people", vec![N_PEOPLE, N_TARGET]),
    ]
}

pub fn record_len(n_links: usize) -> usize {
    fields(n_links).iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
}
