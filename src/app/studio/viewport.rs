//! The stage with bodies on it: how they are drawn, who they are, and what the map says under the pointer.

use std::sync::Arc;

use bevy_math::Vec3;
use egui::{Align2, Pos2, Rect, RichText, Sense, Ui, vec2};

use super::scene::{self, Placed, Staged};
use super::{Show, Stance, figures, legend, work};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::app::viewport::{self, Aim};
use crate::engine::studio::{BodyView, Studio};
use crate::render::{MeshHit, pick_mesh};
use crate::types::Provenance;

/// Size of the colour scale in the lower right corner.
const LEGEND: egui::Vec2 = vec2(44.0 * theme::GRID, 10.0 * theme::GRID);

/// A stage narrower than this has lists in place of rows of buttons.
const NARROW: f32 = 112.0 * theme::GRID;

pub fn bodies_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let response = ui.interact(rect, ui.scope_id().with("bodies"), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Body view"));
    cx.state.viewport.hovered = response.contains_pointer();
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, theme.ground);
    if !cx.has_bodies() {
        welcome_ui(ui, cx, rect);
        return;
    }
    let studio = Arc::clone(&cx.live.studio);
    let staged = scene::stage_scene(&studio, &mut cx.state.studio, theme);
    let aspect = rect.width() / rect.height().max(1.0);
    let focus = staged.placed.iter().find(|placed| Some(placed.body) == cx.state.studio.body);
    let narrow = rect.width() < NARROW;
    let aim = Aim {
        bounds: staged.bounds.map(|(low, high)| (low, high + Vec3::Z * head_room(rect, narrow) * (high.z - low.z))),
        key: staged.bounds.map(|(low, high)| vec![rounded(low), rounded(high)]).unwrap_or_default(),
        focus: focus.and_then(|placed| placed.bounds).map(|(low, high)| (low + high) / 2.0),
        focus_from_m: viewport::NODE_FROM_M,
        is_held: false,
    };
    let wanted = cx.state.viewport.take_wanted();
    cx.state.viewport.bodies.steer(ui, &response, rect, &aim, wanted);
    let hovered = response.hover_pos().filter(|_| !response.dragged());
    let Staged { scene, placed, scale, is_preview, .. } = staged;
    // Looking for the triangle takes half a millisecond: only where the answer is wanted.
    let wants_hit = scale.is_some() || response.clicked() || response.double_clicked();
    let hit = hovered.filter(|_| wants_hit).and_then(|pos| {
        let ray = cx.state.viewport.bodies.camera.ray(viewport::ndc(rect, pos), aspect);
        pick_mesh(&scene.meshes, &ray)
    });
    let values_at = hit.and_then(|hit| Some((hit, *scene.meshes.get(hit.mesh)?.triangles.get(hit.triangle)?)));
    if response.clicked() || response.double_clicked() {
        let clicked = hit.as_ref().and_then(|hit| placed.iter().find(|placed| placed.mesh == hit.mesh));
        match clicked {
            Some(placed) => cx.state.studio.body = Some(placed.body),
            None if response.double_clicked() && hit.is_none() => cx.state.viewport.home(),
            None => {}
        }
        if response.double_clicked() && clicked.is_some() {
            cx.state.viewport.focus();
        }
        ui.ctx().request_repaint();
    }
    match cx.gpu {
        Some(gpu) => {
            let camera = cx.state.viewport.bodies.camera.clone();
            let texture = viewport::draw(gpu, &mut cx.state.viewport, scene, &camera, rect, ui.pixels_per_point());
            let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            painter.image(texture, rect, uv, egui::Color32::WHITE);
        }
        None => marks::no_adapter(&painter, theme, rect),
    }
    names_ui(ui, cx, &studio, rect, &placed, aspect);
    if let Some(problem) = cx.state.viewport.problem() {
        note(&painter, theme, rect, problem);
    } else if cx.state.studio.options.show == Show::Uncertainty && scale.is_none() && !is_preview {
        note(&painter, theme, rect, "No expected error is known of this body");
    }
    if let Some(scale) = &scale {
        let place = Rect::from_min_size(rect.max - LEGEND - vec2(4.0, 4.0) * theme::GRID, LEGEND);
        painter.rect_filled(place.expand(2.0 * theme::GRID), theme::RADIUS, theme.panel.gamma_multiply(0.9));
        legend::paint(&painter, theme, place, scale);
        ui.interact(place, ui.scope_id().with("scale"), Sense::hover())
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, legend::words(scale)));
    }
    let shown = scene::on_stage(&studio, &cx.state.studio);
    if shown.iter().any(|body| body.provenance == Provenance::Simulated) && !is_preview {
        viewport::frame_ui(&painter, theme, rect);
    }
    if let Some(work) = studio.work.as_ref() {
        let calm = cx.calm.studio.work.as_ref().filter(|calm| calm.job == work.job && calm.stage == work.stage);
        work::line_ui(ui, theme, rect, &work::line(calm.unwrap_or(work)));
    }
    if let (Some((hit, corners)), Some(pos)) = (values_at, hovered)
        && let Some(text) = readout(cx, &studio, &placed, &hit, corners)
    {
        marks::readout(ui, rect, pos, text);
    }
    tools_ui(ui, cx, rect);
}

/// How much higher than the bodies the picture reaches, so that no head is under the buttons.
fn head_room(rect: Rect, narrow: bool) -> f32 {
    let rows = if narrow { 2.0 } else { 3.0 };
    (rows * theme::ROW / rect.height().max(1.0)).min(0.3)
}

/// Small changes of a body do not move the camera.
fn rounded(corner: Vec3) -> Vec3 {
    (corner * 4.0).round() / 4.0
}

/// The value of the map under the pointer, in millimetres.
fn readout(cx: &Cx<'_>, studio: &Studio, placed: &[Placed], hit: &MeshHit, corners: [u32; 3]) -> Option<String> {
    let placed = placed.iter().find(|placed| placed.mesh == hit.mesh)?;
    let body = studio.bodies.iter().find(|body| body.id == placed.body)?;
    let show = cx.state.studio.options.show;
    let values = scene::values(body, studio.comparison.as_deref(), show)?;
    let at = |n: usize| values.get(corners[n] as usize).map(|value| value * hit.shares[n]);
    let value = at(0)? + at(1)? + at(2)?;
    Some(match show {
        Show::Error if value < 0.0 => format!("{} inside", figures::millimetres(-value)),
        Show::Error => format!("{} outside", figures::millimetres(value)),
        _ => format!("± {}", figures::millimetres(value)),
    })
}

fn note(painter: &egui::Painter, theme: &Theme, rect: Rect, text: &str) {
    let at = rect.center_bottom() - vec2(0.0, 10.0 * theme::GRID);
    painter.text(at, Align2::CENTER_BOTTOM, text, egui::FontId::proportional(theme::TEXT), theme.quiet);
}

/// Who stands there, where it is from, and whether somebody has changed it: above heads, or in the corner for one.
fn names_ui(ui: &Ui, cx: &Cx<'_>, studio: &Studio, rect: Rect, placed: &[Placed], aspect: f32) {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(rect);
    let find = |id| studio.bodies.iter().find(|body| body.id == id);
    if let [only] = placed {
        if let Some(body) = find(only.body) {
            let inset = 4.0 * theme::GRID;
            let lift = if body.provenance == Provenance::Simulated { 5.0 * theme::GRID } else { 0.0 };
            name_ui(&painter, theme, rect.left_bottom() + vec2(inset, -inset - lift), Align2::LEFT_BOTTOM, body, false);
        }
        return;
    }
    let mut taken: Vec<Rect> = Vec::new();
    for placed in placed {
        let (Some(body), Some((low, high))) = (find(placed.body), placed.bounds) else { continue };
        let head = Vec3::new((low.x + high.x) / 2.0, (low.y + high.y) / 2.0, high.z + 0.06);
        let Some(at) = viewport::on_screen(&cx.state.viewport.bodies.camera, rect, aspect, head) else { continue };
        let selected = cx.state.studio.body == Some(body.id);
        // Names that would cover another's step up by a line.
        let mut at = at;
        for _ in 0..4 {
            let place = Rect::from_center_size(at - vec2(0.0, 2.5 * theme::GRID), vec2(30.0, 4.5) * theme::GRID);
            if taken.iter().all(|other| !other.intersects(place)) {
                taken.push(place);
                break;
            }
            at.y -= 5.0 * theme::GRID;
        }
        name_ui(&painter, theme, at, Align2::CENTER_BOTTOM, body, selected);
    }
}

fn name_ui(painter: &egui::Painter, theme: &Theme, at: Pos2, align: Align2, body: &BodyView, selected: bool) {
    let colour = if selected { theme.accent } else { theme.text };
    let edited = if body.edited { " · edited" } else { "" };
    let text = format!("{}{edited}", body.name);
    let galley = painter.layout_no_wrap(text, theme::caption_font(), colour);
    let mark = theme::MARK + theme::GRID;
    let size = galley.size() + vec2(mark + 2.0 * theme::GRID, theme::GRID);
    let place = align.anchor_size(at, size);
    painter.rect_filled(place, theme::RADIUS, theme.panel.gamma_multiply(0.85));
    let centre = place.left_center() + vec2(theme::GRID + 0.5 * theme::MARK, 0.0);
    marks::provenance_mark(painter, theme, centre, body.provenance);
    painter.galley(place.min + vec2(mark + theme::GRID, 0.5 * theme::GRID), galley, colour);
}

/// Views, how bodies are drawn, and in which pose; in the upper left corner.
fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) {
    let inset = 4.0 * theme::GRID;
    let builder = egui::UiBuilder::new().max_rect(rect.shrink(inset)).layout(egui::Layout::top_down(egui::Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GRID;
            viewport::views_ui(ui, cx, "Whole body");
        });
        if rect.width() < NARROW {
            ui.horizontal(|ui| {
                show_list_ui(ui, cx);
                stance_list_ui(ui, cx);
                together_ui(ui, cx);
            });
        } else {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 0.5 * theme::GRID;
                // The axis cube has the corner.
                ui.set_max_width(rect.width() - 20.0 * theme::GRID);
                Show::ALL.into_iter().for_each(|show| show_ui(ui, cx, show));
            });
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.5 * theme::GRID;
                Stance::ALL.into_iter().for_each(|stance| stance_ui(ui, cx, stance));
                together_ui(ui, cx);
            });
        }
        viewport::gestures_ui(ui, cx);
    });
}

fn show_ui(ui: &mut Ui, cx: &mut Cx<'_>, show: Show) {
    let action = Action::ShowAs(show);
    let available = action.available(cx.live, cx.context());
    let button = egui::Button::selectable(cx.state.studio.options.show == show, show.label()).small();
    let response = ui.add_enabled(available.is_ok(), button).on_hover_text(action.entry().tip);
    if response.clicked() {
        cx.act(action);
    }
    if let Err(reason) = available {
        response.on_disabled_hover_text(reason);
    }
}

fn stance_ui(ui: &mut Ui, cx: &mut Cx<'_>, stance: Stance) {
    let action = Action::Stand(stance);
    let button = egui::Button::selectable(cx.state.studio.options.stance == stance, stance.label()).small();
    if ui.add(button).on_hover_text(action.entry().tip).clicked() {
        cx.act(action);
    }
}

fn together_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.live.studio.bodies.len() > 1 {
        let button = egui::Button::new("All").small().selected(cx.state.studio.options.together);
        if ui.add(button).on_hover_text(Action::Together.entry().tip).clicked() {
            cx.act(Action::Together);
        }
    }
}

fn show_list_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let shown = cx.state.studio.options.show.label();
    let list = egui::ComboBox::from_id_salt("show").selected_text(shown).width(26.0 * theme::GRID);
    let response = list.show_ui(ui, |ui| Show::ALL.into_iter().for_each(|show| show_ui(ui, cx, show))).response;
    response.accessible_name("How bodies are drawn");
}

fn stance_list_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let shown = cx.state.studio.options.stance.label();
    let list = egui::ComboBox::from_id_salt("stance").selected_text(shown).width(20.0 * theme::GRID);
    let response = list.show_ui(ui, |ui| Stance::ALL.into_iter().for_each(|stance| stance_ui(ui, cx, stance))).response;
    response.accessible_name("Pose of the bodies");
}

/// What a new user sees: the next step.
fn welcome_ui(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) {
    let theme = Theme::of(ui);
    let running = cx.calm.studio.work.as_ref().or(cx.live.studio.work.as_ref()).map(work::line);
    let (title, text) = match (cx.live.studio.photos.is_empty(), super::cannot_fit(&cx.live.studio)) {
        (_, Some(_)) if cx.live.studio.work.is_some() => ("In the making", running.as_deref().unwrap_or_default()),
        (true, _) => ("Add a photo of a person", "A measured body stands here within seconds"),
        (false, Some(reason)) => ("No body yet", reason),
        (false, None) => ("Ready to fit", "Press Fit body: all photos in use count"),
    };
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(((rect.height() - 5.0 * theme::ROW) * 0.5).max(theme::GRID));
            ui.heading(title);
            ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
            ui.add_space(3.0 * theme::GRID);
            let first = match (cx.live.studio.photos.is_empty(), super::cannot_fit(&cx.live.studio)) {
                (true, _) => Some(("Add photos…", Action::AddPhotos)),
                (false, None) => Some(("Fit body", Action::FitBody)),
                (false, Some(_)) => None,
            };
            if let Some((word, action)) = first
                && ui.add(marks::primary_button(theme, word)).on_hover_text(action.entry().tip).clicked()
            {
                cx.act(action);
            }
            if cx.live.studio.work.is_some() {
                return;
            }
            ui.add_space(theme::GRID);
            for (word, action) in [("Open scan…", Action::OpenScan), ("Draw a body", Action::DrawBody)] {
                if ui.button(word).on_hover_text(action.entry().tip).clicked() {
                    cx.act(action);
                }
            }
        });
    });
}
