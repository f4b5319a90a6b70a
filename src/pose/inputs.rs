//! All links of one window together, in the fixed shapes that a network takes.

use super::grid::FloorGrid;
use super::layout::{MAX_LINKS, N_CELLS, N_GEOMETRY, N_TOKENS};
use super::tokens::LinkTokens;

/// Networks are exported for this many links and for [`MAX_LINKS`]; links that are not there are masked.
pub const FEW_LINKS: usize = 8;

/// What one run of a network takes, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkInputs {
    /// Links that there is room for: [`FEW_LINKS`] or [`MAX_LINKS`].
    pub n_slots: usize,
    /// `[slot][token]`.
    pub tokens: Vec<f32>,
    /// `[slot][12]`.
    pub geometry: Vec<f32>,
    /// One where a slot holds a link.
    pub mask: Vec<f32>,
    /// `[slot][140]`: how well each place explains what one link saw, so that a network weighs links itself.
    pub maps: Vec<f32>,
    /// `[slot][140]`: how likely a body in each place makes what one link saw.
    pub likelihoods: Vec<f32>,
    /// `[7][14][10]`.
    pub grid: FloorGrid,
}

impl NetworkInputs {
    /// `None` without links. Of more than [`MAX_LINKS`] the first are taken.
    pub fn new(links: &[LinkTokens]) -> Option<Self> {
        let links = links.get(..links.len().min(MAX_LINKS))?;
        let grid = FloorGrid::new(links.iter().map(|link| &link.map))?;
        let n_slots = if links.len() <= FEW_LINKS { FEW_LINKS } else { MAX_LINKS };
        let padded = |part: Vec<f32>, len: usize| {
            let mut part = part;
            part.resize(n_slots * len, 0.0);
            part
        };
        Some(Self {
            n_slots,
            tokens: padded(links.iter().flat_map(|link| link.values.iter().copied()).collect(), N_TOKENS),
            geometry: padded(links.iter().flat_map(|link| link.geometry).collect(), N_GEOMETRY),
            mask: padded(vec![1.0; links.len()], 1),
            maps: padded(links.iter().flat_map(|link| link.map.energy).collect(), N_CELLS),
            likelihoods: padded(links.iter().flat_map(|link| link.likelihood).collect(), N_CELLS),
            grid,
        })
    }
}
