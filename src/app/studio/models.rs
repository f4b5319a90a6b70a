//! The Models panel: which engine runs the networks, how long each took, and what is not installed.

use egui::{RichText, Ui};

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
        egui::Grid::new("models").num_columns(3).striped(true).show(ui, |ui| {
            for head in ["Sees", "Model", "Last run"] {
                ui.label(RichText::new(head).font(theme::caption_font()).color(theme.quiet));
            }
            ui.end_row();
            // Latencies at the pace of the other figures.
            let calm = &cx.calm.studio.models.models;
            for (n, model) in models.models.iter().enumerate() {
                let latency = calm.get(n).filter(|calm| calm.role == model.role).unwrap_or(model).latency_ms;
                model_ui(ui, model, latency);
            }
        });
    });
}

fn model_ui(ui: &mut Ui, model: &ModelView, latency_ms: Option<f32>) {
    let theme = Theme::of(ui);
    ui.label(&model.role);
    match &model.name {
        Some(name) => ui.add(egui::Label::new(name).truncate()),
        None => ui.label(RichText::new("not installed").color(theme.quiet)),
    };
    let text = match latency_ms {
        Some(ms) if ms < 10.0 => format!("{ms:.1} ms"),
        Some(ms) => format!("{ms:.0} ms"),
        None => format::NO_DATA.to_owned(),
    };
    let colour = if latency_ms.is_some() { theme.text } else { theme.quiet };
    ui.label(RichText::new(text).font(theme::number_font()).color(colour));
    ui.end_row();
    if let Some(note) = &model.note {
        ui.label("");
        ui.add(egui::Label::new(RichText::new(note).font(theme::caption_font()).color(theme.quiet)).wrap());
        ui.end_row();
    }
}
