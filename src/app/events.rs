//! What detectors have told: a list, newest first, with what people say of each; a click shows its evidence.

use egui::{Align2, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::actions::Action;
use super::cx::{Cx, Wish};
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::{Command, NoticeLevel, Snapshot};
use crate::types::{Event, EventKind, EventVerdict, Severity, Span};

pub fn events_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let calm = cx.calm;
    let events = &calm.events;
    if events.is_empty() && cx.live.verdicts.missed.is_empty() {
        if calm.playback.is_some() {
            tools_ui(ui, cx);
        }
        let (needs, button) = match calm.sources.is_empty() {
            true => ("Needs a source: connect a node or open a recording", Some("Add source…")),
            false => ("Nothing so far. Movement is told once the empty room has been learned", None),
        };
        if marks::empty_ui(ui, "Movement, machines and falls, with their evidence", needs, button) {
            cx.act(Action::AddSource);
        }
        return;
    }
    tools_ui(ui, cx);
    let n = events.len();
    let verdicts = &cx.live.verdicts;
    egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, theme::ROW_DENSE, n, |ui, range| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for at in range {
            let event = &events[n - 1 - at];
            if row_ui(ui, calm, event, cx.state.event == Some(event.id), verdicts.of(event)) {
                cx.wishes.push(Wish::ChooseEvent(event.id));
            }
        }
    });
}

/// What has been judged, and what is learned from it.
fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let calm = cx.calm;
    let verdicts = &cx.live.verdicts;
    let falls = || calm.events.iter().filter(|event| event.kind == EventKind::Fall);
    let n_open = falls().filter(|event| verdicts.of(event).is_none()).count();
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let refit = Action::RefitFalls;
            let available = refit.available(cx.live, cx.context());
            let button = ui.add_enabled(available.is_ok(), marks::primary_button(theme, "Refit falls"));
            let button = button.on_hover_text(refit.entry().tip);
            if button.clicked() {
                cx.act(refit);
            }
            if let Err(reason) = available {
                button.on_disabled_hover_text(reason);
            }
            for (word, can, command) in
                [("Redo", verdicts.can_redo, Command::RedoVerdict), ("Undo", verdicts.can_undo, Command::UndoVerdict)]
            {
                let tip = format!("{word} the last verdict");
                if ui.add_enabled(can, egui::Button::new(word)).on_hover_text(tip).clicked() {
                    cx.send(command);
                }
            }
            let mark = Action::MarkFall;
            let can_mark = mark.available(cx.live, cx.context()).is_ok();
            if ui.add_enabled(can_mark, egui::Button::new("Mark a fall")).on_hover_text(mark.entry().tip).clicked() {
                cx.act(mark);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let n_falls = falls().count();
                let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
                let (events, falls) = (plural(calm.events.len(), "event"), plural(n_falls, "fall"));
                let mut text = format!("{events} · {falls}, {n_open} not judged");
                if !verdicts.missed.is_empty() {
                    text += &format!(" · {} marked by hand", verdicts.missed.len());
                }
                let mut tip = format!("Labels for a refit: {} falls, {} others", verdicts.n_falls, verdicts.n_others);
                if calm.playback.is_some() && !verdicts.is_kept {
                    tip += "\nVerdicts are kept for this session only";
                }
                ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).truncate()).on_hover_text(tip);
            });
        });
    });
}

pub fn level(severity: Severity) -> NoticeLevel {
    match severity {
        Severity::Info => NoticeLevel::Info,
        Severity::Notice => NoticeLevel::Warning,
        Severity::Alert => NoticeLevel::Error,
    }
}

pub fn when(calm: &Snapshot, span: Span) -> String {
    format::stamp(span.start, calm.timeline.span)
}

/// Whom and where it is about: the person, the zone, the link that saw it.
pub fn place(calm: &Snapshot, event: &Event) -> String {
    let link = event.link.map(|id| {
        let link = calm.links.iter().find(|link| link.stream.link == id);
        link.map_or_else(|| id.to_string(), |link| link.name.clone())
    });
    let zone = event.zone.map(|id| {
        let zone = calm.site.zone(id).map(|zone| zone.name.clone()).filter(|name| !name.is_empty());
        zone.unwrap_or_else(|| id.to_string())
    });
    let parts = [event.track.map(|track| track.to_string()), zone, link];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A stamp without its date where all lies within a day: the evidence has the whole.
fn of_day(stamp: &str, calm: &Snapshot) -> String {
    const DAY_SECS: f64 = 86_400.0;
    let within = calm.timeline.span.is_some_and(|span| span.secs() < DAY_SECS);
    let time = stamp.split_once(' ').map(|(_, time)| time.trim_end_matches(" UTC"));
    time.filter(|_| within).unwrap_or(stamp).to_owned()
}

/// Whether it was clicked.
fn row_ui(ui: &mut Ui, calm: &Snapshot, event: &Event, selected: bool, verdict: Option<EventVerdict>) -> bool {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::click());
    let (time, place) = (when(calm, event.span), self::place(calm, event));
    let said = verdict.map_or("", EventVerdict::label);
    let told = format!("{} · {:.1} s · {}", event.label(), event.span.secs(), place);
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, format!("{time} {told} {said}")));
    let painter = ui.painter().with_clip_rect(ui.painter().clip_rect().intersect(rect));
    if selected {
        painter.rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    let dismissed = verdict == Some(EventVerdict::FalseAlarm);
    let level = if dismissed { NoticeLevel::Info } else { level(event.severity) };
    marks::level_mark(&painter, theme, rect.left_center() + vec2(2.5 * theme::GRID, 0.0), level);
    let at = rect.left_center() + vec2(5.0 * theme::GRID, 0.0);
    let time = painter.text(at, Align2::LEFT_CENTER, of_day(&time, calm), theme::number_font(), theme.quiet);
    let right = rect.right_center() - vec2(theme::GRID, 0.0);
    let confidence = format!("{:3.0} %", 100.0 * event.confidence.get());
    let confidence = painter.text(right, Align2::RIGHT_CENTER, confidence, theme::number_font(), theme.quiet);
    let right = confidence.left_center() - vec2(2.0 * theme::GRID, 0.0);
    let said = painter.text(right, Align2::RIGHT_CENTER, said, theme::caption_font(), theme.text);
    let from = time.right() + 2.0 * theme::GRID;
    let rest = egui::Rect::from_x_y_ranges(from..=(said.left() - theme::GRID).max(from), rect.y_range());
    let colour = if dismissed { theme.quiet } else { theme.text };
    marks::text_in(&painter, rest, Align2::LEFT_CENTER, &told, egui::FontId::proportional(theme::TEXT), colour);
    response.clicked()
}
