//! The table of measurements: figure with its spread, and what decided it; a row lights its tape, a click keeps it lit.

use egui::{Align2, Color32, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

use super::figures::{self, Units};
use crate::app::cx::Cx;
use crate::app::theme::{self, Theme};
use crate::engine::studio::BodyView;
use crate::types::{Evidence, Measurement};

/// Width of the column that says what decided a figure.
const EVIDENCE_WIDTH: f32 = 27.0 * theme::GRID;

pub fn evidence_word(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Photo => "photo",
        Evidence::Given => "given",
        Evidence::Prior => "not observed",
        Evidence::Mesh => "mesh",
    }
}

fn evidence_meaning(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Photo => "The photos decided this figure",
        Evidence::Given => "You gave this figure",
        Evidence::Prior => "No photo shows it: mostly what is usual for such a body",
        Evidence::Mesh => "Taken from the surface: nothing was estimated",
    }
}

/// A filled ball is seen, a diamond was given, an empty ring was not observed, an empty square is a surface's.
fn evidence_mark(painter: &Painter, theme: &Theme, centre: Pos2, evidence: Evidence) {
    let r = 0.42 * theme::MARK;
    match evidence {
        Evidence::Photo => {
            painter.circle_filled(centre, r, theme.good);
        }
        Evidence::Given => {
            let points = [vec2(0.0, -r), vec2(r, 0.0), vec2(0.0, r), vec2(-r, 0.0)].map(|v| centre + v).to_vec();
            painter.add(Shape::convex_polygon(points, theme.accent, Stroke::NONE));
        }
        Evidence::Prior => {
            painter.circle_stroke(centre, r, Stroke::new(theme::CURVE, theme.unusable));
        }
        Evidence::Mesh => {
            let square = Rect::from_center_size(centre, vec2(1.7 * r, 1.7 * r));
            let stroke = Stroke::new(theme::CURVE, theme.quiet);
            painter.rect_stroke(square, 0.0, stroke, egui::StrokeKind::Inside);
        }
    }
}

pub fn measurements_ui(ui: &mut Ui, cx: &mut Cx<'_>, body: &BodyView) {
    let theme = Theme::of(ui);
    let units = cx.state.studio.options.units;
    if body.measurements.is_empty() {
        ui.label(egui::RichText::new("No measurement has been taken of this body").color(theme.quiet));
        return;
    }
    let (header, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::hover());
    let painter = ui.painter().clone();
    let cells = Cells::new(header);
    let caption = |at, align, text: &str| painter.text(at, align, text, theme::caption_font(), theme.quiet);
    caption(cells.name, Align2::LEFT_CENTER, "Measurement");
    caption(cells.figure, Align2::RIGHT_CENTER, "Value ± sigma");
    caption(cells.word, Align2::LEFT_CENTER, "From");
    painter.hline(header.x_range(), header.bottom(), theme.hairline());
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for figure in body.measurements.iter() {
            let response = row_ui(ui, cx, theme, figure, units);
            let studio = &mut cx.state.studio;
            if response.hovered() || response.has_focus() {
                studio.hovered_tape_next = Some(figure.kind);
            }
            if response.clicked() {
                match studio.pinned_tapes.iter().position(|kind| *kind == figure.kind) {
                    Some(at) => drop(studio.pinned_tapes.remove(at)),
                    None => studio.pinned_tapes.push(figure.kind),
                }
            }
            response.on_hover_text(evidence_meaning(figure.evidence));
        }
    });
}

struct Cells {
    name: Pos2,
    figure: Pos2,
    mark: Pos2,
    word: Pos2,
}

impl Cells {
    fn new(row: Rect) -> Self {
        let y = row.center().y;
        let evidence = row.right() - EVIDENCE_WIDTH;
        Self {
            name: Pos2::new(row.left() + 3.0 * theme::GRID, y),
            figure: Pos2::new(evidence - theme::GRID, y),
            mark: Pos2::new(evidence + 3.0 * theme::GRID, y),
            word: Pos2::new(evidence + 6.0 * theme::GRID, y),
        }
    }
}

fn row_ui(ui: &mut Ui, cx: &Cx<'_>, theme: &Theme, figure: &Measurement, units: Units) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::click());
    let studio = &cx.state.studio;
    let pinned = studio.pinned_tapes.contains(&figure.kind);
    let text = figures::measurement(figure, units);
    response.widget_info(|| {
        let words = format!("{} {text}, {}", figure.kind.label(), evidence_word(figure.evidence));
        WidgetInfo::selected(Role::Row, true, pinned, words)
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let painter = ui.painter();
    if pinned {
        painter.rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() || studio.hovered_tape == Some(figure.kind) {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    let cells = Cells::new(rect);
    let body_font = egui::FontId::proportional(theme::TEXT);
    if pinned {
        // The tape's own colour, so that row and loop are seen to belong together.
        let bar = Rect::from_min_size(rect.min, vec2(0.5 * theme::GRID, rect.height()));
        painter.rect_filled(bar, 0.0, theme.accent);
    }
    let name_room = Rect::from_min_max(rect.min, Pos2::new(cells.figure.x - 26.0 * theme::GRID, rect.bottom()));
    let clipped = painter.with_clip_rect(painter.clip_rect().intersect(name_room));
    clipped.text(cells.name, Align2::LEFT_CENTER, figure.kind.label(), body_font.clone(), theme.text);
    let colour: Color32 = if figure.evidence == Evidence::Prior { theme.quiet } else { theme.text };
    painter.text(cells.figure, Align2::RIGHT_CENTER, text, theme::number_font(), colour);
    evidence_mark(painter, theme, cells.mark, figure.evidence);
    painter.text(cells.word, Align2::LEFT_CENTER, evidence_word(figure.evidence), body_font, colour);
    response
}

/// Centimetres or inches; for rows that are filled from the right.
pub fn units_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let units = &mut cx.state.studio.options.units;
    for (choice, word, tip) in
        [(Units::Inches, "in", "Inches and pounds"), (Units::Centimetres, "cm", "Centimetres and kilograms")]
    {
        if ui.selectable_label(*units == choice, word).on_hover_text(tip).clicked() {
            *units = choice;
        }
    }
}

/// All figures as text, for the clipboard.
pub fn as_text(body: &BodyView, units: Units) -> String {
    let head = format!("{} ({})\n", body.name, body.provenance.label());
    let lines = body.measurements.iter().map(|figure| {
        let kind = figure.kind.label();
        format!("{kind}\t{}\t{}\n", figures::measurement(figure, units), evidence_word(figure.evidence))
    });
    std::iter::once(head).chain(lines).collect()
}
