//! Everything known of the selected person: place, direction, how they are held, and why no more is shown.

use egui::{RichText, Ui};

use super::cx::Cx;
use super::figures;
use super::format;
use super::marks;
use super::selection::{facts, heading};
use super::theme::{self, Theme};
use crate::engine::ShownPerson;
use crate::types::{Estimate, Side, TrackId};

pub fn person_ui(ui: &mut Ui, cx: &Cx<'_>, id: TrackId) {
    let theme = Theme::of(ui);
    let Some(person) = cx.calm.people.person(id) else {
        ui.heading(id.to_string());
        ui.label(RichText::new("Gone: nobody of this name is followed now").color(theme.quiet));
        return;
    };
    let track = &person.track;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(theme::MARK, theme::ROW), egui::Sense::hover());
        ui.painter().circle_filled(rect.center(), 0.45 * theme::MARK, figures::hue(theme, id));
        ui.heading(id.to_string());
        if let Some(provenance) = cx.calm.people.provenance {
            marks::provenance_ui(ui, provenance, true);
        }
    });
    let no_data = || format::NO_DATA.to_owned();
    let place = if person.shown.place { place(person) } else { no_data() };
    let angle = |heading: Estimate| {
        let (value, sigma) = (heading.value.to_degrees(), heading.sigma.to_degrees());
        format!("{value:.0}° ± {sigma:.0}° from the room's x axis")
    };
    let metres = |estimate: Estimate| format!("{:.2} ± {:.2} m", estimate.value, estimate.sigma);
    let has_body = person.shown.template || person.shown.joints.is_some();
    let pelvis = track.pose.pelvis_height_m.filter(|height| has_body && height.is_sound());
    facts(
        ui,
        "person",
        &[
            ("Place", place),
            ("Faces", person.shown.heading_rad.map_or_else(no_data, angle)),
            ("Posture", person.shown.posture.label().to_owned()),
            ("Pelvis height", pelvis.map_or_else(no_data, metres)),
            ("Stature", person.height_m.map_or_else(no_data, |height| format!("{height:.2} m"))),
            ("State", track.state.label().to_owned()),
            ("Somebody is there", format!("{:.0} %", 100.0 * track.presence())),
            ("The same person throughout", format!("{:.0} %", 100.0 * track.identity)),
            ("Followed for", format::duration(track.age_secs())),
        ],
    );
    if person.shown.joints.is_some() && track.pose.side != Side::Resolved {
        ui.label(
            RichText::new("Left and right may be exchanged: radio shows a pose and its mirror image alike")
                .color(theme.quiet),
        );
    }
    if !person.shown.refusals.is_empty() {
        heading(ui, "Why no more is shown");
        for refusal in &person.shown.refusals {
            ui.add(egui::Label::new(RichText::new(refusal.to_string()).color(theme.quiet)).wrap());
        }
    }
}

fn place(person: &ShownPerson) -> String {
    let root = &person.track.pose.root;
    let [x, y] = root.position_m;
    let [sigma_x, sigma_y] = [0, 1].map(|axis: usize| root.covariance_m2[axis][axis].max(0.0).sqrt());
    format!("x {x:.2} ± {sigma_x:.2} m, y {y:.2} ± {sigma_y:.2} m")
}
