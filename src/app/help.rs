//! The window of keys and gestures, read from the table of actions.

use egui::RichText;

use super::actions::{Action, Group, TABLE};
use super::status::key_text;
use super::theme::{self, Theme};

/// Mouse gestures of the room and of the plots.
pub const VIEWPORT_GESTURES: [(&str, &str); 8] = [
    ("Drag", "orbit"),
    ("Shift + drag, middle drag", "pan"),
    ("Wheel", "zoom"),
    ("Click", "select a person, node, link or body"),
    ("Drag a corner", "move it (of the selected zone)"),
    ("Double-click", "focus; on empty ground reset"),
    ("1 · 3 · 7", "front, side, top (pointer over the room)"),
    ("F · 0", "focus selection, show everything"),
];

const PLOT_GESTURES: [(&str, &str); 4] = [
    ("Hover", "cursor on all plots"),
    ("Click", "pin the cursor, Esc lets go"),
    ("Drag", "look at the past, End follows again"),
    ("Ctrl + wheel", "stretch time"),
];

const PHOTO_GESTURES: [(&str, &str); 4] = [
    ("Wheel", "magnify about the pointer"),
    ("Drag", "move the magnified photo"),
    ("Double-click", "show the whole photo"),
    ("Click a person", "measure this one"),
];

pub fn help_ui(ctx: &egui::Context, open: &mut bool) {
    let modal = super::marks::modal(ctx, "help").show(ctx, |ui| {
        ui.set_width((1.5 * theme::WINDOW_WIDTH).min(ctx.content_rect().width() - 16.0 * theme::GRID));
        ui.horizontal(|ui| {
            ui.heading("Keys and gestures");
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Close").clicked() {
                    *open = false;
                }
            });
        });
        let height = ctx.content_rect().height() - 40.0 * theme::GRID;
        egui::ScrollArea::vertical().max_height(height).show(ui, |ui| {
            ui.columns(2, |columns| {
                for (n, group) in Group::ALL.into_iter().enumerate() {
                    let ui = &mut columns[usize::from(n % 2 == 1)];
                    let lines = TABLE.iter().filter(|entry| entry.group == group && entry.key.is_some());
                    // One line stands for the nine speed keys.
                    let lines = lines.filter(|entry| !matches!(entry.action, Action::Speed(2..)));
                    let lines: Vec<(String, &str)> = lines
                        .map(|entry| {
                            if entry.action == Action::Speed(1) {
                                return ("1 – 9".to_owned(), "Speed 1× – 9× (pointer not over the room)");
                            }
                            let keys =
                                [entry.key, entry.other_key].into_iter().flatten().map(|key| key_text(ui.ctx(), &key));
                            let mut keys: Vec<_> = keys.collect();
                            keys.dedup();
                            (keys.join(" · "), entry.name)
                        })
                        .collect();
                    list_ui(ui, group.label(), lines.iter().map(|(key, name)| (key.as_str(), *name)));
                }
                list_ui(&mut columns[0], "Room", VIEWPORT_GESTURES.into_iter());
                list_ui(&mut columns[1], "Plots", PLOT_GESTURES.into_iter());
                list_ui(&mut columns[0], "Photos", PHOTO_GESTURES.into_iter());
                list_ui(&mut columns[1], "Everywhere", [("Esc", "back out one level")].into_iter());
            });
        });
    });
    if modal.should_close() {
        *open = false;
    }
}

fn list_ui<'a>(ui: &mut egui::Ui, title: &str, lines: impl Iterator<Item = (&'a str, &'a str)>) {
    let theme = Theme::of(ui);
    ui.add_space(2.0 * theme::GRID);
    ui.label(RichText::new(title).font(theme::strong_font()));
    egui::Grid::new(title)
        .num_columns(2)
        .min_col_width(36.0 * theme::GRID)
        .min_row_height(theme::ROW_DENSE - theme::GRID)
        .show(ui, |ui| {
            for (key, what) in lines {
                ui.label(RichText::new(key).font(theme::number_font()));
                ui.label(RichText::new(what).color(theme.quiet));
                ui.end_row();
            }
        });
}
