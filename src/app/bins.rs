//! Which values of a row are drawn: one antenna pair, raw or cleaned, in ascending subcarrier number.

use super::cx::Scope;
use crate::signal::Products;
use crate::types::{Complex32, Rows};

/// A table of complex rows with the places to read in each row and the subcarrier number of each place.
pub struct Bins<'a> {
    pub rows: &'a Rows<Complex32>,
    pub places: Vec<usize>,
    pub subcarriers: Vec<i16>,
    /// Which antenna pair is shown.
    pub chain: usize,
    pub clean: bool,
}

/// Chooses what `scope` asks for. Raw rows are ordered within the first training field; further fields follow.
pub fn bins<'a>(products: &'a Products, scope: &Scope) -> Bins<'a> {
    let n_chains = (products.n_rx * products.n_tx).max(1);
    let chain = scope.chain.min(n_chains - 1);
    let index = &products.subcarriers.index;
    let clean = scope.clean && !products.clean.is_empty();
    if clean {
        let n = products.usable.len();
        let subcarriers = products.usable.iter().map(|&at| index.get(usize::from(at)).copied().unwrap_or(0)).collect();
        return Bins {
            rows: &products.clean,
            places: (chain * n..(chain + 1) * n).collect(),
            subcarriers,
            chain,
            clean,
        };
    }
    let mut order: Vec<usize> = Vec::with_capacity(index.len());
    for (_, range) in products.subcarriers.ranges() {
        let from = order.len();
        order.extend(range.filter(|at| *at < index.len()));
        order[from..].sort_by_key(|at| index[*at]);
    }
    let subcarriers = order.iter().map(|&at| index[at]).collect();
    let places = order.into_iter().map(|at| chain * index.len() + at).collect();
    Bins { rows: &products.raw, places, subcarriers, chain, clean }
}

/// The words for an antenna pair.
pub fn chain_label(products: &Products, chain: usize) -> String {
    let n_tx = products.n_tx.max(1);
    format!("rx {} · tx {}", chain / n_tx + 1, chain % n_tx + 1)
}
