//! From a snapshot to what the room view shows of the radios: placed nodes, and links by quality.
//!
//! Pure. Radios that nobody has placed stand on a circle, marked as a schematic layout.

use std::f32::consts::TAU;

use bevy_math::Vec3;
use egui::Color32;

use super::cx::Selection;
use super::theme::{self, Theme};
use crate::engine::{LinkView, Snapshot};
use crate::render::{NodeKind, Rgba, Scene, SceneLink, SceneNode, ScenePalette};
use crate::types::{NodeId, NodeRole};

/// A radio's place on the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub id: NodeId,
    pub name: String,
    pub position: Vec3,
    pub schematic: bool,
}

/// Height at which unplaced radios stand, and the radius of their circle: a table's height in a small room, metres.
const SCHEMATIC_HEIGHT_M: f32 = 1.0;
const SCHEMATIC_RADIUS_M: f32 = 2.0;
/// Motion energy at which a link is as bright as it gets.
const FULL_MOTION: f32 = 0.3;

/// Every radio of the site and of the links, in a stable order.
pub fn places(snapshot: &Snapshot) -> Vec<Place> {
    let mut ids: Vec<NodeId> = snapshot.site.nodes.iter().map(|node| node.id).collect();
    let ends = snapshot.links.iter().flat_map(|link| [link.stream.link.tx, link.stream.link.rx]);
    let mut others: Vec<NodeId> = ends.filter(|id| !ids.contains(id)).collect();
    others.sort();
    others.dedup();
    ids.append(&mut others);
    let unplaced: Vec<NodeId> =
        ids.iter().copied().filter(|id| snapshot.site.node(*id).and_then(|n| n.position()).is_none()).collect();
    let centre = snapshot.site.room.map_or(Vec3::ZERO, |room| room.size().with_z(0.0) / 2.0);
    ids.into_iter()
        .map(|id| {
            let node = snapshot.site.node(id);
            let name = node.map(|node| node.name.clone()).filter(|name| !name.is_empty());
            let placed = node.and_then(|node| node.position());
            let position = placed.unwrap_or_else(|| {
                let n = unplaced.iter().position(|other| *other == id).unwrap_or(0);
                let angle = TAU * n as f32 / unplaced.len().max(1) as f32;
                centre
                    + Vec3::new(angle.cos() * SCHEMATIC_RADIUS_M, angle.sin() * SCHEMATIC_RADIUS_M, SCHEMATIC_HEIGHT_M)
            });
            Place { id, name: name.unwrap_or_else(|| id.to_string()), position, schematic: placed.is_none() }
        })
        .collect()
}

/// The ends of a link on the stage.
pub fn ends(places: &[Place], link: &LinkView) -> Option<(Vec3, Vec3)> {
    let at = |id: NodeId| places.iter().find(|place| place.id == id).map(|place| place.position);
    Some((at(link.stream.link.tx)?, at(link.stream.link.rx)?))
}

pub fn scene(snapshot: &Snapshot, places: &[Place], selection: Selection, theme: &Theme) -> Scene {
    let mut scene = Scene::new(palette(theme));
    scene.room = snapshot.site.room.map(|room| room.size());
    scene.nodes = places
        .iter()
        .map(|place| SceneNode {
            position: place.position,
            color: rgba(theme.quiet),
            kind: match snapshot.site.node(place.id).map(|node| node.role) {
                Some(NodeRole::Transmitter) => NodeKind::Transmitter,
                Some(NodeRole::Receiver) => NodeKind::Receiver,
                Some(NodeRole::Both) => NodeKind::Both,
                None if snapshot.links.iter().all(|link| link.stream.link.rx != place.id) => NodeKind::Transmitter,
                None if snapshot.links.iter().all(|link| link.stream.link.tx != place.id) => NodeKind::Receiver,
                None => NodeKind::Both,
            },
            selected: selection.node == Some(place.id),
            schematic: place.schematic,
        })
        .collect();
    for link in &snapshot.links {
        let Some((from, to)) = ends(places, link) else { continue };
        let grade = link.products.quality.best();
        let motion = link.products.motion.last().and_then(|row| row.values.first().copied()).unwrap_or(0.0);
        // Steps of a twentieth: smaller changes would draw the room anew for nothing that is seen.
        let brightness = ((motion / FULL_MOTION).clamp(0.0, 1.0) * 20.0).round() / 20.0;
        scene.links.push(SceneLink {
            from,
            to,
            color: rgba(grade.map_or(theme.quiet, |grade| theme.grade(grade))),
            brightness,
            dashed: grade.is_none_or(|grade| grade == crate::types::Grade::NotUsable),
            selected: selection.stream == Some(link.stream),
        });
    }
    scene
}

pub fn rgba(colour: Color32) -> Rgba {
    colour.to_srgba_unmultiplied()
}

pub fn palette(theme: &Theme) -> ScenePalette {
    let clear = |colour: Color32, alpha: u8| {
        let [r, g, b, _] = rgba(colour);
        [r, g, b, alpha]
    };
    ScenePalette {
        background: rgba(theme.ground),
        floor: clear(theme.raised, theme::FLOOR_ALPHA),
        grid: clear(theme.quiet, theme::GRID_ALPHA),
        room_line: rgba(theme.quiet),
        accent: rgba(theme.accent),
        shadow: clear(Color32::BLACK, theme::SHADOW_ALPHA),
        axis_x: rgba(theme.axes[0]),
        axis_y: rgba(theme.axes[1]),
        axis_z: rgba(theme.axes[2]),
    }
}
