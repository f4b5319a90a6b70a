//! The Summaries panel: what the time that was watched was like, for care, for a shop, for a guard.
//!
//! A figure that cannot be told says why, and is never a zero.

use egui::{RichText, Ui};

use super::cx::{Cx, Wish};
use super::dialog::Purpose;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::Snapshot;
use crate::tracking::summary::{CareInputs, Figure, care, security, shop};
use crate::types::{Event, EventKind, EventVerdict, Severity, Timestamp, ZoneId};

/// Who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Domain {
    #[default]
    Care,
    Shop,
    Security,
}

impl Domain {
    const ALL: [Self; 3] = [Self::Care, Self::Shop, Self::Security];

    fn label(self) -> &'static str {
        match self {
            Self::Care => "Care",
            Self::Shop => "Shop",
            Self::Security => "Security",
        }
    }
}

/// One line of a summary, for screen and files.
struct Line {
    group: String,
    name: String,
    unit: &'static str,
    figure: Figure,
}

pub fn summaries_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let calm = cx.calm;
    let log = &calm.people.log;
    let domain = cx.state.summary;
    let lines = lines(calm, domain);
    ui.horizontal(|ui| {
        for choice in Domain::ALL {
            ui.selectable_value(&mut cx.state.summary, choice, choice.label());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            for (word, extension) in [("Save CSV…", "csv"), ("Save JSON…", "json")] {
                if ui.button(word).on_hover_text("Save these figures with where they come from").clicked() {
                    let text = if extension == "csv" { as_csv(calm, domain, &lines) } else { as_json(calm, domain) };
                    let name = format!("{} summary", domain.label().to_lowercase());
                    cx.wishes.push(Wish::Choose(Purpose::SaveText { name, extension, text }));
                }
            }
            if ui.button("Copy").on_hover_text("Copy these figures as a table").clicked() {
                ui.copy_text(as_csv(calm, domain, &lines));
            }
        });
    });
    ui.horizontal_wrapped(|ui| {
        if let Some(provenance) = calm.people.provenance.or(calm.provenance) {
            marks::provenance_ui(ui, provenance, true);
        }
        let text = match (log.start, log.end) {
            (Some(start), Some(end)) => {
                let span = calm.timeline.span;
                let watched = format::duration(log.watched_secs);
                let gaps = if log.n_gaps > 0 { format!(" · {} gaps", log.n_gaps) } else { String::new() };
                format!("{} – {} · watched {watched}{gaps}", format::stamp(start, span), format::stamp(end, span))
            }
            _ => "Nobody has been followed yet: people are told where enough links with known places look".to_owned(),
        };
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
    });
    ui.add_space(theme::GRID);
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        egui::Grid::new(domain.label()).num_columns(2).spacing([4.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
            let mut group = "";
            for line in &lines {
                if line.group != group {
                    group = &line.group;
                    ui.label(RichText::new(group).font(theme::strong_font()));
                    ui.end_row();
                }
                ui.label(&line.name);
                figure_ui(ui, theme, line);
                ui.end_row();
            }
        });
        if domain == Domain::Security {
            intrusions_ui(ui, theme, calm);
        }
    });
}

fn figure_ui(ui: &mut Ui, theme: &Theme, line: &Line) {
    match line.figure {
        Figure::Known { .. } => ui.label(RichText::new(figure_text(line)).font(theme::number_font())),
        Figure::Unknown { why } => ui.label(RichText::new(format!("unknown: {why}")).color(theme.quiet)),
    };
}

fn figure_text(line: &Line) -> String {
    let Figure::Known { value, sigma } = line.figure else { return format::NO_DATA.to_owned() };
    let text = match line.unit {
        "s" => format::duration(value),
        "" => format!("{value:.0}"),
        unit => format!("{} {unit}", format::value(value as f32)),
    };
    match sigma.filter(|sigma| *sigma > 0.0) {
        Some(sigma) if line.unit == "s" => format!("{text} ± {sigma:.0} s"),
        Some(sigma) => format!("{text} ± {}", format::value(sigma as f32)),
        None => text,
    }
}

/// Falls that raised an alarm and nobody has called a false one, and those that somebody has confirmed; `None` where no link
/// judges falls.
fn falls(calm: &Snapshot) -> Option<Vec<Timestamp>> {
    let confirmed = |event: &Event| calm.verdicts.of(event) == Some(EventVerdict::Confirmed);
    let is_fall =
        |event: &&Event| event.kind == EventKind::Fall && (event.severity == Severity::Alert || confirmed(event));
    let dismissed = |event: &&Event| calm.verdicts.of(event) == Some(EventVerdict::FalseAlarm);
    let falls: Vec<Timestamp> =
        calm.events.iter().filter(is_fall).filter(|event| !dismissed(event)).map(|event| event.span.start).collect();
    let is_judged = calm.links.iter().any(|link| link.sensed.falls.is_ok());
    (is_judged || calm.events.iter().any(|event| event.kind == EventKind::Fall)).then_some(falls)
}

fn inputs(calm: &Snapshot) -> CareInputs {
    let breathing = (!calm.breathing.is_empty()).then(|| calm.breathing.to_vec());
    CareInputs { falls: falls(calm), breathing }
}

fn lines(calm: &Snapshot, domain: Domain) -> Vec<Line> {
    let (log, zones) = (&calm.people.log, &calm.site.zones);
    let mut lines = Vec::new();
    let mut add = |group: &str, name: &str, unit: &'static str, figure: Figure| {
        lines.push(Line { group: group.to_owned(), name: name.to_owned(), unit, figure });
    };
    match domain {
        Domain::Care => {
            let of = care(log, zones, &inputs(calm));
            // Links judge falls also where nobody can be followed.
            let told = falls(calm).map_or(of.falls, |falls| Figure::exactly(falls.len() as f64));
            add("Safety", "Falls told and not called false", "", told);
            add("Safety", "Time on the floor", "s", of.floor_secs);
            add("Safety", "Longest on the floor", "s", of.longest_floor_secs);
            add("Movement", "Gait speed", "m/s", of.gait_speed_m_per_s);
            add("Movement", "Longest without movement", "s", of.longest_still_secs);
            add("Night", "Times out of bed", "", of.bed_exits);
            add("Night", "Longest out of bed", "s", of.longest_out_of_bed_secs);
            add("Breathing", "Rate", "/min", of.breathing_per_min);
            add("Breathing", "Trend", "/min in an hour", of.breathing_trend_per_hour);
            add("Basis", "Time watched", "s", of.watched_secs);
        }
        Domain::Shop => {
            let of = shop(log, zones);
            add("Visitors", "Different people", "", of.visitors);
            add("Visitors", "Most at once", "", of.most_at_once);
            add("Visitors", "Median stay", "s", of.stay_secs);
            for zone in &of.zones {
                let group = format!("Zone {}", zone.name);
                let watched = log.watched_secs > 0.0;
                add(&group, "Stays", "", if watched { Figure::exactly(zone.n_stays as f64) } else { of.visitors });
                add(&group, "Median dwell", "s", zone.dwell_secs);
                add(&group, "Longest dwell", "s", zone.longest_dwell_secs);
            }
            let name = |id: ZoneId| zones.iter().find(|zone| zone.id == id).map_or("?", |zone| zone.name.as_str());
            for flow in &of.flows {
                let way = format!("{} → {}", name(flow.from), name(flow.to));
                add("Flows", &way, "", Figure::exactly(flow.n as f64));
            }
            if let Some(why) = of.zones_unknown {
                add("Zones", "Dwell and flows", "", Figure::Unknown { why });
            }
        }
        Domain::Security => {
            let of = security(log, zones, None);
            add("Intrusion", "Entries into restricted zones", "", of.restricted_entries);
            add("Intrusion", "People out of hours", "", of.out_of_hours);
            add("Basis", "Time watched", "s", of.watched_secs);
            if log.watched_secs > 0.0 {
                add("Basis", "Gaps in which somebody may have come unseen", "", Figure::exactly(of.n_gaps as f64));
            }
        }
    }
    lines
}

fn intrusions_ui(ui: &mut Ui, theme: &Theme, calm: &Snapshot) {
    let of = security(&calm.people.log, &calm.site.zones, None);
    for intrusion in of.intrusions.iter().rev() {
        let zone = intrusion.zone.and_then(|id| calm.site.zone(id)).map_or("out of hours", |zone| zone.name.as_str());
        let who = intrusion.track.map_or_else(|| "somebody".to_owned(), |track| track.to_string());
        let time = format::stamp(intrusion.time, calm.timeline.span);
        ui.horizontal(|ui| {
            ui.label(RichText::new(time).font(theme::number_font()).color(theme.quiet));
            ui.label(format!("{who} in {zone} · {:.0} %", 100.0 * intrusion.probability));
        });
    }
}

fn as_json(calm: &Snapshot, domain: Domain) -> String {
    let (log, zones) = (&calm.people.log, &calm.site.zones);
    let summary = match domain {
        Domain::Care => serde_json::to_value(care(log, zones, &inputs(calm))),
        Domain::Shop => serde_json::to_value(shop(log, zones)),
        Domain::Security => serde_json::to_value(security(log, zones, None)),
    };
    let text = serde_json::to_string_pretty(&serde_json::json!({
        "provenance": calm.people.provenance.or(calm.provenance),
        "from_nanos": log.start,
        "to_nanos": log.end,
        "summary": summary.unwrap_or_default(),
    }));
    text.unwrap_or_default()
}

fn as_csv(calm: &Snapshot, domain: Domain, lines: &[Line]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    let provenance = calm.people.provenance.or(calm.provenance).map_or("", |provenance| provenance.label());
    // A vector takes everything.
    out.write_record(["provenance", "summary", "group", "figure", "unit", "value", "sigma", "unknown because"]).ok();
    for Line { group, name, unit, figure } in lines {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let (value, sigma, why) = match figure {
            Figure::Known { value, sigma } => (Some(*value), *sigma, ""),
            Figure::Unknown { why } => (None, None, *why),
        };
        let (value, sigma) = (number(value), number(sigma));
        out.write_record([provenance, domain.label(), group, name, *unit, &value, &sigma, why]).ok();
    }
    out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
