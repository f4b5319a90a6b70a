//! Zones on the floor: outline, translucent inside, and a line of words with how many are in.

use bevy_math::{Vec2, Vec3};
use egui::Color32;

use super::{faded, rgba};
use crate::app::theme::{self, Theme};
use crate::engine::People;
use crate::render::{Scene, Stroke, sheet};
use crate::types::{Site, Zone, ZoneId, ZoneKind};

/// The colour of a kind; words and the list say the same.
pub fn colour(theme: &Theme, kind: ZoneKind) -> Color32 {
    match kind {
        ZoneKind::Ordinary => theme.quiet,
        ZoneKind::Restricted => theme.critical,
        ZoneKind::Bed => theme.tracks[3],
        ZoneKind::Bath => theme.tracks[0],
        ZoneKind::Seat => theme.tracks[1],
        ZoneKind::Entrance => theme.tracks[2],
    }
}

pub fn add_zones(scene: &mut Scene, site: &Site, selected: Option<ZoneId>, theme: &Theme) {
    for zone in &site.zones {
        let color = rgba(colour(theme, zone.kind));
        let corners: Vec<Vec2> =
            zone.outline.corners_m().iter().map(|[x, y]| Vec2::new(*x as f32, *y as f32)).collect();
        scene.floor.extend(sheet::polygon(&corners, faded(color, theme::ZONE)));
        let marked = selected == Some(zone.id);
        scene.strokes.push(Stroke {
            points: corners.iter().map(|corner| corner.extend(0.0)).collect(),
            closed: true,
            color: if marked { rgba(theme.accent) } else { color },
            width_points: if marked { 2.0 * theme::CURVE } else { theme::CURVE },
            // A place to keep out of is told by its line too, not by its colour alone.
            dashed: zone.kind == ZoneKind::Restricted,
        });
    }
}

/// "Bed 1 · bed · 1 inside (0.9 ± 0.3)", and where it is written.
pub fn zone_label(zone: &Zone, people: &People) -> (Vec3, String) {
    let [x, y] = zone.outline.centroid_m();
    (Vec3::new(x as f32, y as f32, 0.0), format!("{} · {}{}", zone.name, zone.kind.label(), count(zone.id, people)))
}

/// " · 1 inside (0.9 ± 0.3)"; nothing while nobody is judged at all.
pub fn count(zone: ZoneId, people: &People) -> String {
    match people.zones.iter().find(|state| state.zone == zone) {
        Some(state) if state.judged => {
            let count = state.count;
            format!(" · {} inside ({:.1} ± {:.1})", count.n_people, count.mean, count.sigma)
        }
        Some(_) => " · not judged".to_owned(),
        None => String::new(),
    }
}
