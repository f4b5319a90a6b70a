//! Where the values of an ESP32 payload lie in frequency: the vendor's tables, and guesses that say so.
//!
//! The tables follow the ESP-IDF Wi-Fi guide ("Long Training Field") as transcribed in the crate esp-csi-rs 0.13.0.
//! Numbers count from the carrier of the receiver's channel, which for a 40 MHz setting lies between the two halves:
//! a 20 MHz packet then fills -64..=-1 (secondary channel above) or 0..=63 (below).

use std::ops::RangeInclusive;
use std::sync::Arc;

use LtfField::{HtLtf, Lltf, StbcHtLtf2, Unnamed};
use PacketKind::{Ht20, Ht20Stbc, Ht40, Ht40Stbc, NonHt};

use super::columns::Family;
use crate::types::{LtfField, Segment, Subcarriers};

/// Subcarrier spacing of 802.11a/g/n/ac in hertz: 20 MHz over 64.
const SPACING_HZ: f32 = 312_500.0;
/// Subcarrier spacing of 802.11ax in hertz: 20 MHz over 256.
const HE_SPACING_HZ: f32 = 78_125.0;

type Runs = &'static [RangeInclusive<i16>];
type Fields = &'static [(LtfField, Runs)];

/// What decides the order of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub family: Family,
    /// Complex values in the payload.
    pub n_pairs: usize,
    /// 0 none, 1 above, 2 below.
    pub secondary_channel: i64,
    pub kind: PacketKind,
    /// The first two values hold garbage.
    pub is_first_word_invalid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PacketKind {
    NonHt,
    Ht20,
    Ht20Stbc,
    Ht40,
    Ht40Stbc,
}

impl PacketKind {
    pub(super) fn new(sig_mode: i64, bandwidth: i64, stbc: i64) -> Self {
        match (sig_mode, bandwidth, stbc) {
            (0, _, _) => Self::NonHt,
            (_, 0, 0) => Self::Ht20,
            (_, 0, _) => Self::Ht20Stbc,
            (_, _, 0) => Self::Ht40,
            (_, _, _) => Self::Ht40Stbc,
        }
    }
}

/// The order of a payload.
#[derive(Clone, Debug)]
pub(in crate::capture::format) struct Layout {
    pub subcarriers: Arc<Subcarriers>,
    /// The header does not say so: it was taken from the number of values.
    pub is_guess: bool,
    /// The table of C5, C6 and C61 was used.
    pub is_newer: bool,
    /// The values span 40 MHz.
    pub is_40_mhz: bool,
}

const FULL_20: Runs = &[0..=31, -32..=-1];
const ABOVE_20: Runs = &[-64..=-1];
const BELOW_20: Runs = &[0..=63];
const FULL_40: Runs = &[0..=63, -64..=-1];
const STBC_40: Runs = &[0..=60, -60..=-1];

/// Secondary channel, packet kind, fields in buffer order.
const CLASSIC: [(i64, PacketKind, Fields); 13] = [
    (0, NonHt, &[(Lltf, FULL_20)]),
    (0, Ht20, &[(Lltf, FULL_20), (HtLtf, FULL_20)]),
    (0, Ht20Stbc, &[(Lltf, FULL_20), (HtLtf, FULL_20), (StbcHtLtf2, FULL_20)]),
    (2, NonHt, &[(Lltf, BELOW_20)]),
    (2, Ht20, &[(Lltf, BELOW_20), (HtLtf, BELOW_20)]),
    (2, Ht20Stbc, &[(Lltf, BELOW_20), (HtLtf, &[0..=62]), (StbcHtLtf2, &[0..=62])]),
    (2, Ht40, &[(Lltf, BELOW_20), (HtLtf, FULL_40)]),
    (2, Ht40Stbc, &[(Lltf, BELOW_20), (HtLtf, STBC_40), (StbcHtLtf2, STBC_40)]),
    (1, NonHt, &[(Lltf, ABOVE_20)]),
    (1, Ht20, &[(Lltf, ABOVE_20), (HtLtf, ABOVE_20)]),
    (1, Ht20Stbc, &[(Lltf, ABOVE_20), (HtLtf, &[-62..=-1]), (StbcHtLtf2, &[-62..=-1])]),
    (1, Ht40, &[(Lltf, ABOVE_20), (HtLtf, FULL_40)]),
    (1, Ht40Stbc, &[(Lltf, ABOVE_20), (HtLtf, STBC_40), (StbcHtLtf2, STBC_40)]),
];

/// Fields and spacing of C5, C6 and C61, told apart by their length alone; true for 40 MHz.
///
/// 64 values: nulls at positions 0-3, 32 and 61-63 of C5 and C6 recordings. 128 values: the C6 line in the esp-csi
/// get-started guide, nulls at -64..=-59, -1..=1 and 59..=63. 53 values (legacy field of C5 and C61) are missing on
/// purpose: they are no byte pairs (esp-idf issue 18982).
const NEWER: [(Fields, f32, bool); 5] = [
    (&[(Unnamed, &[-32..=31])], SPACING_HZ, false),
    (&[(Unnamed, &[-64..=63])], SPACING_HZ, true),
    (&[(HtLtf, &[0..=28, -28..=-1])], SPACING_HZ, false),
    (&[(HtLtf, &[0..=58, -58..=-1])], SPACING_HZ, true),
    (&[(Unnamed, &[0..=122, -122..=-1])], HE_SPACING_HZ, false),
];

/// The order of a payload; `None` where no order that makes sense has this many values.
pub(super) fn find(shape: &Shape) -> Option<Layout> {
    match shape.family {
        Family::Newer => newer(shape, &NEWER, false),
        Family::Classic => classic(shape)
            .or_else(|| classic_by_count(shape))
            .or_else(|| without_nulls(shape))
            // Tools that print the classic columns run on newer chips too; their FFT orders clash with the above.
            .or_else(|| newer(shape, &NEWER[2..], true)),
    }
}

fn newer(shape: &Shape, table: &[(Fields, f32, bool)], is_guess: bool) -> Option<Layout> {
    let (fields, spacing_hz, is_40_mhz) = table.iter().find(|(fields, ..)| n_pairs(fields) == shape.n_pairs)?;
    let fields = fields.iter().map(|(field, runs)| (*field, indices(runs)));
    let subcarriers = build(fields, *spacing_hz, shape);
    Some(Layout { subcarriers, is_guess, is_newer: true, is_40_mhz: *is_40_mhz })
}

/// The table row that the header asks for, or its first fields where the firmware prints no more.
fn classic(shape: &Shape) -> Option<Layout> {
    let (_, _, fields) = CLASSIC.iter().find(|row| (row.0, row.1) == (shape.secondary_channel, shape.kind))?;
    let n_fields = (1..=fields.len()).find(|&n| n_pairs(&fields[..n]) == shape.n_pairs)?;
    Some(from_classic(&fields[..n_fields], shape, false))
}

/// Any row of the same secondary channel with as many values; an unknown secondary channel counts as none.
fn classic_by_count(shape: &Shape) -> Option<Layout> {
    let (_, _, fields) = rows(shape).find(|row| n_pairs(row.2) == shape.n_pairs)?;
    Some(from_classic(fields, shape, true))
}

/// esp-radar takes the nulls out before printing: 52 values of the legacy field, then 56 of each HT field.
/// Whether the two halves were swapped depends on its version, hence a guess.
fn without_nulls(shape: &Shape) -> Option<Layout> {
    let middle = match shape.secondary_channel {
        1 => -32,
        2 => 32,
        _ => 0,
    };
    rows(shape).filter(|row| matches!(row.1, NonHt | Ht20 | Ht20Stbc)).find_map(|(_, _, fields)| {
        let fields: Vec<(LtfField, Vec<i16>)> = fields
            .iter()
            .map(|(field, runs)| {
                let edge = if *field == Lltf { 26 } else { 28 };
                let is_live = |k: &i16| (1..=edge).contains(&(k - middle).abs());
                (*field, indices(runs).filter(is_live).collect())
            })
            .collect();
        (fields.iter().map(|(_, index)| index.len()).sum::<usize>() == shape.n_pairs).then(|| Layout {
            subcarriers: build(fields.into_iter(), SPACING_HZ, shape),
            is_guess: true,
            is_newer: false,
            is_40_mhz: false,
        })
    })
}

fn rows(shape: &Shape) -> impl Iterator<Item = &'static (i64, PacketKind, Fields)> {
    let secondary_channel = if matches!(shape.secondary_channel, 1 | 2) { shape.secondary_channel } else { 0 };
    CLASSIC.iter().filter(move |row| row.0 == secondary_channel)
}

fn from_classic(fields: Fields, shape: &Shape, is_guess: bool) -> Layout {
    let is_40_mhz = fields.iter().any(|(_, runs)| *runs == FULL_40 || *runs == STBC_40);
    let fields = fields.iter().map(|(field, runs)| (*field, indices(runs)));
    Layout { subcarriers: build(fields, SPACING_HZ, shape), is_guess, is_newer: false, is_40_mhz }
}

fn n_pairs(fields: Fields) -> usize {
    fields.iter().map(|(_, runs)| indices(runs).count()).sum()
}

fn indices(runs: Runs) -> impl Iterator<Item = i16> {
    runs.iter().cloned().flatten()
}

fn build<I: IntoIterator<Item = i16>>(
    fields: impl Iterator<Item = (LtfField, I)>,
    spacing_hz: f32,
    shape: &Shape,
) -> Arc<Subcarriers> {
    let mut index = Vec::with_capacity(shape.n_pairs);
    let mut segments = Vec::new();
    for (field, run) in fields {
        let start = index.len();
        index.extend(run);
        segments.push(Segment { field, len: index.len() - start });
    }
    let invalid = if shape.is_first_word_invalid { vec![0, 1] } else { Vec::new() };
    Arc::new(Subcarriers::new(index, spacing_hz, segments, invalid))
}

/// The layouts of one input, so that its frames share their tables.
#[derive(Clone, Default)]
pub(super) struct Layouts {
    known: Vec<(Shape, Layout)>,
}

impl Layouts {
    /// More shapes than any real stream mixes; past it the oldest are dropped.
    const MAX_KNOWN: usize = 32;

    pub(super) fn find(&mut self, shape: &Shape) -> Option<Layout> {
        if let Some((_, layout)) = self.known.iter().find(|(known, _)| known == shape) {
            return Some(layout.clone());
        }
        let layout = find(shape)?;
        if self.known.len() >= Self::MAX_KNOWN {
            self.known.remove(0);
        }
        self.known.push((*shape, layout.clone()));
        Some(layout)
    }
}
