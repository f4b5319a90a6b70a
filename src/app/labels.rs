//! Words on the stage: who and what stands there, in screen space, never over each other.

use bevy_math::Vec3;
use egui::{Color32, Pos2, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::theme::{self, Theme};
use super::viewport::on_screen;
use crate::render::Camera;
use crate::types::{NodeId, TrackId, ZoneId};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Person(TrackId),
    /// The simulator's own people.
    Truth,
    Zone(ZoneId),
    Node(NodeId),
}

impl What {
    /// Those of a lower number come first where there is no room for all.
    fn rank(self) -> u8 {
        match self {
            Self::Person(_) => 0,
            Self::Truth => 1,
            Self::Zone(_) => 2,
            Self::Node(_) => 3,
        }
    }
}

pub struct Label {
    pub what: What,
    /// What it is written beside.
    pub at: Vec3,
    pub text: String,
    pub colour: Color32,
    pub selected: bool,
}

/// Writes them, the selected and the nearest first; one that would cover another, or what else lies over the stage
/// (`covered`), is left out. Answers which one was clicked.
pub fn labels_ui(ui: &mut Ui, camera: &Camera, rect: Rect, covered: &[Rect], mut labels: Vec<Label>) -> Option<What> {
    let theme = Theme::of(ui);
    let painter = ui.painter_at(rect);
    let aspect = rect.width() / rect.height().max(1.0);
    labels.sort_by(|a, b| {
        let rank = |label: &Label| (!label.selected, label.what.rank());
        rank(a).cmp(&rank(b)).then(camera.depth(a.at).total_cmp(&camera.depth(b.at)))
    });
    let mut taken: Vec<Rect> = covered.to_vec();
    let mut clicked = None;
    for label in labels {
        let Some(at) = on_screen(camera, rect, aspect, label.at) else { continue };
        let is_person = matches!(label.what, What::Person(_));
        let galley = painter.layout_no_wrap(label.text.clone(), theme::caption_font(), label.colour);
        let mark = if is_person { theme::MARK + theme::GRID } else { 0.0 };
        let size = galley.size() + vec2(2.0 * theme::GRID + mark, 0.0);
        let place = candidates(label.what, at, size)
            .into_iter()
            .map(|centre| Rect::from_center_size(centre, size))
            .find(|place| rect.contains_rect(*place) && !taken.iter().any(|other| other.intersects(*place)));
        let Some(place) = place else { continue };
        taken.push(place);
        painter.rect_filled(place, theme::RADIUS, theme.panel.gamma_multiply(0.8));
        let text = if is_person { theme.text } else { label.colour };
        if is_person {
            let centre = place.left_center() + vec2(theme::GRID + 0.5 * theme::MARK, 0.0);
            painter.circle_filled(centre, 0.4 * theme::MARK, label.colour);
        }
        if label.selected {
            let stroke = egui::Stroke::new(theme::HAIRLINE, theme.accent);
            painter.rect_stroke(place, theme::RADIUS, stroke, egui::StrokeKind::Outside);
        }
        painter.galley_with_override_text_color(place.min + vec2(theme::GRID + mark, 0.0), galley, text);
        if named_ui(ui, place, &label) {
            clicked = Some(label.what);
        }
    }
    clicked
}

/// Above or below the place; people's and zones' may step aside.
fn candidates(what: What, at: Pos2, size: egui::Vec2) -> Vec<Pos2> {
    let offset = vec2(0.0, 5.0 * theme::GRID);
    let (above, below) = (at - offset, at + offset - vec2(0.0, size.y));
    match what {
        What::Node(_) => vec![above, below],
        What::Zone(_) => vec![at, below, above],
        What::Person(_) | What::Truth => {
            let step = vec2(0.0, size.y + 0.5 * theme::GRID);
            let aside = vec2(0.5 * size.x + 4.0 * theme::GRID, 0.0);
            let near = at - vec2(0.0, 0.5 * size.y);
            vec![near, near - step, near - 2.0 * step, near + aside, near - aside, below, below + step]
        }
    }
}

/// For screen readers and clicks; whether it was clicked. Nodes are named in the list of links.
fn named_ui(ui: &mut Ui, place: Rect, label: &Label) -> bool {
    let (id, sense) = match label.what {
        What::Person(person) => (ui.scope_id().with(("person", person.0)), Sense::click()),
        What::Truth => (ui.scope_id().with("truth"), Sense::hover()),
        What::Zone(zone) => (ui.scope_id().with(("zone", zone.0)), Sense::hover()),
        What::Node(_) => return false,
    };
    let response = ui.interact(place, id, sense);
    let (role, text) = (if sense.senses_click() { Role::Button } else { Role::Label }, label.text.clone());
    response.widget_info(|| WidgetInfo::labeled(role, true, text.clone()));
    response.clicked()
}
