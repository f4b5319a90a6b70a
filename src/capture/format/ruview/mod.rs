//! RuView nodes (ADR-018): CSI datagrams from ESP32 nodes, and the JSON lines that RuView's tools dump them into.
//!
//! A record holds the ESP-IDF buffer untouched, so pairs are imaginary, real, although RuView's own notes say "I then
//! Q". It names neither the sender, the packet kind nor a device time: the order of subcarriers is guessed from the
//! size and every frame says so. Vitals, features and other records of the nodes are counted, not read: they are
//! verdicts of their firmware, not measurements. The compressed record (0xC5110005) is among them, because different
//! firmwares use its magic for different things.

mod datagram;
mod jsonl;

use std::sync::{Arc, LazyLock};

pub use datagram::datagram;
pub use jsonl::{RuviewJsonl, looks_like_jsonl};

use super::esp32::{self, Layout};
use crate::types::{
    Channel, Complex32, CsiFrame, FrameFlags, Hardware, LinkId, LtfField, NodeId, Segment, SkipReason, Subcarriers,
};

/// The sizes that nodes really send (legacy field, with one and with two HT fields), so that no frame builds a table.
static COMMON: LazyLock<[(usize, Option<Layout>); 3]> =
    LazyLock::new(|| [64, 128, 192].map(|n_pairs| (n_pairs, esp32::layout_by_count(n_pairs))));

/// RuView's server keeps the first 56 of 64 values in amplitude recordings: the nulls at 0 and 27..=37 stay where the
/// firmware's order 0..=31, -32..=-1 has them.
static FIRST_56: LazyLock<Option<Layout>> = LazyLock::new(|| {
    let whole = esp32::layout_by_count(64)?;
    let index = whole.subcarriers.index.get(..56)?.to_vec();
    let segments = vec![Segment { field: LtfField::Lltf, len: index.len() }];
    let subcarriers = Arc::new(Subcarriers::new(index, whole.subcarriers.spacing_hz, segments, Vec::new()));
    Some(Layout { subcarriers, ..whole })
});

fn layout(n_pairs: usize) -> Option<Layout> {
    match COMMON.iter().find(|(n, _)| *n == n_pairs) {
        Some((_, layout)) => layout.clone(),
        None => esp32::layout_by_count(n_pairs),
    }
}

/// A frame of the one receive chain that a node has, as far as size and node number tell.
fn frame(link: LinkId, layout: Layout, values: Vec<Complex32>, flags: FrameFlags) -> CsiFrame {
    CsiFrame {
        link,
        hardware: if layout.is_newer { Hardware::Esp32C6 } else { Hardware::Esp32 },
        channel: Channel { centre_mhz: 0, bandwidth_mhz: if layout.is_40_mhz { 40 } else { 20 } },
        n_rx: 1,
        n_tx: 1,
        values,
        subcarriers: layout.subcarriers,
        flags: flags | FrameFlags::GUESSED_LAYOUT,
        ..CsiFrame::default()
    }
}

fn link_of_node(node: u16) -> LinkId {
    LinkId { tx: NodeId::Unknown, rx: NodeId::Number(node) }
}

/// The ESP-IDF buffer: signed bytes, imaginary part first.
fn complex(iq: &[u8]) -> Result<Vec<Complex32>, SkipReason> {
    let (pairs, []) = iq.as_chunks::<2>() else { return Err(SkipReason::BadValueCount) };
    if pairs.is_empty() {
        return Err(SkipReason::BadValueCount);
    }
    Ok(pairs.iter().map(|&[im, re]| Complex32::new(f32::from(re.cast_signed()), f32::from(im.cast_signed()))).collect())
}

/// A power in dBm. Zero and above stand for "not filled in": recordings hold a constant 0 or 1 there.
fn dbm(value: f32) -> Option<f32> {
    (-128.0..0.0).contains(&value).then_some(value)
}
