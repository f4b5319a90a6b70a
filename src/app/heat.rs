//! A table over time as a picture: time across, bins upwards, kept in a ring so that new rows cost only themselves.
//!
//! In go [`Rows`] and a window of time, out comes a texture. Columns are absolute slots of time, so the picture scrolls
//! without being drawn anew; slots in which nothing came stay see-through, so that gaps are seen as gaps.

use egui::{Color32, ColorImage, Painter, Pos2, Rect, TextureHandle, TextureOptions};

use super::colormap::{self, Lut};
use crate::types::{Row, Rows, Span, Timestamp};

/// Slots of time across the picture; about what a panel has pixels.
const N_SLOTS: usize = 512;
/// More bins than this are thinned: no panel is higher.
const MAX_BINS: usize = 512;

/// How values become colours.
#[derive(Clone, Copy)]
pub struct Style {
    pub lut: &'static Lut,
    pub scale: Scale,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Scale {
    Fixed(f32, f32),
    /// From the 2nd to the 98th percentile of what is shown.
    Auto,
    /// From zero to the 99th percentile, at least to this.
    FromZero(f32),
}

/// What the columns mean; when it changes the picture starts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Key {
    pub run: u64,
    pub generation: u32,
    pub choice: u64,
}

/// The rows to draw.
pub struct Table<'a, T> {
    pub rows: &'a Rows<T>,
    /// The places in a row that are drawn, upwards.
    pub bins: &'a [usize],
    /// How long a row stays valid; longer pauses are gaps.
    pub hold_nanos: i64,
}

impl<T> Table<'_, T> {
    fn stride(&self) -> usize {
        self.bins.len().div_ceil(MAX_BINS).max(1)
    }

    fn n_bins(&self) -> usize {
        self.bins.len().div_ceil(self.stride())
    }
}

pub struct HeatMap {
    texture: TextureHandle,
    key: Key,
    n_bins: usize,
    slot_nanos: i64,
    /// Number of the slot after the newest.
    end_slot: i64,
    next_row: u64,
    /// Slot, time and values of the newest row written.
    last: Option<(i64, Timestamp)>,
    last_values: Vec<f32>,
    /// Bins of one slot stand together; `NaN` where nothing came.
    values: Vec<f32>,
    range: (f32, f32),
    slots_since_range: i64,
    pub used: bool,
}

impl HeatMap {
    pub fn new(ctx: &egui::Context) -> Self {
        let texture = ctx.load_texture("waterfall", ColorImage::filled([1, 1], Color32::TRANSPARENT), OPTIONS);
        Self {
            texture,
            key: Key::default(),
            n_bins: 0,
            slot_nanos: 0,
            end_slot: 0,
            next_row: 0,
            last: None,
            last_values: Vec::new(),
            values: Vec::new(),
            range: (0.0, 1.0),
            slots_since_range: 0,
            used: true,
        }
    }

    /// The values that the ends of the colour map stand for.
    pub fn range(&self) -> (f32, f32) {
        self.range
    }

    /// Brings the picture up to date. `hold_nanos` is how long a row stays valid, so that slow links make no stripes.
    pub fn update<T: Copy>(
        &mut self,
        table: &Table<'_, T>,
        key: Key,
        window: Span,
        style: Style,
        project: impl Fn(T) -> f32,
    ) {
        let n_bins = table.n_bins();
        let slot_nanos = (window.nanos() / N_SLOTS as i64).max(1);
        let end = window.end.0.div_euclid(slot_nanos) + 1;
        let start = end - N_SLOTS as i64;
        if n_bins == 0 {
            self.n_bins = 0;
            return;
        }
        let far = (end - self.end_slot).abs() >= N_SLOTS as i64;
        let other = key != self.key || n_bins != self.n_bins || slot_nanos != self.slot_nanos;
        let fresh = other || far || table.rows.end_row() < self.next_row;
        let row_at = |slot: i64| table.rows.row_at(Timestamp(slot.saturating_mul(slot_nanos)));
        let (from, to) = if fresh {
            self.key = key;
            self.n_bins = n_bins;
            self.slot_nanos = slot_nanos;
            self.values.clear();
            self.values.resize(N_SLOTS * n_bins, f32::NAN);
            self.start_at(table, row_at(start), &project);
            (start, end)
        } else if end < self.end_slot {
            // Looking back: only what comes into view on the left is new.
            self.start_at(table, row_at(start), &project);
            (start, self.end_slot - N_SLOTS as i64)
        } else {
            (self.end_slot, end)
        };
        for slot in from..to {
            self.column(slot).fill(f32::NAN);
        }
        self.slots_since_range += (to - from).abs();
        let back = end < self.end_slot && !fresh;
        self.end_slot = end;
        let first = self.fill(table, start, if back { to } else { end }, &project).min(from);
        if back {
            self.start_at(table, row_at(end), &project);
        }
        let due = fresh || self.slots_since_range > N_SLOTS as i64 / 8;
        if due && self.refresh_range(style.scale) || fresh {
            if fresh {
                self.slots_since_range = -self.phase();
            }
            self.texture.set(self.image(0, N_SLOTS, style.lut), OPTIONS);
        } else if first < to {
            self.upload(first.max(start), to, style.lut);
        }
    }

    /// Pictures that began together do not take their ranges anew in the same frame.
    fn phase(&self) -> i64 {
        match self.texture.id() {
            egui::TextureId::Managed(n) | egui::TextureId::User(n) => (n % 16) as i64 * 8,
        }
    }

    /// Goes on from `row`; the one before it is still valid for a while.
    fn start_at<T: Copy>(&mut self, table: &Table<'_, T>, row: u64, project: &impl Fn(T) -> f32) {
        self.next_row = row;
        self.last = None;
        if let Some(before) = row.checked_sub(1).and_then(|n| table.rows.get(n)) {
            self.remember(table, before, project);
        }
    }

    fn remember<T: Copy>(&mut self, table: &Table<'_, T>, row: Row<'_, T>, project: &impl Fn(T) -> f32) {
        self.last = Some((row.time.0.div_euclid(self.slot_nanos), row.time));
        self.last_values.clear();
        let bins = table.bins.iter().step_by(table.stride());
        self.last_values.extend(bins.map(|&bin| row.values.get(bin).map_or(f32::NAN, |v| project(*v))));
    }

    /// Writes rows from `next_row` into slots before `to`; answers the first slot written.
    fn fill<T: Copy>(&mut self, table: &Table<'_, T>, start: i64, to: i64, project: &impl Fn(T) -> f32) -> i64 {
        let mut first = to;
        for row in table.rows.iter_from(self.next_row) {
            let slot = row.time.0.div_euclid(self.slot_nanos);
            if let Some((last_slot, last_time)) = self.last
                && row.time.since(last_time) <= table.hold_nanos
            {
                let held = (last_slot + 1).max(start)..slot.min(to);
                first = first.min(held.start);
                for between in held {
                    self.write(between);
                }
            }
            if slot >= to {
                break;
            }
            self.next_row = row.number + 1;
            self.remember(table, row, project);
            if slot >= start {
                first = first.min(slot);
                self.write(slot);
            }
        }
        first
    }

    /// Copies the newest row's values into a slot.
    fn write(&mut self, slot: i64) {
        let at = slot.rem_euclid(N_SLOTS as i64) as usize * self.n_bins;
        self.values[at..at + self.n_bins].copy_from_slice(&self.last_values);
    }

    fn column(&mut self, slot: i64) -> &mut [f32] {
        let at = slot.rem_euclid(N_SLOTS as i64) as usize * self.n_bins;
        &mut self.values[at..at + self.n_bins]
    }

    /// Takes the range anew from a sample of what is shown; says whether it moved enough to be seen.
    fn refresh_range(&mut self, scale: Scale) -> bool {
        self.slots_since_range = 0;
        let wanted = match scale {
            Scale::Fixed(low, high) => (low, high),
            Scale::Auto | Scale::FromZero(_) => {
                let mut sample: Vec<f32> = self.values.iter().copied().step_by(7).filter(|v| v.is_finite()).collect();
                if sample.is_empty() {
                    return false;
                }
                let mut percentile = |share: f32| {
                    let at = ((sample.len() - 1) as f32 * share) as usize;
                    *sample.select_nth_unstable_by(at, f32::total_cmp).1
                };
                match scale {
                    Scale::FromZero(least) => (0.0, percentile(0.99).max(least)),
                    _ => (percentile(0.02), percentile(0.98)),
                }
            }
        };
        let (low, high) = (wanted.0, wanted.1.max(wanted.0 + f32::EPSILON));
        let size = (self.range.1 - self.range.0).max(high - low);
        let moved = (low - self.range.0).abs().max((high - self.range.1).abs()) > 0.08 * size;
        if moved {
            self.range = (low, high);
        }
        moved
    }

    fn upload(&mut self, from: i64, to: i64, lut: &Lut) {
        let mut start = from;
        while start < to {
            let x = start.rem_euclid(N_SLOTS as i64) as usize;
            let n = ((to - start) as usize).min(N_SLOTS - x);
            self.texture.set_partial([x, 0], self.image(x, n, lut), OPTIONS);
            start += n as i64;
        }
    }

    fn image(&self, x: usize, n: usize, lut: &Lut) -> ColorImage {
        let (low, high) = self.range;
        let scale = 1.0 / (high - low).max(f32::MIN_POSITIVE);
        let mut pixels = Vec::with_capacity(n * self.n_bins);
        for bin in (0..self.n_bins).rev() {
            pixels.extend((x..x + n).map(|slot| {
                let v = self.values[slot * self.n_bins + bin];
                if v.is_nan() { Color32::TRANSPARENT } else { colormap::colour(lut, (v - low) * scale) }
            }));
        }
        ColorImage::new([n, self.n_bins], pixels)
    }

    /// Draws the picture into `rect`, which stands for `window`.
    pub fn paint(&self, painter: &Painter, rect: Rect, window: Span) {
        if self.n_bins == 0 {
            return;
        }
        let n_slots = N_SLOTS as i64;
        let start = self.end_slot - n_slots;
        let x_of = |slot: i64| super::time::x_of(rect, window, Timestamp(slot.saturating_mul(self.slot_nanos)));
        let painter = painter.with_clip_rect(painter.clip_rect().intersect(rect));
        // The ring's seam cuts the picture into two pieces.
        let seam = self.end_slot - self.end_slot.rem_euclid(n_slots);
        for (from, to) in [(start, seam), (seam, self.end_slot)] {
            if from >= to {
                continue;
            }
            let u = |slot: i64| slot as f32 / N_SLOTS as f32;
            let x = from.rem_euclid(n_slots);
            let uv = Rect::from_min_max(Pos2::new(u(x), 0.0), Pos2::new(u(x + to - from), 1.0));
            let place = Rect::from_x_y_ranges(x_of(from)..=x_of(to), rect.y_range());
            painter.image(self.texture.id(), place, uv, Color32::WHITE);
        }
    }
}

const OPTIONS: TextureOptions = TextureOptions::NEAREST;
