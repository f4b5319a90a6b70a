//! The timeline: how much came when, how much moved, where nothing came; the playhead, ranges and the transport.

use egui::{Rect, RichText, Sense, Ui, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::events;
use super::format;
use super::marks::{self, Icon};
use super::theme::{self, Theme};
use super::time;
use crate::engine::{Command, PlaybackView, Timeline};
use crate::types::{Event, EventId, EventVerdict, Severity, Span, Timestamp};

#[derive(Default)]
pub struct State {
    /// Dragging on the strip selects instead of seeking.
    pub selecting: bool,
    pub range: Option<Span>,
    drag: Option<Drag>,
}

#[derive(Clone, Copy, PartialEq)]
enum Drag {
    Seek,
    /// The fixed end of a range whose other end moves.
    Range(Timestamp),
}

const SPEEDS: [f32; 9] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, f32::INFINITY];

fn speed_label(speed: f32) -> String {
    if speed.is_infinite() { "as fast as possible".to_owned() } else { format!("{speed}×") }
}

pub fn timeline_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| transport_ui(ui, cx));
    strip_ui(ui, cx);
}

fn button(ui: &mut Ui, cx: &mut Cx<'_>, icon: Icon, action: Action) {
    let enabled = action.available(cx.live, cx.context()).is_ok();
    if marks::icon_button_ui(ui, icon, action.entry().name, enabled).clicked() {
        cx.act(action);
    }
}

fn transport_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let playback = cx.live.playback.as_ref();
    button(ui, cx, Icon::ToStart, Action::GoToStart);
    button(ui, cx, Icon::StepBack, Action::StepFrames(-1));
    let playing = playback.is_some_and(|p| p.playing);
    let enabled = playback.is_some();
    let (icon, name) = if playing { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
    if marks::icon_button_ui(ui, icon, name, enabled).clicked() {
        cx.act(Action::TogglePlay);
    }
    button(ui, cx, Icon::StepForward, Action::StepFrames(1));
    button(ui, cx, Icon::ToEnd, Action::FollowLive);
    if let Some(playback) = playback {
        position_ui(ui, theme, playback, cx.calm.playback.as_ref());
        let mut speed = playback.speed;
        egui::ComboBox::from_id_salt("speed")
            .width(2.0 * theme::ROW)
            .selected_text(speed_label(speed))
            .show_ui(ui, |ui| {
                for choice in SPEEDS {
                    ui.selectable_value(&mut speed, choice, speed_label(choice));
                }
            })
            .response
            .accessible_name("Playback speed");
        if speed != playback.speed {
            cx.send(Command::SetSpeed(speed));
        }
        if playback.at_end {
            ui.label(RichText::new("at the end").color(theme.quiet));
        }
    } else if cx.live.time.is_some() {
        let following = cx.state.time.following() && !cx.frozen;
        let word = if following { "Following newest" } else { "Follow newest" };
        if ui
            .add(egui::Button::new(word).selected(following))
            .on_hover_text("End key: show the newest data and stay there")
            .clicked()
        {
            cx.act(Action::FollowLive);
        }
    }
    ui.separator();
    let context = cx.context();
    let can_select = Action::SelectRange.available(cx.live, context).is_ok();
    let selecting = cx.state.timeline.selecting;
    let tip = Action::SelectRange.entry().tip;
    if ui.add_enabled(can_select, egui::Button::new("Select range").selected(selecting)).on_hover_text(tip).clicked() {
        cx.act(Action::SelectRange);
    }
    if let Some(range) = cx.state.timeline.range {
        let origin = time::origin(cx.live);
        let from = format::position(range.start.secs_since(origin));
        let to = format::position(range.end.secs_since(origin));
        let text = format!("{from} – {to}  Δt {:.2} s", range.secs());
        ui.label(RichText::new(text).font(theme::number_font()));
        if let Some(playback) = playback {
            let looping = playback.looping.is_some();
            if ui
                .add(egui::Button::new("Loop").selected(looping))
                .on_hover_text("Play the range again and again")
                .clicked()
            {
                cx.act(Action::LoopRange);
            }
        }
        if ui.button("Clear").on_hover_text("Forget the range").clicked() {
            cx.act(Action::ClearRange);
        }
    }
}

fn position_ui(ui: &mut Ui, theme: &Theme, playback: &PlaybackView, calm: Option<&PlaybackView>) {
    let position = calm.unwrap_or(playback).position;
    let text = match playback.span {
        Some(span) => {
            format!("{} / {}", format::position(position.secs_since(span.start)), format::position(span.secs()))
        }
        None => "indexing…".to_owned(),
    };
    let label = ui.label(RichText::new(text).font(theme::number_font()));
    label.on_hover_text(format::stamp(position, playback.span));
    let _ = theme;
}

fn strip_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let size = vec2(ui.available_width(), theme::TIMELINE_STRIP + theme::AXIS_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Timeline"));
    let painter = ui.painter_at(rect);
    painter.rect_filled(Rect::from_min_size(rect.min, vec2(rect.width(), theme::TIMELINE_STRIP)), 0.0, theme.ground);
    // Room at both ends, so that playhead and handles are never cut.
    let inset = 2.0 * theme::GRID;
    let strip =
        Rect::from_min_size(rect.min + vec2(inset, 0.0), vec2(rect.width() - 2.0 * inset, theme::TIMELINE_STRIP));
    let live = cx.live;
    let playback_span = live.playback.as_ref().and_then(|p| p.span);
    let Some(span) = playback_span.or(live.timeline.span).filter(|span| span.nanos() > 0) else {
        let text = if live.sources.is_empty() { "No recording and no source is open" } else { "Waiting for data" };
        let font = egui::FontId::proportional(theme::TEXT);
        painter.text(strip.center(), egui::Align2::CENTER_CENTER, text, font, theme.quiet);
        return;
    };
    lanes_ui(&painter, theme, strip, span, &live.timeline);
    events_ui(&painter, theme, strip, span, cx);
    let axis = Rect::from_min_max(strip.left_bottom(), egui::pos2(strip.right(), rect.bottom()));
    time::TimeView::axis_ui(&painter, theme, axis, span, span.start);
    let event = response.hover_pos().and_then(|pos| event_at(strip, span, cx, pos));
    if event.is_some() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    }
    gestures(&response, strip, span, event, cx);
    if let Some(looping) = live.playback.as_ref().and_then(|p| p.looping) {
        let bar = Rect::from_x_y_ranges(x_range(strip, span, looping), strip.top()..=strip.top() + theme::GRID);
        painter.rect_filled(bar, 0.0, theme.accent);
    }
    if let Some(range) = cx.state.timeline.range {
        let area = Rect::from_x_y_ranges(x_range(strip, span, range), strip.y_range());
        painter.rect_filled(area, 0.0, theme.accent.gamma_multiply(0.25));
        for x in [area.left(), area.right()] {
            let handle =
                Rect::from_center_size(egui::pos2(x, strip.center().y), vec2(theme::GRID, 0.6 * strip.height()));
            painter.vline(x, strip.y_range(), egui::Stroke::new(theme::CURVE, theme.accent));
            painter.rect_filled(handle, theme::RADIUS, theme.accent);
        }
    }
    let window = cx.state.time.window(cx.shown);
    if let Some(window) = window.filter(|w| w.end >= span.start) {
        let edge =
            Rect::from_x_y_ranges(x_range(strip, span, window), strip.bottom() - 0.5 * theme::GRID..=strip.bottom());
        painter.rect_filled(edge, 0.0, theme.quiet);
    }
    let head = live.playback.as_ref().map(|p| p.position).or(cx.shown.time);
    if let Some(head) = head {
        let x = time::x_of(strip, span, head).clamp(strip.left(), strip.right());
        painter.vline(x, strip.y_range(), egui::Stroke::new(theme::CURVE, theme.text));
        let top = egui::pos2(x, strip.top());
        let g = 1.25 * theme::GRID;
        let points = vec![top + vec2(-g, 0.0), top + vec2(g, 0.0), top + vec2(0.0, 1.5 * g)];
        painter.add(egui::Shape::convex_polygon(points, theme.text, egui::Stroke::NONE));
    }
    if let Some(pos) = response.hover_pos().filter(|_| !response.dragged()) {
        let t = t_at(strip, span, pos.x);
        let bucket = bucket_of(&live.timeline, t);
        let n = bucket.and_then(|i| live.timeline.density.get(i));
        let motion = bucket.and_then(|i| live.timeline.activity.get(i).copied().flatten());
        let gap = live.timeline.gaps.iter().find(|gap| gap.contains(t));
        let mut text = format::stamp(t, Some(span));
        if let Some(event) = event.and_then(|id| live.events.iter().find(|event| event.id == id)) {
            let sure = 100.0 * event.confidence.get();
            text += &format!("\n{}, the detector is {sure:.0} % sure", event.label());
        }
        text += &match (gap, n) {
            (Some(gap), _) => format!("\ngap of {} s", format::value(gap.secs() as f32)),
            (None, Some(n)) => format!("\n{n} frames"),
            _ => String::new(),
        };
        if let Some(motion) = motion {
            text += &format!("\nmotion {}", format::value(motion));
        }
        for other in live.events.iter().filter(|other| other.span.contains(t) && Some(other.id) != event).take(3) {
            text += &format!("\n{}", other.label());
        }
        marks::readout(ui, strip, pos - vec2(0.0, theme::TIMELINE_STRIP * 0.5), text);
    }
}

fn x_range(strip: Rect, span: Span, part: Span) -> egui::Rangef {
    let x = |t| time::x_of(strip, span, t).clamp(strip.left(), strip.right());
    egui::Rangef::new(x(part.start), x(part.end))
}

fn t_at(strip: Rect, span: Span, x: f32) -> Timestamp {
    let share = ((x - strip.left()) / strip.width().max(1.0)).clamp(0.0, 1.0);
    span.start.plus_secs(f64::from(share) * span.secs())
}

fn bucket_of(timeline: &Timeline, t: Timestamp) -> Option<usize> {
    let span = timeline.span.filter(|span| span.contains(t) && span.nanos() > 0)?;
    Some((t.secs_since(span.start) / span.secs() * timeline.density.len() as f64) as usize)
}

/// Movement of people is told so often that its marks would cover the strip; the list has them.
fn is_marked(event: &Event, cx: &Cx<'_>) -> bool {
    let is_told = event.severity > Severity::Info && cx.live.verdicts.of(event) != Some(EventVerdict::FalseAlarm);
    is_told || cx.state.event == Some(event.id)
}

fn mark_of(strip: Rect, span: Span, event: &Event) -> egui::Pos2 {
    egui::pos2(time::x_of(strip, span, event.span.start), strip.top() + theme::MARK)
}

/// Events as shaded stretches with the mark of their severity; the chosen one framed. Falls marked by hand have a flag.
fn events_ui(painter: &egui::Painter, theme: &Theme, strip: Rect, span: Span, cx: &Cx<'_>) {
    for event in cx.live.events.iter().filter(|event| is_marked(event, cx)) {
        let x = x_range(strip, span, event.span);
        let bar = Rect::from_x_y_ranges(x.min..=x.max.max(x.min + theme::CURVE), strip.y_range());
        let level = events::level(event.severity);
        painter.rect_filled(bar, 0.0, theme.level(level).gamma_multiply(0.3));
        painter.vline(x.min, strip.y_range(), egui::Stroke::new(theme::CURVE, theme.level(level)));
        marks::level_mark(painter, theme, mark_of(strip, span, event), level);
        if cx.state.event == Some(event.id) {
            let frame = egui::Stroke::new(theme::CURVE, theme.accent);
            painter.rect_stroke(bar.expand(theme::CURVE), 0.0, frame, egui::StrokeKind::Outside);
        }
    }
    for missed in &cx.live.verdicts.missed {
        let bar = Rect::from_x_y_ranges(x_range(strip, span, *missed), strip.y_range());
        let stroke = egui::Stroke::new(theme::CURVE, theme.critical);
        painter.rect_stroke(bar, 0.0, stroke, egui::StrokeKind::Inside);
    }
}

/// The event whose mark lies under the pointer; of several the most severe, then the nearest.
fn event_at(strip: Rect, span: Span, cx: &Cx<'_>, pos: egui::Pos2) -> Option<EventId> {
    let distance = |event: &Event| mark_of(strip, span, event).distance(pos);
    let near = cx.live.events.iter().filter(|event| is_marked(event, cx) && distance(event) <= theme::MARK_REACH);
    let order = |event: &&Event| (std::cmp::Reverse(event.severity), (16.0 * distance(event)) as u32);
    near.min_by_key(order).map(|event| event.id)
}

/// Density below, activity above, gaps hatched.
fn lanes_ui(painter: &egui::Painter, theme: &Theme, strip: Rect, span: Span, timeline: &Timeline) {
    let Some(covered) = timeline.span else { return };
    let x = x_range(strip, span, covered);
    let split = strip.top() + 0.55 * strip.height();
    let density = Rect::from_x_y_ranges(x, split..=strip.bottom() - 0.5 * theme::GRID);
    let activity = Rect::from_x_y_ranges(x, strip.top() + theme::GRID..=split - 0.5 * theme::GRID);
    let bars = |lane: Rect, n: usize, value: &dyn Fn(usize) -> Option<f32>, colour: egui::Color32| {
        // Not more bars than pixels: each takes the largest of its buckets.
        let n_bars = n.min(lane.width().max(1.0) as usize);
        let mut mesh = egui::Mesh::default();
        for bar in 0..n_bars {
            let buckets = bar * n / n_bars..((bar + 1) * n / n_bars).max(bar * n / n_bars + 1);
            let Some(high) = buckets.filter_map(value).reduce(f32::max) else { continue };
            let left = lane.left() + lane.width() * bar as f32 / n_bars as f32;
            let right = lane.left() + lane.width() * (bar + 1) as f32 / n_bars as f32;
            let top = lane.bottom() - lane.height() * high.clamp(0.0, 1.0);
            mesh.add_colored_rect(Rect::from_min_max(egui::pos2(left, top), egui::pos2(right, lane.bottom())), colour);
        }
        painter.add(egui::Shape::mesh(mesh));
    };
    let most = timeline.density.iter().copied().max().unwrap_or(0).max(1) as f32;
    bars(
        density,
        timeline.density.len(),
        &|i| Some(timeline.density[i] as f32 / most),
        theme.quiet.gamma_multiply(0.6),
    );
    // Motion is computed a few times a second: where buckets are shorter, a value holds for a little while.
    let hold = timeline.activity.len() / 100 + 1;
    let held = |i: usize| timeline.activity[i.saturating_sub(hold)..=i].iter().rev().find_map(|v| *v);
    let loudest = timeline.activity.iter().flatten().copied().fold(1e-6, f32::max);
    bars(activity, timeline.activity.len(), &|i| held(i).map(|v| v / loudest), theme.accent);
    for gap in &timeline.gaps {
        let area = Rect::from_x_y_ranges(x_range(strip, span, *gap), strip.y_range());
        let area = area.expand2(vec2(((2.0 - area.width()) * 0.5).max(0.0), 0.0));
        painter.rect_filled(area, 0.0, theme.raised);
        marks::hatch(painter, area, theme.quiet);
    }
    let label = |text: &str, at: egui::Pos2| {
        marks::caption(painter, theme, at, egui::Align2::LEFT_TOP, text);
    };
    if timeline.activity.iter().any(Option::is_some) {
        label("motion", activity.left_top() + vec2(theme::GRID, 0.0));
    }
    label("frames", density.left_top() + vec2(theme::GRID, 0.0));
}

fn gestures(response: &egui::Response, strip: Rect, span: Span, event: Option<EventId>, cx: &mut Cx<'_>) {
    let Some(pos) = response.interact_pointer_pos().or(response.hover_pos()) else {
        cx.state.timeline.drag = None;
        return;
    };
    let t = t_at(strip, span, pos.x);
    let state = &mut cx.state.timeline;
    let grab = 2.0 * theme::GRID;
    let handle = state.range.and_then(|range| {
        let near = |end| (time::x_of(strip, span, end) - pos.x).abs() <= grab;
        if near(range.start) {
            Some(range.end)
        } else if near(range.end) {
            Some(range.start)
        } else {
            None
        }
    });
    if handle.is_some() || state.selecting {
        response.ctx.set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    if response.drag_started() {
        let start = response.ctx.input(|i| i.pointer.press_origin()).map_or(t, |origin| t_at(strip, span, origin.x));
        state.drag = Some(match handle {
            Some(fixed) => Drag::Range(fixed),
            None if state.selecting => Drag::Range(start),
            None => Drag::Seek,
        });
    }
    let mut seek = response.clicked() && !state.selecting;
    match state.drag {
        Some(Drag::Range(fixed)) if response.dragged() => state.range = Some(Span::new(fixed, t)),
        Some(Drag::Range(_)) if response.drag_stopped() => {
            state.selecting = false;
            // A range that is being looped moves with its handles.
            if cx.live.playback.as_ref().is_some_and(|p| p.looping.is_some()) {
                cx.wishes.push(super::cx::Wish::Send(Command::SetLoop(state.range)));
            }
        }
        Some(Drag::Seek) if response.dragged() => seek = response.drag_delta().x != 0.0 || response.drag_started(),
        _ => {}
    }
    if response.drag_stopped() {
        cx.state.timeline.drag = None;
    }
    if let Some(event) = event.filter(|_| seek && response.clicked()) {
        cx.wishes.push(super::cx::Wish::ChooseEvent(event));
        return;
    }
    if seek {
        if cx.live.playback.is_some() {
            cx.send(Command::Seek(t));
            cx.state.time.follow();
        } else {
            cx.state.time.end = Some(t);
        }
    }
}
