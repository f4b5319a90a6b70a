//! Everything known of the selected person, link or node: identity, health, clock, quality and the verdicts with their reasons.

use egui::{RichText, Ui};

use super::actions::Action;
use super::cx::Cx;
use super::format;
use super::marks;
use super::person;
use super::theme::{self, Theme};
use crate::engine::LinkView;
use crate::types::{NodeId, Purpose};

pub fn selection_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let calm = cx.calm;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(person) = cx.state.selection.person {
            person::person_ui(ui, cx, person);
        } else if let Some(node) = cx.state.selection.node {
            node_ui(ui, cx, node);
        } else if let Some(link) = cx.state.selection.link(calm) {
            link_ui(ui, cx, link);
        } else if marks::empty_ui(ui, "Details of what is selected", "Needs data to select", Some("Add source…")) {
            cx.act(Action::AddSource);
        }
    });
}

pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(theme::GRID);
    ui.label(RichText::new(text).font(theme::strong_font()));
}

/// Lines of a name and its figure.
pub fn facts(ui: &mut Ui, id: &str, lines: &[(&str, String)]) {
    let theme = Theme::of(ui);
    egui::Grid::new(id).num_columns(2).min_col_width(28.0 * theme::GRID).show(ui, |ui| {
        for (name, text) in lines {
            ui.label(RichText::new(*name).color(theme.quiet));
            let colour = if text == format::NO_DATA { theme.quiet } else { theme.text };
            ui.add(egui::Label::new(RichText::new(text).font(theme::number_font()).color(colour)).selectable(true));
            ui.end_row();
        }
    });
}

fn link_ui(ui: &mut Ui, cx: &Cx<'_>, link: &LinkView) {
    ui.horizontal(|ui| {
        ui.heading(&link.name);
        marks::provenance_ui(ui, link.provenance, true);
    });
    verdicts_ui(ui, link);
    let (health, quality, products) = (&link.health, &link.products.quality, &link.products);
    let some = |v: Option<f64>, unit: &str| match v {
        Some(v) => format!("{} {unit}", format::value(v as f32)),
        None => format::NO_DATA.to_owned(),
    };
    heading(ui, "Link");
    let known = |mhz: u16| if mhz == 0 { format::NO_DATA.to_owned() } else { format!("{mhz} MHz") };
    facts(
        ui,
        "link",
        &[
            ("Transmitter → receiver", link.stream.link.to_string()),
            ("Radio", link.hardware.label().to_owned()),
            ("Centre frequency", known(link.channel.centre_mhz)),
            ("Bandwidth", known(link.channel.bandwidth_mhz)),
            ("Antennas", format!("{} receive, {} transmit", products.n_rx, products.n_tx)),
            ("Subcarriers", format!("{} ({} usable)", products.subcarriers.index.len(), products.usable.len())),
        ],
    );
    heading(ui, "Health");
    let seen = super::links::last_seen(link, cx.calm, cx.now);
    facts(
        ui,
        "health",
        &[
            ("Rate", format::rate(health.rate_hz)),
            ("Frames", format::count(health.n_frames)),
            ("Worth among its receiver's links", worth(link)),
            ("Loss", format::percent(health.loss)),
            ("Dropped", format::count(health.n_dropped)),
            ("Latency", format::latency(health.latency_secs)),
            ("Last seen", seen.map_or(format::NO_DATA.to_owned(), format::age)),
        ],
    );
    if let Some(clock) = health.clock {
        heading(ui, "Clock");
        let drift = clock.drift_ppm.map_or(format::NO_DATA.to_owned(), |ppm| {
            format!("{} ppm ± spread {} ms", format::value(ppm), format::value(clock.jitter_nanos as f32 / 1e6))
        });
        facts(
            ui,
            "clock",
            &[
                ("Drift", drift),
                ("Wraps", format::count(clock.n_wraps.into())),
                ("Resets", format::count(clock.n_resets.into())),
                ("Host steps back", format::count(clock.n_host_steps_back.into())),
            ],
        );
    }
    heading(ui, "Quality");
    facts(
        ui,
        "quality",
        &[
            (
                "Measured over",
                format!("{} frames, {}", format::count(quality.n_frames), format::duration(quality.duration_secs)),
            ),
            ("Median rate", some(quality.rate_hz, "Hz")),
            ("Interval spread", some(quality.jitter.map(|j| j * 100.0), "% of interval")),
            ("Gaps", format!("{}, longest {} s", quality.n_gaps, format::value(quality.longest_gap_secs as f32))),
            ("Static signal to noise", some(quality.static_snr_db, "dB")),
            ("Dead subcarriers", format!("{} of {}", quality.n_dead_bins, quality.n_bins)),
            ("Saturated subcarriers", format!("{} of {}", quality.n_saturated_bins, quality.n_bins)),
            ("Gain jumps", format::count(quality.n_agc_jumps.into())),
            ("Clock faults", format::count(quality.n_clock_faults.into())),
        ],
    );
}

fn verdicts_ui(ui: &mut Ui, link: &LinkView) {
    let theme = Theme::of(ui);
    if link.products.quality.verdicts.is_empty() {
        ui.label(RichText::new("Verdicts follow when there is enough data").color(theme.quiet));
        return;
    }
    egui::Grid::new("verdicts").num_columns(3).show(ui, |ui| {
        for purpose in Purpose::ALL {
            let Some(verdict) = link.products.quality.verdict(purpose) else { continue };
            ui.label(purpose.label());
            marks::grade_ui(ui, Some(verdict.grade));
            ui.add(egui::Label::new(RichText::new(&verdict.reason).color(theme.quiet)).wrap());
            ui.end_row();
        }
    });
}

fn node_ui(ui: &mut Ui, cx: &mut Cx<'_>, id: NodeId) {
    let theme = Theme::of(ui);
    let node = cx.calm.site.node(id);
    ui.heading(node.map_or_else(|| id.to_string(), |node| node.name.clone()));
    let position = node
        .and_then(|node| node.position_m)
        .map_or("not set".to_owned(), |[x, y, z]| format!("x {x:.2} m, y {y:.2} m, z {z:.2} m"));
    facts(ui, "node", &[("Address", id.to_string()), ("Position", position)]);
    heading(ui, "Links of this node");
    let calm = cx.calm;
    for link in calm.links.iter().filter(|link| link.stream.link.tx == id || link.stream.link.rx == id) {
        ui.horizontal(|ui| {
            if ui.button(&link.name).clicked() {
                cx.state.selection.select_link(link.stream);
            }
            marks::grade_ui(ui, link.products.quality.best());
            ui.label(RichText::new(format::rate(link.health.rate_hz)).font(theme::number_font()).color(theme.quiet));
        });
    }
}

/// How much a link is worth looking at, with the reason.
fn worth(link: &LinkView) -> String {
    if link.worth_reason.is_empty() {
        return format::NO_DATA.to_owned();
    }
    format!("{:.0} % — {}", link.worth * 100.0, link.worth_reason)
}
