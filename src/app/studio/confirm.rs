//! Asks once before something is taken away, and says what is lost.

use egui::RichText;

use crate::app::cx::Wish;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::Command;
use crate::engine::studio::{BodyId, PhotoId, Studio, StudioCommand};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    RemovePhoto(PhotoId),
    RemoveBody(BodyId),
}

pub fn confirm_ui(ctx: &egui::Context, asked: &mut Option<Confirm>, studio: &Studio, wishes: &mut Vec<Wish>) {
    let Some(confirm) = *asked else { return };
    let question = match confirm {
        Confirm::RemovePhoto(id) => studio.photos.iter().find(|photo| photo.id == id).map(|photo| {
            let lost = "Its pixels are wiped from memory; the file stays, and so do bodies made from it";
            (format!("Remove photo {}?", photo.label), lost, StudioCommand::RemovePhoto(id))
        }),
        Confirm::RemoveBody(id) => studio.bodies.iter().find(|body| body.id == id).map(|body| {
            let lost = "It leaves the stage with its measurements; Undo brings it back";
            (format!("Remove body {}?", body.name), lost, StudioCommand::RemoveBody(id))
        }),
    };
    let Some((title, lost, command)) = question else {
        *asked = None;
        return;
    };
    let mut done = false;
    let modal = marks::modal(ctx, "confirm").show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(0.6 * theme::WINDOW_WIDTH);
        ui.heading(title);
        ui.add(egui::Label::new(RichText::new(lost).color(theme.quiet)).wrap());
        ui.add_space(2.0 * theme::GRID);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let remove = RichText::new("Remove").font(theme::strong_font()).color(theme.on_fill);
            if ui.add(egui::Button::new(remove).fill(theme.critical)).clicked() {
                wishes.push(Wish::Send(Command::Studio(command)));
                done = true;
            }
            if ui.button("Keep").clicked() {
                done = true;
            }
        });
    });
    if done || modal.should_close() {
        *asked = None;
    }
}
