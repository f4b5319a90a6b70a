//! Messages: shown as toasts for a while, kept in a log that can be copied.

use egui::{Align2, RichText, Ui, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::marks::{self, Icon};
use super::theme::{self, Theme};
use crate::engine::{Notice, NoticeLevel, Snapshot};

const MAX_LINES: usize = 1000;
const MAX_TOASTS: usize = 4;

#[derive(Default)]
pub struct Log {
    lines: Vec<Line>,
    /// Number of the newest notice of the engine that is in the log.
    seen: u64,
}

struct Line {
    level: NoticeLevel,
    text: String,
    /// Since the program started, by the window's clock.
    at_secs: f64,
    /// When the toast leaves; infinity stays until it is closed.
    toast_until_secs: f64,
}

impl Log {
    /// Takes over what the engine has said since the last frame.
    pub fn read(&mut self, snapshot: &Snapshot, now_secs: f64) {
        for Notice { number, level, text } in snapshot.notices.iter() {
            if *number > self.seen {
                self.seen = *number;
                self.say(*level, text.clone(), now_secs);
            }
        }
    }

    pub fn say(&mut self, level: NoticeLevel, text: String, now_secs: f64) {
        let stays_secs = match level {
            NoticeLevel::Info => 5.0,
            NoticeLevel::Warning => 10.0,
            NoticeLevel::Error => f64::INFINITY,
        };
        self.lines.push(Line { level, text, at_secs: now_secs, toast_until_secs: now_secs + stays_secs });
        if self.lines.len() > MAX_LINES {
            self.lines.drain(..self.lines.len() - MAX_LINES);
        }
    }

    pub fn text(&self) -> String {
        self.lines
            .iter()
            .map(|line| {
                format!("{}  {}  {}\n", super::format::position(line.at_secs), marks::level_word(line.level), line.text)
            })
            .collect()
    }

    /// Closes the newest toast; says whether there was one.
    pub fn close_toast(&mut self, now_secs: f64) -> bool {
        let shown = self.lines.iter_mut().rev().find(|line| line.toast_until_secs > now_secs);
        shown.map(|line| line.toast_until_secs = 0.0).is_some()
    }

    /// Shows the newest messages in the lower right corner, above the timeline.
    pub fn toasts_ui(&mut self, ctx: &egui::Context, now_secs: f64, bottom: f32) {
        let shown: Vec<usize> = (0..self.lines.len())
            .rev()
            .filter(|&i| self.lines[i].toast_until_secs > now_secs)
            .take(MAX_TOASTS)
            .collect();
        if shown.is_empty() {
            return;
        }
        let next = shown.iter().map(|&i| self.lines[i].toast_until_secs).fold(f64::INFINITY, f64::min);
        if next.is_finite() {
            ctx.request_repaint_after_secs((next - now_secs) as f32);
        }
        egui::Area::new(egui::Id::unique("toasts"))
            .order(egui::Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-2.0 * theme::GRID, -bottom - 2.0 * theme::GRID))
            .show(ctx, |ui| {
                ui.set_max_width(theme::TOAST_WIDTH);
                for i in shown.into_iter().rev() {
                    let line = &mut self.lines[i];
                    let theme = Theme::of(ui);
                    let stroke = egui::Stroke::new(theme::HAIRLINE, theme.level(line.level));
                    egui::Frame::popup(ui.style()).stroke(stroke).show(ui, |ui| {
                        ui.horizontal_top(|ui| {
                            ui.set_width(theme::TOAST_WIDTH - 6.0 * theme::GRID);
                            marks::level_ui(ui, line.level);
                            let width = ui.available_width() - 2.0 * theme::ROW - 4.0 * theme::GRID;
                            ui.allocate_ui_with_layout(
                                vec2(width, 0.0),
                                egui::Layout::top_down(egui::Align::Min),
                                |ui| {
                                    ui.set_width(width);
                                    ui.add(egui::Label::new(&line.text).wrap());
                                },
                            );
                            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                                if marks::icon_button_ui(ui, Icon::Close, "Close message", true).clicked() {
                                    line.toast_until_secs = 0.0;
                                }
                                if line.level == NoticeLevel::Error && ui.small_button("Copy").clicked() {
                                    ui.copy_text(line.text.clone());
                                }
                            });
                        });
                    });
                }
            });
    }
}

pub fn log_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let lines = &cx.state.log.lines;
    if lines.is_empty() {
        marks::empty_ui(ui, "Messages of this session", "Nothing has been said yet", None);
        return;
    }
    let mut copy = false;
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("{} messages", lines.len())).color(theme.quiet));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            copy = ui.button("Copy log").on_hover_text("Copy all messages as text").clicked();
        });
    });
    egui::ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
        for line in lines {
            ui.horizontal_top(|ui| {
                let time = super::format::position(line.at_secs);
                ui.label(RichText::new(time).font(theme::number_font()).color(theme.quiet));
                marks::level_ui(ui, line.level);
                ui.add(egui::Label::new(&line.text).wrap().selectable(true));
            });
        }
    });
    if copy {
        cx.act(Action::CopyLog);
    }
}
