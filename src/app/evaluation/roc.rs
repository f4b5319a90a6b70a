//! ROC curves of a table's rows: what share is found at what share of false alarms, controls beside scores.

use egui::{Color32, Rect, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

use super::super::chart::{self, Axes};
use super::super::theme::{self, Theme};
use crate::engine::evaluation::{Row, RowKind, Table};

/// Where the figure "sensitivity at 95 % specificity" is read off.
const FALSE_ALARM_RATE: f32 = 0.05;

/// Draws nothing where no row has a curve.
pub fn roc_ui(ui: &mut Ui, table: &Table) {
    let theme = Theme::of(ui);
    let rows: Vec<(&Row, Color32)> = coloured(theme, table);
    if rows.is_empty() {
        return;
    }
    ui.horizontal_top(|ui| {
        let margin = vec2(theme::AXIS_WIDTH, theme::AXIS_HEIGHT + theme::GRID);
        let (place, response) = ui.allocate_exact_size(vec2(theme::ROC_SIDE, theme::ROC_SIDE) + margin, Sense::hover());
        let names: Vec<&str> = rows.iter().map(|(row, _)| row.name.as_str()).collect();
        let said = format!("ROC curves of {}", names.join(", "));
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said.clone()));
        let corner = place.left_top() + vec2(margin.x, theme::GRID);
        let axes =
            Axes { rect: Rect::from_min_size(corner, vec2(theme::ROC_SIDE, theme::ROC_SIDE)), x: (0.0, 1.0), y: (0.0, 1.0) };
        let painter = ui.painter();
        chart::value_axis_ui(painter, theme, &axes, "");
        chart::bottom_axis_ui(painter, theme, &axes);
        let dashed = |ends: [egui::Pos2; 2]| {
            let stroke = Stroke::new(theme::HAIRLINE, theme.quiet);
            painter.extend(Shape::dashed_line(&ends, stroke, 0.5 * theme::GRID, 0.5 * theme::GRID));
        };
        dashed([axes.pos(0.0, 0.0), axes.pos(1.0, 1.0)]);
        dashed([axes.pos(FALSE_ALARM_RATE, 0.0), axes.pos(FALSE_ALARM_RATE, 1.0)]);
        for (row, colour) in &rows {
            let points = row.roc.iter().map(|point| (point.false_alarm_rate as f32, point.sensitivity as f32));
            chart::line_ui(painter, &axes, points, *colour);
        }
        response.on_hover_text(
            "Upwards: share of the positives that are found. To the right: share of the others that raise an alarm. Dotted: \
             guessing, and 95 % specificity.",
        );
        ui.add_space(2.0 * theme::GRID);
        ui.vertical(|ui| {
            let head = RichText::new("Found, by share of false alarms").font(theme::caption_font()).color(theme.quiet);
            ui.label(head);
            for (row, colour) in &rows {
                ui.horizontal(|ui| {
                    let (mark, _) = ui.allocate_exact_size(vec2(2.0 * theme::MARK, theme::ROW_DENSE), Sense::hover());
                    ui.painter().hline(mark.x_range(), mark.center().y, Stroke::new(2.0 * theme::CURVE, *colour));
                    ui.label(&row.name);
                });
            }
        });
    });
}

/// Scores in the colours of tracks, controls in grey: whatever is grey saw no movement.
fn coloured<'a>(theme: &Theme, table: &'a Table) -> Vec<(&'a Row, Color32)> {
    let mut n_scores = 0;
    let mut n_controls = 0;
    let with_curves = table.rows.iter().filter(|row| !row.roc.is_empty());
    with_curves
        .map(|row| {
            let colour = if row.kind == RowKind::Control {
                n_controls += 1;
                theme.quiet.gamma_multiply(1.0 / n_controls as f32)
            } else {
                n_scores += 1;
                theme.track(n_scores - 1)
            };
            (row, colour)
        })
        .collect()
}
