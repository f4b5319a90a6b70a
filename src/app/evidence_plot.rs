//! The signals around an event: how much moved over the quiet floor, as the fall detector measures it, and the spectrum or
//! the amplitudes of its link, with the event's stages shaded over both.
//!
//! In go the link's tables of a snapshot; nothing is kept but the pictures of one event.

use egui::{ColorImage, Painter, Rect, Sense, TextureHandle, TextureOptions, Ui, pos2, vec2};

use super::chart::{self, Axes};
use super::marks;
use super::theme::{self, Theme};
use super::time::{self, TimeView};
use crate::analytics::burst::{self, MIN_CONTRAST_DB};
use crate::analytics::clean::{RATE_HZ, clean};
use crate::analytics::series::AmplitudeSeries;
use crate::engine::LinkView;
use crate::render::Colormap;
use crate::signal::Products;
use crate::types::{Event, EventId, Rows, Span, Stage, StreamId, Timestamp};

/// What is shown before and after an event, and the longest stretch of one, seconds.
const BEFORE_SECS: f64 = 4.0;
const AFTER_SECS: f64 = 2.0;
const LONGEST_SECS: f64 = 26.0;
/// Of an event this much is played at once, seconds.
const PLAYED_SECS: f64 = 10.0;
/// Moments across the picture: finer than the spectra are.
const N_SLOTS: usize = 320;
/// A row stands for no longer than this, seconds; longer pauses are gaps.
const HOLD_SECS: f64 = 0.4;
/// The darkest colour of a spectrum, and the brightest, dB over the noise.
const SPECTRUM_DB: (f32, f32) = (0.0, 25.0);
/// Amplitudes change by this share of a bin's mean from dark to bright.
const AMPLITUDE_SHARES: (f32, f32) = (0.6, 1.4);

/// The stretch whose signals are shown for an event.
pub fn window_of(event: &Event) -> Span {
    let end = event.span.end.min(event.span.start.plus_secs(LONGEST_SECS - BEFORE_SECS - AFTER_SECS));
    Span::new(event.span.start.plus_secs(-BEFORE_SECS), end.plus_secs(AFTER_SECS))
}

/// What a replay plays at once when an event is chosen: from before it to its end, or as much as nobody waits for.
pub fn played(event: &Event) -> (Timestamp, Timestamp) {
    let until = event.span.start.plus_secs(PLAYED_SECS).min(window_of(event).end);
    (event.span.start.plus_secs(-1.0), until)
}

#[derive(Clone, Copy, PartialEq)]
struct Key {
    event: EventId,
    revision: u32,
    stream: StreamId,
    end_row: u64,
    generation: u32,
}

/// What was computed for the event that is shown.
#[derive(Default)]
pub struct Signals {
    key: Option<Key>,
    /// Seconds of the window and dB over the quiet floor.
    energy: Vec<(f32, f32)>,
    picture: Option<Picture>,
}

struct Picture {
    texture: TextureHandle,
    kind: &'static str,
    /// Of the vertical axis.
    range: (f32, f32),
}

impl Signals {
    /// Computes anew when the event or the data changed; `false` where the link's tables do not reach the window.
    pub fn renew(&mut self, ui: &Ui, event: &Event, link: &LinkView) -> bool {
        let window = window_of(event);
        let products = &link.products;
        let Some(have) = products.raw.span() else { return false };
        // The event itself must be there; what lies before it is welcome.
        if have.start > event.span.start || have.end < event.span.start {
            return false;
        }
        let key = Key {
            event: event.id,
            revision: event.revision,
            stream: link.stream,
            // What comes after the window changes nothing.
            end_row: products.raw.row_at(window.end.plus_nanos(1)),
            generation: products.generation,
        };
        if self.key != Some(key) {
            self.key = Some(key);
            self.energy = energy(products, window);
            self.picture = picture(ui, products, window);
        }
        true
    }
}

/// Movement over the quiet floor of the window, dB, by the very functions that the fall detector uses.
fn energy(products: &Products, window: Span) -> Vec<(f32, f32)> {
    let rows = &products.raw;
    let n_bins = products.subcarriers.index.len();
    let mut order: Vec<(i16, usize)> = (products.usable.iter())
        .filter_map(|&at| Some((*products.subcarriers.index.get(usize::from(at))?, usize::from(at))))
        .collect();
    order.sort_unstable();
    let mut series = AmplitudeSeries { numbers: order.iter().map(|(k, _)| *k).collect(), ..AmplitudeSeries::default() };
    let mut first = None;
    for row in rows.iter_from(rows.row_at(window.start)).take_while(|row| row.time <= window.end) {
        let zero = *first.get_or_insert(row.time);
        let n_chains = (row.values.len() / n_bins.max(1)).max(1) as f32;
        let amplitude = |at: usize| {
            let power: f32 = row.values.iter().skip(at).step_by(n_bins.max(1)).map(|v| v.norm_sqr()).sum();
            (power / n_chains).sqrt()
        };
        let from = series.rows.len();
        series.rows.extend(order.iter().map(|(_, at)| amplitude(*at)));
        let is_sound = series.rows.iter().skip(from).all(|a| a.is_finite());
        let is_later = series.times_secs.last().is_none_or(|last| row.time.secs_since(zero) > *last);
        if is_sound && is_later {
            series.times_secs.push(row.time.secs_since(zero));
        } else {
            series.rows.truncate(from);
        }
    }
    let Some(first) = first else { return Vec::new() };
    let Some((clean, burst)) = clean(&series).and_then(|clean| burst::find(&clean).map(|burst| (clean, burst))) else {
        return Vec::new();
    };
    let start = first.secs_since(window.start);
    let db = |energy: f64| (10.0 * (energy / burst.floor.max(f64::MIN_POSITIVE)).max(1e-3).log10()) as f32;
    let at = |sample: usize| (start + sample as f64 / RATE_HZ) as f32;
    burst
        .energy
        .iter()
        .zip(&clean.valid)
        .enumerate()
        .map(|(sample, (energy, valid))| (at(sample), if *valid { db(*energy) } else { f32::NAN }))
        .collect()
}

/// The Doppler spectrum where there is one, else amplitudes by subcarrier.
fn picture(ui: &Ui, products: &Products, window: Span) -> Option<Picture> {
    let magma = Colormap::Magma.table();
    let share = |value: f32, (low, high): (f32, f32)| ((value - low) / (high - low)).clamp(0.0, 1.0);
    let index = |share: f32| (share * (magma.len() - 1) as f32) as usize;
    if !products.doppler.is_empty() && products.doppler_hz.len() == products.doppler.width() {
        let level = |value: f32| index(share(value, SPECTRUM_DB));
        let image =
            image(&products.doppler, products.doppler.width(), window, |values, bin| level(values[bin]), &magma)?;
        let range = (*products.doppler_hz.first()?, *products.doppler_hz.last()?);
        let texture = ui.ctx().load_texture("evidence", image, TextureOptions::NEAREST);
        return Some(Picture { texture, kind: "Doppler, Hz", range });
    }
    let viridis = Colormap::Viridis.table();
    let n = products.usable.len();
    let rows = &products.clean;
    let (from, to) = (rows.row_at(window.start), rows.row_at(window.end.plus_nanos(1)));
    let mut means = vec![0.0_f32; n];
    for row in rows.iter_from(from).take((to - from) as usize) {
        means.iter_mut().zip(row.values).for_each(|(mean, value)| *mean += value.norm() / (to - from).max(1) as f32);
    }
    let level = |value: f32, mean: f32| index(share(value / mean.max(f32::MIN_POSITIVE), AMPLITUDE_SHARES));
    let image = image(rows, n, window, |values, bin| level(values[bin].norm(), means[bin]), &viridis)?;
    let number = |at: Option<&u16>| products.subcarriers.index.get(usize::from(*at?)).map(|k| f32::from(*k));
    let range = (number(products.usable.first())?, number(products.usable.last())?);
    let texture = ui.ctx().load_texture("evidence", image, TextureOptions::NEAREST);
    Some(Picture { texture, kind: "amplitude by subcarrier", range })
}

/// A picture of the window, its first bin at the bottom; see-through where nothing came.
fn image<T: Copy>(
    rows: &Rows<T>,
    n_bins: usize,
    window: Span,
    level: impl Fn(&[T], usize) -> usize,
    colours: &[[u8; 4]],
) -> Option<ColorImage> {
    if n_bins == 0 || rows.width() < n_bins {
        return None;
    }
    let mut image = ColorImage::filled([N_SLOTS, n_bins], egui::Color32::TRANSPARENT);
    let mut any = false;
    for slot in 0..N_SLOTS {
        let t = window.start.plus_secs(window.secs() * (slot as f64 + 0.5) / N_SLOTS as f64);
        let after = rows.row_at(t);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|number| rows.get(number));
        let Some(row) = near.min_by_key(|row| row.time.since(t).abs()) else { continue };
        if row.time.secs_since(t).abs() > HOLD_SECS {
            continue;
        }
        any = true;
        for bin in 0..n_bins {
            let [r, g, b, _] = colours[level(row.values, bin).min(colours.len() - 1)];
            image.pixels[(n_bins - 1 - bin) * N_SLOTS + slot] = egui::Color32::from_rgb(r, g, b);
        }
    }
    any.then_some(image)
}

/// Draws energy and picture one under the other.
pub fn plots_ui(ui: &mut Ui, signals: &Signals, event: &Event, origin: Timestamp, position: Option<Timestamp>) {
    let theme = Theme::of(ui);
    let window = window_of(event);
    let lanes_height = event.stages.len().max(1) as f32 * theme::STAGE_LANE + 0.5 * theme::GRID;
    let size = vec2(ui.available_width(), lanes_height + theme::EVIDENCE_HEIGHT);
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Signals around the event"));
    let left = area.left() + theme::AXIS_WIDTH;
    let right = (area.right() - theme::GRID).max(left + 1.0);
    let lane = Rect::from_min_max(pos2(left, area.top()), pos2(right, area.top() + lanes_height));
    let rest = Rect::from_min_max(pos2(left, lane.bottom()), pos2(right, area.bottom() - theme::AXIS_HEIGHT));
    let middle = rest.top() + 0.5 * rest.height();
    let upper = Rect::from_x_y_ranges(rest.x_range(), rest.top()..=middle - 0.5 * theme::GRID);
    let lower = Rect::from_x_y_ranges(rest.x_range(), middle + 0.5 * theme::GRID..=rest.bottom());
    let painter = ui.painter_at(area);
    let x = (0.0, window.secs() as f32);

    let high = signals.energy.iter().map(|point| point.1).filter(|db| db.is_finite()).fold(0.0_f32, f32::max);
    let axes = Axes { rect: upper, x, y: (-3.0, (1.15 * high).max(1.5 * MIN_CONTRAST_DB as f32)) };
    chart::value_axis_ui(&painter, theme, &axes, "");
    let picture = signals.picture.as_ref();
    let axes_below = Axes { rect: lower, x, y: picture.map_or((0.0, 1.0), |picture| picture.range) };
    match picture {
        Some(picture) => {
            chart::value_axis_ui(&painter, theme, &axes_below, "");
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.image(picture.texture.id(), lower, whole, egui::Color32::WHITE);
        }
        None => {
            painter.rect_filled(lower, 0.0, theme.ground);
            nothing(&painter, theme, lower, "no spectrum: too few packets a second");
        }
    }
    stages_ui(&painter, theme, event, window, lane, [upper, lower]);
    if signals.energy.is_empty() {
        nothing(&painter, theme, upper, "too little data to compute the energy of movement");
    } else {
        let gate = axes.pos(0.0, MIN_CONTRAST_DB as f32).y;
        let dash = egui::Shape::dashed_line(
            &[pos2(upper.left(), gate), pos2(upper.right(), gate)],
            egui::Stroke::new(theme::HAIRLINE, theme.quiet),
            theme::GRID,
            theme::GRID,
        );
        painter.extend(dash);
        let at = pos2(upper.right() - theme::GRID, gate);
        marks::caption(&painter, theme, at, egui::Align2::RIGHT_BOTTOM, "event gate");
        chart::line_ui(&painter, &axes, signals.energy.iter().copied(), theme.text);
    }
    let at = upper.left_top() + vec2(theme::GRID, 0.5 * theme::GRID);
    marks::caption(&painter, theme, at, egui::Align2::LEFT_TOP, "movement over the quiet floor, dB");
    if let Some(picture) = picture {
        let at = lower.left_top() + vec2(theme::GRID, 0.5 * theme::GRID);
        marks::caption(&painter, theme, at, egui::Align2::LEFT_TOP, picture.kind);
    }
    if let Some(position) = position.filter(|t| window.contains(*t)) {
        let x = time::x_of(rest, window, position);
        painter.vline(x, lane.top()..=rest.bottom(), egui::Stroke::new(theme::CURVE, theme.text));
    }
    let axis = Rect::from_min_max(rest.left_bottom(), pos2(right, area.bottom()));
    TimeView::axis_ui(&painter, theme, axis, window, origin);
}

fn nothing(painter: &Painter, theme: &Theme, rect: Rect, words: &str) {
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, words, theme::caption_font(), theme.quiet);
}

/// A lane for each stage above the plots, with its number; its stretch is shaded over both. Without stages one lane for all.
fn stages_ui(painter: &Painter, theme: &Theme, event: &Event, window: Span, lanes: Rect, plots: [Rect; 2]) {
    let stages: Vec<(Span, egui::Color32, String)> = if event.stages.is_empty() {
        vec![(event.span, theme.accent, event.label().to_owned())]
    } else {
        let stage = |(n, stage): (usize, &Stage)| (stage.span, theme.track(n), (n + 1).to_string());
        event.stages.iter().enumerate().map(stage).collect()
    };
    let x = |t: Timestamp| time::x_of(lanes, window, t).clamp(lanes.left(), lanes.right());
    for (n, (span, colour, name)) in stages.iter().enumerate() {
        if span.end < window.start || window.end < span.start {
            continue;
        }
        let (from, to) = (x(span.start), x(span.end));
        for plot in plots {
            let area = Rect::from_x_y_ranges(from..=to, plot.y_range());
            painter.rect_filled(area, 0.0, colour.gamma_multiply(theme::STAGE_SHADE));
            painter.vline(from, plot.y_range(), egui::Stroke::new(theme::HAIRLINE, *colour));
        }
        let top = lanes.top() + n as f32 * theme::STAGE_LANE;
        let lane = Rect::from_x_y_ranges(from..=to.max(from + 2.0 * theme::CURVE), top..=top + theme::STAGE_LANE);
        painter.rect_filled(lane.shrink2(vec2(0.0, 1.5 * theme::CURVE)), 0.0, *colour);
        // Before the bar, so that neither hides the other; after it where there is no room.
        let galley = painter.layout_no_wrap(name.clone(), theme::caption_font(), theme.text);
        let before = from - galley.size().x - theme::GRID;
        let left = if before >= lanes.left() { before } else { lane.right() + theme::GRID };
        painter.galley(pos2(left, lane.center().y - 0.5 * galley.size().y), galley, theme.text);
    }
}
