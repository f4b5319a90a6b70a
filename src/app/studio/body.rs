//! The Body panel: what is known of the person, the fit and its progress, the bodies there are, and what was measured.

use egui::{RichText, Role, Sense, TextEdit, Ui, WidgetInfo, vec2};

use super::{cannot_fit, confirm::Confirm, inputs, measurements, quality, work};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::marks::{self, Icon};
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::engine::studio::{BodyOrigin, BodyView, StudioCommand};

/// More bodies than these scroll within their list.
const MAX_ROWS: f32 = 5.0;

pub fn body_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let studio = std::sync::Arc::clone(&cx.live.studio);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Known of the person").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let available = Action::FitBody.available(cx.live, cx.context());
            let button = marks::primary_button(theme, "Fit body");
            let response = ui.add_enabled(available.is_ok(), button).on_hover_text(Action::FitBody.entry().tip);
            if response.clicked() {
                cx.act(Action::FitBody);
            }
            if let Err(reason) = available {
                response.on_disabled_hover_text(reason);
            }
        });
    });
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        inputs::inputs_ui(ui, cx);
        if let Some(work) = &studio.work {
            ui.separator();
            work::work_ui(ui, cx, work);
        }
        if let Some(error) = &studio.models.error {
            ui.separator();
            error_ui(ui, error);
        }
        ui.separator();
        if studio.bodies.is_empty() {
            nothing_ui(ui, cx);
            return;
        }
        bodies_ui(ui, cx, &studio.bodies);
        let Some(body) = cx.state.studio.body(&studio) else { return };
        ui.separator();
        ui.horizontal(|ui| {
            ui.label(RichText::new("Measurements").font(theme::strong_font()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.small_button("Copy").on_hover_text("Copy all measurements as text").clicked() {
                    ui.copy_text(measurements::as_text(body, cx.state.studio.options.units));
                }
                let n_pinned = cx.state.studio.pinned_tapes.len();
                if n_pinned > 0
                    && ui.small_button("Unpin").on_hover_text("Put out all tapes that were kept lit").clicked()
                {
                    cx.state.studio.pinned_tapes.clear();
                }
                measurements::units_ui(ui, cx);
            });
        });
        if body.edited {
            edited_ui(ui);
        }
        measurements::measurements_ui(ui, cx, body);
        if let Some(quality) = &body.quality {
            ui.separator();
            quality::quality_ui(ui, quality, body.edited);
        }
    });
}

/// A text that says what to do, with a button that copies it.
pub fn error_ui(ui: &mut Ui, error: &str) {
    ui.horizontal_top(|ui| {
        marks::level_ui(ui, NoticeLevel::Error);
        let width = ui.available_width() - 2.0 * theme::ROW;
        ui.allocate_ui_with_layout(vec2(width, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
            ui.set_width(width);
            ui.add(egui::Label::new(error).wrap().selectable(true));
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
            if ui.small_button("Copy").clicked() {
                ui.copy_text(error.to_owned());
            }
        });
    });
}

/// That somebody moved sliders, in a shape and words.
pub fn edited_ui(ui: &mut Ui) {
    let theme = Theme::of(ui);
    ui.horizontal_top(|ui| {
        marks::level_ui(ui, NoticeLevel::Warning);
        let text = RichText::new("Edited — figures are the drawing's, not the person's").color(theme.text);
        ui.add(egui::Label::new(text).wrap());
    });
}

fn nothing_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(4.0 * theme::GRID);
        ui.label(RichText::new("No body yet").font(theme::strong_font()));
        let next = match cannot_fit(&cx.live.studio) {
            Some(_) if cx.live.studio.work.is_some() => "The fit is running",
            Some(reason) => reason,
            None => "Press Fit body; a height makes it better",
        };
        ui.label(RichText::new(next).color(theme.quiet));
        ui.add_space(theme::GRID);
        if cx.live.studio.photos.is_empty() && ui.button("Add photos…").clicked() {
            cx.act(Action::AddPhotos);
        }
        if cx.live.studio.work.is_none()
            && ui.button("Draw a body").on_hover_text(Action::DrawBody.entry().tip).clicked()
        {
            cx.act(Action::DrawBody);
        }
    });
}

fn bodies_ui(ui: &mut Ui, cx: &mut Cx<'_>, bodies: &[std::sync::Arc<BodyView>]) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Bodies").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.small_button("Export…").on_hover_text(Action::ExportBody.entry().tip).clicked() {
                cx.act(Action::ExportBody);
            }
            if bodies.len() > 1 {
                let button = egui::Button::new("All on stage").small().selected(cx.state.studio.options.together);
                if ui.add(button).on_hover_text(Action::Together.entry().tip).clicked() {
                    cx.act(Action::Together);
                }
            }
        });
    });
    let height = theme::ROW * (bodies.len() as f32).min(MAX_ROWS);
    egui::ScrollArea::vertical().id_salt("bodies").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for body in bodies {
            body_row_ui(ui, cx, body);
        }
    });
}

pub fn origin(body: &BodyView, bodies: &[std::sync::Arc<BodyView>]) -> String {
    match &body.origin {
        BodyOrigin::Fitted(photos) if photos.len() == 1 => "from 1 photo".to_owned(),
        BodyOrigin::Fitted(photos) => format!("from {} photos", photos.len()),
        BodyOrigin::Scan { label } => format!("scan {label}"),
        BodyOrigin::Registered { scan } => {
            let scan = bodies.iter().find(|other| other.id == *scan);
            format!("fitted to {}", scan.map_or("a scan", |scan| scan.name.as_str()))
        }
        BodyOrigin::Drawn => "drawn".to_owned(),
    }
}

fn body_row_ui(ui: &mut Ui, cx: &mut Cx<'_>, body: &BodyView) {
    let theme = Theme::of(ui);
    let selected = cx.state.studio.body == Some(body.id);
    if let Some((id, name)) = cx.state.studio.renaming.as_mut().filter(|(id, _)| *id == body.id) {
        let edit = ui.add(TextEdit::singleline(name).desired_width(f32::INFINITY));
        let edit = edit.accessible_name("Name of the body");
        if !edit.has_focus() && !edit.lost_focus() {
            edit.request_focus();
        }
        if edit.lost_focus() {
            let (id, name) = (*id, name.trim().to_owned());
            cx.state.studio.renaming = None;
            if !name.is_empty() && name != body.name {
                cx.studio_command(StudioCommand::Rename { body: id, name });
            }
        }
        return;
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
    let origin = origin(body, &cx.live.studio.bodies);
    let edited = if body.edited { ", edited" } else { "" };
    response.widget_info(|| {
        let text = format!("Body {}, {origin}{edited}, {}", body.name, body.provenance.label());
        WidgetInfo::selected(Role::Row, true, selected, text)
    });
    if selected {
        ui.painter().rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 0.0, theme.raised);
    }
    let inner = rect.shrink2(vec2(2.0 * theme::GRID, 0.0));
    let builder = egui::UiBuilder::new().max_rect(inner).layout(egui::Layout::right_to_left(egui::Align::Center));
    ui.scope_builder(builder, |ui| {
        if marks::icon_button_ui(ui, Icon::Close, &format!("Remove {}", body.name), true).clicked() {
            cx.state.studio.confirm = Some(Confirm::RemoveBody(body.id));
        }
        marks::provenance_ui(ui, body.provenance, true);
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let label = |text: RichText| egui::Label::new(text).truncate().selectable(false).sense(Sense::hover());
            ui.add(label(RichText::new(&body.name).font(theme::strong_font())));
            ui.add(label(RichText::new(format!("{origin}{edited}")).color(theme.quiet)));
        });
    });
    if response.clicked() {
        cx.state.studio.body = Some(body.id);
    }
    if response.double_clicked() {
        cx.state.studio.renaming = Some((body.id, body.name.clone()));
    }
    response.on_hover_text("Click to select, double-click to rename");
}
