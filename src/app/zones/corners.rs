//! Corners of the selected zone: handles on the floor that a drag moves.

use egui::{PointerButton, Pos2, Rect, Response, RichText, Ui};

use super::State;
use super::draft::{note_ui, on_floor, snapped};
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::render::{Camera, Scene, Stroke};
use crate::types::{Outline, Site, ZoneId};

/// An outline one of whose corners is being moved.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    zone: ZoneId,
    corner: usize,
    corners_m: Vec<[f64; 2]>,
}

impl Moving {
    fn is_of(&self, site: &Site) -> bool {
        // The engine may hand out another site while the pointer is held.
        site.zone(self.zone).is_some_and(|zone| zone.outline.corners_m().len() == self.corners_m.len())
    }
}

/// Takes hold of a corner, moves it, and lets it go: the site with the new outline where that is one.
pub fn drag(
    state: &mut State,
    site: &Site,
    response: &Response,
    rect: Rect,
    camera: &Camera,
    on_screen: impl Fn([f64; 2]) -> Option<Pos2>,
) -> Option<Site> {
    if response.drag_started_by(PointerButton::Primary) && !response.ctx.input(|input| input.modifiers.shift) {
        // The drag began where the pointer was pressed, some points before it counted as one.
        let pressed = response.ctx.input(|input| input.pointer.press_origin());
        state.moving = pressed.and_then(|pos| grabbed(state, site, pos, on_screen));
    }
    let moving = state.moving.as_mut()?;
    if !moving.is_of(site) {
        state.moving = None;
        return None;
    }
    let pointer = response.interact_pointer_pos().or(response.hover_pos());
    if let Some(to) = pointer.and_then(|pos| on_floor(camera, rect, pos)) {
        moving.corners_m[moving.corner] = snapped(to, site.room);
    }
    if !response.drag_stopped_by(PointerButton::Primary) {
        return None;
    }
    let Moving { zone: id, corners_m, .. } = state.moving.take()?;
    let outline = Outline::new(corners_m).ok()?;
    let is_new = site.zone(id).is_some_and(|zone| zone.outline != outline);
    is_new.then(|| {
        state.edited(site, None, |zones| {
            zones.iter_mut().filter(|zone| zone.id == id).for_each(|zone| zone.outline = outline.clone());
        })
    })
}

/// The corner of the selected zone that lies under the pointer.
fn grabbed(state: &State, site: &Site, pos: Pos2, on_screen: impl Fn([f64; 2]) -> Option<Pos2>) -> Option<Moving> {
    let zone = site.zone(state.selected?)?;
    let corners_m = zone.outline.corners_m().to_vec();
    let distances = corners_m.iter().map(|corner| on_screen(*corner).map_or(f32::INFINITY, |at| at.distance(pos)));
    let (corner, distance) = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
    (distance <= theme::SNAP).then_some(Moving { zone: zone.id, corner, corners_m })
}

/// The outline as it would be.
pub fn add_moving(scene: &mut Scene, state: &State, theme: &Theme) {
    let Some(moving) = &state.moving else { return };
    let points = moving.corners_m.iter().map(|[x, y]| bevy_math::Vec3::new(*x as f32, *y as f32, 0.0)).collect();
    let color = super::super::stage::rgba(theme.accent);
    scene.strokes.push(Stroke { points, closed: true, color, width_points: 1.5 * theme::CURVE, dashed: true });
}

/// The handles, and while one is moved where it is and what is wrong with the outline; answers where that is written.
pub fn corners_ui(
    ui: &mut Ui,
    state: &State,
    site: &Site,
    rect: Rect,
    on_screen: impl Fn([f64; 2]) -> Option<Pos2>,
) -> Option<Rect> {
    let theme = Theme::of(ui);
    let zone = site.zone(state.selected?)?;
    let corners_m = state.moving.as_ref().map_or(zone.outline.corners_m(), |moving| &moving.corners_m);
    let painter = ui.painter_at(rect);
    let pointer = ui.input(|input| input.pointer.hover_pos());
    for at in corners_m.iter().filter_map(|corner| on_screen(*corner)) {
        let is_near = state.moving.is_none() && pointer.is_some_and(|pointer| at.distance(pointer) <= theme::SNAP);
        let radius = if is_near { 1.4 * theme::GRID } else { theme::GRID };
        painter.circle(at, radius, theme.panel, egui::Stroke::new(theme::CURVE, theme.accent));
        if is_near {
            ui.set_cursor_icon(egui::CursorIcon::Grab);
        }
    }
    let moving = state.moving.as_ref()?;
    let [x, y] = moving.corners_m[moving.corner];
    let place = note_ui(ui, rect, |ui| {
        ui.label(RichText::new(format!("Moving a corner of {} · Esc puts it back", zone.name)).color(theme.text));
        let text = format!("x {x:.2} m  y {y:.2} m");
        ui.label(RichText::new(text).font(theme::number_font()).color(theme.quiet));
        if let Err(error) = Outline::new(moving.corners_m.clone()) {
            ui.horizontal(|ui| {
                marks::level_ui(ui, NoticeLevel::Warning);
                ui.label(error.to_string());
            });
        }
    });
    Some(place)
}
