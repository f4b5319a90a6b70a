//! Tables over time as textures: how fine a picture is, when it is drawn anew, and what its colours stand for.
//!
//! In go [`Rows`] and a window of time, out comes a texture to show. [`Waterfall`] keeps the rows on the GPU and makes the
//! picture; slots in which nothing came stay see-through, so that what lies under it shows where the gaps are.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use egui::TextureId;
use egui_wgpu::{RenderState, wgpu};

use super::cx::HeatKind;
use crate::render::{Mode, Texel, Waterfall, WaterfallPipeline, WaterfallView};
use crate::types::{Complex32, Row, Rows, Span, StreamId, Timestamp};

/// More bins than this are thinned: what every device that can show the window holds in a texture (WebGL 2).
const MAX_BINS: usize = 2_048;
/// Rows of the window that ranges and intervals are estimated from, and values of each.
const N_SAMPLED: usize = 64;
/// Amplitudes further below the loudest are drawn as silence: reports of eight bits reach no lower (20 log10 of 2^7).
const MAX_RANGE_DB: f32 = 42.0;
/// The least range of a spectrogram, so that noise alone does not look like movement.
const MIN_POWER_DB: f32 = 15.0;

/// The rows to draw.
pub struct Table<'a, T> {
    pub rows: &'a Rows<T>,
    /// The places in a row that are drawn, upwards.
    pub columns: &'a [usize],
    /// Tells tables apart; when it changes the picture starts again.
    pub generation: u64,
    /// What a value counts as on the colour scale.
    pub level: fn(T) -> f32,
}

/// All pictures of the window.
#[derive(Default)]
pub struct Maps {
    channels: HashMap<(StreamId, HeatKind), HeatMap<Complex32>>,
    spectra: HashMap<(StreamId, HeatKind), HeatMap<f32>>,
    pipeline: Option<WaterfallPipeline>,
    n_drawn: u64,
}

/// Where a picture is wanted.
#[derive(Clone, Copy)]
pub struct Place {
    pub stream: StreamId,
    pub kind: HeatKind,
    pub window: Span,
    pub size_px: [u32; 2],
}

impl Maps {
    /// The texture that shows a table of complex values; `None` where there is nothing to show.
    pub fn channel(&mut self, gpu: &RenderState, place: Place, table: &Table<'_, Complex32>) -> Option<TextureId> {
        let pipeline = self.pipeline.get_or_insert_with(|| WaterfallPipeline::new(&gpu.device, &gpu.queue));
        let map = self.channels.entry((place.stream, place.kind)).or_insert_with(|| HeatMap::new(place.kind));
        map.update(gpu, pipeline, place, table, &mut self.n_drawn)
    }

    /// The same for a table of powers.
    pub fn spectrum(&mut self, gpu: &RenderState, place: Place, table: &Table<'_, f32>) -> Option<TextureId> {
        let pipeline = self.pipeline.get_or_insert_with(|| WaterfallPipeline::new(&gpu.device, &gpu.queue));
        let map = self.spectra.entry((place.stream, place.kind)).or_insert_with(|| HeatMap::new(place.kind));
        map.update(gpu, pipeline, place, table, &mut self.n_drawn)
    }

    /// How values of a picture become colours.
    pub fn mode(&self, stream: StreamId, kind: HeatKind) -> Option<Mode> {
        let key = (stream, kind);
        self.channels.get(&key).map(|map| map.mode).or_else(|| self.spectra.get(&key).map(|map| map.mode))
    }

    /// The row whose values a picture shows at a time; `None` in a gap.
    pub fn row_at<'a, T: Copy>(
        &self,
        stream: StreamId,
        kind: HeatKind,
        rows: &'a Rows<T>,
        t: Timestamp,
    ) -> Option<Row<'a, T>> {
        let key = (stream, kind);
        let channel = self.channels.get(&key).map(|map| map.hold_nanos);
        let hold_nanos = channel.or_else(|| self.spectra.get(&key).map(|map| map.hold_nanos))?;
        let row = rows.get(rows.row_at(t.plus_nanos(1)).checked_sub(1)?)?;
        let stands = rows.get(row.number + 1).is_some_and(|next| next.time.since(row.time) <= hold_nanos);
        // Where nothing follows soon, a row stands for about its own interval.
        (stands || t.since(row.time) <= hold_nanos / 3).then_some(row)
    }

    /// How many pictures have been drawn since the start.
    pub fn n_drawn(&self) -> u64 {
        self.n_drawn
    }

    /// Drops the pictures that nobody asked for since the last call.
    pub fn drop_unused(&mut self, gpu: Option<&RenderState>) {
        let mut unused = Vec::new();
        self.channels.retain(|_, map| map.used_or(&mut unused));
        self.spectra.retain(|_, map| map.used_or(&mut unused));
        if let Some(gpu) = gpu.filter(|_| !unused.is_empty()) {
            let mut registry = gpu.renderer.write();
            unused.iter().for_each(|texture| registry.free_texture(texture));
        }
    }
}

struct HeatMap<T> {
    mode: Mode,
    /// How long a row stays valid; longer pauses are gaps. Zero until it is known.
    hold_nanos: i64,
    /// The table, the window and its number of rows that range and interval were last taken from.
    estimated: Option<(u64, Span, u64)>,
    ring: Option<(Shape, Waterfall<T>)>,
    end_row: u64,
    drawn: Option<Drawn>,
    texture: Option<TextureId>,
    used: bool,
}

/// The extent of a ring of slots.
#[derive(Clone, Copy, PartialEq)]
struct Shape {
    n_bins: usize,
    n_slots: usize,
    slot_nanos: i64,
}

/// What the texture shows.
#[derive(PartialEq)]
struct Drawn {
    table: u64,
    view: WaterfallView,
    size_px: [u32; 2],
}

impl<T: Texel> HeatMap<T> {
    fn new(kind: HeatKind) -> Self {
        let mode = match kind {
            HeatKind::Amplitude => Mode::Amplitude { low_db: 0.0, high_db: 1.0 },
            HeatKind::Phase => Mode::Phase,
            HeatKind::Doppler => Mode::Power { low_db: 0.0, high_db: MIN_POWER_DB },
        };
        Self { mode, hold_nanos: 0, estimated: None, ring: None, end_row: 0, drawn: None, texture: None, used: true }
    }

    fn used_or(&mut self, unused: &mut Vec<TextureId>) -> bool {
        let used = std::mem::take(&mut self.used);
        if !used {
            unused.extend(self.texture);
        }
        used
    }

    /// Brings the picture up to date; counts in `n_drawn` whether that took drawing.
    fn update(
        &mut self,
        gpu: &RenderState,
        pipeline: &WaterfallPipeline,
        place: Place,
        table: &Table<'_, T>,
        n_drawn: &mut u64,
    ) -> Option<TextureId> {
        self.used = true;
        let stride = table.columns.len().div_ceil(MAX_BINS).max(1);
        let columns: Vec<usize> = table.columns.iter().copied().step_by(stride).collect();
        if columns.is_empty() || table.rows.is_empty() {
            return None;
        }
        self.estimate(table, &columns, place.window);
        let limit = gpu.device.limits().max_texture_dimension_2d as usize;
        let old = self.ring.as_ref().map(|(shape, _)| *shape);
        let shape = Shape::fitting(old, columns.len(), place.window, place.size_px[0], limit);
        let (_, waterfall) = match self.ring.take() {
            Some(ring) if ring.0 == shape => self.ring.insert(ring),
            _ => {
                // Another ring has another texture to be drawn into.
                self.drawn = None;
                let Shape { n_bins, n_slots, slot_nanos } = shape;
                let waterfall = Waterfall::with_pipeline(&gpu.device, pipeline, n_bins, n_slots, slot_nanos);
                self.ring.insert((shape, waterfall))
            }
        };
        let (rows, hold_nanos) = (table.rows, self.hold_nanos);
        let n_read = waterfall.sync(&gpu.queue, rows, &columns, table.generation, hold_nanos, place.window);
        let started_anew = rows.end_row() < self.end_row;
        self.end_row = rows.end_row();
        let bins = (0.0, columns.len() as f32);
        let view = WaterfallView { window: place.window, bins, mode: self.mode, gap_color: [0; 4] };
        let mut hasher = DefaultHasher::new();
        (table.generation, &columns, hold_nanos).hash(&mut hasher);
        let wanted = Drawn { table: hasher.finish(), view, size_px: place.size_px };
        if let Some(texture) = self.texture
            && n_read == 0
            && !started_anew
            && self.drawn.as_ref() == Some(&wanted)
        {
            return Some(texture);
        }
        let same_view = self.drawn.as_ref().is_some_and(|drawn| drawn.size_px == place.size_px);
        let picture = waterfall.draw(&gpu.device, &gpu.queue, &wanted.view, place.size_px);
        *n_drawn += 1;
        self.drawn = Some(wanted);
        let filter = wgpu::FilterMode::Nearest;
        match self.texture {
            Some(texture) if same_view => return Some(texture),
            Some(texture) => {
                gpu.renderer.write().update_egui_texture_from_wgpu_texture(&gpu.device, picture, filter, texture);
            }
            None => self.texture = Some(gpu.renderer.write().register_native_texture(&gpu.device, picture, filter)),
        }
        self.texture
    }

    /// Takes range and interval anew from a sample of the window, at once for another table and then now and then.
    fn estimate(&mut self, table: &Table<'_, T>, columns: &[usize], window: Span) {
        let fresh = self.estimated.is_none_or(|(generation, ..)| generation != table.generation);
        let rows = table.rows;
        let (from, to) = (rows.row_at(window.start), rows.row_at(window.end.plus_nanos(1)));
        let near =
            |at: Span| (window.end.since(at.end)).abs().max((window.nanos() - at.nanos()).abs()) < at.nanos() / 8;
        if !fresh && self.estimated.is_some_and(|(_, at, n_rows)| near(at) && to - from <= n_rows + n_rows / 4) {
            return;
        }
        let step = ((to - from) / N_SAMPLED as u64).max(1) as usize;
        let row_numbers: Vec<u64> = (from..to).step_by(step).collect();
        let interval = |&number: &u64| Some(time(rows.get(number + 1))?.since(time(rows.get(number))?));
        let mut intervals: Vec<i64> = row_numbers.iter().filter_map(interval).collect();
        // Nine in ten pauses are no longer, so that packets in bursts make no stripes; three missed rows make a gap.
        if let Some(hold) = percentile(&mut intervals, 0.9, i64::cmp).map(|nanos| 3 * nanos.max(1))
            && (fresh || (hold - self.hold_nanos).abs() > self.hold_nanos / 4)
        {
            self.hold_nanos = hold;
        }
        let stride = columns.len().div_ceil(N_SAMPLED).max(1);
        let sampled = row_numbers
            .iter()
            .filter_map(|number| rows.get(*number))
            .flat_map(|row| columns.iter().step_by(stride).filter_map(move |column| row.values.get(*column)).copied());
        let mut levels: Vec<f32> = sampled.map(table.level).filter(|level| level.is_finite()).collect();
        let (low, high) =
            (percentile(&mut levels, 0.02, f32::total_cmp), percentile(&mut levels, 0.98, f32::total_cmp));
        let wanted = match (self.mode, low, high) {
            (Mode::Amplitude { .. }, Some(low), Some(high)) => {
                Mode::Amplitude { low_db: low.max(high - MAX_RANGE_DB), high_db: high.max(low + f32::EPSILON) }
            }
            (Mode::Power { .. }, ..) => {
                let high_db = percentile(&mut levels, 0.99, f32::total_cmp).unwrap_or(MIN_POWER_DB).max(MIN_POWER_DB);
                Mode::Power { low_db: 0.0, high_db }
            }
            (mode, ..) => mode,
        };
        if fresh || is_seen(self.mode, wanted) {
            self.mode = wanted;
        }
        // Too few rows say little: they are asked again in the next frame.
        if row_numbers.len() > 2 {
            self.estimated = Some((table.generation, window, to - from));
        }
    }
}

impl Shape {
    /// A slot a pixel, so that pictures are as exact in time as the cursor. Slots are powers of two, and an old ring that
    /// still fits stays, so that zooming and sizing upload everything anew only now and then.
    fn fitting(old: Option<Self>, n_bins: usize, window: Span, width_px: u32, limit: usize) -> Self {
        let nanos = window.nanos().max(1);
        let n_wanted = i64::from(width_px.max(1)).min(limit as i64 / 3);
        let wanted = (nanos / n_wanted.max(1)).max(1);
        let fits = |slot: i64| {
            5 * i128::from(slot) <= 6 * i128::from(wanted) && i128::from(wanted) * 5 < 12 * i128::from(slot)
        };
        let slot_nanos =
            old.map(|old| old.slot_nanos).filter(|slot| fits(*slot)).unwrap_or_else(|| 1_i64 << wanted.ilog2());
        let needed = (nanos / slot_nanos) as usize + 2;
        let enough = |n: usize| (needed..=4 * needed).contains(&n);
        let n_slots = old.map(|old| old.n_slots).filter(|n| enough(*n)).unwrap_or(needed.next_power_of_two());
        Self { n_bins, n_slots: n_slots.min(limit), slot_nanos }
    }
}

fn time<T>(row: Option<Row<'_, T>>) -> Option<Timestamp> {
    row.map(|row| row.time)
}

/// Whether the ends of two scales differ by so much that it shows.
fn is_seen(old: Mode, new: Mode) -> bool {
    let ((low, high, _), (new_low, new_high, _)) = (old.scale(), new.scale());
    let size = (high - low).max(new_high - new_low);
    (new_low - low).abs().max((new_high - high).abs()) > 0.08 * size
}

fn percentile<V: Copy>(values: &mut [V], share: f32, order: impl Fn(&V, &V) -> std::cmp::Ordering) -> Option<V> {
    let at = (values.len().checked_sub(1)? as f32 * share) as usize;
    Some(*values.select_nth_unstable_by(at, order).1)
}
