//! A fit or registration while it runs: its stages, how far it is, the figure it drives down, and Cancel.

use egui::{Pos2, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use crate::app::cx::Cx;
use crate::app::theme::{self, Theme};
use crate::engine::Command;
use crate::engine::studio::WorkView;

pub fn work_ui(ui: &mut Ui, cx: &mut Cx<'_>, work: &WorkView) {
    let theme = Theme::of(ui);
    // Text at the pace of the other figures.
    let calm = cx.calm.studio.work.as_ref().filter(|calm| calm.job == work.job && calm.stage == work.stage);
    let figure = calm.unwrap_or(work).figure.clone();
    ui.horizontal(|ui| {
        ui.label(RichText::new(&work.label).font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let name = format!("Cancel {}", work.label);
            let cancel = ui.button("Cancel").on_hover_text("Stop; what was there before stays");
            cancel.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
            if cancel.clicked() {
                cx.send(Command::CancelJob(work.job));
            }
            if let Some(figure) = figure {
                ui.label(RichText::new(figure).font(theme::number_font()));
            }
        });
    });
    let bar = egui::ProgressBar::new(work.progress.unwrap_or(0.0));
    let bar = if work.progress.is_some() { bar.show_percentage() } else { bar.text("…") };
    ui.add(bar).accessible_name(format!("Progress of {}", work.label));
    for (n, stage) in work.stages.iter().enumerate() {
        stage_ui(ui, theme, stage, n.cmp(&work.stage), n + 1, work.stages.len());
    }
}

/// A filled ball with a tick when done, a ring with a dot while it runs, a ring before.
fn stage_ui(ui: &mut Ui, theme: &Theme, stage: &str, order: std::cmp::Ordering, number: usize, n: usize) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let (word, colour) = match order {
        Less => ("done", theme.good),
        Equal => ("running", theme.accent),
        Greater => ("to come", theme.quiet),
    };
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(theme::MARK, theme::ROW_DENSE), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Stage {number} of {n} {word}")));
        let (c, r) = (rect.center(), 0.5 * theme::MARK);
        let stroke = Stroke::new(theme::CURVE, colour);
        match order {
            Less => {
                ui.painter().circle_filled(c, r, colour);
                let tick = Stroke::new(theme::CURVE, theme.panel);
                let corner = c + vec2(-0.1 * r, 0.45 * r);
                ui.painter().line_segment([c + vec2(-0.5 * r, 0.05 * r), corner], tick);
                ui.painter().line_segment([corner, c + vec2(0.55 * r, -0.4 * r)], tick);
            }
            Equal => {
                ui.painter().circle_stroke(c, r - 0.5, stroke);
                ui.painter().circle_filled(c, 0.45 * r, colour);
            }
            Greater => {
                ui.painter().circle_stroke(c, r - 0.5, stroke);
            }
        }
        let text = RichText::new(stage);
        ui.label(if order == Equal { text.font(theme::strong_font()) } else { text.color(theme.quiet) });
        ui.label(RichText::new(word).font(theme::caption_font()).color(theme.quiet));
    });
}

/// The same in one line over the viewport.
pub fn line(work: &WorkView) -> String {
    let stage = work.stages.get(work.stage).copied().unwrap_or_default();
    let place = format!("{} · stage {} of {}", work.label, work.stage + 1, work.stages.len().max(1));
    let figure = work.figure.as_ref().map_or_else(String::new, |figure| format!(" · {figure}"));
    if stage.is_empty() { work.label.clone() + &figure } else { format!("{place} · {stage}{figure}") }
}

/// Where the line is drawn.
pub fn line_ui(ui: &Ui, theme: &Theme, rect: Rect, text: &str) {
    let at = Pos2::new(rect.center().x, rect.bottom() - 4.0 * theme::GRID);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), egui::FontId::proportional(theme::TEXT), theme.text);
    let place = egui::Align2::CENTER_BOTTOM.anchor_size(at, galley.size());
    let ground = place.expand2(vec2(2.0 * theme::GRID, theme::GRID));
    ui.painter().rect(ground, theme::RADIUS, theme.panel, theme.hairline(), egui::StrokeKind::Inside);
    ui.painter().galley(place.min, galley, theme.text);
}
