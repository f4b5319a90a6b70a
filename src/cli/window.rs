//! Opening the window, or, where there is no display, doing the same job on the terminal.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use super::headless;
use crate::app::{App, Backend, Options};
use crate::engine::{Command, Engine, EngineConfig};
use crate::types::Timestamp;

/// Size of the window when it opens for the first time, points.
const FIRST_SIZE: [f32; 2] = [1280.0, 800.0];
const LEAST_SIZE: [f32; 2] = [800.0, 500.0];
/// Name of the program towards the desktop, equal to its desktop entry.
const APP_ID: &str = "corporeal";

/// Opens the window on recordings, or on the demo scene when there are none.
pub fn open(files: Vec<PathBuf>) -> anyhow::Result<()> {
    if !has_display() {
        println!("no display: the same job without a window");
        return headless::run(&files);
    }
    let first = if files.is_empty() { Command::OpenDemo } else { Command::Open(files) };
    open_with(vec![first])
}

/// Opens the window and obeys `commands` first.
pub fn open_with(commands: Vec<Command>) -> anyhow::Result<()> {
    anyhow::ensure!(has_display(), "no display — add --headless to run on the terminal");
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_app_id(APP_ID)
            .with_title("Corporeal")
            .with_inner_size(FIRST_SIZE)
            .with_min_inner_size(LEAST_SIZE)
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        ..eframe::NativeOptions::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |cc| {
        let ctx = cc.egui_ctx.clone();
        let config = EngineConfig { recordings_dir: recordings_dir(), ..EngineConfig::default() };
        let engine = Arc::new(Engine::start(config, Box::new(move || ctx.request_repaint()))?);
        for command in commands {
            engine.send(command);
        }
        let reader = Arc::clone(&engine);
        let backend = Backend {
            snapshot: Box::new(move || reader.snapshot()),
            send: Box::new(move |command| engine.send(command)),
            now: Box::new(|| Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))),
        };
        Ok(Box::new(App::new(cc, backend, Options::default())))
    });
    eframe::run_native(APP_ID, options, create)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("the window could not be opened — a graphics driver with Vulkan, Metal or DirectX 12 is needed")
}

fn has_display() -> bool {
    // Elsewhere than on X11 and Wayland systems a display is always there.
    let by_variable = cfg!(all(unix, not(target_os = "macos")));
    !by_variable || ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// The user's documents folder, or the current one.
fn recordings_dir() -> PathBuf {
    directories::UserDirs::new()
        .and_then(|dirs| dirs.document_dir().map(ToOwned::to_owned))
        .filter(|dir| dir.is_dir())
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_default()
}
