//! Who is followed in the room: how many with their probabilities, each with their figures, and why nobody where that
//! cannot be told.

use egui::{RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::figures;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::studio::BodyView;
use crate::engine::{Command, NoticeLevel, ShownPerson};
use crate::types::{Posture, Side, Track, TrackState};

pub fn followed_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let people = &cx.calm.people;
    if people.time.is_none() && people.persons.is_empty() && people.blank.is_empty() {
        return;
    }
    let theme = Theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        let text = people.count.map_or_else(|| "How many people is not known".to_owned(), count_line);
        ui.label(RichText::new(text).font(theme::strong_font()));
        if let Some(provenance) = people.provenance {
            marks::provenance_ui(ui, provenance, true);
        }
        let links = if people.n_links == 1 { "1 link".to_owned() } else { format!("{} links", people.n_links) };
        let network = people.network.as_deref().unwrap_or("no network installed");
        ui.label(RichText::new(format!("{links} · {network}")).color(theme.quiet));
    });
    for blank in &people.blank {
        ui.horizontal_wrapped(|ui| {
            marks::level_ui(ui, NoticeLevel::Warning);
            ui.label(&blank.reason);
            ui.label(RichText::new(&blank.remedy).color(theme.quiet));
        });
    }
    let shown: Vec<&ShownPerson> = people.persons.iter().filter(|person| person.track.state.is_present()).collect();
    if shown.is_empty() {
        if people.blank.is_empty() {
            ui.label(RichText::new("Nobody is followed").color(theme.quiet));
        }
    } else {
        table_ui(ui, cx, &shown);
    }
    if let Some(falls) = people.falls {
        ui.label(RichText::new(falls.text()).color(theme.quiet));
    }
    if let Some(error) = &cx.calm.dense.error {
        ui.label(RichText::new(error).color(theme.warning));
    }
    ui.separator();
}

/// "1 person 82 %, 2 or more 15 %, nobody 3 %": the likeliest first.
pub fn count_line(probabilities: [f32; 3]) -> String {
    let mut lines: Vec<(f32, &str)> = probabilities.into_iter().zip(["nobody", "1 person", "2 or more"]).collect();
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    let percent = |share: f32| match 100.0 * share {
        // What is not quite certain is not called so.
        percent if share < 1.0 && percent >= 99.5 => ">99 %".to_owned(),
        percent if share > 0.0 && percent < 0.5 => "<1 %".to_owned(),
        percent if percent.is_finite() => format!("{percent:.0} %"),
        _ => format::NO_DATA.to_owned(),
    };
    let words: Vec<String> = lines.into_iter().map(|(share, word)| format!("{word} {}", percent(share))).collect();
    let text = words.join(", ");
    text.strip_prefix('n').map_or(text.clone(), |rest| format!("N{rest}"))
}

fn table_ui(ui: &mut Ui, cx: &mut Cx<'_>, persons: &[&ShownPerson]) {
    let theme = Theme::of(ui);
    let subjects: Vec<&BodyView> =
        cx.calm.studio.bodies.iter().map(AsRef::as_ref).filter(|body| body.phenotype.is_some()).collect();
    egui::Grid::new("followed").num_columns(8).spacing([2.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
        for title in ["Person", "Posture", "Place", "Speed", "Shown", "Since", "Identity"] {
            ui.label(RichText::new(title).font(theme::caption_font()).color(theme.quiet));
        }
        if !subjects.is_empty() {
            ui.label(RichText::new("Body").font(theme::caption_font()).color(theme.quiet));
        }
        ui.end_row();
        for person in persons {
            row_ui(ui, cx, theme, person);
            if !subjects.is_empty() {
                body_ui(ui, cx, person, &subjects);
            }
            ui.end_row();
        }
    });
}

fn row_ui(ui: &mut Ui, cx: &mut Cx<'_>, theme: &Theme, person: &ShownPerson) {
    let track = &person.track;
    let number = |ui: &mut Ui, text: String| {
        ui.label(RichText::new(text).font(theme::number_font()));
    };
    name_ui(ui, cx, theme, track);
    match person.shown.posture {
        Posture::Unknown => ui.label(RichText::new("unknown").color(theme.quiet)),
        posture => ui.label(posture.label()),
    };
    if person.shown.place {
        let [x, y] = track.position_m();
        number(ui, format!("x {x:.1} y {y:.1} ± {:.1} m", track.pose.root.sigma_m()));
        number(ui, speed(track));
    } else {
        number(ui, format::NO_DATA.to_owned());
        number(ui, format::NO_DATA.to_owned());
    }
    let mut what = what_is_shown(person).to_owned();
    if track.shared {
        what.push_str(", one echo for two people");
    }
    let mut refusals: Vec<String> = person.shown.refusals.iter().map(ToString::to_string).collect();
    if person.shown.joints.is_some() && track.pose.side != Side::Resolved {
        refusals.push("left and right may be exchanged".to_owned());
    }
    let label = ui.label(RichText::new(what).color(theme.quiet));
    if !refusals.is_empty() {
        label.on_hover_text(refusals.join("\n"));
    }
    // How long they have been followed, or how long the last look was ago.
    let secs = match track.state {
        TrackState::Still | TrackState::Coasting => track.time.secs_since(track.last_seen),
        _ => track.age_secs(),
    };
    ui.label(format!("{} {}", track.state.label(), format::duration(secs)));
    number(ui, format!("{:.0} %", 100.0 * track.identity));
}

/// The name in the person's colour; a click selects and goes there.
fn name_ui(ui: &mut Ui, cx: &mut Cx<'_>, theme: &Theme, track: &Track) {
    let selected = cx.state.selection.person == Some(track.id);
    let font = egui::FontId::proportional(theme::TEXT);
    let galley = ui.painter().layout_no_wrap(track.id.to_string(), font, theme.text);
    let size = vec2(galley.size().x + theme::MARK + 3.0 * theme::GRID, theme::ROW_DENSE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, track.id.to_string()));
    if selected {
        ui.painter().rect_filled(rect, theme::RADIUS, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, theme::RADIUS, theme.raised);
    }
    let centre = rect.left_center() + vec2(theme::GRID + 0.5 * theme::MARK, 0.0);
    ui.painter().circle_filled(centre, 0.45 * theme::MARK, figures::hue(theme, track.id));
    let at = rect.left_center() + vec2(theme::MARK + 2.0 * theme::GRID, -0.5 * galley.size().y);
    ui.painter().galley(at, galley, theme.text);
    if response.clicked() {
        cx.state.selection.select_person(track.id);
        cx.state.bodies_on_stage = Some(false);
        cx.act(Action::Focus);
    }
}

/// Along the way that is walked, with its standard deviation.
fn speed(track: &Track) -> String {
    let speed = track.speed_m_per_s();
    let [vx, vy] = track.velocity_m_per_s;
    let [[xx, xy], [_, yy]] = track.velocity_covariance;
    let variance = if speed > 1e-6 {
        (vx * vx * xx + 2.0 * vx * vy * xy + vy * vy * yy) / (speed * speed)
    } else {
        0.5 * (xx + yy)
    };
    if !speed.is_finite() || !variance.is_finite() {
        return format::NO_DATA.to_owned();
    }
    format!("{speed:.1} ± {:.1} m/s", variance.max(0.0).sqrt())
}

fn what_is_shown(person: &ShownPerson) -> &'static str {
    match (person.shown.place, person.shown.joints.is_some(), person.shown.template) {
        (false, ..) => "nothing",
        (true, true, _) => "skeleton",
        (true, false, true) => "template",
        (true, false, false) => "place only",
    }
}

/// Whose body they are drawn with.
fn body_ui(ui: &mut Ui, cx: &mut Cx<'_>, person: &ShownPerson, subjects: &[&BodyView]) {
    let id = person.track.id;
    let assigned = cx.calm.dense.assigned.get(&id).copied();
    let name =
        |body| subjects.iter().find(|other| Some(other.id) == body).map_or("template", |body| body.name.as_str());
    let mut chosen = assigned;
    let list = egui::ComboBox::from_id_salt(("body", id.0)).selected_text(name(assigned)).width(24.0 * theme::GRID);
    let response = list.show_ui(ui, |ui| {
        ui.selectable_value(&mut chosen, None, "template");
        for body in subjects {
            ui.selectable_value(&mut chosen, Some(body.id), &body.name);
        }
    });
    response.response.accessible_name(format!("Body of {id}"));
    if chosen != assigned {
        cx.send(Command::AssignBody { track: id, body: chosen });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_number_comes_first_and_nothing_is_called_certain() {
        assert_eq!(count_line([0.03, 0.82, 0.15]), "1 person 82 %, 2 or more 15 %, nobody 3 %");
        assert_eq!(count_line([0.999, 0.001, 0.0]), "Nobody >99 %, 1 person <1 %, 2 or more 0 %");
        assert_eq!(count_line([f32::NAN, 0.5, 0.5]).matches("no data").count(), 1);
    }
}
