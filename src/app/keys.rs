//! What keys do that are not the palette's alone: who has them first, and what Escape takes back.

use super::cx::Wish;
use super::layout::StartLayout;
use super::{Action, App, actions, studio};
use crate::engine::Command;

impl App {
    /// Keys: a window over the others has them first, then a text field, then the table of actions.
    pub(super) fn keys(&mut self, ctx: &egui::Context) {
        let studio = &self.state.studio;
        let modal = self.palette.is_some()
            || self.help_open
            || self.settings_open
            || self.state.sources.open
            || studio.export.is_some()
            || studio.confirm.is_some();
        if modal || ctx.text_edit_focused() || egui::Popup::is_any_open(ctx) {
            return;
        }
        let escape = ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
        if escape {
            self.back_out(ctx.time());
            return;
        }
        if self.state.zones.is_drawing() {
            let pressed = |key| ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
            if pressed(egui::Key::Backspace) {
                self.state.zones.take_corner_back();
            }
            if pressed(egui::Key::Enter)
                && let Some(site) = self.state.zones.close(&self.live.site)
            {
                self.wishes.push(Wish::Send(Command::SetSite(site)));
            }
        }
        if self.state.viewport.hovered {
            use egui::Key::{Num1, Num3, Num7};
            let views = [(Num1, Action::ViewFront), (Num3, Action::ViewSide), (Num7, Action::ViewTop)];
            for (key, action) in views {
                if ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key)) {
                    self.wishes.push(Wish::Do(action));
                }
            }
        }
        let picture = ctx.input_mut(|input| {
            let at = input.events.iter().position(|event| matches!(event, egui::Event::PasteImage(_)))?;
            Some(input.events.remove(at))
        });
        if let Some(egui::Event::PasteImage(picture)) = picture {
            self.add_pasted(studio::from_picture(&picture), ctx.time());
        }
        // A focused button takes Space and arrows for itself: the transport keys go on working without a focus.
        let has_transport = self.settings.layout != StartLayout::Bodies;
        while let Some(action) = ctx.input_mut(|input| actions::pressed(input, has_transport)) {
            ctx.memory_mut(|memory| {
                if let Some(id) = memory.focused() {
                    memory.surrender_focus(id);
                }
            });
            self.wishes.push(Wish::Do(action));
        }
    }

    /// One level back: zone being drawn, message, lit tapes, selecting, pinned cursor, range, past, frozen picture.
    fn back_out(&mut self, now_secs: f64) {
        let state = &mut self.state;
        let went_back = state.zones.cancel()
            || state.log.close_toast(now_secs)
            || state.studio.unpin()
            || std::mem::take(&mut state.timeline.selecting)
            || state.time.pinned.take().is_some();
        if went_back {
            return;
        }
        if state.timeline.range.is_some() {
            self.wishes.push(Wish::Do(Action::ClearRange));
        } else if state.time.end.take().is_none() {
            self.frozen = None;
        }
    }
}
