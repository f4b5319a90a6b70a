//! The room as it is lived in: people, zones and the floor's map on the stage, with their words, scales and buttons.

use bevy_math::Vec3;
use egui::{Align2, Painter, Pos2, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::figures::{self, Colouring, Figure, Heat};
use super::labels::{Label, What};
use super::marks;
use super::stage::Place;
use super::theme::{self, Theme};
use super::zones;
use crate::engine::ShownPerson;
use crate::render::{Rgba, Scene};
use crate::types::{Posture, Provenance, TrackId};

/// Size of a scale in the lower right corner.
const SCALE: egui::Vec2 = vec2(44.0 * theme::GRID, 12.0 * theme::GRID);

/// Puts people, zones and the floor's map on the stage.
pub fn furnish(scene: &mut Scene, cx: &Cx<'_>, heat: Option<&Heat>, theme: &Theme) {
    let (shown, look) = (cx.shown, cx.state.look);
    if let Some(heat) = heat {
        figures::add_heat(scene, heat, theme);
    }
    if look.zones || cx.state.zones.is_drawing() {
        figures::zones::add_zones(scene, &shown.site, cx.state.zones.selected, theme);
    }
    if look.truth {
        figures::add_truth(scene, shown, theme);
    }
    figures::add(scene, &shown.people, &shown.dense, cx.state.selection.person, look, theme);
    zones::add_draft(scene, &cx.state.zones, theme);
    zones::add_moving(scene, &cx.state.zones, theme);
}

/// The map of the floor, where it is wanted and there is one.
pub fn heat(cx: &Cx<'_>) -> Option<Heat> {
    cx.shown.people.floor.as_deref().filter(|_| cx.state.look.heat).and_then(figures::heat)
}

/// Everything that has a name.
pub fn labels(cx: &Cx<'_>, places: &[Place], theme: &Theme) -> Vec<Label> {
    let (shown, state) = (cx.shown, &*cx.state);
    let nodes = places.iter().map(|place| {
        let selected = state.selection.node == Some(place.id);
        let colour = if selected { theme.accent } else { theme.text };
        Label { what: What::Node(place.id), at: place.position, text: place.name.clone(), colour, selected }
    });
    let people = figures::on_stage(&shown.people).map(|person| Label {
        what: What::Person(person.track.id),
        at: head(person, state.look.figure),
        text: figures::label(person, &shown.dense, state.look.figure),
        colour: figures::hue(theme, person.track.id),
        selected: state.selection.person == Some(person.track.id),
    });
    let zones = shown.site.zones.iter().filter(|_| state.look.zones || state.zones.is_drawing()).map(|zone| {
        let (at, text) = figures::zones::zone_label(zone, &shown.people);
        let colour = figures::zones::colour(theme, zone.kind);
        Label { what: What::Zone(zone.id), at, text, colour, selected: state.zones.selected == Some(zone.id) }
    });
    let truth = figures::truth_head(shown).filter(|_| state.look.truth).map(|at| Label {
        what: What::Truth,
        at,
        text: "simulated truth".to_owned(),
        colour: theme.simulated,
        selected: false,
    });
    nodes.chain(people).chain(zones).chain(truth).collect()
}

/// Above the figure that is drawn, else just above the floor; metres.
fn head(person: &ShownPerson, figure: Figure) -> Vec3 {
    let has_figure = figure != Figure::Disc && (person.shown.template || person.shown.joints.is_some());
    let height = match person.shown.posture {
        _ if !has_figure => 0.15,
        Posture::Unknown | Posture::Standing | Posture::Walking => 1.95,
        Posture::Sitting => 1.55,
        Posture::Crouching => 1.35,
        Posture::OnFloor => 0.5,
        Posture::Lying => 1.0,
    };
    figures::foot(person) + Vec3::Z * height
}

/// What the camera goes to for a selected person.
pub fn middle_of(cx: &Cx<'_>, person: TrackId) -> Option<Vec3> {
    let person = figures::on_stage(&cx.shown.people).find(|other| other.track.id == person)?;
    Some(figures::foot(person) + Vec3::Z * 0.9)
}

/// The person whose figure is nearest to a place on the screen, within reach of it.
pub fn person_at(cx: &Cx<'_>, at: impl Fn(Vec3) -> Option<Pos2>, pos: Pos2, reach: f32) -> Option<TrackId> {
    let apart = |a: Pos2, b: Pos2| {
        let along = ((pos - a).dot(b - a) / (b - a).length_sq().max(1.0)).clamp(0.0, 1.0);
        (a + (b - a) * along).distance(pos)
    };
    figures::on_stage(&cx.shown.people)
        .filter_map(|person| {
            let (foot, top) = (figures::foot(person), head(person, cx.state.look.figure));
            Some((apart(at(foot)?, at(top)?), person.track.id))
        })
        .filter(|(distance, _)| *distance <= reach)
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| id)
}

/// Why nobody is shown, and what would help: no ghost stands in for them.
pub fn blank_ui(ui: &mut Ui, cx: &Cx<'_>, rect: Rect) -> Option<Rect> {
    let people = &cx.calm.people;
    if cx.state.zones.is_drawing() || figures::on_stage(people).next().is_some() {
        return None;
    }
    let first = people.blank.first()?;
    let theme = Theme::of(ui);
    let place = zones::note_ui(ui, rect, |ui| {
        ui.label(RichText::new("No people are shown").font(theme::strong_font()));
        ui.label(&first.reason);
        ui.label(RichText::new(&first.remedy).color(theme.quiet));
        if people.blank.len() > 1 {
            let more = format!("{} more in the People panel", people.blank.len() - 1);
            ui.label(RichText::new(more).font(theme::caption_font()).color(theme.quiet));
        }
    });
    Some(place)
}

/// Buttons of how people and the floor are drawn.
pub fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let look = cx.state.look;
    for figure in Figure::ALL {
        button_ui(ui, cx, figure.label(), look.figure == figure, Action::Figure(figure));
    }
    if look.figure == Figure::Body {
        ui.separator();
        for colouring in Colouring::ALL {
            button_ui(ui, cx, colouring.label(), look.colouring == colouring, Action::Colouring(colouring));
        }
    }
    ui.separator();
    button_ui(ui, cx, "Zones", look.zones, Action::ShowZones);
    button_ui(ui, cx, "Heat", look.heat, Action::ShowHeat);
    if !cx.shown.simulated_body.is_empty() || cx.shown.provenance == Some(Provenance::Simulated) {
        button_ui(ui, cx, "Truth", look.truth, Action::ShowTruth);
    }
    ui.separator();
    button_ui(ui, cx, "Draw zone", cx.state.zones.is_drawing(), Action::DrawZone);
}

fn button_ui(ui: &mut Ui, cx: &mut Cx<'_>, word: &str, selected: bool, action: Action) {
    let button = egui::Button::selectable(selected, word).small();
    let available = action.available(cx.live, cx.context());
    let response = ui.add_enabled(available.is_ok(), button).on_hover_text(action.entry().tip);
    if response.clicked() {
        cx.act(action);
    }
    if let Err(reason) = available {
        response.on_disabled_hover_text(reason);
    }
}

/// What the colours of the floor and of bodies mean, above each other in the lower right corner.
pub fn scales_ui(ui: &mut Ui, cx: &Cx<'_>, rect: Rect, heat: Option<&Heat>) -> Vec<Rect> {
    let theme = Theme::of(ui);
    let mut places = Vec::new();
    let mut bottom = rect.right_bottom() - vec2(5.0, 5.0) * theme::GRID;
    let mut scale = |ui: &mut Ui, title: String, color: &dyn Fn(f32) -> Rgba, ends: [String; 2], note: String| {
        let place = Rect::from_min_max(bottom - SCALE, bottom);
        bottom.y -= SCALE.y + 5.0 * theme::GRID;
        places.push(place.expand(2.0 * theme::GRID));
        let painter = ui.painter_at(rect);
        painter.rect_filled(place.expand(2.0 * theme::GRID), theme::RADIUS, theme.panel.gamma_multiply(0.9));
        paint_scale(&painter, theme, place, &title, color, &ends, &note);
        let text = format!("{title} from {} to {}, {note}", ends[0], ends[1]);
        ui.interact(place, ui.scope_id().with(title), Sense::hover())
            .widget_info(|| WidgetInfo::labeled(Role::Label, true, text.clone()));
    };
    if let Some(heat) = heat {
        let title = "Time spent here".to_owned();
        let ends = ["0".to_owned(), format!("{:.0} person-seconds", heat.most_secs)];
        let cell = 100.0 * heat.square_m;
        let note = format!("per {cell:.0} cm square, {} watched", super::format::duration(heat.watched_secs));
        scale(ui, title, &|share| figures::heat_color(share, theme), ends, note);
    }
    let has_bodies = cx.state.look.figure == Figure::Body && !cx.shown.dense.bodies.is_empty();
    if let Some(keyed) = figures::legend(cx.state.look.colouring).filter(|_| has_bodies) {
        scale(
            ui,
            keyed.title.to_owned(),
            &|share| keyed.map.color(share),
            keyed.ends.map(str::to_owned),
            keyed.grey.to_owned(),
        );
    }
    places
}

/// Title above, colours, ends below, and a note under them.
fn paint_scale(
    painter: &Painter,
    theme: &Theme,
    rect: Rect,
    title: &str,
    color: &dyn Fn(f32) -> Rgba,
    ends: &[String; 2],
    note: &str,
) {
    let font = theme::caption_font();
    painter.text(rect.left_top(), Align2::LEFT_TOP, title, font.clone(), theme.text);
    let top = rect.top() + 4.0 * theme::GRID;
    let bar = Rect::from_min_max(Pos2::new(rect.left(), top), Pos2::new(rect.right(), top + 1.5 * theme::GRID));
    marks::colour_bar(painter, bar, color);
    painter.rect_stroke(bar, 0.0, theme.hairline(), egui::StrokeKind::Outside);
    let y = bar.bottom() + 0.5 * theme::GRID;
    painter.text(Pos2::new(rect.left(), y), Align2::LEFT_TOP, &ends[0], font.clone(), theme.quiet);
    painter.text(Pos2::new(rect.right(), y), Align2::RIGHT_TOP, &ends[1], font.clone(), theme.quiet);
    painter.text(rect.left_bottom(), Align2::LEFT_BOTTOM, note, font, theme.quiet);
}
