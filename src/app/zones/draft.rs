//! A zone in the making: corners by clicks on the floor, a rectangle by a drag, and what is wrong with the outline.

use bevy_math::Vec2;
use egui::{Pos2, Rect, Response, RichText, Ui, vec2};

use super::State;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::render::{Camera, Scene, Stroke, sheet};
use crate::types::{Outline, OutlineError, Room, Site};

/// Corners lie on a grid of five centimetres: nobody measures a zone more closely by eye.
const GRID_M: f64 = 0.05;
/// A corner this near to a wall lies on it, metres.
const WALL_M: f64 = 0.15;
/// Beyond this the pointer is at the horizon and not on the floor, metres.
const MAX_REACH_M: f64 = 100.0;

#[derive(Clone, Debug, Default)]
pub struct Draft {
    corners_m: Vec<[f64; 2]>,
    /// Where a drag began.
    dragged_from_m: Option<[f64; 2]>,
    pointer_m: Option<[f64; 2]>,
    error: Option<OutlineError>,
}

impl Draft {
    pub fn take_back(&mut self) {
        self.corners_m.pop();
        self.error = None;
    }

    /// The outline, or what is wrong with it.
    pub fn outline(&mut self) -> Option<Outline> {
        match Outline::new(self.corners_m.clone()) {
            Ok(outline) => Some(outline),
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }
}

/// What the pointer does while a zone is drawn; the site with the new zone once there is one.
pub fn pointer(
    state: &mut State,
    site: &Site,
    response: &Response,
    rect: Rect,
    camera: &Camera,
    on_screen: impl Fn([f64; 2]) -> Option<Pos2>,
) -> Option<Site> {
    let draft = state.draft.as_mut()?;
    let at = |pos: Pos2| on_floor(camera, rect, pos).map(|point| snapped(point, site.room));
    draft.pointer_m = response.hover_pos().and_then(at);
    let pans = response.ctx.input(|input| input.modifiers.shift);
    if response.drag_started_by(egui::PointerButton::Primary) && !pans {
        // The drag began where the pointer was pressed, some points before it counted as one.
        let pressed = response.ctx.input(|input| input.pointer.press_origin());
        draft.dragged_from_m = pressed.and_then(at);
    }
    if response.drag_stopped_by(egui::PointerButton::Primary)
        && let Some(from) = draft.dragged_from_m.take()
        && let Some(to) = response.interact_pointer_pos().or(response.hover_pos()).and_then(at)
    {
        match Outline::rectangle(from, to) {
            Ok(outline) => return Some(state.add(site, outline)),
            Err(error) => draft.error = Some(error),
        }
        return None;
    }
    let pos = response.interact_pointer_pos().filter(|_| response.clicked())?;
    let is_first = draft.corners_m.first().and_then(|first| on_screen(*first));
    let closes = draft.corners_m.len() >= 3 && is_first.is_some_and(|first| first.distance(pos) <= theme::SNAP);
    if closes || response.double_clicked() {
        return state.close(site);
    }
    let corner = at(pos)?;
    draft.error = None;
    if draft.corners_m.last() != Some(&corner) {
        draft.corners_m.push(corner);
    }
    None
}

/// Where a line of sight meets the floor.
pub(super) fn on_floor(camera: &Camera, rect: Rect, pos: Pos2) -> Option<[f64; 2]> {
    let ray = camera.ray(crate::app::viewport::ndc(rect, pos), rect.width() / rect.height().max(1.0));
    let distance = -ray.origin.z / ray.direction.z;
    let point = ray.origin + ray.direction * distance;
    let near = distance > 0.0 && f64::from(distance) <= MAX_REACH_M;
    near.then_some([f64::from(point.x), f64::from(point.y)])
}

pub(super) fn snapped([x, y]: [f64; 2], room: Option<Room>) -> [f64; 2] {
    let snap = |value: f64, length: Option<f32>| {
        let walls = length.map(f64::from).into_iter().flat_map(|length| [0.0, length]);
        let on_wall = walls.into_iter().find(|wall| (value - wall).abs() <= WALL_M);
        // Whole millimetres, which files keep exactly.
        (1e3 * on_wall.unwrap_or((value / GRID_M).round() * GRID_M)).round() / 1e3
    };
    [snap(x, room.map(|room| room.width_m)), snap(y, room.map(|room| room.depth_m))]
}

/// The outline so far, with the side that the next click would draw.
pub fn add_draft(scene: &mut Scene, state: &State, theme: &Theme) {
    let Some(draft) = &state.draft else { return };
    let accent = super::super::stage::rgba(theme.accent);
    let on_floor = |[x, y]: [f64; 2]| Vec2::new(x as f32, y as f32);
    let mut stroke = |points: Vec<Vec2>, dashed: bool| {
        let points = points.into_iter().map(|point| point.extend(0.0)).collect();
        scene.strokes.push(Stroke { points, closed: false, color: accent, width_points: 1.5 * theme::CURVE, dashed });
    };
    if let (Some(from), Some(to)) = (draft.dragged_from_m, draft.pointer_m) {
        let (from, to) = (on_floor(from), on_floor(to));
        let corners = [from, Vec2::new(to.x, from.y), to, Vec2::new(from.x, to.y), from];
        stroke(corners.to_vec(), false);
        let [r, g, b, _] = accent;
        let fill = [r, g, b, (255.0 * theme::ZONE) as u8];
        scene.floor.extend(sheet::rectangle(from.min(to), from.max(to), fill));
        return;
    }
    let corners: Vec<Vec2> = draft.corners_m.iter().copied().map(on_floor).collect();
    if let (Some(last), Some(pointer)) = (corners.last(), draft.pointer_m) {
        let mut next = vec![*last, on_floor(pointer)];
        next.extend(corners.first().filter(|_| corners.len() >= 2));
        stroke(next, true);
    }
    stroke(corners, false);
}

/// Marks of the corners, what to do next, and what is wrong.
pub fn draft_ui(ui: &mut Ui, state: &State, rect: Rect, on_screen: impl Fn([f64; 2]) -> Option<Pos2>) -> Option<Rect> {
    let draft = state.draft.as_ref()?;
    let theme = Theme::of(ui);
    let painter = ui.painter_at(rect);
    for (n, corner) in draft.corners_m.iter().enumerate() {
        let Some(at) = on_screen(*corner) else { continue };
        let radius = if n == 0 { 1.4 * theme::GRID } else { theme::GRID };
        painter.circle(at, radius, theme.panel, egui::Stroke::new(theme::CURVE, theme.accent));
    }
    let hint = match draft.corners_m.len() {
        0 => "Click the corners of a zone on the floor, or drag a rectangle · Esc gives up",
        1 | 2 => "Click the next corner · Backspace takes one back · Esc gives up",
        _ => "Click the first corner or press Enter to close · Backspace takes one back · Esc gives up",
    };
    let place = note_ui(ui, rect, |ui| {
        ui.label(RichText::new(hint).color(theme.text));
        if let Some([x, y]) = draft.pointer_m {
            let text = format!("x {x:.2} m  y {y:.2} m");
            ui.label(RichText::new(text).font(theme::number_font()).color(theme.quiet));
        }
        if let Some(error) = &draft.error {
            ui.horizontal(|ui| {
                marks::level_ui(ui, NoticeLevel::Warning);
                ui.label(error.to_string());
            });
        }
    });
    Some(place)
}

/// A few lines at the foot of the stage; answers where.
pub fn note_ui(ui: &mut Ui, rect: Rect, lines: impl FnOnce(&mut Ui)) -> Rect {
    let theme = Theme::of(ui);
    let id = ui.scope_id().with("note");
    // As high as it was in the last frame: what it says tells its height only once it is laid out.
    let height = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(3.0 * theme::ROW);
    let width = (rect.width() - 16.0 * theme::GRID).min(120.0 * theme::GRID);
    let bottom = rect.center_bottom() - vec2(0.0, 8.0 * theme::GRID);
    let place = Rect::from_min_max(bottom - vec2(0.5 * width, height), bottom + vec2(0.5 * width, 0.0));
    let ground = place.expand2(vec2(theme::PADDING, theme::GRID));
    ui.painter_at(rect).rect_filled(ground, theme::RADIUS, theme.panel.gamma_multiply(0.92));
    let builder = egui::UiBuilder::new().max_rect(place).layout(egui::Layout::top_down(egui::Align::Center));
    let needed = ui.scope_builder(builder, |ui| {
        lines(ui);
        ui.min_rect().height()
    });
    if (needed.inner - height).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, needed.inner));
        ui.ctx().request_repaint();
    }
    ground
}

#[cfg(test)]
mod tests {
    use bevy_math::Vec3;

    use super::*;

    #[test]
    fn corners_snap_to_walls_and_to_the_grid() {
        let room = Some(Room { width_m: 6.0, depth_m: 4.4, height_m: 2.7 });
        assert_eq!(snapped([0.1, 4.31], room), [0.0, 4.4]);
        let [x, y] = snapped([1.234, 2.04], room);
        assert_eq!([x, y], [1.25, 2.05]);
        assert_eq!(snapped([-0.1, 0.0], None), [-0.1, 0.0]);
        let mut camera = Camera::default();
        camera.set_instant(true);
        let rect = Rect::from_min_size(Pos2::ZERO, vec2(800.0, 600.0));
        let target = camera.pose().target;
        let point = on_floor(&camera, rect, rect.center()).expect("the camera looks down");
        let from_eye = Vec3::new(point[0] as f32, point[1] as f32, 0.0) - camera.eye();
        assert!(from_eye.normalize().dot((target - camera.eye()).normalize()) > 0.9999);
    }
}
