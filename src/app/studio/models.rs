//! The Models panel: which engine runs the networks, how long each took, and what is not installed.

use egui::{Align2, Rect, RichText, Role, Ui, WidgetInfo};

use super::body::error_ui;
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::format;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::ModelView;

pub fn models_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let models = &cx.live.studio.models;
    if models.models.is_empty() && models.error.is_none() {
        let needs = "They are read when the first photo comes, from the models folder beside the program";
        if marks::empty_ui(ui, "Which networks see people, and how fast", needs, Some("Look for models")) {
            cx.act(Action::ReloadModels);
        }
        return;
    }
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let reload = ui.add(marks::primary_button(theme, "Reload"));
            if reload.on_hover_text(Action::ReloadModels.entry().tip).clicked() {
                cx.act(Action::ReloadModels);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let engine = if models.engine.is_empty() { "No engine has run yet" } else { models.engine.as_str() };
                ui.add(egui::Label::new(RichText::new(engine).font(theme::strong_font())).truncate().selectable(true));
                if models.n_threads > 0 {
                    let plural = if models.n_threads == 1 { "" } else { "s" };
                    ui.label(RichText::new(format!("{} thread{plural}", models.n_threads)).color(theme.quiet));
                }
            });
        });
    });
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(error) = &models.error {
            error_ui(ui, error);
            ui.separator();
        }
        head_ui(ui);
        // Latencies at the pace of the other figures.
        let calm = &cx.calm.studio.models.models;
        for (n, model) in models.models.iter().enumerate() {
            let latency = calm.get(n).filter(|calm| calm.role == model.role).unwrap_or(model).latency_ms;
            model_ui(ui, model, latency);
        }
    });
}

/// Role, model and latency of a row.
fn cells(row: Rect) -> [Rect; 3] {
    let latency = row.right() - 19.0 * theme::GRID;
    let name = row.left() + (0.42 * row.width()).min(36.0 * theme::GRID);
    let cell = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, row.y_range());
    [cell(row.left(), name - theme::GRID), cell(name, latency), cell(latency, row.right() - theme::GRID)]
}

fn row(ui: &mut Ui) -> (Rect, egui::Response) {
    let width = ui.max_rect().intersect(ui.clip_rect()).width();
    ui.allocate_exact_size(egui::vec2(width, theme::ROW_DENSE), egui::Sense::hover())
}

fn head_ui(ui: &mut Ui) {
    let (rect, _) = row(ui);
    let (font, colour) = (theme::caption_font(), Theme::of(ui).quiet);
    let [role, name, latency] = cells(rect);
    marks::text_in(ui.painter(), role, Align2::LEFT_CENTER, "Sees", font.clone(), colour);
    marks::text_in(ui.painter(), name, Align2::LEFT_CENTER, "Model", font.clone(), colour);
    marks::text_in(ui.painter(), latency, Align2::RIGHT_CENTER, "Last run", font, colour);
    ui.painter().hline(rect.x_range(), rect.bottom(), Theme::of(ui).hairline());
}

fn model_ui(ui: &mut Ui, model: &ModelView, latency_ms: Option<f32>) {
    let theme = Theme::of(ui);
    let text = match latency_ms {
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) => format!("{ms:.0} ms"),
        None => format::NO_DATA.to_owned(),
    };
    let name = model.name.as_deref().unwrap_or("not installed");
    let (rect, response) = row(ui);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, format!("{}: {name}, last run {text}", model.role)));
    let [role, middle, latency] = cells(rect);
    let font = egui::FontId::proportional(theme::TEXT);
    let loud = |known: bool| if known { theme.text } else { theme.quiet };
    marks::text_in(ui.painter(), role, Align2::LEFT_CENTER, &model.role, font.clone(), theme.text);
    marks::text_in(ui.painter(), middle, Align2::LEFT_CENTER, name, font, loud(model.name.is_some()));
    let font = theme::number_font();
    marks::text_in(ui.painter(), latency, Align2::RIGHT_CENTER, &text, font, loud(latency_ms.is_some()));
    if let Some(note) = &model.note {
        let note = RichText::new(note).font(theme::caption_font()).color(theme.quiet);
        ui.add(egui::Label::new(note).wrap().selectable(true));
    }
    response.on_hover_text(name);
}
