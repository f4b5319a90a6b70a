//! What is remembered from one start to the next: theme, zoom, arrangement of panels, recent files.

use std::path::PathBuf;

use egui::{RichText, ThemePreference};
use egui_tiles::Tree;
use serde::{Deserialize, Serialize};

use super::figures;
use super::layout::{self, Pane, StartLayout};
use super::studio;
use super::theme::{self, Theme};
use crate::types::Zone;

const MAX_RECENT: usize = 10;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub theme: ThemePreference,
    pub zoom: f32,
    pub layout: StartLayout,
    pub recent: Vec<PathBuf>,
    pub last_folder: Option<PathBuf>,
    /// Of the body studio. Photos are never in here.
    pub studio: studio::Options,
    /// How people, zones and the floor are drawn.
    pub look: figures::Look,
    /// Of the live site: recordings and the simulator bring theirs.
    pub zones: Vec<Zone>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemePreference::System,
            zoom: 1.0,
            layout: StartLayout::Lab,
            recent: Vec::new(),
            last_folder: None,
            studio: studio::Options::default(),
            look: figures::Look::default(),
            zones: Vec::new(),
        }
    }
}

impl Settings {
    pub fn remember(&mut self, path: &std::path::Path) {
        self.recent.retain(|other| other != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(MAX_RECENT);
        self.last_folder = path.parent().map(ToOwned::to_owned).or(self.last_folder.take());
    }

    pub fn apply(&self, ctx: &egui::Context) {
        ctx.set_theme(self.theme);
        ctx.set_zoom_factor(self.zoom.clamp(theme::ZOOM_MIN, theme::ZOOM_MAX));
    }
}

/// The arrangements of the other start layouts, as the user left them.
pub type Parked = Vec<(StartLayout, Tree<Pane>)>;

/// Settings and arrangements as text; an arrangement that no longer fits is replaced by its start layout.
#[derive(Serialize, Deserialize)]
struct Stored {
    settings: Settings,
    tree: Tree<Pane>,
    #[serde(default)]
    parked: Parked,
}

pub fn to_text(settings: &Settings, tree: &Tree<Pane>, parked: &Parked) -> Option<String> {
    let stored = Stored { settings: settings.clone(), tree: tree.clone(), parked: parked.clone() };
    serde_json::to_string(&stored).ok()
}

pub fn from_text(text: &str) -> Option<(Settings, Tree<Pane>, Parked)> {
    let Stored { settings, tree, mut parked } = serde_json::from_str(text).ok()?;
    let tree = if layout::is_sound(&tree) { tree } else { settings.layout.tree() };
    parked.retain(|(layout, tree)| *layout != settings.layout && layout::is_sound(tree));
    Some((settings, tree, parked))
}

/// The settings window; says whether it stays open.
pub fn settings_ui(ctx: &egui::Context, settings: &mut Settings, adapter: &str) -> bool {
    let mut open = true;
    let before = (settings.theme, settings.zoom);
    let modal = super::marks::modal(ctx, "settings").show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(0.75 * theme::WINDOW_WIDTH);
        ui.horizontal(|ui| {
            ui.heading("Settings");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    open = false;
                }
            });
        });
        egui::Grid::new("settings").num_columns(2).spacing(egui::vec2(4.0 * theme::GRID, 2.0 * theme::GRID)).show(
            ui,
            |ui| {
                ui.label("Theme");
                ui.horizontal(|ui| {
                    for (choice, word) in [
                        (ThemePreference::Dark, "Dark"),
                        (ThemePreference::Light, "Light"),
                        (ThemePreference::System, "System"),
                    ] {
                        ui.selectable_value(&mut settings.theme, choice, word);
                    }
                });
                ui.end_row();
                let label = ui.label("Zoom");
                let mut percent = (settings.zoom * 100.0).round();
                let slider = egui::Slider::new(&mut percent, theme::ZOOM_MIN * 100.0..=theme::ZOOM_MAX * 100.0);
                // Zooming while the slider is held would move it away from the pointer.
                let response =
                    ui.add(slider.step_by(5.0).suffix(" %").update_while_editing(false)).labelled_by(label.id);
                if response.changed() && !response.dragged() || response.drag_stopped() {
                    settings.zoom = percent / 100.0;
                }
                ui.end_row();
                ui.label("Graphics adapter");
                ui.label(RichText::new(adapter).color(theme.quiet));
                ui.end_row();
                ui.label("Recent files");
                ui.horizontal(|ui| {
                    ui.label(RichText::new(settings.recent.len().to_string()).font(theme::number_font()));
                    if ui.add_enabled(!settings.recent.is_empty(), egui::Button::new("Forget")).clicked() {
                        settings.recent.clear();
                    }
                });
                ui.end_row();
            },
        );
    });
    if before != (settings.theme, settings.zoom) {
        settings.apply(ctx);
    }
    open && !modal.should_close()
}
