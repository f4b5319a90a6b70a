//! The Evaluation panel: the harness of `corporeal evaluate` on a data set or on one's own labelled recordings, its reports
//! as tables with every score beside its controls.

mod form;
mod report;
mod roc;

use egui::{RichText, Ui};

pub use form::Form;

use super::cx::{Cx, Wish};
use super::dialog::Purpose;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::evaluation::{Evaluation, State as Progress};
use crate::engine::{Command, NoticeLevel};

/// What the panel remembers between frames.
#[derive(Default)]
pub struct State {
    pub form: Form,
    /// The evaluation that is shown; `None` shows the newest.
    shown: Option<u64>,
}

pub fn evaluation_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let evaluations = std::sync::Arc::clone(&cx.live.evaluations);
    form::form_ui(ui, cx);
    ui.separator();
    if evaluations.is_empty() {
        let text = "Every score stands beside what the same records give away without movement, and is called supported only \
                    where it beats that. Recordings of your own are named by a table: file, start, end, label, person, room, \
                    session, device";
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
        return;
    }
    let shown = cx.state.evaluation.shown;
    let newest = evaluations.last();
    let shown = evaluations.iter().find(|one| Some(one.id) == shown).or(newest);
    if evaluations.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            for one in evaluations.iter() {
                let is_shown = shown.is_some_and(|shown| shown.id == one.id);
                if ui.selectable_label(is_shown, one.label()).clicked() {
                    cx.state.evaluation.shown = Some(one.id);
                }
            }
        });
    }
    if let Some(one) = shown {
        one_ui(ui, cx, one);
    }
}

fn one_ui(ui: &mut Ui, cx: &mut Cx<'_>, one: &Evaluation) {
    let theme = Theme::of(ui);
    match &one.state {
        Progress::Running { step, progress } => {
            ui.horizontal(|ui| {
                ui.label(one.label());
                if ui.button("Cancel").on_hover_text("Stop; what has been measured is reported").clicked() {
                    cx.send(Command::CancelJob(one.id));
                }
            });
            let bar = egui::ProgressBar::new(progress.unwrap_or(0.0)).desired_width(theme::WINDOW_WIDTH);
            let bar = if progress.is_some() { bar.show_percentage() } else { bar.text("…") };
            ui.add(bar).accessible_name("Progress of the evaluation");
            ui.label(RichText::new(step).color(theme.quiet));
        }
        Progress::Failed(why) => {
            ui.horizontal_top(|ui| {
                marks::level_ui(ui, NoticeLevel::Error);
                ui.add(egui::Label::new(format!("{}: {why}", one.label())).wrap().selectable(true));
            });
            ui.horizontal(|ui| {
                if ui.button("Copy").on_hover_text("Copy the message").clicked() {
                    ui.copy_text(why.clone());
                }
                if ui.button("Remove").clicked() {
                    cx.send(Command::ForgetEvaluation(one.id));
                }
            });
        }
        Progress::Done(found) => {
            ui.horizontal(|ui| {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if ui.button("Remove").on_hover_text("Forget this report").clicked() {
                        cx.send(Command::ForgetEvaluation(one.id));
                    }
                    if ui.button("Save CSV…").on_hover_text("Save all tables with their intervals").clicked() {
                        let name = format!("{} evaluation", one.task.label().to_lowercase());
                        let purpose = Purpose::SaveText { name, extension: "csv", text: found.csv() };
                        cx.wishes.push(Wish::Choose(purpose));
                    }
                    if ui.button("Copy text").on_hover_text("Copy what the command line prints").clicked() {
                        ui.copy_text(found.text());
                    }
                    if ui.button("Copy CSV").on_hover_text("Copy all tables with their intervals").clicked() {
                        ui.copy_text(found.csv());
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        marks::provenance_ui(ui, found.provenance, true);
                        ui.add(egui::Label::new(RichText::new(&found.title).font(theme::strong_font())).truncate());
                    });
                });
            });
            report::report_ui(ui, found);
        }
    }
}
