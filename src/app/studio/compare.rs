//! Two bodies, or a body and a scan, held against each other: side by side, as an error map, in figures.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::figures::{self, Units};
use super::{Show, legend, measurements};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::format;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::{BodyId, BodyOrigin, BodyView, ComparisonView, Studio, StudioCommand};

#[derive(Default)]
pub struct State {
    body: Option<BodyId>,
    reference: Option<BodyId>,
    /// Both beside each other, else the error map on the first.
    pub side_by_side: bool,
}

impl State {
    /// The choice, kept on bodies that are there; the selected body against the newest other one until somebody chooses.
    fn choice(&self, studio: &Studio, selected: Option<BodyId>) -> (Option<BodyId>, Option<BodyId>) {
        let there = |id: Option<BodyId>| id.filter(|id| studio.bodies.iter().any(|body| body.id == *id));
        let running = studio.comparison.as_ref();
        let body = there(self.body).or(running.map(|c| c.body)).or(there(selected));
        let other = studio.bodies.iter().rev().map(|other| other.id).find(|id| Some(*id) != body);
        let reference = there(self.reference).or(running.map(|c| c.reference)).filter(|id| Some(*id) != body);
        (body, reference.or(other))
    }
}

pub fn compare_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let studio = Arc::clone(&cx.live.studio);
    if studio.bodies.len() < 2 {
        let needs = "Needs two bodies, or a body and a scan (OBJ, PLY, STL, GLB)";
        if marks::empty_ui(ui, "How far two bodies are apart", needs, Some("Open scan…")) {
            cx.act(Action::OpenScan);
        }
        return;
    }
    let theme = Theme::of(ui);
    let (body, reference) = cx.state.studio.compare.choice(&studio, cx.state.studio.body);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Compare two bodies").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let pair = body.zip(reference);
            if ui.add_enabled(pair.is_some(), marks::primary_button(theme, "Compare")).clicked() {
                cx.studio_command(StudioCommand::Compare(pair));
                cx.state.studio.options.show = Show::Error;
            }
            if studio.comparison.is_some() && ui.button("End").on_hover_text("End the comparison").clicked() {
                cx.studio_command(StudioCommand::Compare(None));
                if cx.state.studio.options.show == Show::Error {
                    cx.state.studio.options.show = Show::Mesh;
                }
            }
        });
    });
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("pair").num_columns(2).show(ui, |ui| {
            let chosen = choice_ui(ui, "Body", &studio, body, None);
            if chosen != body {
                cx.state.studio.compare.body = chosen;
            }
            let chosen = choice_ui(ui, "Against", &studio, reference, body);
            if chosen != reference {
                cx.state.studio.compare.reference = chosen;
            }
        });
        let find = |id: Option<BodyId>| studio.bodies.iter().find(|body| Some(body.id) == id);
        if let Some(scan) = find(reference).filter(|body| is_loose_scan(body)) {
            ui.horizontal_wrapped(|ui| {
                ui.add(
                    egui::Label::new(RichText::new("Fit the model to this scan to measure it").color(theme.quiet))
                        .wrap(),
                );
                if ui.button("Register scan").on_hover_text(Action::RegisterScan.entry().tip).clicked() {
                    cx.studio_command(StudioCommand::Register(scan.id));
                }
            });
        }
        ui.separator();
        match &studio.comparison {
            Some(comparison) => result_ui(ui, cx, &studio, comparison),
            None => {
                ui.label(RichText::new("Press Compare for the error map and the figures").color(theme.quiet));
            }
        }
    });
}

fn is_loose_scan(body: &BodyView) -> bool {
    matches!(body.origin, BodyOrigin::Scan { .. }) && body.phenotype.is_none()
}

fn choice_ui(ui: &mut Ui, name: &str, studio: &Studio, chosen: Option<BodyId>, not: Option<BodyId>) -> Option<BodyId> {
    let mut choice = chosen;
    ui.label(RichText::new(name).color(Theme::of(ui).quiet));
    let named =
        |id: Option<BodyId>| studio.bodies.iter().find(|b| Some(b.id) == id).map_or("choose", |b| b.name.as_str());
    egui::ComboBox::from_id_salt(name)
        .width(50.0 * theme::GRID)
        .truncate()
        .selected_text(named(chosen))
        .show_ui(ui, |ui| {
            for body in studio.bodies.iter().filter(|body| Some(body.id) != not) {
                ui.selectable_value(&mut choice, Some(body.id), &body.name);
            }
        })
        .response
        .accessible_name(name);
    ui.end_row();
    choice
}

fn result_ui(ui: &mut Ui, cx: &mut Cx<'_>, studio: &Studio, comparison: &ComparisonView) {
    let theme = Theme::of(ui);
    let find = |id: BodyId| studio.bodies.iter().find(|body| body.id == id);
    let (Some(body), Some(reference)) = (find(comparison.body), find(comparison.reference)) else {
        ui.label(RichText::new("One of the two bodies is no longer there: compare anew").color(theme.quiet));
        return;
    };
    ui.horizontal(|ui| {
        let options = &mut cx.state.studio;
        for (side_by_side, word) in [(false, "Error map"), (true, "Side by side")] {
            if ui.selectable_label(options.compare.side_by_side == side_by_side, word).clicked() {
                options.compare.side_by_side = side_by_side;
                options.options.show = if side_by_side { Show::Mesh } else { Show::Error };
            }
        }
    });
    egui::Grid::new("errors").num_columns(2).min_col_width(28.0 * theme::GRID).show(ui, |ui| {
        for (name, text) in statistics(comparison) {
            ui.label(RichText::new(name).color(theme.quiet));
            ui.add(egui::Label::new(RichText::new(text).font(theme::number_font())).selectable(true));
            ui.end_row();
        }
    });
    legend::bar_ui(ui, &legend::of_errors(comparison));
    ui.separator();
    ui.horizontal(|ui| {
        ui.label(RichText::new("Measurements").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.small_button("Copy").on_hover_text("Copy the figures as text").clicked() {
                ui.copy_text(as_text(body, reference, comparison, cx.state.studio.options.units));
            }
            measurements::units_ui(ui, cx);
        });
    });
    table_ui(ui, body, reference, comparison, cx.state.studio.options.units);
}

/// Widths of a figure's column, and of a panel that has room for both bodies' figures.
const FIGURE_WIDTH: f32 = 21.0 * theme::GRID;
const MIN_BOTH: f32 = 84.0 * theme::GRID;

fn table_ui(ui: &mut Ui, body: &BodyView, reference: &BodyView, comparison: &ComparisonView, units: Units) {
    let theme = Theme::of(ui);
    let width = ui.max_rect().intersect(ui.clip_rect()).width();
    // A narrow panel leaves out what the difference tells.
    let columns: &[usize] = if width < MIN_BOTH { &[1, 3] } else { &[1, 2, 3] };
    let head = [String::new(), body.name.clone(), reference.name.clone(), "Difference".to_owned()];
    let lines = std::iter::once(head).chain(differences(body, comparison, units));
    ui.spacing_mut().item_spacing.y = 0.0;
    for (n, line) in lines.enumerate() {
        let (row, response) = ui.allocate_exact_size(egui::vec2(width, theme::ROW_DENSE), egui::Sense::hover());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(
                egui::Role::Row,
                true,
                line.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
            )
        });
        let painter = ui.painter();
        let (font, colour) =
            if n == 0 { (theme::caption_font(), theme.quiet) } else { (theme::number_font(), theme.text) };
        let mut right = row.right() - theme::GRID;
        for &column in columns.iter().rev() {
            let cell = egui::Rect::from_x_y_ranges(right - FIGURE_WIDTH + theme::GRID..=right, row.y_range());
            let colour = if line[column] == format::NO_DATA { theme.quiet } else { colour };
            marks::text_in(painter, cell, egui::Align2::RIGHT_CENTER, &line[column], font.clone(), colour);
            right -= FIGURE_WIDTH;
        }
        let name = egui::Rect::from_x_y_ranges(row.left()..=right, row.y_range());
        marks::text_in(
            painter,
            name,
            egui::Align2::LEFT_CENTER,
            &line[0],
            egui::FontId::proportional(theme::TEXT),
            theme.text,
        );
        painter.hline(row.x_range(), row.bottom(), theme.hairline());
    }
}

fn statistics(comparison: &ComparisonView) -> [(&'static str, String); 3] {
    [
        ("Mean distance", figures::millimetres(comparison.mean_abs_m)),
        ("Median distance", figures::millimetres(comparison.median_abs_m)),
        ("95 % are within", figures::millimetres(comparison.p95_abs_m)),
    ]
}

/// Name, both figures, difference of each measurement.
fn differences(body: &BodyView, comparison: &ComparisonView, units: Units) -> Vec<[String; 4]> {
    body.measurements
        .iter()
        .map(|figure| {
            let other = comparison.reference_measurements.iter().find(|other| other.kind == figure.kind);
            let unit = figure.kind.unit();
            let plain = |value: f64| figures::value(unit, value, None, units);
            let difference = other.map(|o| figures::difference(figure.kind, figure.value - o.value, None, units));
            let nothing = || format::NO_DATA.to_owned();
            [
                figure.kind.label().to_owned(),
                plain(figure.value),
                other.map_or_else(nothing, |other| plain(other.value)),
                difference.unwrap_or_else(nothing),
            ]
        })
        .collect()
}

fn as_text(body: &BodyView, reference: &BodyView, comparison: &ComparisonView, units: Units) -> String {
    let head = format!("{} against {}\n", body.name, reference.name);
    let statistics = statistics(comparison).into_iter().map(|(name, text)| format!("{name}\t{text}\n"));
    let lines = differences(body, comparison, units).into_iter().map(|line| line.join("\t") + "\n");
    std::iter::once(head).chain(statistics).chain(lines).collect()
}
