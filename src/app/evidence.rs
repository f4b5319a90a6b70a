//! What led to the chosen event: its signals with the stages shaded, each stage's figures, and what people say of it.
//!
//! A detector's word is shown as such: with where the data comes from, how sure the detector is, and what it cannot judge.

use egui::{RichText, Ui, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::events::{level, place, when};
use super::evidence_plot::{plots_ui, window_of};
use super::marks;
use super::theme::{self, Theme};
use super::time;
use crate::engine::{Command, LinkView, NoticeLevel, Snapshot};
use crate::types::{Event, EventKind, EventVerdict, Figure, Stage};

pub fn evidence_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let calm = cx.calm;
    let chosen = cx.state.event.and_then(|id| calm.events.iter().find(|event| event.id == id));
    let Some(event) = chosen else {
        let (needs, button) = match calm.events.is_empty() {
            true => ("Needs an event: detectors have told of none so far", None),
            false => ("Choose an event in the list or on the timeline", Some("Next event")),
        };
        if marks::empty_ui(ui, "The signals that led to an event, stage by stage", needs, button) {
            cx.act(Action::NextEvent);
        }
        return;
    };
    head_ui(ui, cx, event);
    verdict_ui(ui, cx, event);
    let link = link_of(calm, event);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let has_signals = link.is_some_and(|link| cx.state.evidence.renew(ui, event, link));
        if has_signals {
            let position = calm.playback.as_ref().map(|playback| playback.position);
            plots_ui(ui, &cx.state.evidence, event, time::origin(calm), position);
        } else {
            no_signals_ui(ui, cx, event, link.is_some());
        }
        ui.add_space(theme::GRID);
        stages_ui(ui, event);
        support_ui(ui, event, link);
    });
}

/// The stream of the event's link that is most worth looking at.
fn link_of<'a>(calm: &'a Snapshot, event: &Event) -> Option<&'a LinkView> {
    let of_link = calm.links.iter().filter(|link| Some(link.stream.link) == event.link);
    of_link.max_by(|a, b| a.worth.total_cmp(&b.worth))
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, event: &Event) {
    let theme = Theme::of(ui);
    let calm = cx.calm;
    ui.horizontal_wrapped(|ui| {
        marks::level_ui(ui, level(event.severity));
        ui.label(RichText::new(event.label()).font(theme::strong_font()));
        let provenance = link_of(calm, event).map(|link| link.provenance).or(calm.provenance);
        if let Some(provenance) = provenance {
            marks::provenance_ui(ui, provenance, true);
        }
        let text = format!("{} · {:.1} s · {}", when(calm, event.span), event.span.secs(), place(calm, event));
        ui.label(RichText::new(text).color(theme.quiet));
        let confidence = format!("the detector is {:.0} % sure", 100.0 * event.confidence.get());
        ui.label(confidence).on_hover_text("What a detector says, not a finding: look at the stages and judge");
    });
}

fn verdict_ui(ui: &mut Ui, cx: &mut Cx<'_>, event: &Event) {
    let theme = Theme::of(ui);
    let verdicts = &cx.live.verdicts;
    let said = verdicts.of(event);
    let is_recording = cx.live.playback.is_some();
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("You say").color(theme.quiet));
        let choices: &[(EventVerdict, &str, &str)] = match event.kind {
            EventKind::Fall => &[
                (EventVerdict::Confirmed, "Fall", "Somebody fell (C)"),
                (EventVerdict::FalseAlarm, "False alarm", "Nobody fell (X)"),
                (EventVerdict::Unsure, "Unsure", "It cannot be told (U)"),
            ],
            EventKind::Movement => &[
                (EventVerdict::Confirmed, "Movement", "Somebody moved, and did not fall (C)"),
                (EventVerdict::MissedFall, "It was a fall", "Somebody fell, and the detector did not say so"),
                (EventVerdict::FalseAlarm, "False alarm", "Nobody moved (X)"),
                (EventVerdict::Unsure, "Unsure", "It cannot be told (U)"),
            ],
            EventKind::Stay | EventKind::Intrusion | EventKind::LongStay | EventKind::Crowded => &[
                (EventVerdict::Confirmed, "Right", "It was as told (C)"),
                (EventVerdict::FalseAlarm, "False alarm", "It was not so (X)"),
                (EventVerdict::Unsure, "Unsure", "It cannot be told (U)"),
            ],
            EventKind::Masking => &[
                (EventVerdict::Confirmed, "Machine", "A machine ran (C)"),
                (EventVerdict::FalseAlarm, "False alarm", "No machine ran (X)"),
                (EventVerdict::Unsure, "Unsure", "It cannot be told (U)"),
            ],
        };
        for (verdict, word, tip) in choices {
            let is_said = said == Some(*verdict);
            let button = ui.add_enabled(is_recording, egui::Button::new(*word).selected(is_said));
            let button = button.on_hover_text(*tip).on_disabled_hover_text(
                "Verdicts are kept with recordings: record, open the recording and judge there",
            );
            if button.clicked() {
                // A second click takes it back.
                let verdict = (!is_said).then_some(*verdict);
                cx.wishes.push(super::cx::Wish::Send(Command::JudgeEvent { event: event.id, verdict }));
            }
        }
        let is_open = is_recording && cx.live.playback.as_ref().is_some_and(|playback| playback.looping.is_none());
        if is_open && ui.button("Loop").on_hover_text("Play this moment again and again").clicked() {
            cx.state.timeline.range = Some(window_of(event));
            cx.wishes.push(super::cx::Wish::Send(Command::SetLoop(Some(window_of(event)))));
            cx.wishes.push(super::cx::Wish::Send(Command::Play));
        }
    });
}

fn no_signals_ui(ui: &mut Ui, cx: &mut Cx<'_>, event: &Event, has_link: bool) {
    let theme = Theme::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(2.0 * theme::GRID);
        if cx.live.playback.is_some() && event.link.is_some() {
            ui.label("Play the recording around this moment to see the signals");
            if ui.button("Go there").clicked() {
                cx.wishes.push(super::cx::Wish::ChooseEvent(event.id));
            }
        } else {
            let text = if has_link {
                "The signals of this moment have left memory: a recording keeps them"
            } else if event.link.is_none() {
                "All links of the room told this together: the plots of each show its signals"
            } else {
                "The link of this event is gone"
            };
            ui.label(RichText::new(text).color(theme.quiet));
        }
        ui.add_space(2.0 * theme::GRID);
    });
}

fn stages_ui(ui: &mut Ui, event: &Event) {
    let theme = Theme::of(ui);
    if event.stages.is_empty() {
        let text = match event.kind {
            EventKind::Movement => {
                "Told when the channel changes faster than in the link's own quiet, and ended when it no longer does; \
                 movement has no stages"
            }
            EventKind::Masking => {
                "Told when the link has been shaken without a pause for longer than people do; movement and falls are not \
                 judged meanwhile"
            }
            EventKind::Stay | EventKind::Intrusion | EventKind::LongStay | EventKind::Crowded => {
                "Told when somebody who is followed has been inside with more than 70 % for a second, and ended below 30 %; \
                 the figure is the probability of that moment"
            }
            EventKind::Fall => "This event came without its stages",
        };
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
        return;
    }
    egui::Grid::new("stages").num_columns(4).striped(true).spacing([3.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
        for title in ["Stage", "From – to", "Speaks for it", "Figures"] {
            ui.label(RichText::new(title).font(theme::caption_font()).color(theme.quiet));
        }
        ui.end_row();
        for (n, stage) in event.stages.iter().enumerate() {
            stage_ui(ui, theme, n, stage, event);
        }
    });
}

fn stage_ui(ui: &mut Ui, theme: &Theme, n: usize, stage: &Stage, event: &Event) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(theme::MARK, theme::ROW_DENSE), egui::Sense::hover());
        let swatch = egui::Rect::from_center_size(rect.center(), vec2(theme::MARK, theme::MARK));
        ui.painter().rect_filled(swatch, 0.0, theme.track(n));
        ui.label(format!("{} {}", n + 1, stage.kind.label()));
    });
    let from = stage.span.start.secs_since(event.span.start);
    let text = match stage.span.nanos() {
        0 => format!("{from:.1} s"),
        _ => format!("{from:.1} – {:.1} s", stage.span.end.secs_since(event.span.start)),
    };
    ui.label(RichText::new(text.replace('-', "−")).font(theme::number_font()));
    confidence_ui(ui, theme, theme.track(n), stage);
    ui.vertical(|ui| {
        for figure in &stage.figures {
            ui.label(RichText::new(figure_text(figure)).color(theme.quiet));
        }
    });
    ui.end_row();
}

/// A bar as long as the stage speaks for the event, and the number.
fn confidence_ui(ui: &mut Ui, theme: &Theme, colour: egui::Color32, stage: &Stage) {
    let share = stage.confidence.get();
    let text = format!("{:.0} %", 100.0 * share);
    ui.horizontal(|ui| {
        let size = vec2(theme::CONFIDENCE_WIDTH, theme::ROW_DENSE);
        let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
        let said = format!("{} speaks for the event by {text}", stage.kind.label());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, said.clone()));
        let whole = egui::Rect::from_center_size(rect.center(), vec2(rect.width(), 0.6 * theme::MARK));
        let filled = egui::Rect::from_min_size(whole.min, vec2(share * whole.width(), whole.height()));
        ui.painter().rect_filled(filled, 0.0, colour);
        ui.painter().rect_stroke(whole, 0.0, theme.hairline(), egui::StrokeKind::Inside);
        ui.label(RichText::new(text).font(theme::number_font()));
    });
}

/// `length of the burst, s` and 0.42 become `length of the burst 0.42 s`.
pub fn figure_text(figure: &Figure) -> String {
    let value = super::format::value(figure.value as f32);
    match figure.name.rsplit_once(", ") {
        Some((what, unit)) => format!("{what} {value} {unit}"),
        None => format!("{} {value}", figure.name),
    }
}

/// What the link cannot judge now stays visible under what it once said.
fn support_ui(ui: &mut Ui, event: &Event, link: Option<&LinkView>) {
    let theme = Theme::of(ui);
    let Some(link) = link else { return };
    ui.add_space(theme::GRID);
    if let Some(here) = link.sensed.room.filter(|_| matches!(event.kind, EventKind::Fall | EventKind::Movement)) {
        let text = format!("Falls in this room: {} · {}", here.origin.text(), here.alarms.text());
        ui.add(egui::Label::new(RichText::new(text).color(theme.quiet)).wrap());
    }
    if let Err(why) = link.sensed.falls {
        ui.horizontal_wrapped(|ui| {
            marks::level_ui(ui, NoticeLevel::Warning);
            ui.label(RichText::new(format!("Now on this link: {}", why.text())).color(theme.quiet));
        });
    }
}
