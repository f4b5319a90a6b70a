//! What is written beside a person: who, how they are held, how well their place is known, and what the figure is.

use super::Figure;
use crate::engine::{Dense, ShownPerson};
use crate::types::{Posture, TrackState};

/// "person 2 · walking · ± 0.4 m · template".
pub fn label(person: &ShownPerson, dense: &Dense, figure: Figure) -> String {
    let mut text = short_label(person);
    if let Some(what) = provenance_of_figure(person, dense, figure) {
        text.push_str(" · ");
        text.push_str(&what);
    }
    text
}

/// "person 2 · walking · ± 0.4 m".
pub fn short_label(person: &ShownPerson) -> String {
    let track = &person.track;
    let posture = match person.shown.posture {
        Posture::Unknown => String::new(),
        posture => format!(" · {}", posture.label()),
    };
    let state = match track.state {
        TrackState::Coasting => " · not seen",
        TrackState::Still => " · still",
        _ => "",
    };
    format!("{}{posture} · ± {:.1} m{state}", track.id, track.pose.root.sigma_m())
}

/// What the drawn figure claims.
fn provenance_of_figure(person: &ShownPerson, dense: &Dense, figure: Figure) -> Option<String> {
    let has_body = figure == Figure::Body && dense.body(person.track.id).is_some();
    match figure {
        Figure::Disc => None,
        Figure::Body if has_body => Some(match dense.assigned.get(&person.track.id) {
            Some(_) => "subject's body, posed by radio".to_owned(),
            None => "body template, not measured".to_owned(),
        }),
        _ if person.shown.joints.is_some() => None,
        _ if person.shown.template => Some("posture template".to_owned()),
        _ => None,
    }
}
