//! A small plot: axes with round ticks, lines thinned to what the pixels can show, and dots.

use egui::{Align2, Color32, Painter, Pos2, Rect, Shape, Stroke};

use super::format;
use super::theme::{self, Theme};

/// A plot's area on screen and the values at its edges.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    pub rect: Rect,
    pub x: (f32, f32),
    pub y: (f32, f32),
}

impl Axes {
    pub fn pos(&self, x: f32, y: f32) -> Pos2 {
        let share = |v: f32, (low, high): (f32, f32)| (v - low) / (high - low).max(f32::MIN_POSITIVE);
        Pos2::new(
            self.rect.left() + share(x, self.x) * self.rect.width(),
            self.rect.bottom() - share(y, self.y) * self.rect.height(),
        )
    }

    pub fn x_at(&self, pos: Pos2) -> f32 {
        self.x.0 + (pos.x - self.rect.left()) / self.rect.width().max(1.0) * (self.x.1 - self.x.0)
    }
}

/// The round distance (1, 2 or 5 times a power of ten) that gives at most `n` steps in `range`.
pub fn nice_step(range: f64, n: usize) -> f64 {
    let rough = range / n.max(1) as f64;
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * power).find(|step| *step >= rough).unwrap_or(10.0 * power)
}

/// The multiples of a round step inside a range.
pub fn ticks((low, high): (f32, f32), n: usize) -> impl Iterator<Item = (f32, String)> {
    let step = nice_step(f64::from(high - low), n);
    let (first, last) = ((f64::from(low) / step).ceil() as i64, (f64::from(high) / step).floor() as i64);
    // A range that is no range has no ticks; a sane one has a few.
    (first..=last.min(first.saturating_add(50))).map(move |i| {
        let value = (i as f64 * step) as f32;
        (value, format::tick(value, step))
    })
}

/// Draws ground, grid and value labels left of `axes.rect`.
pub fn value_axis_ui(painter: &Painter, theme: &Theme, axes: &Axes, unit: &str) {
    painter.rect_filled(axes.rect, 0.0, theme.ground);
    for (y, label) in ticks(axes.y, (axes.rect.height() / 28.0).max(2.0) as usize) {
        let pos = axes.pos(axes.x.0, y);
        painter.hline(axes.rect.x_range(), pos.y, theme.hairline());
        let at = pos - egui::vec2(theme::GRID, 0.0);
        painter.text(at, Align2::RIGHT_CENTER, label, theme::number_font(), theme.quiet);
    }
    if !unit.is_empty() {
        let at = axes.rect.left_top() + egui::vec2(theme::GRID, 0.5 * theme::GRID);
        super::marks::caption(painter, theme, at, Align2::LEFT_TOP, unit);
    }
}

/// Draws grid and labels under `axes.rect`.
pub fn bottom_axis_ui(painter: &Painter, theme: &Theme, axes: &Axes) {
    for (x, label) in ticks(axes.x, (axes.rect.width() / 64.0).max(2.0) as usize) {
        let pos = axes.pos(x, axes.y.0);
        painter.vline(pos.x, axes.rect.y_range(), theme.hairline());
        let at = pos + egui::vec2(0.0, 0.5 * theme::GRID);
        painter.text(at, Align2::CENTER_TOP, label, theme::number_font(), theme.quiet);
    }
}

/// Draws a curve. With more than two points a pixel only the extremes of each pixel are kept, so that no peak is lost;
/// `NaN` breaks the line.
pub fn line_ui(painter: &Painter, axes: &Axes, points: impl Iterator<Item = (f32, f32)>, colour: Color32) {
    let stroke = Stroke::new(theme::CURVE, colour);
    let mut run: Vec<Pos2> = Vec::new();
    let mut column = f32::NAN;
    let (mut low, mut high, mut last) = (Pos2::ZERO, Pos2::ZERO, Pos2::ZERO);
    let mut n_in_column = 0;
    let close = |run: &mut Vec<Pos2>, low: Pos2, high: Pos2, last: Pos2, n: usize| match n {
        0 => {}
        1 => run.push(last),
        _ if low.x <= high.x => run.extend([low, high]),
        _ => run.extend([high, low]),
    };
    let flush = |run: &mut Vec<Pos2>| match run.len() {
        0 => {}
        1 => {
            painter.circle_filled(run[0], theme::CURVE, colour);
            run.clear();
        }
        _ => {
            painter.add(Shape::line(std::mem::take(run), stroke));
        }
    };
    for (x, y) in points {
        if !y.is_finite() {
            close(&mut run, low, high, last, n_in_column);
            flush(&mut run);
            (column, n_in_column) = (f32::NAN, 0);
            continue;
        }
        let pos = axes.pos(x, y);
        let pos = Pos2::new(pos.x, pos.y.clamp(axes.rect.top(), axes.rect.bottom()));
        if pos.x.floor() == column {
            n_in_column += 1;
            if pos.y > low.y {
                low = pos;
            }
            if pos.y < high.y {
                high = pos;
            }
        } else {
            close(&mut run, low, high, last, n_in_column);
            (column, n_in_column, low, high) = (pos.x.floor(), 1, pos, pos);
        }
        last = pos;
    }
    close(&mut run, low, high, last, n_in_column);
    flush(&mut run);
}

/// A range around values with a little room, never empty; `None` without finite values.
pub fn range_of(values: impl Iterator<Item = f32>) -> Option<(f32, f32)> {
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for v in values.filter(|v| v.is_finite()) {
        low = low.min(v);
        high = high.max(v);
    }
    if low > high {
        return None;
    }
    let room = ((high - low) * 0.06).max(high.abs().max(1e-6) * 0.02);
    Some((low - room, high + room))
}
