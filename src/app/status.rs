//! The top bar (menu, provenance, freeze, record) and the status line at the bottom (sources, rates, drops, jobs).

use egui::{Button, RichText, Ui, vec2};

use super::actions::{Action, Group, TABLE};
use super::cx::Cx;
use super::format;
use super::marks::{self, Icon};
use super::theme::{self, Theme};
use crate::engine::{Command, NoticeLevel};
use crate::types::SourceState;

pub fn top_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| {
        menus_ui(ui, cx);
        ui.separator();
        provenance_ui(ui, cx);
        if cx.frozen {
            frozen_ui(ui, cx);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            // A recording in progress is never hidden.
            if !cx.for_bodies || cx.live.recording.is_some() {
                record_ui(ui, cx);
            }
            if !cx.for_bodies || cx.frozen {
                freeze_ui(ui, cx);
            }
            if ui.available_width() > 90.0 && ui.button("Commands").on_hover_text(tip(ui, Action::Palette)).clicked() {
                cx.act(Action::Palette);
            }
        });
    });
}

/// Where what is shown comes from, of bodies when the window is arranged for them.
fn provenance_ui(ui: &mut Ui, cx: &Cx<'_>) {
    use crate::types::Provenance::{Live, Replay, Simulated};
    if cx.for_bodies {
        let provenance = super::studio::provenance(&cx.live.studio);
        let tip = match provenance {
            Some(Live) => "Photographed now",
            Some(Replay) => "From photos and scans that were taken earlier",
            Some(Simulated) => "At least one body was drawn: nobody was measured for it",
            None => "Neither photo nor body is open",
        };
        marks::provenance_badge_ui(ui, provenance, "NO PHOTO").on_hover_text(tip);
        return;
    }
    let badge = marks::provenance_badge_ui(ui, cx.shown.provenance, "NO SOURCE");
    badge.on_hover_text(match cx.shown.provenance {
        Some(Live) => "Measured now by attached radios",
        Some(Replay) => "Measured earlier and read from a recording",
        Some(Simulated) => "Computed by the simulator: no radio was involved",
        None => "Nothing is open",
    });
}

/// An action's tooltip with its key.
fn tip(ui: &Ui, action: Action) -> String {
    let entry = action.entry();
    match entry.key {
        Some(key) => format!("{} ({})", entry.tip, key_text(ui.ctx(), &key)),
        None => entry.tip.to_owned(),
    }
}

pub fn key_text(ctx: &egui::Context, key: &egui::KeyboardShortcut) -> String {
    let signs = [
        ("Left", "←"),
        ("Right", "→"),
        ("Comma", ","),
        ("Plus", "+"),
        ("Equals", "="),
        ("Minus", "−"),
        ("Shift+Questionmark", "?"),
        ("Questionmark", "?"),
    ];
    let text = ctx.format_shortcut(key);
    let found = signs.into_iter().find_map(|(name, sign)| Some(format!("{}{sign}", text.strip_suffix(name)?)));
    found.unwrap_or(text)
}

fn menus_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    for group in Group::ALL {
        ui.menu_button(group.label(), |ui| {
            ui.set_min_width(60.0 * theme::GRID);
            for entry in TABLE.iter().filter(|entry| entry.group == group) {
                // Nine speed keys would drown the rest; the transport has them.
                if matches!(entry.action, Action::Speed(_)) {
                    continue;
                }
                let available = entry.action.available(cx.live, cx.context());
                let mut button = Button::new(entry.name);
                if let Some(key) = entry.key {
                    button = button.shortcut_text(key_text(ui.ctx(), &key));
                }
                let response = ui.add_enabled(available.is_ok(), button).on_hover_text(entry.tip);
                if response.clicked() {
                    cx.act(entry.action);
                    ui.close();
                }
                if let Err(reason) = available {
                    response.on_disabled_hover_text(reason);
                }
            }
            if group == Group::File && !cx.recent.is_empty() {
                ui.separator();
                ui.label(RichText::new("Recent").color(Theme::of(ui).quiet));
                for path in cx.recent {
                    let name = path
                        .file_name()
                        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
                    if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                        cx.wishes.push(super::cx::Wish::Open(vec![path.clone()]));
                        ui.close();
                    }
                }
            }
        });
    }
}

/// FROZEN, how far behind, and that nothing is lost.
fn frozen_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let behind = match (cx.live.time, cx.shown.time) {
        (Some(live), Some(shown)) => live.secs_since(shown).max(0.0),
        _ => 0.0,
    };
    // Renewed with the other figures only.
    let behind = (behind * 4.0).floor() / 4.0;
    let mark = RichText::new("FROZEN").font(theme::strong_font()).color(theme.on_fill);
    if ui.add(Button::new(mark).fill(theme.accent)).on_hover_text("Show the newest data again").clicked() {
        cx.act(Action::Freeze);
    }
    let text = format!("{behind:.1} s behind · capture goes on");
    if ui.available_width() > 420.0 {
        ui.label(RichText::new(text).color(theme.quiet));
    }
}

fn freeze_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let available = Action::Freeze.available(cx.live, cx.context());
    let word = if cx.frozen { "Unfreeze" } else { "Freeze" };
    let response = ui.add_enabled(available.is_ok(), Button::new(word).selected(cx.frozen));
    let response = response.on_hover_text(tip(ui, Action::Freeze));
    if response.clicked() {
        cx.act(Action::Freeze);
    }
    if let Err(reason) = available {
        response.on_disabled_hover_text(reason);
    }
}

/// A red dot with duration and size while recording.
fn record_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let available = Action::Record.available(cx.live, cx.context());
    let Some(recording) = &cx.live.recording else {
        let response = ui.add_enabled(available.is_ok(), Button::new(dot_text(theme, "Record", theme.live)));
        let response = response.on_hover_text(tip(ui, Action::Record));
        if response.clicked() {
            cx.act(Action::Record);
        }
        if let Err(reason) = available {
            response.on_disabled_hover_text(reason);
        }
        return;
    };
    let stop = RichText::new("Stop recording").font(theme::strong_font()).color(theme.on_fill);
    if ui.add(Button::new(stop).fill(theme.live)).on_hover_text(recording.path.display().to_string()).clicked() {
        cx.act(Action::Record);
    }
    let calm = cx.calm.recording.as_ref().unwrap_or(recording);
    let calm = if cx.frozen { recording } else { calm };
    let text = format!("{}  {}", format::duration(calm.duration.as_secs_f64()), format::bytes(calm.n_bytes));
    ui.label(RichText::new(text).font(theme::number_font()));
    let (rect, response) = ui.allocate_exact_size(vec2(theme::MARK, theme::MARK), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, "Recording"));
    ui.painter().circle_filled(rect.center(), 0.5 * theme::MARK, theme.live);
    if let Some(error) = &recording.error {
        ui.add(egui::Label::new(RichText::new(error).color(theme.text)).truncate());
        marks::level_ui(ui, NoticeLevel::Error);
    }
}

fn dot_text(theme: &Theme, word: &str, colour: egui::Color32) -> egui::text::LayoutJob {
    let mut job = egui::text::LayoutJob::default();
    let font = egui::FontId::proportional(theme::TEXT);
    let mut add = |text: &str, color| {
        job.append(text, 0.0, egui::TextFormat { font_id: font.clone(), color, ..Default::default() });
    };
    add("● ", colour);
    add(word, theme.text);
    job
}

pub fn bottom_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let calm = cx.calm;
    ui.horizontal(|ui| {
        let quiet =
            |ui: &mut Ui, text: String| ui.label(RichText::new(text).font(theme::caption_font()).color(theme.quiet));
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        if cx.for_bodies {
            bodies_ui(ui, cx);
            jobs_ui(ui, cx);
            return;
        }
        let failed = cx.live.sources.iter().filter(|s| matches!(s.state, SourceState::Failed(_))).count();
        quiet(ui, plural(calm.sources.len(), "source"));
        if failed > 0 {
            marks::level_ui(ui, NoticeLevel::Error);
            ui.label(RichText::new(format!("{failed} failed")).font(theme::caption_font()));
        }
        quiet(ui, plural(calm.links.len(), "link"));
        let rate: f32 = calm.sources.iter().filter_map(|s| s.rate_hz).sum();
        if rate > 0.0 {
            quiet(ui, format!("{rate:.0} frames/s"));
        }
        let dropped: u64 = calm.sources.iter().map(|s| s.n_dropped).sum();
        if dropped > 0 {
            marks::level_ui(ui, NoticeLevel::Warning);
            ui.label(RichText::new(format!("{} dropped", format::count(dropped))).font(theme::caption_font()))
                .on_hover_text("Frames that the live view gave up; a recording has them");
        }
        jobs_ui(ui, cx);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let path = cx.live.playback.as_ref().and_then(|p| p.paths.first());
            if let Some(name) = path.and_then(|path| path.file_name()) {
                ui.add(
                    egui::Label::new(
                        RichText::new(name.to_string_lossy()).font(theme::caption_font()).color(theme.quiet),
                    )
                    .truncate(),
                );
            }
            if let Some(time) = calm.time {
                let origin = calm.playback.as_ref().and_then(|p| p.span).or(calm.timeline.span);
                quiet(ui, format::stamp(time, origin));
            }
        });
    });
}

/// What is in the studio, and which engine runs its networks.
fn bodies_ui(ui: &mut Ui, cx: &Cx<'_>) {
    let theme = Theme::of(ui);
    let studio = &cx.live.studio;
    let quiet = |ui: &mut Ui, text: String| {
        let text = RichText::new(text).font(theme::caption_font()).color(theme.quiet);
        ui.label(text);
    };
    quiet(ui, if studio.photos.len() == 1 { "1 photo".to_owned() } else { format!("{} photos", studio.photos.len()) });
    quiet(ui, if studio.bodies.len() == 1 { "1 body".to_owned() } else { format!("{} bodies", studio.bodies.len()) });
    if studio.models.error.is_some() {
        marks::level_ui(ui, NoticeLevel::Error);
        ui.label(RichText::new("models cannot be used").font(theme::caption_font()));
    } else if !studio.models.engine.is_empty() {
        quiet(ui, studio.models.engine.clone());
    }
    if !cx.live.sources.is_empty() {
        let n = cx.live.sources.len();
        quiet(ui, format!("{n} radio source{} open", if n == 1 { "" } else { "s" }));
    }
}

/// Everything that takes its time, with a way to stop it.
fn jobs_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    for job in &cx.live.jobs {
        ui.separator();
        ui.label(RichText::new(&job.label).font(theme::caption_font()).color(theme.quiet));
        let bar = egui::ProgressBar::new(job.progress.unwrap_or(0.0)).desired_width(25.0 * theme::GRID);
        let bar = if job.progress.is_some() { bar.show_percentage() } else { bar.text("…") };
        ui.add(bar).accessible_name(&job.label);
        if marks::icon_button_ui(ui, Icon::Close, &format!("Cancel {}", job.label), true).clicked() {
            cx.send(Command::CancelJob(job.id));
        }
    }
}
