//! The Photos panel: every photo with its state, and the selected one large with what was seen in it.

use std::sync::Arc;

use egui::{Align2, Pos2, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::confirm::Confirm;
use super::{photo_view, quality};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::marks::{self, Icon};
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::engine::studio::{PhotoState, PhotoView, StudioCommand};
use crate::types::{FocalSource, Provenance};

/// A photo in the row of photos, upright with its name below.
const CARD: egui::Vec2 = vec2(24.0 * theme::GRID, 27.0 * theme::GRID);
/// The same in a low panel, with its name beside the picture.
const LOW_CARD: egui::Vec2 = vec2(38.0 * theme::GRID, 11.0 * theme::GRID);
const LOW_PANEL: f32 = 110.0 * theme::GRID;
/// The share of the panel that remarks may take before they scroll.
const REMARKS_SHARE: f32 = 0.28;

pub fn photos_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let studio = Arc::clone(&cx.live.studio);
    if studio.photos.is_empty() {
        empty_ui(ui, cx);
        return;
    }
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui
                .add(marks::primary_button(theme, "Add photos…"))
                .on_hover_text(Action::AddPhotos.entry().tip)
                .clicked()
            {
                cx.act(Action::AddPhotos);
            }
            if ui.button("Paste").on_hover_text(Action::PastePhoto.entry().tip).clicked() {
                cx.act(Action::PastePhoto);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let n_used = studio.photos.iter().filter(|photo| photo.counts()).count();
                let plural = if studio.photos.len() == 1 { "" } else { "s" };
                let text = format!("{} photo{plural}, {n_used} in use", studio.photos.len());
                ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).truncate());
            });
        });
    });
    let low = ui.max_rect().intersect(ui.clip_rect()).height() < LOW_PANEL;
    egui::ScrollArea::horizontal().auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            for photo in &studio.photos {
                card_ui(ui, cx, photo, low);
            }
        });
    });
    let Some(photo) = cx.state.studio.photo(&studio) else { return };
    if !low {
        ui.separator();
    }
    head_ui(ui, cx, photo);
    if let PhotoState::Failed(error) = &photo.state {
        super::body::error_ui(ui, error);
        if photo.photo.is_none() {
            return;
        }
    }
    photo_view::layers_ui(ui, cx, photo);
    let room = marks::rest(ui);
    let remarks = remarks_height(ui, photo, room);
    let view = Rect::from_min_max(room.min, Pos2::new(room.right(), room.bottom() - remarks));
    photo_view::photo_view_ui(ui, cx, &studio, photo, view);
    if remarks > 0.0 {
        let below = Rect::from_min_max(Pos2::new(room.left(), view.bottom() + theme::GRID), room.max);
        ui.scope_builder(egui::UiBuilder::new().max_rect(below), |ui| {
            egui::ScrollArea::vertical().id_salt("remarks").auto_shrink(false).show(ui, |ui| {
                quality::remarks_ui(ui, &photo.remarks);
            });
        });
    }
}

/// Room for the remarks as far as they need it.
fn remarks_height(ui: &Ui, photo: &PhotoView, room: Rect) -> f32 {
    if photo.remarks.is_empty() {
        return 0.0;
    }
    let font = egui::FontId::proportional(theme::TEXT);
    let width = (room.width() - 6.0 * theme::GRID).max(theme::ROW);
    let height =
        |text: &String| ui.painter().layout(text.clone(), font.clone(), egui::Color32::PLACEHOLDER, width).size().y;
    let lines = photo.remarks.iter().map(|remark| {
        let advice = remark.advice.as_ref().map_or(0.0, height);
        (height(&remark.text) + advice).max(theme::ROW_DENSE) + theme::GRID
    });
    (lines.sum::<f32>() + 2.0 * theme::GRID).min(REMARKS_SHARE * room.height())
}

/// What this panel is for, what makes a good photo, and that it stays here.
fn empty_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((0.5 * ui.available_height() - 5.0 * theme::ROW).max(theme::GRID));
        ui.heading("Measure a person from photos");
        for line in [
            "One photo will do: the whole person, head to feet, in tight clothes, arms a little away from the body",
            "A second one from the side makes waist and chest much better, and so does the height",
            "Nothing leaves this machine, and photos are never written to disk",
        ] {
            ui.add(egui::Label::new(RichText::new(line).color(theme.quiet)).wrap());
        }
        ui.add_space(2.0 * theme::GRID);
        if ui.add(marks::primary_button(theme, "Add photos…")).on_hover_text(Action::AddPhotos.entry().tip).clicked()
        {
            cx.act(Action::AddPhotos);
        }
        ui.add_space(theme::GRID);
        if ui.button("Paste photo").on_hover_text(Action::PastePhoto.entry().tip).clicked() {
            cx.act(Action::PastePhoto);
        }
        ui.label(RichText::new("or drop files here").font(theme::caption_font()).color(theme.quiet));
        if let Some(error) = &cx.live.studio.models.error {
            ui.add_space(2.0 * theme::GRID);
            ui.separator();
            super::body::error_ui(ui, error);
        }
    });
}

/// In one or two words, and in a sentence for screen readers.
fn state_words(photo: &PhotoView) -> (Option<NoticeLevel>, String) {
    let n_people = photo.observation.as_ref().map_or(0, |seen| seen.people.len());
    match &photo.state {
        PhotoState::Reading => (None, "reading".to_owned()),
        PhotoState::Looking(what) => (None, what.clone()),
        PhotoState::Failed(_) => (Some(NoticeLevel::Error), "failed".to_owned()),
        PhotoState::Ready if n_people == 0 => (Some(NoticeLevel::Error), "no person".to_owned()),
        PhotoState::Ready if photo.remarks.iter().any(|remark| remark.serious) => {
            (Some(NoticeLevel::Error), "see remarks".to_owned())
        }
        PhotoState::Ready => {
            let level = (!photo.remarks.is_empty()).then_some(NoticeLevel::Warning);
            let text = match (photo.person, n_people) {
                (None, n) => format!("{n} people"),
                (Some(_), 1) => "1 person".to_owned(),
                (Some(person), n) => format!("person {} of {n}", person + 1),
            };
            (level, text)
        }
    }
}

fn card_ui(ui: &mut Ui, cx: &mut Cx<'_>, photo: &PhotoView, low: bool) {
    let theme = Theme::of(ui);
    let selected = cx.state.studio.photo == Some(photo.id);
    let (rect, response) = ui.allocate_exact_size(if low { LOW_CARD } else { CARD }, Sense::click());
    let (level, words) = state_words(photo);
    let used = if photo.used { "in use" } else { "not in use" };
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, selected, format!("Photo {}, {words}, {used}", photo.label))
    });
    if response.clicked() {
        cx.state.studio.photo = Some(photo.id);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let picture = match low {
        true => Rect::from_min_size(rect.min, vec2(rect.height(), rect.height())),
        false => Rect::from_min_size(rect.min, vec2(rect.width(), rect.height() - 9.0 * theme::GRID)),
    };
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, theme::RADIUS, theme.raised);
    let inner = picture.shrink(0.5 * theme::GRID);
    painter.rect_filled(inner, theme::RADIUS, theme.ground);
    match (cx.gpu, &photo.photo) {
        (Some(gpu), Some(pixels)) => {
            if let Some(texture) = cx.state.studio.textures.thumb(ui.ctx(), gpu, photo.id, pixels) {
                let size = vec2(pixels.width as f32, pixels.height as f32);
                let scale = (inner.width() / size.x).min(inner.height() / size.y);
                let tint = if photo.used { 1.0 } else { 0.45 };
                let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
                let place = Rect::from_center_size(inner.center(), size * scale);
                painter.image(texture, place, uv, egui::Color32::WHITE.gamma_multiply(tint));
            }
        }
        (_, None) if matches!(photo.state, PhotoState::Reading) => {
            painter.text(inner.center(), Align2::CENTER_CENTER, "…", theme::strong_font(), theme.quiet);
        }
        _ => {}
    }
    if !photo.used {
        painter.text(inner.center(), Align2::CENTER_CENTER, "not used", theme::caption_font(), theme.text);
    }
    let corner = if low { picture.right_top() + vec2(0.0, theme::GRID) } else { picture.left_bottom() };
    let room = Rect::from_min_max(corner + vec2(1.5 * theme::GRID, 0.0), rect.max - vec2(theme::GRID, 0.0));
    let font = theme::caption_font();
    let line = |n: f32| {
        Rect::from_x_y_ranges(
            room.x_range(),
            room.top() + n * 4.25 * theme::GRID..=room.top() + (n + 1.0) * 4.25 * theme::GRID,
        )
    };
    marks::text_in(&painter, line(0.0), Align2::LEFT_CENTER, &photo.label, font.clone(), theme.text);
    let mut second = line(1.0);
    if let Some(level) = level {
        marks::level_mark(&painter, theme, second.left_center() + vec2(0.5 * theme::MARK, 0.0), level);
        second.min.x += theme::MARK + theme::GRID;
    }
    marks::text_in(&painter, second, Align2::LEFT_CENTER, &words, font, theme.quiet);
    if selected {
        let stroke = egui::Stroke::new(2.0 * theme::HAIRLINE, theme.accent);
        painter.rect_stroke(rect, theme::RADIUS, stroke, egui::StrokeKind::Inside);
    } else if response.hovered() || response.has_focus() {
        let stroke = egui::Stroke::new(theme::HAIRLINE, theme.accent);
        painter.rect_stroke(rect, theme::RADIUS, stroke, egui::StrokeKind::Inside);
    }
    response.on_hover_text(format!("{} — {words}", photo.label));
}

/// The selected photo's name, state, lens and use.
fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, photo: &PhotoView) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if marks::icon_button_ui(ui, Icon::Close, &format!("Remove {}", photo.label), true).clicked() {
                cx.state.studio.confirm = Some(Confirm::RemovePhoto(photo.id));
            }
            let mut used = photo.used;
            let tip = "The next fit uses this photo";
            if ui.checkbox(&mut used, "Use").on_hover_text(tip).clicked() {
                cx.studio_command(StudioCommand::UsePhoto { photo: photo.id, used });
            }
            if photo.focal.is_some() {
                ui.menu_button("Lens", |ui| lens_ui(ui, cx, photo));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                marks::provenance_ui(ui, Provenance::Replay, false);
                ui.add(egui::Label::new(RichText::new(&photo.label).font(theme::strong_font())).truncate());
                let busy = match &photo.state {
                    PhotoState::Reading => Some("reading"),
                    PhotoState::Looking(what) => Some(what.as_str()),
                    PhotoState::Ready | PhotoState::Failed(_) => None,
                };
                if let Some(what) = busy {
                    ui.spinner();
                    ui.add(egui::Label::new(RichText::new(what).color(theme.quiet)).truncate());
                } else if let Some(size) = photo.photo.as_ref().map(|photo| (photo.width, photo.height)) {
                    let text = format!("{} × {} px", size.0, size.1);
                    ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).truncate());
                }
            });
        });
    });
}

fn lens_ui(ui: &mut Ui, cx: &mut Cx<'_>, photo: &PhotoView) {
    let theme = Theme::of(ui);
    let Some(focal) = photo.focal else { return };
    ui.set_min_width(60.0 * theme::GRID);
    let source = match focal.from {
        FocalSource::Exif35mm | FocalSource::ExifSensor => "as the camera wrote into the photo",
        FocalSource::User => "as you gave it",
        FocalSource::Assumed => "assumed: the photo says nothing of its lens",
    };
    ui.label(RichText::new(format!("Focal length, {source}")).color(theme.quiet));
    ui.horizontal(|ui| {
        let mut px = focal.px;
        let drag = egui::DragValue::new(&mut px).range(50.0..=100_000.0).speed(5.0).suffix(" px").max_decimals(0);
        let response = ui.add(drag.update_while_editing(false));
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Focal length in pixels"));
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            cx.studio_command(StudioCommand::SetFocal { photo: photo.id, px: Some(px) });
        }
        ui.label(RichText::new(format!("± {:.0} %", focal.relative_sigma * 100.0)).font(theme::number_font()));
        if ui.add_enabled(focal.from == FocalSource::User, egui::Button::new("As in the photo")).clicked() {
            cx.studio_command(StudioCommand::SetFocal { photo: photo.id, px: None });
        }
    });
}
