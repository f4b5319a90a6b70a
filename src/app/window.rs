//! Opens the window over an engine, and names what it needs from outside.

use std::path::PathBuf;
use std::sync::Arc;

use super::studio::incoming;
use super::{Action, App, StartLayout, theme};
use crate::engine::studio::StudioCommand;
use crate::engine::{Command, Engine, EngineConfig, Snapshot};
use crate::types::Timestamp;

/// Where the window gets its data and sends its wishes.
pub struct Backend {
    pub snapshot: Box<dyn Fn() -> Arc<Snapshot>>,
    pub send: Box<dyn FnMut(Command)>,
    /// The wall clock, for how long ago a live link was heard.
    pub now: Box<dyn Fn() -> Timestamp>,
}

impl Backend {
    pub fn engine(engine: Engine) -> Self {
        let engine = Arc::new(engine);
        let reader = Arc::clone(&engine);
        Self {
            snapshot: Box::new(move || reader.snapshot()),
            send: Box::new(move |command| engine.send(command)),
            now: Box::new(|| {
                let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(now.as_nanos()).unwrap_or(i64::MAX))
            }),
        }
    }
}

/// What opening these files asks of the engine: recordings, photos and scans each go to those who read them.
pub fn commands_for(files: Vec<PathBuf>) -> Vec<Command> {
    let sorted = incoming::sort(files);
    let mut commands = Vec::new();
    if !sorted.recordings.is_empty() {
        commands.push(Command::Open(sorted.recordings));
    }
    if !sorted.photos.is_empty() {
        commands.push(Command::Studio(StudioCommand::AddPhotos(sorted.photos)));
    }
    if !sorted.scans.is_empty() {
        commands.push(Command::Studio(StudioCommand::OpenScans(sorted.scans)));
    }
    commands
}

/// Opens the window over a new engine, sends it `first`, and returns when the window has closed. Starts arranged for
/// bodies when all that is asked concerns them.
pub fn run(config: EngineConfig, options: Options, first: Vec<Command>) -> Result<(), eframe::Error> {
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Corporeal")
            .with_app_id("corporeal")
            .with_inner_size(theme::WINDOW)
            .with_min_inner_size(theme::WINDOW_MIN)
            .with_drag_and_drop(true),
        ..Default::default()
    };
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
        let ctx = cc.egui_ctx.clone();
        let engine = Engine::start(config, Box::new(move || ctx.request_repaint()))?;
        let for_bodies = !first.is_empty() && first.iter().all(|command| matches!(command, Command::Studio(_)));
        for command in first {
            engine.send(command);
        }
        let mut app = App::new(cc, Backend::engine(engine), options);
        if for_bodies {
            app.perform(Action::Layout(StartLayout::Bodies));
        }
        Ok(Box::new(app))
    };
    eframe::run_native("Corporeal", native, Box::new(create))
}

/// What is decided before the window opens.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where screenshots go; `None` takes the user's pictures folder.
    pub screenshot_folder: Option<PathBuf>,
    /// Neither reads nor writes remembered settings.
    pub forget: bool,
}
