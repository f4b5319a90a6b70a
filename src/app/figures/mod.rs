//! People on the stage: from what a snapshot says of them to discs, arrows, trails, templates, skeletons and bodies.
//!
//! Pure. What [`crate::pose::Shown`] refuses is not drawn, in no form; what is drawn has its standard deviation beside it.

mod body;
mod floor;
mod label;
mod place;
mod skeleton;
mod template;
mod truth;
pub mod zones;

use bevy_math::{Vec2, Vec3};
use egui::Color32;
use serde::{Deserialize, Serialize};

use super::theme::{self, Theme};
use crate::engine::{Dense, People, ShownPerson};
use crate::render::{Rgba, Scene};
use crate::types::{Estimate, TrackId, TrackState};

pub use body::{Keyed, legend};
pub use floor::{Heat, add_heat, heat, heat_color};
pub use label::{label, short_label};
pub use truth::{add_truth, truth_head};

/// How much of a person is drawn, as far as the evidence carries it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    Disc,
    #[default]
    Skeleton,
    Body,
}

impl Figure {
    pub const ALL: [Self; 3] = [Self::Disc, Self::Skeleton, Self::Body];

    pub fn label(self) -> &'static str {
        match self {
            Self::Disc => "Disc",
            Self::Skeleton => "Skeleton",
            Self::Body => "Dense body",
        }
    }
}

/// What the colours of a body say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Colouring {
    #[default]
    Part,
    Confidence,
    Speed,
}

impl Colouring {
    pub const ALL: [Self; 3] = [Self::Part, Self::Confidence, Self::Speed];

    pub fn label(self) -> &'static str {
        match self {
            Self::Part => "Parts",
            Self::Confidence => "Confidence",
            Self::Speed => "Speed",
        }
    }
}

/// How the room is looked at; remembered from one start to the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    pub figure: Figure,
    pub colouring: Colouring,
    /// The simulator's own people, who are no estimate.
    pub truth: bool,
    pub zones: bool,
    pub heat: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { figure: Figure::default(), colouring: Colouring::default(), truth: true, zones: true, heat: false }
    }
}

/// Whoever is on the stage: followed now, with a place that means something.
pub fn on_stage(people: &People) -> impl Iterator<Item = &ShownPerson> {
    people.persons.iter().filter(|person| person.track.state.is_present() && person.shown.place)
}

/// Draws everybody who may be drawn.
pub fn add(scene: &mut Scene, people: &People, dense: &Dense, selected: Option<TrackId>, look: Look, theme: &Theme) {
    for person in on_stage(people) {
        let colours = Colours::of(person, theme);
        place::add(scene, person, selected == Some(person.track.id), &colours, theme);
        let dressed = look.figure == Figure::Body && body::add(scene, person, dense, look.colouring, theme);
        if look.figure == Figure::Disc || dressed {
            continue;
        }
        if !skeleton::add(scene, person, &colours) {
            template::add(scene, person, &colours);
        }
    }
}

/// The hue of a person: the same everywhere for as long as the name is.
pub fn hue(theme: &Theme, id: TrackId) -> Color32 {
    theme.track(usize::try_from(id.0 % 8).unwrap_or(0))
}

/// The colours of one person, fainter while they are not seen.
pub struct Colours {
    hue: Rgba,
    grey: Rgba,
    /// 0..=1.
    presence: f32,
}

impl Colours {
    fn of(person: &ShownPerson, theme: &Theme) -> Self {
        let presence = if person.track.state == TrackState::Coasting { theme::COASTING } else { 1.0 };
        Self { hue: rgba(hue(theme, person.track.id)), grey: rgba(theme.unusable), presence }
    }

    fn clear(&self, share: f32) -> Rgba {
        faded(self.hue, share * self.presence)
    }
}

fn rgba(colour: Color32) -> Rgba {
    super::stage::rgba(colour)
}

fn faded([r, g, b, a]: Rgba, share: f32) -> Rgba {
    [r, g, b, (f32::from(a) * share.clamp(0.0, 1.0)).round() as u8]
}

/// Where a person stands on the floor.
pub fn foot(person: &ShownPerson) -> Vec3 {
    let [x, y] = person.track.pose.root.position_m;
    Vec3::new(x as f32, y as f32, 0.0)
}

/// Takes points of the body's frame to the room.
#[derive(Clone, Copy)]
struct Stand {
    foot: Vec3,
    left: Vec2,
}

impl Stand {
    fn new(person: &ShownPerson, heading_rad: Estimate) -> Self {
        // The body faces -y: its left lies a quarter turn counter-clockwise of where it faces.
        let left = Vec2::from_angle(heading_rad.value as f32 + std::f32::consts::FRAC_PI_2);
        Self { foot: foot(person), left }
    }

    fn to_room(self, point: Vec3) -> Vec3 {
        let on_floor = self.left * point.x + self.left.perp() * point.y;
        self.foot + on_floor.extend(point.z)
    }
}
