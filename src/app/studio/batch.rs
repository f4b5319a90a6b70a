//! The Batch panel: every photo of a folder fitted on its own, with what became of each.

use std::path::{Path, PathBuf};

use egui::{RichText, TextEdit, Ui};

use crate::app::cx::{Cx, Wish};
use crate::app::dialog::Purpose;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::{BatchView, StudioCommand};
use crate::engine::{Command, NoticeLevel};

/// What has been typed into the form.
#[derive(Default)]
pub struct State {
    folder: String,
    output: String,
}

impl State {
    /// Takes a folder, and proposes where its bodies go.
    pub fn offer(&mut self, folder: PathBuf) {
        self.output = folder.join("bodies").display().to_string();
        self.folder = folder.display().to_string();
    }
}

pub fn batch_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let studio = std::sync::Arc::clone(&cx.live.studio);
    let running = studio.batch.as_ref().is_some_and(is_running);
    let state = &mut cx.state.studio.batch;
    let ready = !running && !state.folder.trim().is_empty() && !state.output.trim().is_empty();
    ui.horizontal(|ui| {
        ui.label(RichText::new("A body from every photo of a folder").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let start = ui.add_enabled(ready, marks::primary_button(theme, "Start"));
            if start.on_disabled_hover_text("Choose a folder first").clicked() {
                let path = |text: &str| Path::new(text.trim()).to_owned();
                let (folder, output) = (path(&state.folder), path(&state.output));
                cx.wishes.push(Wish::Send(Command::Studio(StudioCommand::Batch { folder, output })));
            }
        });
    });
    let mut choose = false;
    egui::Grid::new("batch").num_columns(3).show(ui, |ui| {
        for (name, text, hint) in
            [("Photos in", &mut state.folder, "a folder"), ("Bodies into", &mut state.output, "a folder to write")]
        {
            let label = ui.label(RichText::new(name).color(theme.quiet));
            let edit = TextEdit::singleline(text).hint_text(hint).desired_width(theme::FORM_WIDTH);
            ui.add_enabled(!running, edit).labelled_by(label.id);
            if name == "Photos in" {
                choose = ui.add_enabled(!running, egui::Button::new("Choose…")).clicked();
            }
            ui.end_row();
        }
    });
    if choose {
        cx.wishes.push(Wish::Choose(Purpose::BatchFolder));
    }
    match &studio.batch {
        Some(batch) => {
            ui.separator();
            progress_ui(ui, cx, batch);
        }
        None => {
            let text =
                "Each photo is fitted by itself with the figures of the Body panel; bodies and a table are written";
            ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
        }
    }
}

fn is_running(batch: &BatchView) -> bool {
    batch.n_done + batch.n_failed < batch.n_total
}

fn progress_ui(ui: &mut Ui, cx: &mut Cx<'_>, batch: &BatchView) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if is_running(batch) && ui.button("Cancel").on_hover_text("Stop after the photo in work").clicked() {
                cx.send(Command::CancelJob(batch.job));
            }
            if ui.small_button("Copy").on_hover_text("Copy the outcomes as text").clicked() {
                ui.copy_text(as_text(batch));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let figures = format!("{} of {} done, {} failed", batch.n_done, batch.n_total, batch.n_failed);
                ui.label(RichText::new(figures).font(theme::number_font()));
                ui.add(egui::Label::new(RichText::new(&batch.folder).color(theme.quiet)).truncate());
            });
        });
    });
    let share = (batch.n_done + batch.n_failed) as f32 / batch.n_total.max(1) as f32;
    ui.add(egui::ProgressBar::new(share).show_percentage()).accessible_name("Progress of the batch");
    let rows = egui::ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true);
    rows.show_rows(ui, theme::ROW_DENSE, batch.lines.len(), |ui, range| {
        for (name, outcome) in &batch.lines[range] {
            ui.horizontal(|ui| {
                let (level, text) = match outcome {
                    Ok(text) => (NoticeLevel::Info, text),
                    Err(text) => (NoticeLevel::Error, text),
                };
                marks::level_ui(ui, level);
                ui.label(name);
                let text = egui::Label::new(RichText::new(text).color(theme.quiet)).truncate().selectable(true);
                ui.add(text);
            });
        }
    });
}

fn as_text(batch: &BatchView) -> String {
    let line = |(name, outcome): &(String, Result<String, String>)| match outcome {
        Ok(text) => format!("{name}\tdone\t{text}\n"),
        Err(text) => format!("{name}\tfailed\t{text}\n"),
    };
    batch.lines.iter().map(line).collect()
}
