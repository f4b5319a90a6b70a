//! What each action does: it becomes a command to the engine or changes the window.

use std::sync::Arc;

use egui::{ThemePreference, ViewportCommand};

use super::actions::{self, Action};
use super::cx::Wish;
use super::palette::Palette;
use super::{App, dialog, layout, screenshot, theme, timeline};
use crate::engine::{Command, NoticeLevel, RecordingSpec};
use crate::render::StandardView;

impl App {
    /// Fulfils a wish.
    pub(super) fn grant(&mut self, ctx: &egui::Context, wish: Wish, now_secs: f64) {
        match wish {
            Wish::Do(action) => self.act(ctx, action, now_secs),
            Wish::Send(command) => (self.backend.send)(command),
            Wish::Open(paths) => {
                for path in &paths {
                    self.settings.remember(path);
                }
                self.unfreeze();
                self.state.timeline = timeline::State::default();
                (self.backend.send)(Command::Open(paths));
            }
        }
        ctx.request_repaint();
    }

    fn unfreeze(&mut self) {
        self.frozen = None;
        self.state.time.follow();
    }

    /// Does an action, or says why it cannot be done now.
    fn act(&mut self, ctx: &egui::Context, action: Action, now_secs: f64) {
        let context =
            actions::Context { frozen: self.frozen.is_some(), has_range: self.state.timeline.range.is_some() };
        if let Err(reason) = action.available(&self.live, context) {
            self.state.log.say(NoticeLevel::Info, format!("{}: {reason}", action.entry().name), now_secs);
            return;
        }
        let state = &mut self.state;
        let send = &mut self.backend.send;
        match action {
            Action::Open => {
                self.dialog.get_or_insert_with(|| dialog::OpenDialog::new(self.settings.last_folder.as_deref()));
            }
            Action::OpenDemo => send(Command::OpenDemo),
            Action::AddSource => state.sources.open = true,
            Action::CloseAll => send(Command::CloseAll),
            Action::Record if self.live.recording.is_some() => send(Command::StopRecording),
            Action::Record => send(Command::StartRecording(RecordingSpec::default())),
            Action::Screenshot => self.screenshot = Some(screenshot::request(ctx)),
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            Action::TogglePlay => send(Command::TogglePlay),
            Action::SeekByMillis(millis) => send(Command::SeekBy { nanos: i64::from(millis) * 1_000_000 }),
            Action::StepFrames(n) => send(Command::StepFrames(n)),
            Action::GoToStart => {
                if let Some(span) = self.live.playback.as_ref().and_then(|playback| playback.span) {
                    send(Command::Seek(span.start));
                }
            }
            Action::FollowLive => {
                send(Command::FollowLive);
                self.unfreeze();
            }
            Action::Speed(speed) => send(Command::SetSpeed(speed.into())),
            Action::Freeze => match self.frozen.take() {
                Some(_) => {}
                None => self.frozen = Some(Arc::clone(&self.live)),
            },
            Action::SelectRange => state.timeline.selecting = !state.timeline.selecting,
            Action::LoopRange => {
                let looping = self.live.playback.as_ref().is_some_and(|playback| playback.looping.is_some());
                send(Command::SetLoop(state.timeline.range.filter(|_| !looping)));
            }
            Action::ClearRange => {
                state.timeline.range = None;
                if self.live.playback.as_ref().is_some_and(|playback| playback.looping.is_some()) {
                    send(Command::SetLoop(None));
                }
            }
            Action::Focus => state.viewport.focus(),
            Action::ViewFront => state.viewport.view(StandardView::Front),
            Action::ViewSide => state.viewport.view(StandardView::Side),
            Action::ViewTop => state.viewport.view(StandardView::Top),
            Action::ViewHome => state.viewport.home(),
            Action::NextLink => state.selection.step(&self.live, 1),
            Action::PreviousLink => state.selection.step(&self.live, -1),
            Action::Palette => self.palette = Some(Palette::default()),
            Action::Help => self.help_open = true,
            Action::Settings => self.settings_open = true,
            Action::ThemeDark => self.theme(ctx, ThemePreference::Dark),
            Action::ThemeLight => self.theme(ctx, ThemePreference::Light),
            Action::ThemeSystem => self.theme(ctx, ThemePreference::System),
            Action::ZoomIn => self.zoom(ctx, self.settings.zoom + 0.1),
            Action::ZoomOut => self.zoom(ctx, self.settings.zoom - 0.1),
            Action::ZoomReset => self.zoom(ctx, 1.0),
            Action::Fullscreen => {
                let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!full));
            }
            Action::Layout(layout) => {
                self.settings.layout = layout;
                self.tree = layout.tree();
            }
            Action::ResetLayout => self.tree = self.settings.layout.tree(),
            Action::Show(pane) => layout::show(&mut self.tree, pane),
            Action::CopyLog => ctx.copy_text(state.log.text()),
        }
    }

    fn theme(&mut self, ctx: &egui::Context, theme: ThemePreference) {
        self.settings.theme = theme;
        self.settings.apply(ctx);
    }

    fn zoom(&mut self, ctx: &egui::Context, zoom: f32) {
        self.settings.zoom = (zoom * 100.0).round().clamp(theme::ZOOM_MIN * 100.0, theme::ZOOM_MAX * 100.0) / 100.0;
        self.settings.apply(ctx);
    }
}
