//! SKELETON
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulatorSpec {
    pub seed: u64,
    pub n_links: u8,
    pub rate_hz: f32,
    pub n_subcarriers: u16,
}
