//! A camera on a stage: what it is aimed at, how gestures and keys steer it, and where points lie on the screen.

use bevy_math::{Vec2, Vec3};
use egui::{Pos2, Rect, Ui, vec2};

use crate::render::{Camera, StandardView};

/// A camera, and what it was fitted to.
#[derive(Default)]
pub struct Eye {
    pub camera: Camera,
    /// What the camera was last fitted to; it is fitted anew when that changes, until somebody moves it.
    fitted: Option<Vec<Vec3>>,
    moved: bool,
}

/// What there is to look at.
pub struct Aim {
    pub bounds: Option<(Vec3, Vec3)>,
    /// The camera is fitted anew when this changes.
    pub key: Vec<Vec3>,
    /// What is selected.
    pub focus: Option<Vec3>,
    /// From how far it is looked at, at most; metres.
    pub focus_from_m: f32,
    /// Whether the first button draws, and turns nothing.
    pub is_held: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Wanted {
    View(StandardView),
    Home,
    Focus,
}

impl Eye {
    /// Moves the camera as gestures and keys say.
    pub fn steer(&mut self, ui: &Ui, response: &egui::Response, rect: Rect, aim: &Aim, wanted: Option<Wanted>) {
        let aspect = rect.width() / rect.height().max(1.0);
        self.camera.set_instant(ui.style().animation_time == 0.0);
        if let Some((low, high)) = aim.bounds.filter(|_| !self.moved && self.fitted.as_ref() != Some(&aim.key)) {
            self.camera.fit(low, high, aspect);
            self.fitted = Some(aim.key.clone());
        }
        let delta = response.drag_delta();
        let pans = ui.input(|input| input.modifiers.shift)
            || response.dragged_by(egui::PointerButton::Middle)
            || response.dragged_by(egui::PointerButton::Secondary);
        if delta != egui::Vec2::ZERO && (pans || !aim.is_held) {
            self.moved = true;
            let delta = Vec2::new(delta.x, delta.y);
            if pans {
                self.camera.pan(delta, rect.height());
            } else {
                self.camera.orbit(delta);
            }
        }
        if let Some(pos) = response.hover_pos() {
            let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            let factor = (-scroll * 0.003).exp() / zoom;
            if factor != 1.0 {
                self.moved = true;
                self.camera.zoom(factor, Some(ndc(rect, pos)), aspect);
            }
        }
        let fit = |camera: &mut Camera| {
            if let Some((low, high)) = aim.bounds {
                camera.fit(low, high, aspect);
            }
        };
        match wanted {
            Some(Wanted::View(view)) => {
                self.camera.view(view);
                fit(&mut self.camera);
            }
            Some(Wanted::Home) => {
                self.moved = false;
                self.camera.view(StandardView::Home);
                fit(&mut self.camera);
            }
            Some(Wanted::Focus) => match aim.focus {
                Some(point) => self.camera.focus(point, aim.focus_from_m),
                None => fit(&mut self.camera),
            },
            None => {}
        }
        let dt = ui.input(|input| input.stable_dt);
        if self.camera.step(dt) {
            ui.ctx().request_repaint();
        }
    }
}

/// A place in the viewport as the camera counts it.
pub fn ndc(rect: Rect, pos: Pos2) -> Vec2 {
    let share = (pos - rect.min) / rect.size();
    Vec2::new(2.0 * share.x - 1.0, 1.0 - 2.0 * share.y)
}

pub fn on_screen(camera: &Camera, rect: Rect, aspect: f32, point: Vec3) -> Option<Pos2> {
    let ndc = camera.project(point, aspect)?;
    Some(rect.min + vec2(0.5 + 0.5 * ndc.x, 0.5 - 0.5 * ndc.y) * rect.size())
}
