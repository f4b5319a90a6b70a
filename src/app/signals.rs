//! Time series: amplitude of chosen subcarriers and motion energy of the selected link.

use egui::{Rect, Sense, Ui, vec2};

use super::bins::{self, Bins};
use super::chart::{self, Axes};
use super::cx::Cx;
use super::marks;
use super::plots::legend_ui;
use super::theme::{self, Theme};
use super::time::{self, TimeView};
use super::waterfall::{chain_choice_ui, data_choice_ui, span_choice_ui};
use crate::types::{Rows, Span};

pub fn signals_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.shown.links.is_empty() {
        marks::empty_ui(ui, "Subcarriers and motion over time", "Needs data: connect a node or open a recording", None);
        return;
    }
    ui.horizontal(|ui| {
        data_choice_ui(ui, cx);
        chain_choice_ui(ui, cx);
        subcarrier_choice_ui(ui, cx);
        span_choice_ui(ui, cx);
        if let Some(link) = cx.link() {
            let theme = Theme::of(ui);
            ui.add(egui::Label::new(egui::RichText::new(&link.name).color(theme.quiet)).truncate());
        }
    });
    let theme = Theme::of(ui);
    let (Some(link), Some(window)) = (cx.state.selection.link(cx.shown), cx.state.time.window(cx.shown)) else {
        return;
    };
    let bins = bins::bins(&link.products, &cx.state.scope);
    let chosen = chosen(&bins, &cx.state.scope.subcarriers);

    let area = marks::rest(ui);
    let response = ui.interact(area, ui.scope_id().with("signals"), Sense::click_and_drag());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Time series of {}", link.name)));
    let plots = Rect::from_min_max(area.min + vec2(theme::AXIS_WIDTH, 0.0), area.max - vec2(0.0, theme::AXIS_HEIGHT));
    let middle = plots.top() + 0.62 * plots.height();
    let upper = Rect::from_x_y_ranges(plots.x_range(), plots.top()..=middle - theme::GRID);
    let lower = Rect::from_x_y_ranges(plots.x_range(), middle..=plots.bottom());
    let painter = ui.painter_at(area);
    let x = (0.0, window.secs() as f32);

    let (from, to) = (bins.rows.row_at(window.start), bins.rows.row_at(window.end.plus_nanos(1)));
    // A curve needs no more than a few rows a pixel.
    let stride = ((to - from) / (4 * plots.width().max(1.0) as u64)).max(1) as usize;
    let curve = |place: usize| {
        let rows = bins.rows.iter_from(from).take((to - from) as usize).step_by(stride);
        with_breaks(rows.map(move |row| (row.time, row.values.get(place).map_or(f32::NAN, |v| v.norm()))), window)
    };
    let curves: Vec<Vec<(f32, f32)>> = chosen.iter().map(|&at| curve(bins.places[at])).collect();
    let y = chart::range_of(curves.iter().flatten().map(|p| p.1)).unwrap_or((0.0, 1.0));
    let axes = Axes { rect: upper, x, y };
    chart::value_axis_ui(&painter, theme, &axes, "amplitude");
    for (n, points) in curves.into_iter().enumerate() {
        chart::line_ui(&painter, &axes, points.into_iter(), theme.track(n));
    }
    legend_ui(&painter, theme, upper, chosen.iter().map(|&at| bins.subcarriers[at].to_string().replace('-', "−")));
    motion_ui(&painter, theme, lower, x, &link.products.motion, window);

    TimeView::axis_ui(
        &painter,
        theme,
        Rect::from_min_max(plots.left_bottom(), area.max),
        window,
        time::origin(cx.shown),
    );
    cx.state.time.interact(&response, plots, window);
    cx.state.time.cursor_ui(&painter, theme, upper, window);
    cx.state.time.cursor_ui(&painter, theme, lower, window);
}

fn motion_ui(painter: &egui::Painter, theme: &Theme, rect: Rect, x: (f32, f32), motion: &Rows<f32>, window: Span) {
    let rows = motion.iter_from(motion.row_at(window.start)).take_while(|row| row.time <= window.end);
    let points = with_breaks(rows.map(|row| (row.time, row.values.first().copied().unwrap_or(f32::NAN))), window);
    let high = chart::range_of(points.iter().map(|p| p.1)).map_or(1.0, |(_, high)| high.max(1e-3));
    let axes = Axes { rect, x, y: (0.0, high) };
    chart::value_axis_ui(painter, theme, &axes, "motion");
    if points.is_empty() {
        painter.text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            super::format::NO_DATA,
            theme::caption_font(),
            theme.quiet,
        );
    }
    chart::line_ui(painter, &axes, points.into_iter(), theme.accent);
}

/// Points in seconds of the window; pauses of over half a second break the line.
fn with_breaks(rows: impl Iterator<Item = (crate::types::Timestamp, f32)>, window: Span) -> Vec<(f32, f32)> {
    const GAP_SECS: f32 = 0.5;
    let mut points: Vec<(f32, f32)> = Vec::new();
    for (t, y) in rows {
        let x = t.secs_since(window.start) as f32;
        if points.last().is_some_and(|last| x - last.0 > GAP_SECS) {
            points.push((x, f32::NAN));
        }
        points.push((x, y));
    }
    points
}

/// The places of the chosen subcarriers; without a choice three spread over the band.
fn chosen(bins: &Bins<'_>, wanted: &[i16]) -> Vec<usize> {
    let found: Vec<_> = wanted.iter().filter_map(|k| bins.subcarriers.iter().position(|s| s == k)).collect();
    let n = bins.subcarriers.len();
    if !found.is_empty() || n == 0 {
        return found;
    }
    let mut spread = vec![n / 6, n / 2, n - 1 - n / 6];
    spread.dedup();
    spread
}

fn subcarrier_choice_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let Some(link) = cx.state.selection.link(cx.shown) else { return };
    let bins = bins::bins(&link.products, &cx.state.scope);
    let current: Vec<i16> =
        chosen(&bins, &cx.state.scope.subcarriers).into_iter().map(|at| bins.subcarriers[at]).collect();
    ui.menu_button("Subcarriers…", |ui| {
        egui::ScrollArea::vertical().max_height(10.0 * theme::ROW).show(ui, |ui| {
            for &k in &bins.subcarriers {
                let mut on = current.contains(&k);
                if ui.checkbox(&mut on, k.to_string().replace('-', "−")).changed() {
                    let mut next = current.clone();
                    if on {
                        next.push(k)
                    } else {
                        next.retain(|other| *other != k)
                    }
                    next.sort_unstable();
                    cx.state.scope.subcarriers = next;
                }
            }
        });
    });
}
