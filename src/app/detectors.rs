//! The Detectors panel: which detectors look at the radio, what they were fitted on, what they scored, and whether they can
//! judge here and now.

use egui::{RichText, Ui};

use super::cx::Cx;
use super::marks;
use super::theme::{self, Theme};
use crate::analytics::breathing::HEART_RATE_TEXT;
use crate::analytics::evaluation::bootstrap::Interval;
use crate::analytics::watch::Presence;
use crate::engine::{LinkView, NoticeLevel, Snapshot};
use crate::inference::{Detector, DetectorKind};

/// What a detector can do at this moment, with its reason.
enum Here {
    Supported(String),
    Unsupported(String),
    /// Nothing runs that could be judged.
    Idle(&'static str),
}

pub fn detectors_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let calm = cx.calm;
    let detectors = &calm.detectors;
    if detectors.known.is_empty() && detectors.error.is_none() {
        let needs = "Their record is read from models.toml in the models folder beside the program, which has none";
        marks::empty_ui(ui, "Which detectors look at the radio, and what they are worth", needs, None);
        return;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some(error) = &detectors.error {
            ui.horizontal_top(|ui| {
                marks::level_ui(ui, NoticeLevel::Error);
                ui.add(egui::Label::new(error).wrap().selectable(true));
            });
        }
        for (n, detector) in detectors.known.iter().enumerate() {
            if n > 0 {
                ui.separator();
            }
            detector_ui(ui, theme, detector, &here(detector.kind, calm));
            if detector.kind == DetectorKind::Falls {
                own_falls_ui(ui, theme, calm);
            }
        }
        ui.separator();
        ui.add(egui::Label::new(HEART_RATE_TEXT).wrap());
        ui.add_space(theme::GRID);
        let text =
            "Figures are of the data sets that they name; what a detector is worth in this room, an evaluation tells";
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
    });
}

fn detector_ui(ui: &mut Ui, theme: &Theme, detector: &Detector, here: &Here) {
    ui.label(RichText::new(&detector.name).font(theme::strong_font()));
    ui.horizontal_top(|ui| {
        let (level, word, why) = match here {
            Here::Supported(why) => (NoticeLevel::Info, "Supported here:", why.as_str()),
            Here::Unsupported(why) => (NoticeLevel::Warning, "Unsupported here:", why.as_str()),
            Here::Idle(why) => (NoticeLevel::Info, "Not running:", *why),
        };
        match here {
            Here::Idle(_) => {
                let (rect, _) = ui.allocate_exact_size(egui::vec2(theme::MARK, theme::ROW_DENSE), egui::Sense::hover());
                ui.painter().circle_stroke(
                    rect.center(),
                    0.4 * theme::MARK,
                    egui::Stroke::new(theme::CURVE, theme.quiet),
                );
            }
            _ => drop(marks::level_ui(ui, level)),
        }
        ui.label(word);
        ui.add(egui::Label::new(RichText::new(why).color(theme.quiet)).wrap());
    });
    let line = |ui: &mut Ui, name: &str, text: &str| line_ui(ui, theme, name, text);
    line(ui, "Fitted on", &detector.fitted_on);
    for score in &detector.scores {
        line(ui, "Tested", score);
    }
    if detector.scores.is_empty() {
        line(ui, "Tested", "no figure is quoted");
    }
    line(ui, "Record", &format!("models/{}", detector.tested));
}

/// How this room judges falls, and what the newest fit to verdicts is worth beside its controls.
fn own_falls_ui(ui: &mut Ui, theme: &Theme, calm: &Snapshot) {
    if let Some(here) = calm.links.iter().find_map(|link| link.sensed.room) {
        line_ui(ui, theme, "In this room", &format!("{} · {}", here.origin.text(), here.alarms.text()));
    }
    let Some(refitted) = &calm.refitted else { return };
    line_ui(ui, theme, "Your verdicts", &refitted.text);
    let interval = |of: &Interval| format!("{:.2} [{:.2}, {:.2}]", of.value, of.low, of.high);
    let controls: Vec<String> =
        refitted.controls.iter().map(|(name, control)| format!("control: {name} {}", interval(control))).collect();
    let text = format!(
        "{}: AUROC {} of {} falls and {} others, each judged by a model fitted without it · {}",
        refitted.verdict.label(),
        interval(&refitted.auroc),
        refitted.n_falls,
        refitted.n_others,
        controls.join(" · ")
    );
    line_ui(ui, theme, "", &text);
}

fn line_ui(ui: &mut Ui, theme: &Theme, name: &str, text: &str) {
    ui.horizontal_top(|ui| {
        let name = RichText::new(name).font(theme::caption_font()).color(theme.quiet);
        let size = egui::vec2(theme::LABEL_WIDTH, theme::ROW_DENSE);
        ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_size(size);
            ui.label(name);
        });
        ui.add(egui::Label::new(text).wrap().selectable(true));
    });
}

fn here(kind: DetectorKind, calm: &Snapshot) -> Here {
    let links = &calm.links;
    if links.is_empty() {
        return Here::Idle("no frames have come");
    }
    let n = |is: &dyn Fn(&LinkView) -> bool| links.iter().filter(|link| is(link)).count();
    let on = |n: usize| format!("on {n} of {} links", links.len());
    match kind {
        DetectorKind::Presence => match n(&|link| link.sensed.presence != Presence::NotCalibrated) {
            0 => Here::Unsupported("the empty room has not been learned".to_owned()),
            known => Here::Supported(on(known)),
        },
        DetectorKind::Breathing => {
            let n_still = n(&|link| matches!(link.sensed.presence, Presence::Still { .. }));
            match n_still {
                0 if n(&|link| link.sensed.presence == Presence::NotCalibrated) == links.len() => {
                    Here::Unsupported("the empty room has not been learned".to_owned())
                }
                0 => Here::Unsupported("nobody is seen to be still; a rate is told after half a minute".to_owned()),
                still => Here::Supported(on(still)),
            }
        }
        DetectorKind::Masking => match n(&|link| link.sensed.has_machine.is_some()) {
            0 => Here::Unsupported("nothing long enough has been seen yet".to_owned()),
            judged => Here::Supported(on(judged)),
        },
        DetectorKind::Falls => {
            let judged = n(&|link| link.sensed.falls.is_ok());
            let why = links.iter().find_map(|link| link.sensed.falls.err());
            match (judged, why) {
                (0, Some(why)) => Here::Unsupported(why.text()),
                (judged, _) => Here::Supported(on(judged)),
            }
        }
        DetectorKind::Activity => Here::Idle("it runs in evaluations only"),
        DetectorKind::Pose | DetectorKind::Tracking => match (&calm.people.network, calm.people.blank.first()) {
            (None, _) => Here::Unsupported("no network is installed".to_owned()),
            (Some(_), Some(blank)) => Here::Unsupported(format!("{} — {}", blank.reason, blank.remedy)),
            (Some(network), None) => Here::Supported(format!("{network}, {} links", calm.people.n_links)),
        },
    }
}
