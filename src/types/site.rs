//! The place: a room, the radios in it, and the parts of its floor that mean something. Metres; x and y on the floor, z
//! up; origin at a floor corner.

use bevy_math::Vec3;
use serde::{Deserialize, Serialize};

use super::{LinkId, NodeId, Zone, ZoneId};

/// One place with one set of radios.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    pub name: String,
    /// `None` until somebody has measured the room.
    pub room: Option<Room>,
    #[serde(default)]
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub zones: Vec<Zone>,
}

impl Site {
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    pub fn zone(&self, id: ZoneId) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.id == id)
    }

    /// A number that no zone has yet.
    pub fn free_zone_id(&self) -> ZoneId {
        ZoneId(self.zones.iter().map(|zone| zone.id.0.saturating_add(1)).max().unwrap_or(1))
    }

    /// The ends of a link in room coordinates, when both are placed.
    pub fn ends(&self, link: LinkId) -> Option<(Vec3, Vec3)> {
        Some((self.node(link.tx)?.position()?, self.node(link.rx)?.position()?))
    }
}

/// A box-shaped room.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Room {
    pub width_m: f32,
    pub depth_m: f32,
    pub height_m: f32,
}

impl Room {
    pub fn size(&self) -> Vec3 {
        Vec3::new(self.width_m, self.depth_m, self.height_m)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    Transmitter,
    Receiver,
    #[default]
    Both,
}

/// A radio in its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    pub id: NodeId,
    pub name: String,
    #[serde(default)]
    pub role: NodeRole,
    /// x, y, z in metres; `None` until somebody has placed it.
    pub position_m: Option<[f32; 3]>,
    /// Level direction from the first to the last antenna of a receiver, degrees from the room's x axis towards its y
    /// axis; `None` where nobody has measured it, or there is one antenna.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_axis_deg: Option<f32>,
}

impl Node {
    pub fn position(&self) -> Option<Vec3> {
        self.position_m.map(Vec3::from)
    }
}
