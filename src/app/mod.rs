//! The window: draws a [`Snapshot`] and answers with [`crate::engine::Command`]s.
//!
//! [`App`] holds what the window itself remembers (arrangement, selection, time axis, frozen picture) and nothing of
//! the data. It reads the newest snapshot once a frame, never waits for the engine, and turns wishes of menu, palette,
//! keys and panels into commands after the frame.

mod act;
mod actions;
mod bins;
mod chart;
mod cx;
mod desk;
mod detectors;
mod dialog;
mod evaluation;
mod events;
mod evidence;
mod evidence_plot;
pub mod figures;
mod followed;
mod format;
mod heat;
mod help;
mod keys;
mod labels;
mod layout;
mod links;
mod log;
mod marks;
mod occupancy;
mod palette;
mod people;
mod person;
mod plots;
mod room;
mod screenshot;
mod selection;
mod settings;
mod signals;
mod sources;
pub mod stage;
mod status;
mod studio;
mod summaries;
mod theme;
mod time;
mod timeline;
mod viewport;
mod waterfall;
mod window;
mod zones;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Frame, Margin, Panel, Ui};
use egui_tiles::Tree;

pub use actions::Action;
use cx::{Calm, Cx, State, Wish};
use desk::Desk;
pub use layout::{Pane, StartLayout};
use palette::{Outcome, Palette};
pub use settings::Settings;
pub use studio::{Show, Stance, Units};
pub use theme::Theme;
pub use window::{Backend, Options, commands_for, run};

use crate::engine::{Command, NoticeLevel, Snapshot};
use crate::types::{Provenance, Site, TrackId};

/// The window's contents.
pub struct App {
    backend: Backend,
    options: Options,
    gpu: Option<egui_wgpu::RenderState>,
    settings: Settings,
    tree: Tree<Pane>,
    parked: settings::Parked,
    state: State,
    live: Arc<Snapshot>,
    frozen: Option<Arc<Snapshot>>,
    calm: Calm,
    palette: Option<Palette>,
    help_open: bool,
    settings_open: bool,
    dialog: Option<dialog::Dialog>,
    screenshot: Option<screenshot::Pending>,
    wishes: Vec<Wish>,
    /// Whether the engine has been asked to pose bodies.
    posing: bool,
}

/// Under which the settings are kept; the number counts up when old ones can no longer be read.
const STORAGE_KEY: &str = "corporeal-window-1";

impl App {
    pub fn new(cc: &eframe::CreationContext<'_>, backend: Backend, options: Options) -> Self {
        let stored = cc.storage.filter(|_| !options.forget).and_then(|storage| storage.get_string(STORAGE_KEY));
        Self::headless(&cc.egui_ctx, backend, options, stored.as_deref(), cc.wgpu_render_state.clone())
    }

    /// The window's contents without a window, for tests and measurements.
    pub fn headless(
        ctx: &egui::Context,
        backend: Backend,
        options: Options,
        stored: Option<&str>,
        gpu: Option<egui_wgpu::RenderState>,
    ) -> Self {
        theme::install(ctx);
        let (settings, tree, parked) = stored.and_then(settings::from_text).unwrap_or_else(|| {
            let settings = Settings::default();
            let tree = settings.layout.tree();
            (settings, tree, Vec::new())
        });
        settings.apply(ctx);
        let mut state = State::default();
        state.studio.options = settings.studio.clone();
        state.look = settings.look;
        let live = (backend.snapshot)();
        Self {
            calm: Calm::new(Arc::clone(&live)),
            backend,
            options,
            gpu,
            settings,
            tree,
            parked,
            state,
            live,
            frozen: None,
            palette: None,
            help_open: false,
            settings_open: false,
            dialog: None,
            screenshot: None,
            wishes: Vec::new(),
            posing: false,
        }
    }

    /// Settings and arrangements as text, as they are remembered.
    pub fn stored(&self) -> Option<String> {
        let settings =
            Settings { studio: self.state.studio.options.clone(), look: self.state.look, ..self.settings.clone() };
        settings::to_text(&settings, &self.tree, &self.parked)
    }

    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Does an action in the next frame, as if its key had been pressed.
    pub fn perform(&mut self, action: Action) {
        self.wishes.push(Wish::Do(action));
    }

    /// Whose figures are marked.
    pub fn selected_person(&self) -> Option<TrackId> {
        self.state.selection.person
    }

    /// How often the room has been drawn since the start.
    pub fn n_rooms_drawn(&self) -> u64 {
        self.state.viewport.n_drawn()
    }

    /// How many times a fitted body has been drawn over a photo since the start.
    pub fn n_overlays_drawn(&self) -> u64 {
        self.state.studio.n_overlays_drawn()
    }

    /// How many waterfalls have been drawn since the start.
    pub fn n_waterfalls_drawn(&self) -> u64 {
        self.state.heat.n_drawn()
    }

    /// One frame of everything.
    pub fn frame(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let now_secs = ctx.time();
        self.live = (self.backend.snapshot)();
        self.state.log.read(&self.live, now_secs);
        let shown = Arc::clone(self.frozen.as_ref().unwrap_or(&self.live));
        self.calm.renew(&shown, now_secs);
        self.state.selection.propose(&shown);
        self.state.time.begin_frame();
        self.state.studio.begin_frame(&self.live.studio, self.gpu.as_ref());
        self.begin_room();
        self.keys(&ctx);
        self.dropped_files(&ctx);
        self.pending(&ctx, now_secs);

        let calm = Arc::clone(&self.calm.snapshot);
        let now = (self.backend.now)();
        let mut cx = Cx {
            shown: &shown,
            calm: &calm,
            live: &self.live,
            now,
            frozen: self.frozen.is_some(),
            recent: &self.settings.recent,
            state: &mut self.state,
            wishes: &mut self.wishes,
            gpu: self.gpu.as_ref(),
            for_bodies: self.settings.layout == StartLayout::Bodies,
        };
        let theme = Theme::of(ui);
        let bar =
            |fill| Frame::new().fill(fill).inner_margin(Margin::symmetric(theme::PADDING as i8, theme::GRID as i8));
        Panel::top("top bar").frame(bar(theme.panel)).show(ui, |ui| status::top_ui(ui, &mut cx));
        Panel::bottom("status line").frame(bar(theme.panel)).show(ui, |ui| status::bottom_ui(ui, &mut cx));
        // Bodies know no time: the room is theirs.
        if !cx.for_bodies {
            Panel::bottom("timeline").frame(bar(theme.panel)).show(ui, |ui| timeline::timeline_ui(ui, &mut cx));
        }
        let bottom = ctx.content_rect().bottom() - ui.available_rect_before_wrap().bottom();
        egui::CentralPanel::default().frame(Frame::new().fill(theme.ground)).show(ui, |ui| {
            cx.state.viewport.hovered = false;
            self.tree.ui(&mut Desk { cx: &mut cx }, ui);
        });
        self.windows(&ctx, bottom, now_secs);
        self.state.heat.drop_unused(self.gpu.as_ref());
        for wish in std::mem::take(&mut self.wishes) {
            self.grant(&ctx, wish, now_secs);
        }
        if ctx.input(|input| !input.raw.hovered_files.is_empty()) {
            drop_hint_ui(ui);
        }
    }

    /// Keeps the engine's room in step with the window's: bodies are posed while they are looked at, and a live site without
    /// zones gets the remembered ones.
    fn begin_room(&mut self) {
        let wants_bodies = self.state.look.figure == figures::Figure::Body;
        if wants_bodies != std::mem::replace(&mut self.posing, wants_bodies) {
            self.wishes.push(Wish::Send(Command::PoseBodies(wants_bodies)));
        }
        let Snapshot { run, site, provenance, .. } = &*self.live;
        let is_new = self.state.zones.begin_run(*run);
        if is_new && *provenance == Some(Provenance::Live) && site.zones.is_empty() && !self.settings.zones.is_empty() {
            let site = Site { zones: self.settings.zones.clone(), ..Site::clone(site) };
            self.wishes.push(Wish::Send(Command::SetSite(site)));
        }
    }

    fn dropped_files(&mut self, ctx: &egui::Context) {
        let dropped: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        if !dropped.is_empty() {
            self.wishes.push(Wish::Open(dropped));
        }
    }

    /// Answers of the file dialog and of the window system.
    fn pending(&mut self, ctx: &egui::Context, now_secs: f64) {
        if let Some(answer) = self.dialog.as_mut().and_then(|dialog| dialog.poll(ctx))
            && let Some(dialog) = self.dialog.take()
            && let Some(paths) = answer
        {
            self.chosen(dialog.purpose, paths);
        }
        let folder = self.options.screenshot_folder.as_deref();
        if let Some(result) = self.screenshot.as_ref().and_then(|pending| pending.finish(folder)) {
            self.screenshot = None;
            match result {
                Ok(path) => {
                    self.state.log.say(NoticeLevel::Info, format!("Saved screenshot {}", path.display()), now_secs)
                }
                Err(error) => self.state.log.say(NoticeLevel::Error, error, now_secs),
            }
        }
    }

    fn windows(&mut self, ctx: &egui::Context, bottom: f32, now_secs: f64) {
        self.state.log.toasts_ui(ctx, now_secs, bottom);
        sources::add_ui(ctx, &mut self.state.sources, &mut self.wishes);
        studio::confirm_ui(ctx, &mut self.state.studio.confirm, &self.live.studio, &mut self.wishes);
        studio::export_ui(ctx, &mut self.state.studio.export, &self.live.studio, &mut self.wishes);
        if self.help_open {
            help::help_ui(ctx, &mut self.help_open);
        }
        if self.settings_open {
            let adapter = self.gpu.as_ref().map_or("none".to_owned(), |gpu| gpu.adapter.get_info().name);
            self.settings_open = settings::settings_ui(ctx, &mut self.settings, &adapter);
        }
        let context = self.context();
        match self.palette.as_mut().map(|palette| palette.ui(ctx, &self.live, context)) {
            Some(Outcome::Closed) => self.palette = None,
            Some(Outcome::Run(action)) => {
                self.palette = None;
                self.wishes.push(Wish::Do(action));
            }
            Some(Outcome::Open) | None => {}
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if self.options.forget {
            return;
        }
        if let Some(text) = self.stored() {
            storage.set_string(STORAGE_KEY, text);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        Theme::dark_or_light(visuals.dark_mode).ground.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

fn drop_hint_ui(ui: &Ui) {
    let theme = Theme::of(ui);
    let ctx = ui.ctx();
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop"));
    let painter = ctx.layer_painter(layer);
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, theme.ground.gamma_multiply(0.8));
    painter.rect_stroke(
        rect.shrink(theme::PADDING),
        theme::RADIUS,
        egui::Stroke::new(2.0 * theme::HAIRLINE, theme.accent),
        egui::StrokeKind::Inside,
    );
    let font = egui::FontId::new(theme::TITLE, theme::strong());
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop recordings, photos or scans to open them",
        font,
        theme.text,
    );
}
