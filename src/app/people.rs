//! Who is followed, people over time, and what each link says of those near it: movement, breath, machines that mask, and whether falls are judged.
//!
//! Nothing is guessed: until an empty room has been learned, and wherever the data does not support it, a cell says so.

use egui::{RichText, Ui};

use super::actions::Action;
use super::cx::Cx;
use super::followed;
use super::format;
use super::marks;
use super::occupancy;
use super::theme::{self, Theme};
use crate::analytics::breathing::HEART_RATE_TEXT;
use crate::analytics::watch::Presence;
use crate::engine::{LinkView, NoticeLevel, Sensed};

const BREATHS: &str = "Breaths a minute";

pub fn people_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let calm = cx.calm;
    if calm.links.is_empty() && calm.people.time.is_none() && calm.people.blank.is_empty() {
        let needs = "Needs a source: connect a node or open a recording";
        if marks::empty_ui(ui, "Who is there, link by link", needs, Some("Add source…")) {
            cx.act(Action::AddSource);
        }
        return;
    }
    let theme = Theme::of(ui);
    let occupancy = calm.people.occupancy.clone();
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        followed::followed_ui(ui, cx);
        if let Some(occupancy) = &occupancy {
            occupancy::occupancy_ui(ui, occupancy);
        }
        links_ui(ui, cx, theme);
    });
}

/// What each link says.
fn links_ui(ui: &mut Ui, cx: &mut Cx<'_>, theme: &Theme) {
    let calm = cx.calm;
    if calm.links.is_empty() {
        return;
    }
    let is_calibrated = calm.links.iter().any(|link| link.sensed.presence != Presence::NotCalibrated);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(summary(&calm.links)).font(theme::strong_font()));
        let entry = Action::LearnQuiet.entry();
        let button =
            if is_calibrated { ui.button(entry.name) } else { ui.add(marks::primary_button(theme, entry.name)) };
        if button.on_hover_text(entry.tip).clicked() {
            cx.act(Action::LearnQuiet);
        }
    });
    if !is_calibrated {
        let text = "When nobody has been in the room for ten seconds, press the button: movement is then told from this room's own quiet.";
        ui.label(RichText::new(text).color(theme.quiet));
    }
    ui.add_space(theme::GRID);
    egui::Grid::new("people").num_columns(5).spacing([4.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
        for title in ["Link", "Presence", BREATHS, "Machine", "Falls"] {
            let label = ui.label(RichText::new(title).font(theme::caption_font()).color(theme.quiet));
            if title == BREATHS {
                label.on_hover_text(HEART_RATE_TEXT);
            }
        }
        ui.end_row();
        for link in &calm.links {
            row_ui(ui, theme, link);
        }
    });
}

/// Said of all links together. A person who is near one link only is there all the same.
fn summary(links: &[LinkView]) -> String {
    let n = |is: fn(&Presence) -> bool| links.iter().filter(|link| is(&link.sensed.presence)).count();
    let n_known = n(|presence| *presence != Presence::NotCalibrated);
    let n_moving = n(|presence| *presence == Presence::Moving);
    let n_still = n(|presence| matches!(presence, Presence::Still { .. }));
    let of = |n: usize| format!("{n} of {} links", links.len());
    match (n_known, n_moving, n_still) {
        (0, ..) => "Presence is unknown: the empty room has not been learned".to_owned(),
        (_, 0, 0) => "Neither movement nor breath is seen".to_owned(),
        (_, 0, n) => format!("Somebody is still: breath on {}", of(n)),
        (_, n, _) => format!("Somebody moves: on {}", of(n)),
    }
}

fn row_ui(ui: &mut Ui, theme: &Theme, link: &LinkView) {
    let Sensed { presence, has_machine, falls, .. } = link.sensed;
    ui.label(&link.name);
    let (word, colour) = match presence {
        Presence::NotCalibrated => ("unknown", theme.quiet),
        Presence::Moving => ("moving", theme.accent),
        Presence::Still { .. } => ("still", theme.text),
        Presence::Quiet => ("quiet", theme.quiet),
    };
    ui.label(RichText::new(word).color(colour));
    let breath = match presence {
        Presence::Still { breaths_per_min, quality } => format!("{breaths_per_min:.0} (quality {quality:.1})"),
        _ => format::NO_DATA.to_owned(),
    };
    ui.label(RichText::new(breath).font(theme::number_font()));
    ui.horizontal(|ui| match has_machine {
        None => {
            ui.label(RichText::new("unknown").color(theme.quiet));
        }
        Some(true) => {
            marks::level_ui(ui, NoticeLevel::Warning);
            ui.label("masks movement")
                .on_hover_text("This link has been shaken without a pause for longer than people do");
        }
        Some(false) => {
            ui.label(RichText::new("none").color(theme.quiet));
        }
    });
    ui.horizontal(|ui| match falls {
        Ok(()) => {
            ui.label("judged");
        }
        Err(why) => {
            ui.label(RichText::new("not judged").color(theme.quiet));
            ui.add(egui::Label::new(RichText::new(why.text()).color(theme.quiet)).truncate()).on_hover_text(why.text());
        }
    });
    ui.end_row();
}
