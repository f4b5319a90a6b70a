//! The time axis that all plots over time share: which stretch is shown, the cursor, and how both are moved.
//!
//! Drag pans, Ctrl with the wheel zooms, hovering moves the cursor on every plot, a click pins it.

use egui::{Painter, Pos2, Rect, Response};

use super::chart;
use super::format;
use super::theme::{self, Theme};
use crate::engine::Snapshot;
use crate::types::{NANOS_PER_SEC, Span, Timestamp};

pub struct TimeView {
    pub span_secs: f64,
    /// The right edge; `None` follows the newest data.
    pub end: Option<Timestamp>,
    /// Where a click left the cursor.
    pub pinned: Option<Timestamp>,
    hovered: Option<Timestamp>,
    hovered_next: Option<Timestamp>,
}

impl Default for TimeView {
    fn default() -> Self {
        Self { span_secs: 10.0, end: None, pinned: None, hovered: None, hovered_next: None }
    }
}

pub const SPANS_SECS: [f64; 6] = [2.0, 5.0, 10.0, 20.0, 60.0, 300.0];

impl TimeView {
    pub fn begin_frame(&mut self) {
        self.hovered = self.hovered_next.take();
    }

    /// The stretch that the plots show; `None` before the first frame.
    pub fn window(&self, snapshot: &Snapshot) -> Option<Span> {
        let end = self.end.or(snapshot.time)?;
        Some(Span { start: end.plus_secs(-self.span_secs), end })
    }

    /// Where all plots draw the cursor.
    pub fn cursor(&self) -> Option<Timestamp> {
        self.hovered.or(self.pinned)
    }

    pub fn following(&self) -> bool {
        self.end.is_none()
    }

    pub fn follow(&mut self) {
        self.end = None;
        self.pinned = None;
    }

    /// Gives a plot over `rect` the common gestures.
    pub fn interact(&mut self, response: &Response, rect: Rect, window: Span) {
        let at = |pos: Pos2| {
            window.start.plus_secs(f64::from((pos.x - rect.left()) / rect.width().max(1.0)) * window.secs())
        };
        if let Some(pos) = response.hover_pos().filter(|pos| rect.contains(*pos)) {
            self.hovered_next = Some(at(pos));
            let zoom = response.ctx.input(|input| input.zoom_delta());
            if zoom != 1.0 {
                self.span_secs = (self.span_secs / f64::from(zoom)).clamp(0.5, 600.0);
            }
        }
        if response.dragged() {
            let secs = f64::from(response.drag_delta().x / rect.width().max(1.0)) * window.secs();
            self.end = Some(window.end.plus_secs(-secs));
        }
        if response.double_clicked() {
            self.follow();
        } else if response.clicked() {
            self.pinned = response.interact_pointer_pos().map(at);
        }
    }

    /// Draws the cursor over a plot.
    pub fn cursor_ui(&self, painter: &Painter, theme: &Theme, rect: Rect, window: Span) {
        let Some(cursor) = self.cursor().filter(|t| window.contains(*t)) else { return };
        let x = x_of(rect, window, cursor);
        painter.vline(x, rect.y_range(), egui::Stroke::new(theme::HAIRLINE, theme.text));
        if self.hovered.is_none() {
            let tip = Pos2::new(x, rect.top());
            let size = theme::GRID;
            painter.add(egui::Shape::convex_polygon(
                vec![tip + egui::vec2(-size, 0.0), tip + egui::vec2(size, 0.0), tip + egui::vec2(0.0, size)],
                theme.text,
                egui::Stroke::NONE,
            ));
        }
    }

    /// Draws tick labels under a plot: time since the first frame, minutes and seconds.
    pub fn axis_ui(painter: &Painter, theme: &Theme, rect: Rect, window: Span, origin: Timestamp) {
        let step_secs = chart::nice_step(window.secs(), (rect.width() / 72.0).max(2.0) as usize);
        let step = (step_secs * NANOS_PER_SEC as f64) as i64;
        if step <= 0 {
            return;
        }
        // Nothing is before the first frame, so that there is no time to name.
        let mut tick = (window.start.since(origin).div_euclid(step) + 1).max(0);
        while tick.saturating_mul(step) <= window.end.since(origin) {
            let t = origin.plus_nanos(tick * step);
            let x = x_of(rect, window, t);
            painter.vline(x, rect.top()..=rect.top() + theme::GRID, theme.hairline());
            let label = if step_secs < 0.1 {
                format!("{:.2}", t.secs_since(origin))
            } else if step_secs < 1.0 {
                format::position(t.secs_since(origin))
            } else {
                format::duration(t.secs_since(origin) + 1e-6)
            };
            let galley = painter.layout_no_wrap(label, theme::number_font(), theme.quiet);
            let left = x - 0.5 * galley.size().x;
            if left >= rect.left() && left + galley.size().x <= rect.right() {
                painter.galley(Pos2::new(left, rect.top() + theme::GRID), galley, theme.quiet);
            }
            tick += 1;
        }
    }
}

/// Zero of the elapsed time: the first frame of the timeline, or of anything we have.
pub fn origin(snapshot: &Snapshot) -> Timestamp {
    let playback = snapshot.playback.as_ref().and_then(|playback| playback.span);
    let first = playback.or(snapshot.timeline.span).map(|span| span.start);
    first.or(snapshot.time).unwrap_or_default()
}

pub fn x_of(rect: Rect, window: Span, t: Timestamp) -> f32 {
    let share = t.secs_since(window.start) / window.secs().max(1e-9);
    rect.left() + share as f32 * rect.width()
}
