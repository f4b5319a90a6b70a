//! One clock aligner per receiving node, so that all links of a source share one time axis.

use std::collections::BTreeMap;

use crate::signal::clock::ClockAligner;
use crate::types::{ClockHealth, CsiFrame, NodeId, Timestamp};

/// The clocks of every node that has been heard.
#[derive(Clone, Debug, Default)]
pub struct NodeClocks {
    aligners: BTreeMap<NodeId, ClockAligner>,
}

impl NodeClocks {
    /// Where the frame lies on the shared axis, and what is known of its node's clock after it.
    pub fn align(&mut self, frame: &CsiFrame) -> (Timestamp, ClockHealth) {
        let aligner = self.aligners.entry(frame.link.rx).or_default();
        let time = aligner.align(frame.device_time, frame.host_time);
        (time, aligner.health())
    }

    pub fn health(&self) -> Vec<(NodeId, ClockHealth)> {
        self.aligners.iter().map(|(&node, aligner)| (node, aligner.health())).collect()
    }
}
