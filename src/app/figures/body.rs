//! The body model posed like a person, in the colours of its parts, of how sure they are, or of how fast they move.

use std::sync::Arc;

use super::rgba;
use crate::app::theme::{self, Theme};
use crate::body::drive::{N_PARTS, Part};
use crate::engine::{Dense, DenseBody, ShownPerson};
use crate::render::{Colormap, Rgba, Scene, SceneMesh};

use super::Colouring;

/// Names the meshes of people apart from those of the studio's bodies.
const FIRST_KEY: u64 = 1 << 48;
/// Ends of the scales: an arm less sure than this is not drawn at all, and a brisk walk.
const MAX_SIGMA_M: f32 = 0.25;
const MAX_SPEED_M_PER_S: f32 = 2.0;

/// A scale of colours to draw beside the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keyed {
    pub title: &'static str,
    pub map: Colormap,
    /// Ends of the scale, the first colour's first.
    pub ends: [&'static str; 2],
    /// What has no colour of the scale.
    pub grey: &'static str,
}

/// What the colours of bodies mean; parts explain themselves.
pub fn legend(colouring: Colouring) -> Option<Keyed> {
    match colouring {
        Colouring::Part => None,
        Colouring::Confidence => Some(Keyed {
            title: "Standard deviation of the joints",
            map: Colormap::Viridis,
            ends: ["25 cm", "0 cm"],
            grey: "grey: held by the template",
        }),
        Colouring::Speed => Some(Keyed {
            title: "Speed",
            map: Colormap::Viridis,
            ends: ["0 m/s", "2 m/s"],
            grey: "grey: not known yet",
        }),
    }
}

/// Whether there was a body to draw.
pub fn add(scene: &mut Scene, person: &ShownPerson, dense: &Dense, colouring: Colouring, theme: &Theme) -> bool {
    let may_be_shown = person.shown.heading_rad.is_some() && (person.shown.template || person.shown.joints.is_some());
    let Some(body) = dense.body(person.track.id).filter(|_| may_be_shown) else { return false };
    let color = rgba(theme.mannequin);
    let revision = body.revision * Colouring::ALL.len() as u64 + colouring as u64;
    let key = FIRST_KEY.wrapping_add(person.track.id.0);
    let (positions, normals) = (Arc::clone(&body.positions), Arc::clone(&body.normals));
    let mut mesh = SceneMesh::new(key, revision, positions, normals, Arc::clone(&dense.triangles), color);
    mesh.colors = Some(colors(body, &dense.parts, colouring, theme));
    if person.track.state == crate::types::TrackState::Coasting {
        mesh.opacity = theme::COASTING;
    }
    scene.meshes.push(mesh);
    true
}

fn colors(body: &DenseBody, parts: &[Part], colouring: Colouring, theme: &Theme) -> Arc<[Rgba]> {
    let grey = rgba(theme.unusable);
    let of = |value: f32, share: f32| if value.is_finite() { Colormap::Viridis.color(share) } else { grey };
    match colouring {
        Colouring::Part => {
            let table = part_colors(theme);
            parts.iter().map(|part| table.get(usize::from(*part)).copied().unwrap_or(grey)).collect()
        }
        Colouring::Confidence => body.sigma_m.iter().map(|sigma| of(*sigma, 1.0 - sigma / MAX_SIGMA_M)).collect(),
        Colouring::Speed => body.speed_m_per_s.iter().map(|speed| of(*speed, speed / MAX_SPEED_M_PER_S)).collect(),
    }
}

/// One hue a limb; the right side and the back are darker. By the part's number; 0 is no part.
fn part_colors(theme: &Theme) -> [Rgba; N_PARTS + 1] {
    /// Limb of each part, and how much of its hue is kept.
    const SHADES: [(usize, f32); N_PARTS] = [
        (0, 0.75),
        (0, 1.0),
        (1, 0.75),
        (1, 1.0),
        (2, 1.0),
        (2, 0.75),
        (3, 0.55),
        (3, 0.75),
        (3, 0.8),
        (3, 1.0),
        (4, 0.55),
        (4, 0.75),
        (4, 0.8),
        (4, 1.0),
        (5, 0.75),
        (5, 0.55),
        (5, 1.0),
        (5, 0.8),
        (6, 0.75),
        (6, 0.55),
        (6, 1.0),
        (6, 0.8),
        (7, 0.75),
        (7, 1.0),
    ];
    let mut table = [rgba(theme.unusable); N_PARTS + 1];
    for (color, (limb, share)) in table.iter_mut().skip(1).zip(SHADES) {
        let [r, g, b, a] = rgba(theme.track(limb));
        let dark = |channel: u8| (f32::from(channel) * share).round() as u8;
        *color = [dark(r), dark(g), dark(b), a];
    }
    table
}
