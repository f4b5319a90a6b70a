//! One photo large, with what was seen in it laid over: people, landmarks, outline, and the fitted body.
//!
//! The wheel magnifies about the pointer, a drag moves, a double-click shows the whole photo again.

use egui::{Align2, Color32, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, vec2};

use super::overlay::Shown;
use super::{Layer, bones};
use crate::app::cx::Cx;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::{PhotoId, PhotoState, PhotoView, Studio, StudioCommand};
use crate::types::{LandmarkSet, Landmarks, Person, PixelBox};

const MAX_ZOOM: f32 = 24.0;
/// Landmarks that the network hardly believes in are left out: they are guesses outside the picture or behind the body.
const MIN_VISIBILITY: f32 = 0.1;

/// What the names of the layers take, with the gaps beside them.
const LAYER_NAMES: f32 = 60.0 * theme::GRID;

/// Which part of the photo is seen.
#[derive(Clone, Copy, Debug)]
pub struct Eye {
    photo: Option<PhotoId>,
    /// 1 shows the whole photo.
    zoom: f32,
    /// What lies in the middle, as shares of the photo's sides.
    centre: Vec2,
}

impl Default for Eye {
    fn default() -> Self {
        Self { photo: None, zoom: 1.0, centre: Vec2::splat(0.5) }
    }
}

/// From the photo's pixels to the screen.
#[derive(Clone, Copy)]
struct Frame {
    /// The whole photo, also what of it lies outside of the view.
    picture: Rect,
    points_per_px: f32,
}

impl Frame {
    fn new(eye: &Eye, view: Rect, size_px: Vec2) -> Self {
        let fit = (view.width() / size_px.x).min(view.height() / size_px.y);
        let points_per_px = fit * eye.zoom;
        let size = size_px * points_per_px;
        let min = view.center() - eye.centre * size;
        Self { picture: Rect::from_min_size(min, size), points_per_px }
    }

    fn at(&self, x_px: f32, y_px: f32) -> Pos2 {
        self.picture.min + vec2(x_px, y_px) * self.points_per_px
    }

    fn rect(&self, bounds: &PixelBox) -> Rect {
        Rect::from_min_max(self.at(bounds.left, bounds.top), self.at(bounds.right, bounds.bottom))
    }
}

/// Switches and opacities of the layers, and which person is measured.
pub fn layers_ui(ui: &mut Ui, cx: &mut Cx<'_>, photo: &PhotoView) {
    let theme = Theme::of(ui);
    let n_people = photo.observation.as_ref().map_or(0, |seen| seen.people.len());
    if n_people > 1 {
        ui.horizontal_wrapped(|ui| {
            ui.label("Person");
            for n in 0..n_people {
                let response = ui.selectable_label(photo.person == Some(n), (n + 1).to_string());
                response.widget_info(|| {
                    let name = format!("Measure person {} of {n_people}", n + 1);
                    WidgetInfo::selected(Role::RadioButton, true, photo.person == Some(n), name)
                });
                if response.clicked() {
                    cx.studio_command(StudioCommand::ChoosePerson { photo: photo.id, person: n });
                }
            }
            if ui.available_width() > 40.0 * theme::GRID {
                let text = egui::RichText::new("or click one in the photo").color(theme.quiet);
                ui.add(egui::Label::new(text).truncate());
            }
        });
    }
    if photo.observation.is_none() {
        return;
    }
    let options = &mut cx.state.studio.options;
    ui.horizontal(|ui| {
        // What the three names leave, in three.
        ui.spacing_mut().item_spacing.x = theme::GRID;
        ui.spacing_mut().slider_width =
            ((ui.available_width() - LAYER_NAMES) / 3.0).clamp(theme::ROW, 12.0 * theme::GRID);
        for (name, layer) in
            [("Landmarks", &mut options.landmarks), ("Outline", &mut options.outline), ("Body", &mut options.mesh)]
        {
            layer_ui(ui, name, layer);
        }
    });
}

fn layer_ui(ui: &mut Ui, name: &str, layer: &mut Layer) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        let tip = if layer.on { "Hide this layer" } else { "Show this layer" };
        if ui.selectable_label(layer.on, name).on_hover_text(tip).clicked() {
            layer.on = !layer.on;
        }
        let slider = egui::Slider::new(&mut layer.opacity, 0.05..=1.0).show_value(false).trailing_fill(true);
        let response = ui.add_enabled(layer.on, slider);
        response.widget_info(|| WidgetInfo::slider(true, f64::from(layer.opacity), format!("Opacity of {name}")));
        response.on_hover_text(format!("{:.0} %", layer.opacity * 100.0));
    });
}

pub fn photo_view_ui(ui: &mut Ui, cx: &mut Cx<'_>, studio: &Studio, photo: &PhotoView, view: Rect) {
    let theme = Theme::of(ui);
    let response = ui.interact(view, ui.scope_id().with("photo"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Photo view of {}", photo.label)));
    let painter = ui.painter_at(view);
    painter.rect_filled(view, theme::RADIUS, theme.ground);
    let Some(pixels) = &photo.photo else {
        let text = if photo.state == PhotoState::Reading { "reading" } else { "no picture" };
        painter.text(view.center(), Align2::CENTER_CENTER, text, egui::FontId::proportional(theme::TEXT), theme.quiet);
        return;
    };
    if view.width() < theme::ROW || view.height() < theme::ROW {
        return;
    }
    let size_px = vec2(pixels.width as f32, pixels.height as f32);
    let eye = &mut cx.state.studio.eye;
    if eye.photo != Some(photo.id) {
        *eye = Eye { photo: Some(photo.id), ..Eye::default() };
    }
    steer(ui, eye, &response, view, size_px);
    let (frame, magnified) = (Frame::new(eye, view, size_px), eye.zoom > 1.0);
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    let Some(gpu) = cx.gpu else {
        marks::no_adapter(&painter, theme, view);
        people_ui(ui, cx, photo, &frame, view);
        return;
    };
    let shown_px = frame.picture.size().max_elem() * ui.pixels_per_point();
    let textures = &mut cx.state.studio.textures;
    if let Some(texture) = textures.show(ui.ctx(), gpu, photo.id, pixels, shown_px, magnified) {
        painter.image(texture, frame.picture, uv, Color32::WHITE);
    }
    let options = cx.state.studio.options.clone();
    if options.mesh.on
        && let Some((body, place)) = place_of(cx, studio, photo.id)
    {
        let overlay = &mut cx.state.studio.overlay;
        let shown = Shown { photo_px: size_px, long_px: shown_px, pixels_per_point: ui.pixels_per_point() };
        let texture = overlay.show(gpu, theme, body, place, shown);
        painter.image(texture, frame.picture, uv, Color32::WHITE.gamma_multiply(options.mesh.opacity));
    }
    if options.outline.on {
        for line_px in photo.outline.iter() {
            let points: Vec<Pos2> = line_px.iter().map(|[x, y]| frame.at(*x, *y)).collect();
            let colour = |colour: Color32| colour.gamma_multiply(options.outline.opacity);
            painter.add(Shape::line(points.clone(), Stroke::new(2.4 * theme::CURVE, colour(theme::HALO))));
            painter.add(Shape::line(points, Stroke::new(theme::CURVE, colour(theme::OUTLINE))));
        }
    }
    if options.landmarks.on
        && let Some(person) = chosen(photo)
    {
        person_ui(&painter, person, &frame, options.landmarks.opacity);
    }
    people_ui(ui, cx, photo, &frame, view);
    if magnified {
        let percent = format!("{:.0} %", frame.points_per_px * ui.pixels_per_point() * 100.0);
        marks::caption(
            &painter,
            theme,
            view.right_top() + vec2(-theme::GRID, theme::GRID),
            Align2::RIGHT_TOP,
            &percent,
        );
    }
}

fn steer(ui: &Ui, eye: &mut Eye, response: &egui::Response, view: Rect, size_px: Vec2) {
    let frame = Frame::new(eye, view, size_px);
    if let Some(pos) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = (scroll * 0.004).exp() * pinch;
        if factor != 1.0 {
            let under = (pos - frame.picture.min) / frame.picture.size();
            eye.zoom = (eye.zoom * factor).clamp(1.0, MAX_ZOOM);
            let size = Frame::new(eye, view, size_px).picture.size();
            eye.centre = under - (pos - view.center()) / size;
        }
    }
    if response.dragged() {
        eye.centre -= response.drag_delta() / frame.picture.size();
    }
    if response.double_clicked() {
        *eye = Eye { photo: eye.photo, ..Eye::default() };
    }
    // The photo fills the view as far as it can: no side of it comes past the middle.
    let size = Frame::new(eye, view, size_px).picture.size();
    let clamp = |centre: f32, size: f32, view: f32| {
        let half = (0.5 * view / size).min(0.5);
        centre.clamp(half, 1.0 - half)
    };
    eye.centre = vec2(clamp(eye.centre.x, size.x, view.width()), clamp(eye.centre.y, size.y, view.height()));
}

fn chosen(photo: &PhotoView) -> Option<&Person> {
    photo.observation.as_ref()?.people.get(photo.person?)
}

/// The selected body, else the newest, that was fitted to this photo.
fn place_of<'a>(
    cx: &Cx<'_>,
    studio: &'a Studio,
    photo: PhotoId,
) -> Option<(&'a crate::engine::studio::BodyView, &'a crate::engine::studio::InPhoto)> {
    let selected = cx.state.studio.body(studio);
    let others = studio.bodies.iter().rev().map(AsRef::as_ref);
    selected
        .into_iter()
        .chain(others)
        .find_map(|body| Some((body, body.in_photos.iter().find(|place| place.photo == photo)?)))
}

/// Boxes of several people; a click chooses who is measured.
fn people_ui(ui: &Ui, cx: &mut Cx<'_>, photo: &PhotoView, frame: &Frame, view: Rect) {
    let Some(seen) = &photo.observation else { return };
    let n = seen.people.len();
    if n < 2 {
        return;
    }
    let theme = Theme::of(ui);
    let painter = ui.painter_at(view);
    // Small boxes last, so that one within another can be clicked.
    let mut order: Vec<usize> = (0..n).collect();
    let area = |i: usize| seen.people[i].bounds.width() * seen.people[i].bounds.height();
    order.sort_by(|a, b| area(*b).total_cmp(&area(*a)));
    for i in order {
        let rect = frame.rect(&seen.people[i].bounds);
        let is_chosen = photo.person == Some(i);
        let response = ui.interact(rect.intersect(view), ui.scope_id().with(("person", i)), Sense::click());
        response.widget_info(|| {
            let name = format!("Person {} of {n} in the photo", i + 1);
            WidgetInfo::selected(Role::RadioButton, true, is_chosen, name)
        });
        let colour = if is_chosen { theme.accent } else { Color32::WHITE.gamma_multiply(0.75) };
        let width = if is_chosen || response.hovered() { 2.0 * theme::HAIRLINE } else { theme::HAIRLINE };
        painter.rect_stroke(
            rect,
            theme::RADIUS,
            Stroke::new(width + 1.5, theme::HALO.gamma_multiply(0.5)),
            egui::StrokeKind::Middle,
        );
        painter.rect_stroke(rect, theme::RADIUS, Stroke::new(width, colour), egui::StrokeKind::Middle);
        let word = if is_chosen { format!("{} measured", i + 1) } else { (i + 1).to_string() };
        let at = rect.min.max(view.min) + vec2(theme::GRID, theme::GRID);
        marks::caption(&painter, theme, at, Align2::LEFT_TOP, &word);
        if response.clicked() && !is_chosen {
            cx.studio_command(StudioCommand::ChoosePerson { photo: photo.id, person: i });
        }
        response.on_hover_text(if is_chosen { "This person is measured" } else { "Measure this person instead" });
    }
}

/// Body points (the finer set where there is one), face and hands; faint where the network is unsure.
fn person_ui(painter: &Painter, person: &Person, frame: &Frame, opacity: f32) {
    let body = person.body.as_ref().or(person.keypoints.as_ref());
    for (landmarks, scale) in
        [(body, 1.0), (person.left_hand.as_ref(), 0.6), (person.right_hand.as_ref(), 0.6), (person.face.as_ref(), 0.3)]
    {
        let Some(landmarks) = landmarks else { continue };
        landmarks_ui(painter, landmarks, frame, opacity, scale);
    }
}

fn landmarks_ui(painter: &Painter, landmarks: &Landmarks, frame: &Frame, opacity: f32, scale: f32) {
    let alpha = |n: usize| {
        let point = landmarks.points.get(n)?;
        // Faces carry no visibility of their own.
        let known = landmarks.set == LandmarkSet::FaceMesh468 || landmarks.set == LandmarkSet::Hand21;
        let visibility = if known { 1.0 } else { point.visibility };
        (visibility >= MIN_VISIBILITY).then_some(opacity * (0.25 + 0.75 * visibility))
    };
    let at = |n: usize| landmarks.points.get(n).map(|point| frame.at(point.x_px, point.y_px));
    let mut halo = Vec::new();
    let mut lines = Vec::new();
    for &(a, b) in bones::lines(landmarks.set) {
        let (a, b) = (usize::from(a), usize::from(b));
        let (Some(from), Some(to), Some(alpha)) = (at(a), at(b), alpha(a).zip(alpha(b)).map(|(a, b)| a.min(b))) else {
            continue;
        };
        let width = theme::CURVE * scale.max(0.7);
        halo.push(Shape::line_segment([from, to], Stroke::new(2.2 * width, theme::HALO.gamma_multiply(0.6 * alpha))));
        lines.push(Shape::line_segment([from, to], Stroke::new(width, theme::LANDMARK.gamma_multiply(alpha))));
    }
    painter.extend(halo);
    painter.extend(lines);
    let radius = 0.32 * theme::MARK * scale;
    let dots = (0..landmarks.points.len()).filter_map(|n| Some((at(n)?, alpha(n)?)));
    painter.extend(dots.flat_map(|(at, alpha)| {
        [
            Shape::circle_filled(at, radius + 0.8 * scale, theme::HALO.gamma_multiply(0.7 * alpha)),
            Shape::circle_filled(at, radius, theme::LANDMARK.gamma_multiply(alpha)),
        ]
    }));
}
