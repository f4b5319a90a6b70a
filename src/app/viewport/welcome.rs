//! The stage of a program without any source: what a new user may do next.

use egui::{Rect, RichText, Ui, vec2};

use crate::app::actions::Action;
use crate::app::cx::{Cx, Wish};
use crate::app::marks;
use crate::app::theme::{self, Theme};

/// What a new user sees: the next step.
pub fn welcome_ui(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) {
    let theme = Theme::of(ui);
    let recent: Vec<_> = cx.recent.iter().take(4).cloned().collect();
    let height = theme::ROW * (5.0 + recent.len() as f32 * 1.2);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(((rect.height() - height) * 0.5).max(theme::GRID));
            ui.heading("Connect a node or open a recording");
            ui.label(RichText::new("Drop a file here, or start with the simulated scene").color(theme.quiet));
            ui.add_space(3.0 * theme::GRID);
            let buttons = [
                ("Open recording…", Action::Open),
                ("Add source…", Action::AddSource),
                ("Open simulated scene", Action::OpenDemo),
            ];
            let width = 100.0 * theme::GRID;
            ui.allocate_ui_with_layout(
                vec2(width, theme::ROW),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    for (n, (word, action)) in buttons.into_iter().enumerate() {
                        let button = if n == 0 { marks::primary_button(theme, word) } else { egui::Button::new(word) };
                        if ui.add(button).on_hover_text(action.entry().tip).clicked() {
                            cx.act(action);
                        }
                    }
                },
            );
            if !recent.is_empty() {
                ui.add_space(3.0 * theme::GRID);
                ui.label(RichText::new("Recent").color(theme.quiet));
                for path in recent {
                    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                    if ui.link(name).on_hover_text(path.display().to_string()).clicked() {
                        cx.wishes.push(Wish::Open(vec![path]));
                    }
                }
            }
        });
    });
}
