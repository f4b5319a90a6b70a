//! What a click on the room selects, and where what is selected lies.

use bevy_math::Vec3;
use egui::{Pos2, Rect};

use super::eye::on_screen;
use crate::app::cx::{Cx, Selection};
use crate::app::room;
use crate::app::stage::{self, Place};
use crate::app::theme;

/// A click selects what is under it; a double-click goes there, or home from empty ground.
pub fn select(cx: &mut Cx<'_>, response: &egui::Response, rect: Rect, places: &[Place], aspect: f32) {
    if !response.clicked() && !response.double_clicked() {
        return;
    }
    let hit = response.interact_pointer_pos().and_then(|pos| pick(cx, rect, places, aspect, pos));
    let double = response.double_clicked();
    match hit {
        Some(hit) => {
            cx.state.selection = hit;
            if double {
                cx.state.viewport.focus();
            }
        }
        None if double => cx.state.viewport.home(),
        None => {}
    }
    if cx.state.viewport.wanted.is_some() {
        response.ctx.request_repaint();
    }
}

pub fn focus_point(cx: &Cx<'_>, selection: Selection, places: &[Place]) -> Option<Vec3> {
    if let Some(person) = selection.person {
        return room::middle_of(cx, person);
    }
    if let Some(node) = selection.node {
        return places.iter().find(|place| place.id == node).map(|place| place.position);
    }
    let link = cx.shown.links.iter().find(|link| Some(link.stream) == selection.stream)?;
    stage::ends(places, link).map(|(a, b)| (a + b) / 2.0)
}

/// The person, else the node, else the link, under the pointer.
fn pick(cx: &Cx<'_>, rect: Rect, places: &[Place], aspect: f32, pos: Pos2) -> Option<Selection> {
    let reach = 3.0 * theme::GRID;
    let camera = &cx.state.viewport.room.camera;
    let at = |point| on_screen(camera, rect, aspect, point);
    if let Some(person) = room::person_at(cx, at, pos, reach) {
        return Some(Selection { person: Some(person), node: None, ..cx.state.selection });
    }
    let node = places
        .iter()
        .filter_map(|place| Some((at(place.position)?.distance(pos), place.id)))
        .filter(|(distance, _)| *distance <= reach)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, id)) = node {
        return Some(Selection { node: Some(id), person: None, ..cx.state.selection });
    }
    let distance = |a: Pos2, b: Pos2| {
        let along = ((pos - a).dot(b - a) / (b - a).length_sq().max(1.0)).clamp(0.0, 1.0);
        (a + (b - a) * along).distance(pos)
    };
    let links = cx.shown.links.iter().filter_map(|link| {
        let (a, b) = stage::ends(places, link)?;
        Some((distance(at(a)?, at(b)?), link.stream))
    });
    let nearest = links.filter(|(d, _)| *d <= 0.5 * reach).min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Selection { stream: Some(nearest.1), node: None, person: None, ..cx.state.selection })
}
