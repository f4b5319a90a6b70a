//! A report on screen: facts, tables with a bar and its interval for each score, remarks.

use egui::{Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::chart;
use super::super::theme::{self, Theme};
use crate::analytics::evaluation::verdict::Verdict;
use crate::engine::evaluation::{Cell, Plot, Report, Row, RowKind, Table};

pub fn report_ui(ui: &mut Ui, report: &Report) {
    let theme = Theme::of(ui);
    let quiet = |ui: &mut Ui, text: &str| {
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap().selectable(true));
    };
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        report.facts.iter().for_each(|fact| quiet(ui, fact));
        for (n, table) in report.tables.iter().enumerate() {
            ui.add_space(2.0 * theme::GRID);
            ui.label(RichText::new(&table.title).font(theme::strong_font()));
            if !table.rows.is_empty() {
                ui.push_id(n, |ui| table_ui(ui, theme, table));
                super::roc::roc_ui(ui, table);
            }
            table.notes.iter().for_each(|note| quiet(ui, note));
        }
        ui.add_space(2.0 * theme::GRID);
        report.remarks.iter().for_each(|remark| quiet(ui, remark));
    });
}

fn table_ui(ui: &mut Ui, theme: &Theme, table: &Table) {
    let has_verdicts = table.rows.iter().any(|row| row.verdict.is_some());
    let n_columns = 1 + usize::from(table.plot.is_some()) + usize::from(has_verdicts) + table.columns.len();
    let head = |ui: &mut Ui, text: &str| {
        ui.add(egui::Label::new(RichText::new(text).font(theme::caption_font()).color(theme.quiet)).extend());
    };
    egui::ScrollArea::horizontal().auto_shrink([false, true]).show(ui, |ui| {
        let grid = egui::Grid::new("table").num_columns(n_columns).striped(true);
        grid.spacing(vec2(4.0 * theme::GRID, 0.5 * theme::GRID)).show(ui, |ui| {
            head(ui, "");
            if let Some(plot) = &table.plot {
                axis_ui(ui, theme, plot);
            }
            if has_verdicts {
                head(ui, "Verdict");
            }
            table.columns.iter().for_each(|column| head(ui, column));
            ui.end_row();
            for row in &table.rows {
                name_ui(ui, theme, row);
                if let Some(plot) = &table.plot {
                    bar_ui(ui, theme, table, plot, row);
                }
                if has_verdicts {
                    verdict_ui(ui, theme, row.verdict);
                }
                for cell in &row.cells {
                    let colour = if row.kind == RowKind::Control { theme.quiet } else { theme.text };
                    ui.add(
                        egui::Label::new(RichText::new(&cell.text).font(theme::number_font()).color(colour)).extend(),
                    );
                }
                ui.end_row();
            }
        });
    });
    for row in &table.rows {
        if let Some(detail) = &row.detail {
            let text = RichText::new(format!("{}, {detail}", row.name)).font(theme::caption_font()).color(theme.quiet);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        }
    }
}

fn name_ui(ui: &mut Ui, theme: &Theme, row: &Row) {
    let text = RichText::new(&row.name);
    let text = if row.kind == RowKind::Control { text.color(theme.quiet) } else { text };
    ui.add(egui::Label::new(text).extend());
}

/// A word with a shape: filled where there is evidence, hollow where there is none.
fn verdict_ui(ui: &mut Ui, theme: &Theme, verdict: Option<Verdict>) {
    let Some(verdict) = verdict else {
        ui.label("");
        return;
    };
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(theme::MARK, theme::ROW_DENSE), Sense::hover());
        let radius = 0.4 * theme::MARK;
        match verdict {
            Verdict::Supported => {
                ui.painter().circle_filled(rect.center(), radius, theme.good);
            }
            Verdict::NoEvidence => {
                ui.painter().circle_stroke(rect.center(), radius, Stroke::new(theme::CURVE, theme.unusable));
            }
        }
        ui.add(egui::Label::new(verdict.label()).extend());
    });
}

fn x_of(rect: Rect, plot: &Plot, value: f64) -> f32 {
    let share = ((value - plot.low) / (plot.high - plot.low).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
    rect.left() + share as f32 * rect.width()
}

/// The bar's place within a cell, so that labels at its ends have room.
fn bar_rect(rect: Rect) -> Rect {
    rect.shrink2(vec2(2.0 * theme::GRID, 0.0))
}

fn axis_ui(ui: &mut Ui, theme: &Theme, plot: &Plot) {
    let (rect, _) = ui.allocate_exact_size(vec2(theme::SCORE_WIDTH, theme::ROW_DENSE), Sense::hover());
    let bar = bar_rect(rect);
    let painter = ui.painter();
    let range = (plot.low as f32, plot.high as f32);
    for (value, label) in chart::ticks(range, 2) {
        let at = pos2(x_of(bar, plot, f64::from(value)), rect.bottom());
        painter.text(at, egui::Align2::CENTER_BOTTOM, label, theme::caption_font(), theme.quiet);
    }
}

/// The score as a dot with its 95 % interval; a dotted line where guessing lies, a bar where the best control ends.
fn bar_ui(ui: &mut Ui, theme: &Theme, table: &Table, plot: &Plot, row: &Row) {
    let (rect, response) = ui.allocate_exact_size(vec2(theme::SCORE_WIDTH, theme::ROW_DENSE), Sense::hover());
    let cell = row.cells.get(plot.column);
    let text = cell.map_or("no data", |cell| cell.text.as_str());
    let said = format!("{}: {text}", row.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said.clone()));
    let bar = bar_rect(rect);
    let painter = ui.painter();
    let y = rect.center().y;
    painter.hline(bar.x_range(), y, theme.hairline());
    if let Some(chance) = plot.chance {
        let x = x_of(bar, plot, chance);
        let stroke = Stroke::new(theme::HAIRLINE, theme.quiet);
        let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
        painter.extend(egui::Shape::dashed_line(&ends, stroke, 0.5 * theme::GRID, 0.5 * theme::GRID));
    }
    let controls = table.rows.iter().filter(|other| other.kind == RowKind::Control);
    let best = controls.filter_map(|other| other.cells.get(plot.column)?.high).max_by(f64::total_cmp);
    if let Some(best) = best {
        let beaten = Rect::from_x_y_ranges(bar.left()..=x_of(bar, plot, best), rect.y_range());
        painter.rect_filled(beaten, 0.0, theme.quiet.gamma_multiply(theme::STAGE_SHADE));
    }
    let Some(Cell { value: Some(value), low, high, .. }) = cell else { return };
    let colour = match (row.kind, row.verdict) {
        (RowKind::Control, _) => theme.quiet,
        (_, Some(Verdict::Supported)) => theme.good,
        (_, Some(Verdict::NoEvidence)) => theme.unusable,
        (RowKind::Baseline, None) => theme.track(1),
        (RowKind::Score, None) => theme.accent,
    };
    if let (Some(low), Some(high)) = (low, high) {
        let stroke = Stroke::new(2.0 * theme::CURVE, colour);
        painter.hline(x_of(bar, plot, *low)..=x_of(bar, plot, *high), y, stroke);
    }
    let dot = pos2(x_of(bar, plot, *value), y);
    match row.kind {
        RowKind::Control => {
            painter.circle(dot, 0.4 * theme::MARK, theme.panel, Stroke::new(theme::CURVE, colour));
        }
        RowKind::Score | RowKind::Baseline => {
            painter.circle_filled(dot, 0.4 * theme::MARK, colour);
        }
    }
    response.on_hover_text(match best {
        Some(best) => format!("{said}\nthe best control reaches {best:.2} at most (shaded)"),
        None => said,
    });
}
