//! The command palette: type a few letters of any action, see its key, run it.

use egui::{Key, Modifiers, RichText, TextEdit};

use super::actions::{Action, Context, Entry, TABLE};
use super::status::key_text;
use super::theme::{self, Theme};
use crate::engine::Snapshot;

#[derive(Default)]
pub struct Palette {
    text: String,
    chosen: usize,
}

/// What became of the palette this frame.
pub enum Outcome {
    Open,
    Closed,
    Run(Action),
}

impl Palette {
    pub fn ui(&mut self, ctx: &egui::Context, snapshot: &Snapshot, context: Context) -> Outcome {
        let mut outcome = Outcome::Open;
        let (up, down, enter) = ctx.input_mut(|input| {
            let mut key = |key| input.consume_key(Modifiers::NONE, key);
            (key(Key::ArrowUp), key(Key::ArrowDown), key(Key::Enter))
        });
        let area = egui::Area::new(egui::Id::unique("palette"))
            .order(egui::Order::Foreground)
            .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, theme::PALETTE_TOP));
        let modal = super::marks::modal(ctx, "palette").area(area).show(ctx, |ui| {
            let theme = Theme::of(ui);
            ui.set_width(theme::PALETTE_WIDTH.min(ctx.content_rect().width() - 8.0 * theme::GRID));
            let edit = TextEdit::singleline(&mut self.text).hint_text("Type a command").desired_width(f32::INFINITY);
            let edit = ui.add(edit).accessible_name("Type a command");
            edit.request_focus();
            if edit.changed() {
                self.chosen = 0;
            }
            let found = matches(&self.text);
            if found.is_empty() {
                ui.label(RichText::new("No command has these letters").color(theme.quiet));
                return;
            }
            if down {
                self.chosen = (self.chosen + 1) % found.len();
            }
            if up {
                self.chosen = (self.chosen + found.len() - 1) % found.len();
            }
            self.chosen = self.chosen.min(found.len() - 1);
            egui::ScrollArea::vertical().max_height(14.0 * theme::ROW).auto_shrink([false, true]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                for (n, entry) in found.iter().enumerate() {
                    let available = entry.action.available(snapshot, context);
                    let mut button = egui::Button::selectable(n == self.chosen, entry.name)
                        .min_size(egui::vec2(ui.available_width(), theme::ROW));
                    if let Some(key) = entry.key {
                        button = button.shortcut_text(key_text(ctx, &key));
                    }
                    let response = ui.add_enabled(available.is_ok(), button);
                    if n == self.chosen && (up || down) {
                        response.scroll_to_me(None);
                    }
                    if available.is_ok() && (response.clicked() || (enter && n == self.chosen)) {
                        outcome = Outcome::Run(entry.action);
                    }
                    match available {
                        Ok(()) => response.on_hover_text(entry.tip),
                        Err(reason) => response.on_disabled_hover_text(reason),
                    };
                }
            });
        });
        if matches!(outcome, Outcome::Open) && modal.should_close() {
            outcome = Outcome::Closed;
        }
        outcome
    }
}

/// Entries that contain the letters in order, the closest first.
fn matches(text: &str) -> Vec<&'static Entry> {
    let mut found: Vec<_> = TABLE
        .iter()
        .filter(|entry| entry.action != Action::Palette)
        .filter_map(|entry| Some((score(entry.name, text)?, entry)))
        .collect();
    found.sort_by_key(|(score, _)| *score);
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// How far apart the letters of `text` lie in `name`; a name that begins with them comes first, then a word that does.
/// `None` when a letter is missing.
fn score(name: &str, text: &str) -> Option<usize> {
    let (name, text) = (name.to_lowercase(), text.trim().to_lowercase());
    if name.starts_with(&text) {
        return Some(0);
    }
    if name.split(' ').any(|word| word.starts_with(&text)) {
        return Some(1);
    }
    if name.contains(&text) {
        return Some(2);
    }
    let mut spread = 3;
    let mut rest = name.chars();
    for letter in text.chars().filter(|c| !c.is_whitespace()) {
        spread += rest.by_ref().position(|c| c == letter)?;
    }
    Some(spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_find_the_command_meant() {
        for (text, name) in
            [("freeze", "Freeze"), ("rec", "Record"), ("opsi", "Open simulated scene"), ("dark", "Dark theme")]
        {
            assert_eq!(matches(text).first().map(|entry| entry.name), Some(name), "{text}");
        }
        assert!(matches("qqqq").is_empty());
    }
}
