//! The stage in 3D, a room or bodies: gestures move the camera, the renderer draws into a texture, labels are laid over it.
//!
//! The picture is drawn anew only when the scene, the camera or the size has changed.

mod eye;
mod pick;
mod welcome;

use bevy_math::Vec3;
use egui::{Align2, Painter, Pos2, Rect, RichText, Sense, TextureId, Ui, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::help;
use super::labels::{self, What};
use super::marks;
use super::room;
use super::stage;
use super::studio;
use super::theme::{self, Theme};
use super::zones;
use crate::engine::Command;
use crate::render::{Camera, MeshProblem, Scene, StandardView, ViewportRenderer, scene_bounds};
use crate::types::Provenance;

pub use eye::{Aim, Eye, Wanted, ndc, on_screen};

/// A radio is looked at from this near, a person from where they are seen whole with what is around them; metres.
pub const NODE_FROM_M: f32 = 3.0;
const PERSON_FROM_M: f32 = 6.0;

#[derive(Default)]
pub struct State {
    /// How the room is looked at.
    room: Eye,
    /// How bodies are looked at.
    pub bodies: Eye,
    renderer: Option<ViewportRenderer>,
    drawn: Option<Drawn>,
    pub gestures_open: bool,
    /// Whether the pointer is over the stage, which then has the number keys.
    pub hovered: bool,
    /// What lies over the room: buttons, scales, notes. As they were in the last frame.
    covered: Vec<Rect>,
    wanted: Option<Wanted>,
}

/// What the texture shows.
struct Drawn {
    scene: Scene,
    camera: Camera,
    size_px: [u32; 2],
    texture: TextureId,
    /// Counts how often the room was drawn.
    count: u64,
}

impl State {
    pub fn view(&mut self, view: StandardView) {
        self.wanted = Some(Wanted::View(view));
    }

    pub fn home(&mut self) {
        self.wanted = Some(Wanted::Home);
    }

    pub fn focus(&mut self) {
        self.wanted = Some(Wanted::Focus);
    }

    /// Why something of the last picture is missing.
    pub fn problem(&self) -> Option<&'static str> {
        let (_, problem) = self.renderer.as_ref()?.problems().first()?;
        Some(match problem {
            MeshProblem::Malformed => "This surface is damaged and cannot be drawn",
            MeshProblem::TooLarge => "This surface is too large for the graphics adapter",
            MeshProblem::OutOfMemory => {
                "The graphics adapter has no memory left for this surface — close other windows"
            }
        })
    }

    /// What a key or button has asked of the camera.
    pub fn take_wanted(&mut self) -> Option<Wanted> {
        self.wanted.take()
    }

    /// How often the stage has been drawn since the start.
    pub fn n_drawn(&self) -> u64 {
        self.drawn.as_ref().map_or(0, |drawn| drawn.count)
    }
}

pub fn viewport_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.bodies_on_stage() {
        studio::bodies_ui(ui, cx);
    } else {
        room_ui(ui, cx);
    }
}

fn room_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let rect = ui.available_rect_before_wrap();
    let response = ui.interact(rect, ui.scope_id().with("room"), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Room view"));
    cx.state.viewport.hovered = response.contains_pointer();
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, theme.ground);
    if cx.shown.sources.is_empty() && cx.shown.site.nodes.is_empty() {
        welcome::welcome_ui(ui, cx, rect);
        return;
    }
    let aspect = rect.width() / rect.height().max(1.0);
    if cx.state.look.zones && !cx.state.zones.is_drawing() {
        // Before the camera is steered: whoever holds a corner turns nothing.
        let (site, camera) = (std::sync::Arc::clone(&cx.live.site), cx.state.viewport.room.camera.clone());
        let on_floor = |[x, y]: [f64; 2]| on_screen(&camera, rect, aspect, Vec3::new(x as f32, y as f32, 0.0));
        if let Some(site) = zones::drag(&mut cx.state.zones, &site, &response, rect, &camera, on_floor) {
            cx.send(Command::SetSite(site));
        }
    }
    let places = stage::places(cx.shown);
    let mut scene = stage::scene(cx.shown, &places, cx.state.selection, theme);
    let heat = room::heat(cx);
    room::furnish(&mut scene, cx, heat.as_ref(), theme);
    let room_corner = scene.room.into_iter();
    let aim = Aim {
        bounds: scene_bounds(&scene),
        key: room_corner.chain(places.iter().map(|place| place.position)).collect(),
        focus: pick::focus_point(cx, cx.state.selection, &places),
        focus_from_m: if cx.state.selection.person.is_some() { PERSON_FROM_M } else { NODE_FROM_M },
        is_held: cx.state.zones.is_drawing() || cx.state.zones.is_moving(),
    };
    let wanted = cx.state.viewport.take_wanted();
    cx.state.viewport.room.steer(ui, &response, rect, &aim, wanted);
    let camera = cx.state.viewport.room.camera.clone();
    let on_floor = |[x, y]: [f64; 2]| on_screen(&camera, rect, aspect, Vec3::new(x as f32, y as f32, 0.0));
    if cx.state.zones.is_drawing() {
        let site = std::sync::Arc::clone(&cx.live.site);
        if let Some(site) = zones::pointer(&mut cx.state.zones, &site, &response, rect, &camera, on_floor) {
            cx.send(Command::SetSite(site));
        }
    } else {
        pick::select(cx, &response, rect, &places, aspect);
    }
    match cx.gpu {
        Some(gpu) => {
            let texture = draw(gpu, &mut cx.state.viewport, scene, &camera, rect, ui.pixels_per_point());
            let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
            painter.image(texture, rect, uv, egui::Color32::WHITE);
        }
        None => marks::no_adapter(&painter, theme, rect),
    }
    let labels = room::labels(cx, &places, theme);
    if let Some(What::Person(person)) = labels::labels_ui(ui, &camera, rect, &cx.state.viewport.covered, labels) {
        cx.state.selection.select_person(person);
    }
    if places.iter().any(|place| place.schematic) {
        let all = places.iter().all(|place| place.schematic);
        let text = if all {
            "Positions not set — schematic layout"
        } else {
            "Some positions not set — those nodes are drawn as frames"
        };
        let font = egui::FontId::proportional(theme::TEXT);
        let at = rect.center_bottom() - vec2(0.0, 3.0 * theme::GRID);
        painter.text(at, Align2::CENTER_BOTTOM, text, font, theme.quiet);
    }
    if cx.shown.provenance == Some(Provenance::Simulated) {
        frame_ui(&painter, theme, rect);
    }
    let mut covered = room::scales_ui(ui, cx, rect, heat.as_ref());
    covered.extend(room::blank_ui(ui, cx, rect));
    if cx.state.zones.is_drawing() {
        covered.extend(zones::draft_ui(ui, &cx.state.zones, rect, on_floor));
    } else if cx.state.look.zones {
        covered.extend(zones::corners_ui(ui, &cx.state.zones, &cx.shown.site, rect, on_floor));
    }
    covered.push(tools_ui(ui, cx, rect));
    // The axis cube.
    covered.push(Rect::from_min_max(
        rect.right_top() - vec2(22.0 * theme::GRID, 0.0),
        rect.right_top() + vec2(0.0, 22.0 * theme::GRID),
    ));
    cx.state.viewport.covered = covered;
}

/// The hatched frame that marks computed data.
pub fn frame_ui(painter: &Painter, theme: &Theme, rect: Rect) {
    let width = 2.0 * theme::GRID;
    let inner = rect.shrink(width);
    let sides = [
        Rect::from_min_max(rect.min, Pos2::new(rect.right(), inner.top())),
        Rect::from_min_max(Pos2::new(rect.left(), inner.bottom()), rect.max),
        Rect::from_min_max(Pos2::new(rect.left(), inner.top()), inner.left_bottom()),
        Rect::from_min_max(inner.right_top(), Pos2::new(rect.right(), inner.bottom())),
    ];
    for side in sides {
        painter.rect_filled(side, 0.0, theme.simulated.gamma_multiply(0.25));
        marks::hatch(painter, side, theme.simulated);
    }
    let at = inner.left_bottom() + vec2(theme::GRID, -theme::GRID);
    painter.text(at, Align2::LEFT_BOTTOM, "SIMULATED", theme::strong_font(), theme.simulated);
}

/// Draws the scene if anything has changed and answers the texture that shows it.
pub fn draw(
    gpu: &egui_wgpu::RenderState,
    state: &mut State,
    scene: Scene,
    camera: &Camera,
    rect: Rect,
    pixels_per_point: f32,
) -> TextureId {
    let side = |points: f32| ((points * pixels_per_point).round() as u32).max(1);
    let size_px = [side(rect.width()), side(rect.height())];
    let same = |drawn: &Drawn| drawn.size_px == size_px && drawn.camera.pose() == camera.pose() && drawn.scene == scene;
    if let Some(drawn) = state.drawn.as_ref().filter(|drawn| same(drawn)) {
        return drawn.texture;
    }
    let renderer = state.renderer.get_or_insert_with(|| ViewportRenderer::new(&gpu.device, &gpu.queue));
    let view = renderer.render(&gpu.device, &gpu.queue, &scene, camera, size_px, pixels_per_point);
    let filter = egui_wgpu::wgpu::FilterMode::Linear;
    let mut registry = gpu.renderer.write();
    let (id, count) = match &state.drawn {
        Some(drawn) => {
            if drawn.size_px != size_px {
                registry.update_egui_texture_from_wgpu_texture(&gpu.device, view, filter, drawn.texture);
            }
            (drawn.texture, drawn.count + 1)
        }
        None => (registry.register_native_texture(&gpu.device, view, filter), 1),
    };
    state.drawn = Some(Drawn { scene, camera: camera.clone(), size_px, texture: id, count });
    id
}

/// Standard views and the list of gestures, in the upper left corner.
fn tools_ui(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect) -> Rect {
    let inset = 4.0 * theme::GRID;
    let builder = egui::UiBuilder::new().max_rect(rect.shrink(inset)).layout(egui::Layout::top_down(egui::Align::Min));
    ui.scope_builder(builder, |ui| {
        ui.horizontal(|ui| views_ui(ui, cx, "Whole room"));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 0.5 * theme::GRID;
            // The axis cube has the corner.
            ui.set_max_width(rect.width() - 22.0 * theme::GRID);
            room::tools_ui(ui, cx);
        });
        gestures_ui(ui, cx);
        ui.min_rect()
    })
    .inner
}

/// Buttons of the standard views, and those that choose between room and bodies where there are both.
pub fn views_ui(ui: &mut Ui, cx: &mut Cx<'_>, whole: &str) {
    if cx.has_bodies() && (!cx.shown.sources.is_empty() || !cx.shown.site.nodes.is_empty()) {
        let bodies = cx.bodies_on_stage();
        for (choice, word) in [(false, "Room"), (true, "Bodies")] {
            if ui.add(egui::Button::selectable(bodies == choice, word).small()).clicked() {
                cx.state.bodies_on_stage = Some(choice);
            }
        }
        ui.separator();
    }
    for (word, action) in
        [("Front", Action::ViewFront), ("Side", Action::ViewSide), ("Top", Action::ViewTop), (whole, Action::ViewHome)]
    {
        if ui.small_button(word).on_hover_text(action.entry().tip).clicked() {
            cx.act(action);
        }
    }
    let open = &mut cx.state.viewport.gestures_open;
    if ui.add(egui::Button::new("Gestures").selected(*open).small()).clicked() {
        *open = !*open;
    }
}

pub fn gestures_ui(ui: &mut Ui, cx: &Cx<'_>) {
    if !cx.state.viewport.gestures_open {
        return;
    }
    egui::Frame::popup(ui.style()).show(ui, |ui| {
        let theme = Theme::of(ui);
        egui::Grid::new("gestures").num_columns(2).show(ui, |ui| {
            for (gesture, what) in help::VIEWPORT_GESTURES {
                ui.label(RichText::new(gesture).font(theme::strong_font()));
                ui.label(RichText::new(what).color(theme.quiet));
                ui.end_row();
            }
        });
    });
}
