//! One frame closely: amplitude and phase by subcarrier, and the constellation of complex values.
//!
//! The frame is the one under the shared cursor, else the newest.

use egui::{Rect, Sense, Ui, vec2};

use super::bins;
use super::chart::{self, Axes};
use super::cx::Cx;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use super::time;
use super::waterfall::{chain_choice_ui, data_choice_ui};
use crate::types::{Complex32, Row, Rows, Timestamp};

/// The newest row at or before the cursor; without a cursor the newest of all.
fn row_at_cursor(rows: &Rows<Complex32>, cursor: Option<Timestamp>) -> Option<Row<'_, Complex32>> {
    let Some(t) = cursor else { return rows.last() };
    let after = rows.row_at(t.plus_nanos(1));
    rows.get(after.saturating_sub(1)).or_else(|| rows.get(rows.first_row()))
}

pub fn subcarriers_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !cx.shown.links.is_empty() {
        tools_ui(ui, cx, false);
    }
    let theme = Theme::of(ui);
    let Some(link) = cx.link() else {
        marks::empty_ui(ui, "Amplitude and phase of one frame", "Needs data: connect a node or open a recording", None);
        return;
    };
    let mut scope = cx.state.scope.clone();
    let n_chains = (link.products.n_rx * link.products.n_tx).max(1);
    let first = bins::bins(&link.products, &scope);
    if first.rows.is_empty() {
        marks::empty_ui(ui, "Amplitude and phase of one frame", "No frame has come on this link yet", None);
        return;
    }
    let x = match (first.subcarriers.iter().min(), first.subcarriers.iter().max()) {
        (Some(&low), Some(&high)) => (f32::from(low), f32::from(high).max(f32::from(low) + 1.0)),
        _ => (0.0, 1.0),
    };
    let chains: Vec<_> = (0..n_chains)
        .filter_map(|chain| {
            scope.chain = chain;
            let bins = bins::bins(&link.products, &scope);
            let row = row_at_cursor(bins.rows, cx.state.time.cursor())?;
            let values: Vec<_> = bins.places.iter().filter_map(|&at| row.values.get(at).copied()).collect();
            Some((chain, bins.subcarriers, values))
        })
        .collect();
    let amplitude = chart::range_of(chains.iter().flat_map(|(_, _, values)| values.iter().map(|v| v.norm())));

    let area = marks::rest(ui);
    let response = ui.interact(area, ui.scope_id().with("subcarriers"), Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Amplitude and phase of {}", link.name))
    });
    // The topmost label is as high above its line as below it.
    let plots = Rect::from_min_max(
        area.min + vec2(theme::AXIS_WIDTH, 1.5 * theme::GRID),
        area.max - vec2(theme::GRID, theme::AXIS_HEIGHT),
    );
    let double = plots.height() >= theme::MIN_DOUBLE_PLOT;
    let middle = if double { plots.top() + 0.58 * plots.height() } else { plots.bottom() + theme::GRID };
    let painter = ui.painter_at(area);
    let unit = if first.clean { "amplitude" } else { "amplitude, raw units" };
    // Curves stay below the line with the unit and their names.
    let axes = |y_range: std::ops::RangeInclusive<f32>, (low, high): (f32, f32)| {
        let rect = Rect::from_x_y_ranges(plots.x_range(), y_range);
        let captioned = theme::ROW_DENSE.min(0.5 * rect.height()) / rect.height().max(1.0);
        Axes { rect, x, y: (low, low + (high - low) / (1.0 - captioned)) }
    };
    let upper = axes(plots.top()..=middle - theme::GRID, (0.0, amplitude.map_or(1.0, |(_, high)| high)));
    let pi = std::f32::consts::PI;
    let lower = axes(middle..=plots.bottom(), (-pi, pi));
    chart::value_axis_ui(&painter, theme, &upper, unit);
    if double {
        chart::value_axis_ui(&painter, theme, &lower, "phase, rad");
    }
    chart::bottom_axis_ui(&painter, theme, if double { &lower } else { &upper });
    for (chain, subcarriers, values) in &chains {
        let colour = theme.track(*chain);
        // Numbers start again with each training field; the line must not jump back across the plot.
        let points = |f: fn(&Complex32) -> f32| {
            let breaks = subcarriers.windows(2).map(|w| w[1] < w[0]).chain([false]);
            let points = subcarriers.iter().zip(values).map(move |(&k, v)| (f32::from(k), f(v)));
            points
                .zip(breaks)
                .flat_map(|(p, end)| [Some(p), end.then_some((p.0, f32::NAN))])
                .flatten()
                .collect::<Vec<_>>()
        };
        chart::line_ui(&painter, &upper, points(|v| v.norm()).into_iter(), colour);
        if double {
            chart::line_ui(&painter, &lower, points(|v| v.arg()).into_iter(), colour);
        }
    }
    legend_ui(&painter, theme, upper.rect, (0..n_chains).map(|c| bins::chain_label(&link.products, c)));
    if let Some(pos) = response.hover_pos().filter(|pos| plots.contains(*pos)) {
        let k = upper.x_at(pos).round();
        painter.vline(upper.pos(k, 0.0).x, plots.y_range(), egui::Stroke::new(theme::HAIRLINE, theme.quiet));
        let mut text = format!("subcarrier {}", format::value(k));
        for (chain, subcarriers, values) in &chains {
            if let Some(v) = subcarriers.iter().position(|&s| f32::from(s) == k).and_then(|at| values.get(at)) {
                text += &format!(
                    "\n{}  {}  {} rad",
                    bins::chain_label(&link.products, *chain),
                    format::value(v.norm()),
                    format::value(v.arg())
                );
            }
        }
        marks::readout(ui, plots, pos, text);
    }
}

pub fn constellation_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if !cx.shown.links.is_empty() {
        tools_ui(ui, cx, true);
    }
    let theme = Theme::of(ui);
    let Some(link) = cx.link() else {
        marks::empty_ui(ui, "Complex values of a frame", "Needs data: connect a node or open a recording", None);
        return;
    };
    let bins = bins::bins(&link.products, &cx.state.scope);
    let Some(row) = row_at_cursor(bins.rows, cx.state.time.cursor()) else {
        marks::empty_ui(ui, "Complex values of a frame", "No frame has come on this link yet", None);
        return;
    };
    // One subcarrier over the last rows, or all subcarriers of the one row.
    const N_HISTORY: u64 = 400;
    let points: Vec<Complex32> = if cx.state.scope.one_subcarrier {
        let chosen = cx.state.scope.subcarriers.first().copied();
        let at = chosen.and_then(|k| bins.subcarriers.iter().position(|s| *s == k)).unwrap_or(bins.places.len() / 2);
        let place = bins.places.get(at).copied().unwrap_or(0);
        let from = row.number.saturating_sub(N_HISTORY - 1);
        bins.rows
            .iter_from(from)
            .take_while(|r| r.number <= row.number)
            .filter_map(|r| r.values.get(place).copied())
            .collect()
    } else {
        bins.places.iter().filter_map(|&at| row.values.get(at).copied()).collect()
    };
    let radius = points.iter().map(|v| v.norm()).filter(|v| v.is_finite()).fold(1e-6, f32::max) * 1.1;
    let area = marks::rest(ui);
    let response = ui.interact(area, ui.scope_id().with("constellation"), Sense::hover());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Constellation of {}", link.name)));
    let inner =
        Rect::from_min_max(area.min + vec2(theme::AXIS_WIDTH, 0.0), area.max - vec2(theme::GRID, theme::AXIS_HEIGHT));
    let aspect = inner.width() / inner.height().max(1.0);
    let (x, y) = if aspect >= 1.0 { (radius * aspect, radius) } else { (radius, radius / aspect.max(0.01)) };
    let axes = Axes { rect: inner, x: (-x, x), y: (-y, y) };
    let painter = ui.painter_at(area);
    chart::value_axis_ui(&painter, theme, &axes, "Q over I");
    chart::bottom_axis_ui(&painter, theme, &axes);
    let cross = egui::Stroke::new(theme::HAIRLINE, theme.quiet);
    let zero = axes.pos(0.0, 0.0);
    painter.hline(inner.x_range(), zero.y, cross);
    painter.vline(zero.x, inner.y_range(), cross);
    let n = points.len().max(1) as f32;
    for (i, v) in points.iter().enumerate() {
        // Along the band, or towards the past, dots fade from the track's colour to the second one.
        let share = i as f32 / n;
        let colour = theme.track(0).lerp_to_gamma(theme.track(1), share);
        painter.circle_filled(axes.pos(v.re, v.im), theme::CURVE, colour);
    }
}

fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>, constellation: bool) {
    ui.horizontal(|ui| {
        data_choice_ui(ui, cx);
        if constellation {
            chain_choice_ui(ui, cx);
            let one = &mut cx.state.scope.one_subcarrier;
            let word = if *one { "Over time" } else { "Frame" };
            if ui.button(word).on_hover_text("Show all subcarriers of one frame, or one subcarrier over time").clicked()
            {
                *one = !*one;
            }
        }
        if let Some(link) = cx.link().filter(|_| ui.available_width() > theme::MIN_CAPTIONS) {
            let theme = Theme::of(ui);
            let bins = bins::bins(&link.products, &cx.state.scope);
            if let Some(row) = row_at_cursor(bins.rows, cx.state.time.cursor()) {
                let word = if cx.state.time.cursor().is_some() { "at cursor" } else { "newest" };
                let text = format!("{word} {}", format::position(row.time.secs_since(time::origin(cx.shown))));
                ui.label(egui::RichText::new(text).font(theme::number_font()).color(theme.quiet));
            }
            if ui.available_width() > theme::MIN_CAPTIONS {
                ui.add(egui::Label::new(egui::RichText::new(&link.name).color(theme.quiet)).truncate());
            }
        }
    });
}

/// Names of curves in their colours, from the right.
pub fn legend_ui(painter: &egui::Painter, theme: &Theme, rect: Rect, names: impl Iterator<Item = String>) {
    let mut at = rect.right_top() + vec2(-theme::GRID, 0.5 * theme::GRID);
    let names: Vec<_> = names.enumerate().collect();
    if names.len() < 2 {
        return;
    }
    for (n, name) in names.into_iter().rev() {
        let galley = painter.layout_no_wrap(name, theme::caption_font(), theme.text);
        let left = at.x - galley.size().x;
        if left - 2.0 * theme::GRID < rect.left() {
            break;
        }
        let ground =
            Rect::from_min_max(egui::pos2(left - 4.0 * theme::GRID, at.y), at + vec2(theme::GRID, galley.size().y));
        painter.rect_filled(ground, 0.0, theme.ground.gamma_multiply(0.8));
        painter.galley(egui::pos2(left, at.y), galley.clone(), theme.text);
        let y = at.y + 0.5 * galley.size().y;
        let stroke = egui::Stroke::new(2.0 * theme::CURVE, theme.track(n));
        painter.hline(left - 3.0 * theme::GRID..=left - theme::GRID, y, stroke);
        at.x = left - 5.0 * theme::GRID;
    }
}
