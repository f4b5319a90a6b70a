//! What detectors have told: a list, newest first, and of the chosen one what led to it, stage by stage.

use egui::{Align2, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::{Command, NoticeLevel, Snapshot};
use crate::types::{Event, Severity, Span};

pub fn events_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let events = &cx.calm.events;
    if events.is_empty() {
        let (needs, button) = match cx.calm.sources.is_empty() {
            true => ("Needs a source: connect a node or open a recording", Some("Add source…")),
            false => ("Nothing so far. Movement is told once the empty room has been learned", None),
        };
        if marks::empty_ui(ui, "Movement, machines and falls, with their evidence", needs, button) {
            cx.act(Action::AddSource);
        }
        return;
    }
    let chosen = cx.state.event.and_then(|id| events.iter().find(|event| event.id == id));
    let height = ui.available_height();
    if let Some(event) = chosen {
        egui::Panel::bottom("evidence")
            .resizable(true)
            .default_size(0.5 * height)
            .frame(egui::Frame::new())
            .show(ui, |ui| evidence_ui(ui, cx.calm, event));
    }
    let n = events.len();
    let calm = cx.calm;
    egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, theme::ROW_DENSE, n, |ui, range| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for at in range {
            let event = &calm.events[n - 1 - at];
            if row_ui(ui, calm, event, cx.state.event == Some(event.id)) {
                cx.state.event = Some(event.id);
                if calm.playback.is_some() {
                    // A little before, so that what led to it is seen.
                    cx.send(Command::Seek(event.span.start.plus_secs(-1.0)));
                    cx.state.time.follow();
                }
            }
        }
    });
}

fn level(severity: Severity) -> NoticeLevel {
    match severity {
        Severity::Info => NoticeLevel::Info,
        Severity::Notice => NoticeLevel::Warning,
        Severity::Alert => NoticeLevel::Error,
    }
}

fn when(calm: &Snapshot, span: Span) -> String {
    format::stamp(span.start, calm.timeline.span)
}

/// Whom and where it is about: the person, the zone, the link that saw it.
fn place(calm: &Snapshot, event: &Event) -> String {
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

/// Whether it was clicked.
fn row_ui(ui: &mut Ui, calm: &Snapshot, event: &Event, selected: bool) -> bool {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::click());
    let (time, place) = (when(calm, event.span), self::place(calm, event));
    let told = format!("{} · {:.1} s · {}", event.kind.label(), event.span.secs(), place);
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, format!("{time} {told}")));
    let painter = ui.painter().with_clip_rect(ui.painter().clip_rect().intersect(rect));
    if selected {
        painter.rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    marks::level_mark(&painter, theme, rect.left_center() + vec2(2.5 * theme::GRID, 0.0), level(event.severity));
    let at = rect.left_center() + vec2(5.0 * theme::GRID, 0.0);
    let time = painter.text(at, Align2::LEFT_CENTER, time, theme::number_font(), theme.quiet);
    let at = time.right_center() + vec2(2.0 * theme::GRID, 0.0);
    painter.text(at, Align2::LEFT_CENTER, told, egui::FontId::proportional(theme::TEXT), theme.text);
    let at = rect.right_center() - vec2(theme::GRID, 0.0);
    let confidence = format!("{:.0} %", 100.0 * event.confidence.get());
    painter.text(at, Align2::RIGHT_CENTER, confidence, theme::number_font(), theme.quiet);
    response.clicked()
}

fn evidence_ui(ui: &mut Ui, calm: &Snapshot, event: &Event) {
    let theme = Theme::of(ui);
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        marks::level_ui(ui, level(event.severity));
        ui.label(RichText::new(event.kind.label()).font(theme::strong_font()));
        let text = format!(
            "{} · {:.1} s · confidence {:.0} % · {}",
            when(calm, event.span),
            event.span.secs(),
            100.0 * event.confidence.get(),
            place(calm, event)
        );
        ui.label(RichText::new(text).color(theme.quiet));
    });
    if event.stages.is_empty() {
        ui.label(RichText::new("This kind of event has no stages").color(theme.quiet));
        return;
    }
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("stages").num_columns(3).spacing([4.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
            for stage in &event.stages {
                ui.label(stage.kind.label());
                let text = format!(
                    "{:+.1} to {:+.1} s · {:.0} %",
                    stage.span.start.secs_since(event.span.start),
                    stage.span.end.secs_since(event.span.start),
                    100.0 * stage.confidence.get()
                );
                ui.label(RichText::new(text).font(theme::number_font()));
                let figures: Vec<String> =
                    stage.figures.iter().map(|figure| format!("{} {:.2}", figure.name, figure.value)).collect();
                ui.add(egui::Label::new(RichText::new(figures.join(" · ")).color(theme.quiet)).wrap());
                ui.end_row();
            }
        });
    });
}
