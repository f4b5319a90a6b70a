//! What each action does: it becomes a command to the engine or changes the window.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{ThemePreference, ViewportCommand};

use super::actions::Action;
use super::cx::Wish;
use super::dialog::Purpose;
use super::layout::{Pane, StartLayout};
use super::palette::Palette;
use super::studio::{Confirm, incoming};
use super::{App, dialog, evidence_plot, layout, screenshot, theme, timeline};
use crate::engine::studio::StudioCommand;
use crate::engine::{Command, NoticeLevel, RecordingSpec};
use crate::render::StandardView;
use crate::types::{EventId, Provenance, Site, Span};

/// A fall is marked for this long around the playhead, seconds: what the detector looks at.
const MARKED_SECS: f64 = 4.0;
/// Moves no longer than this, seconds, are played through instead of jumped over.
const PLAYED_STEP_SECS: f64 = 2.5;

impl App {
    /// Fulfils a wish.
    pub(super) fn grant(&mut self, ctx: &egui::Context, wish: Wish, now_secs: f64) {
        match wish {
            Wish::Do(action) => self.act(ctx, action, now_secs),
            Wish::Send(Command::SetSite(site)) => self.set_site(site),
            Wish::Send(command) => (self.backend.send)(command),
            Wish::Open(paths) => self.open(paths),
            Wish::Choose(purpose) => self.choose(purpose),
            Wish::ChooseEvent(id) => self.choose_event(id),
        }
        ctx.request_repaint();
    }

    /// Hands a site to the engine; the zones of a live one are remembered.
    fn set_site(&mut self, site: Site) {
        if self.live.provenance.is_none_or(|provenance| provenance == Provenance::Live) {
            self.settings.zones.clone_from(&site.zones);
        }
        (self.backend.send)(Command::SetSite(site));
    }

    /// Whether Undo and Redo are about zones: where both could be meant, the arrangement of panels decides.
    fn edits_zones(&self, zones: bool, bodies: bool) -> bool {
        zones && !(bodies && self.settings.layout == StartLayout::Bodies)
    }

    /// Sends every file to those who read its kind. Photos are not remembered, only where they were.
    fn open(&mut self, paths: Vec<PathBuf>) {
        let sorted = incoming::sort(paths);
        let folder_of = |paths: &[PathBuf]| paths.first().and_then(|path| path.parent()).map(ToOwned::to_owned);
        let folders = &mut self.state.studio.options.folders;
        folders.photos = folder_of(&sorted.photos).or(folders.photos.take());
        folders.scans = folder_of(&sorted.scans).or(folders.scans.take());
        if !sorted.photos.is_empty() {
            self.bring(Pane::Photos);
            (self.backend.send)(Command::Studio(StudioCommand::AddPhotos(sorted.photos)));
        }
        if !sorted.scans.is_empty() {
            self.bring(Pane::Compare);
            (self.backend.send)(Command::Studio(StudioCommand::OpenScans(sorted.scans)));
        }
        if let Some(folder) = sorted.folders.into_iter().next_back() {
            self.bring(Pane::Batch);
            self.state.studio.offer_batch(folder);
        }
        if !sorted.recordings.is_empty() {
            for path in &sorted.recordings {
                self.settings.remember(path);
            }
            self.unfreeze();
            self.state.timeline = timeline::State::default();
            self.state.bodies_on_stage = None;
            (self.backend.send)(Command::Open(sorted.recordings));
        }
    }

    /// Brings a panel of the studio to the front; arranges the window for bodies when it is not there.
    fn bring(&mut self, pane: Pane) {
        if self.tree.tiles.find_pane(&pane).is_none() {
            self.arrange(StartLayout::Bodies);
        }
        layout::show(&mut self.tree, pane);
    }

    /// Changes to another arrangement, as the user left it.
    fn arrange(&mut self, layout: StartLayout) {
        self.state.bodies_on_stage = None;
        if layout == self.settings.layout {
            return;
        }
        let wanted = self.parked.iter().position(|(parked, _)| *parked == layout);
        let tree = wanted.map_or_else(|| layout.tree(), |at| self.parked.swap_remove(at).1);
        let left = std::mem::replace(&mut self.tree, tree);
        self.parked.push((self.settings.layout, left));
        self.parked.sort_by_key(|(layout, _)| *layout);
        self.settings.layout = layout;
    }

    fn choose(&mut self, purpose: Purpose) {
        let name = match &purpose {
            Purpose::SaveBody { body, .. } => {
                let body = self.live.studio.bodies.iter().find(|other| other.id == *body);
                body.map_or("body", |body| body.name.as_str()).to_owned()
            }
            Purpose::SaveText { name, .. } => name.clone(),
            _ => "contact sheet".to_owned(),
        };
        let (last, folders) = (self.settings.last_folder.as_deref(), &self.state.studio.options.folders);
        self.dialog.get_or_insert_with(|| dialog::Dialog::new(purpose, last, folders, &name));
    }

    /// What somebody chose in a dialog.
    pub(super) fn chosen(&mut self, purpose: Purpose, paths: Vec<PathBuf>) {
        let Some(first) = paths.first().cloned() else { return };
        match purpose {
            Purpose::EvaluationFile | Purpose::EvaluationFolder => {
                self.state.evaluation.form.data = first.display().to_string();
                return;
            }
            Purpose::EvaluationModels => {
                self.state.evaluation.form.other_model = first.display().to_string();
                return;
            }
            Purpose::SaveText { text, .. } => return (self.backend.send)(Command::SaveText { path: first, text }),
            _ => {}
        }
        let studio = &mut self.state.studio;
        let folder = || first.parent().map(ToOwned::to_owned);
        let command = match purpose {
            Purpose::Open => return self.open(paths),
            Purpose::Photos => {
                studio.options.folders.photos = folder();
                StudioCommand::AddPhotos(paths)
            }
            Purpose::Scans => {
                studio.options.folders.scans = folder();
                StudioCommand::OpenScans(paths)
            }
            Purpose::BatchFolder => {
                self.bring(Pane::Batch);
                return self.state.studio.offer_batch(first);
            }
            Purpose::SaveBody { body, options } => {
                studio.options.folders.export = folder();
                StudioCommand::Export { body, path: first, options }
            }
            Purpose::SaveSheet => {
                studio.options.folders.export = folder();
                StudioCommand::ExportSheet(first)
            }
            // Answered above.
            Purpose::EvaluationFile
            | Purpose::EvaluationFolder
            | Purpose::EvaluationModels
            | Purpose::SaveText { .. } => return,
        };
        (self.backend.send)(Command::Studio(command));
    }

    /// A pasted picture, or why there is none.
    pub(super) fn add_pasted(&mut self, pasted: Result<StudioCommand, String>, now_secs: f64) {
        match pasted {
            Ok(command) => {
                self.bring(Pane::Photos);
                (self.backend.send)(Command::Studio(command));
            }
            Err(error) => self.state.log.say(NoticeLevel::Warning, error, now_secs),
        }
    }

    /// Selects an event, goes to where its signals have been played, and shows them.
    fn choose_event(&mut self, id: EventId) {
        let Some(event) = self.live.events.iter().find(|event| event.id == id) else { return };
        self.state.event = Some(id);
        if self.live.playback.is_some() {
            // To before it, and then played through: a jump fills only the seconds before its target.
            let (from, until) = evidence_plot::played(event);
            (self.backend.send)(Command::Seek(from));
            let n_steps = (until.secs_since(from) / PLAYED_STEP_SECS).ceil().max(1.0);
            let nanos = (until.since(from) as f64 / n_steps) as i64;
            (0..n_steps as usize).for_each(|_| (self.backend.send)(Command::SeekBy { nanos }));
            self.frozen = None;
        }
        self.state.time.follow();
        if self.settings.layout != StartLayout::Bodies {
            layout::show(&mut self.tree, Pane::Evidence);
        }
    }

    /// The next or previous event; the first after the playhead where none is chosen.
    fn step_event(&mut self, by: isize) {
        let events = &self.live.events;
        let chosen = self.state.event.and_then(|id| events.iter().position(|event| event.id == id));
        let at = match chosen {
            Some(at) => at.saturating_add_signed(by).min(events.len().saturating_sub(1)),
            None => {
                let now = self.live.time.unwrap_or_default();
                let after = events.partition_point(|event| event.span.start < now);
                if by < 0 {
                    after.saturating_sub(1)
                } else if after < events.len() {
                    after
                } else {
                    0
                }
            }
        };
        if let Some(id) = events.get(at).map(|event| event.id) {
            self.choose_event(id);
        }
    }

    fn unfreeze(&mut self) {
        self.frozen = None;
        self.state.time.follow();
    }

    /// Does an action, or says why it cannot be done now.
    fn act(&mut self, ctx: &egui::Context, action: Action, now_secs: f64) {
        let context = self.context();
        if let Err(reason) = action.available(&self.live, context) {
            let text = format!("{}: {reason}", action.entry().name);
            self.state.log.say(NoticeLevel::Info, text, now_secs);
            return;
        }
        let site = Arc::clone(&self.live.site);
        let edited = match action {
            Action::Undo if self.edits_zones(context.zones_undo, self.live.studio.undo.is_some()) => {
                Some(self.state.zones.undo(&site))
            }
            Action::Redo if self.edits_zones(context.zones_redo, self.live.studio.redo.is_some()) => {
                Some(self.state.zones.redo(&site))
            }
            _ => None,
        };
        if let Some(edited) = edited {
            edited.into_iter().for_each(|site| self.set_site(site));
            return;
        }
        let state = &mut self.state;
        let send = &mut self.backend.send;
        match action {
            Action::Open => self.choose(Purpose::Open),
            Action::OpenDemo => send(Command::OpenDemo),
            Action::AddSource => state.sources.open = true,
            Action::CloseAll => send(Command::CloseAll),
            Action::LearnQuiet => send(Command::LearnQuiet),
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
            Action::NextEvent => self.step_event(1),
            Action::PreviousEvent => self.step_event(-1),
            Action::Judge(verdict) => {
                if let Some(event) = state.event {
                    send(Command::JudgeEvent { event, verdict: Some(verdict) });
                }
            }
            Action::MarkFall => {
                let around = self.live.playback.as_ref().map(|playback| {
                    let at = playback.position;
                    Span::new(at.plus_secs(-MARKED_SECS / 2.0), at.plus_secs(MARKED_SECS / 2.0))
                });
                if let Some(span) = state.timeline.range.or(around) {
                    send(Command::MarkFall(span));
                }
            }
            Action::RefitFalls => send(Command::RefitFalls),
            Action::Undo if context.of_verdicts && self.live.verdicts.can_undo => send(Command::UndoVerdict),
            Action::Redo if context.of_verdicts && self.live.verdicts.can_redo => send(Command::RedoVerdict),
            Action::Figure(figure) => state.look.figure = figure,
            Action::Colouring(colouring) => state.look.colouring = colouring,
            Action::ShowTruth => state.look.truth = !state.look.truth,
            Action::ShowZones => state.look.zones = !state.look.zones,
            Action::ShowHeat => state.look.heat = !state.look.heat,
            Action::DrawZone => {
                state.zones.toggle_drawing();
                state.bodies_on_stage = Some(false);
                layout::show(&mut self.tree, Pane::Viewport);
            }
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
            Action::Layout(layout) => self.arrange(layout),
            Action::ResetLayout => self.tree = self.settings.layout.tree(),
            Action::Show(pane) => layout::show(&mut self.tree, pane),
            Action::CopyLog => ctx.copy_text(state.log.text()),
            other => self.act_on_bodies(other, now_secs),
        }
    }

    pub(super) fn context(&self) -> super::actions::Context {
        let of_verdicts = self.settings.layout != StartLayout::Bodies;
        super::actions::Context { of_verdicts, ..self.state.context(self.frozen.is_some()) }
    }

    /// As [`Self::act`] for what concerns photos and bodies.
    fn act_on_bodies(&mut self, action: Action, now_secs: f64) {
        let studio = &mut self.state.studio;
        let send = &mut self.backend.send;
        let mut tell = |command| send(Command::Studio(command));
        match action {
            Action::AddPhotos => self.choose(Purpose::Photos),
            Action::OpenScan => self.choose(Purpose::Scans),
            Action::BatchFolder => self.choose(Purpose::BatchFolder),
            Action::ExportSheet => self.choose(Purpose::SaveSheet),
            Action::PastePhoto => self.add_pasted(super::studio::from_clipboard(), now_secs),
            Action::FitBody => {
                // What is still being typed counts.
                if let Some(news) = studio.inputs.tell(&self.live.studio.known) {
                    tell(StudioCommand::SetKnown(news));
                }
                tell(StudioCommand::Fit);
            }
            Action::CancelWork => {
                if let Some(work) = &self.live.studio.work {
                    send(Command::CancelJob(work.job));
                }
            }
            Action::DrawBody => tell(StudioCommand::AddDrawn { sex: studio.inputs.known().sex }),
            Action::Undo => tell(StudioCommand::Undo),
            Action::Redo => tell(StudioCommand::Redo),
            Action::ResetBody => studio.body.into_iter().for_each(|body| tell(StudioCommand::ResetPhenotype(body))),
            Action::RegisterScan => studio.body.into_iter().for_each(|body| tell(StudioCommand::Register(body))),
            Action::ExportBody => studio.export = studio.body.map(super::studio::ExportForm::new),
            Action::ReloadModels => tell(StudioCommand::ReloadModels),
            Action::RemovePhoto => studio.confirm = studio.photo.map(Confirm::RemovePhoto),
            Action::RemoveBody => studio.confirm = studio.body.map(Confirm::RemoveBody),
            Action::Units(units) => studio.options.units = units,
            Action::ShowAs(show) => studio.options.show = show,
            Action::Stand(stance) => studio.options.stance = stance,
            Action::Together => studio.options.together = !studio.options.together,
            // All others are done in `act`.
            _ => {}
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
