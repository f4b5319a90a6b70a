//! Sliders for every phenotype and local change of the selected body: searched, grouped, mirrored, undone and reset.

use std::sync::Arc;

use egui::{RichText, Slider, SliderClamping, TextEdit, Ui, vec2};

use super::body::edited_ui;
use super::labels::{self, Change, Part, Side};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::marks::{self, Icon};
use crate::app::theme::{self, Theme};
use crate::engine::studio::{BodyId, BodyView, StudioCommand};
use crate::types::{Phenotype, PhenotypeAxis};

/// Width of the names before the sliders.
const NAME_WIDTH: f32 = 36.0 * theme::GRID;
/// Width of the figures behind them.
const FIGURE_WIDTH: f32 = 12.0 * theme::GRID;
/// How long an edit is shown before the engine has followed, seconds.
const PATIENCE_SECS: f64 = 0.7;

#[derive(Default)]
pub struct State {
    search: String,
    edit: Option<Edit>,
    /// From the labels of this list.
    changes: Vec<Change>,
    labels: Option<Arc<[String]>>,
}

/// A slider's place while it is held and until the engine has followed.
struct Edit {
    body: BodyId,
    phenotype: Phenotype,
    done_at_secs: Option<f64>,
}

/// What a slider did in this frame.
#[derive(Clone, Copy, PartialEq)]
enum Moved {
    Still,
    Dragging,
    Done,
}

pub fn shape_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let studio = Arc::clone(&cx.live.studio);
    let Some((body, fitted)) = cx.state.studio.body(&studio).and_then(|body| Some((body, body.phenotype.as_ref()?)))
    else {
        let (needs, button, action) = match cx.state.studio.body(&studio) {
            Some(_) => ("A scan has no sliders: register it first", "Register scan", Action::RegisterScan),
            None => ("Needs a body: fit one to photos, or draw one", "Draw a body", Action::DrawBody),
        };
        if marks::empty_ui(ui, "Sliders for the whole body and its parts", needs, Some(button)) {
            cx.act(action);
        }
        return;
    };
    let now_secs = ui.ctx().input(|input| input.time);
    let state = &mut cx.state.studio.shape;
    state.follow(&studio.local_change_labels, body, now_secs);
    let mut phenotype = state.edit.as_ref().map_or_else(|| fitted.clone(), |edit| edit.phenotype.clone());
    head_ui(ui, cx, body);
    let symmetric = cx.state.studio.options.symmetric;
    let mut moved = Moved::Still;
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let changes = std::mem::take(&mut cx.state.studio.shape.changes);
        let search = cx.state.studio.shape.search.trim().to_lowercase();
        moved = sliders_ui(ui, &mut phenotype, &changes, &search, symmetric);
        cx.state.studio.shape.changes = changes;
    });
    if moved == Moved::Still {
        return;
    }
    let done = moved == Moved::Done;
    cx.state.studio.shape.edit =
        Some(Edit { body: body.id, phenotype: phenotype.clone(), done_at_secs: done.then_some(now_secs) });
    cx.studio_command(StudioCommand::SetPhenotype { body: body.id, phenotype, done });
}

impl State {
    fn follow(&mut self, labels: &Arc<[String]>, body: &BodyView, now_secs: f64) {
        if self.labels.as_ref().is_none_or(|known| !Arc::ptr_eq(known, labels)) {
            self.changes = labels::changes(labels);
            self.labels = Some(Arc::clone(labels));
        }
        let over = self.edit.as_ref().is_some_and(|edit| {
            let followed = body.phenotype.as_ref() == Some(&edit.phenotype);
            edit.body != body.id || edit.done_at_secs.is_some_and(|at| followed || now_secs - at > PATIENCE_SECS)
        });
        if over {
            self.edit = None;
        }
    }
}

fn head_ui(ui: &mut Ui, cx: &mut Cx<'_>, body: &BodyView) {
    let theme = Theme::of(ui);
    let studio = Arc::clone(&cx.live.studio);
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            for (word, action, what) in [("Redo", Action::Redo, &studio.redo), ("Undo", Action::Undo, &studio.undo)] {
                let response = ui.add_enabled(what.is_some(), egui::Button::new(word));
                let response = match what {
                    Some(what) => response.on_hover_text(format!("{word} {what}")),
                    None => response.on_disabled_hover_text(format!("Nothing to {}", word.to_lowercase())),
                };
                if response.clicked() {
                    cx.act(action);
                }
            }
            let reset = ui.add_enabled(body.edited, egui::Button::new("Reset"));
            if reset.on_hover_text(Action::ResetBody.entry().tip).clicked() {
                cx.act(Action::ResetBody);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                marks::provenance_ui(ui, body.provenance, false);
                ui.add(egui::Label::new(RichText::new(&body.name).font(theme::strong_font())).truncate());
            });
        });
    });
    if body.edited {
        edited_ui(ui);
    }
    ui.horizontal(|ui| {
        let state = &mut cx.state.studio;
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let both = ui.selectable_label(state.options.symmetric, "Both sides");
            if both.on_hover_text("Left and right change together").clicked() {
                state.options.symmetric = !state.options.symmetric;
            }
            if !state.shape.search.is_empty()
                && marks::icon_button_ui(ui, Icon::Close, "Clear the search", true).clicked()
            {
                state.shape.search.clear();
            }
            let edit = TextEdit::singleline(&mut state.shape.search).hint_text("Search 265 sliders");
            ui.add(edit.desired_width(ui.available_width())).accessible_name("Search sliders");
        });
    });
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), theme.hairline());
    ui.add_space(theme::GRID);
}

fn sliders_ui(ui: &mut Ui, phenotype: &mut Phenotype, changes: &[Change], search: &str, symmetric: bool) -> Moved {
    let mut moved = Moved::Still;
    let mut n_shown = 0;
    let found = |name: &str, group: &str| {
        let (name, group) = (name.to_lowercase(), group.to_lowercase());
        search.split_whitespace().all(|word| name.contains(word) || group.contains(word))
    };
    let axes: Vec<_> = PhenotypeAxis::ALL.into_iter().filter(|axis| found(axis_name(*axis).0, "Whole body")).collect();
    if !axes.is_empty() {
        n_shown += axes.len();
        group_ui(ui, "Whole body", true, !search.is_empty(), None, |ui| {
            for axis in axes {
                let (low, high) = axis.range();
                let (name, tip) = axis_name(axis);
                let mut value = phenotype.get(axis);
                let did = slider_ui(ui, name, tip, &mut value, (low, high), None);
                if did != Moved::Still {
                    phenotype.set(axis, value);
                    moved = did;
                }
            }
        });
    }
    for part in Part::ALL {
        // With both sides together the left one stands for both.
        let listed: Vec<_> = changes
            .iter()
            .filter(|change| change.part == part && found(&change.full_name(), part.title()))
            .filter(|change| !(symmetric && change.side == Some(Side::Right) && change.twin.is_some()))
            .collect();
        if listed.is_empty() {
            continue;
        }
        n_shown += listed.len();
        let n_set = listed.iter().filter(|change| phenotype.local_change(change.index) != 0.0).count();
        group_ui(ui, part.title(), false, !search.is_empty(), (n_set > 0).then_some(n_set), |ui| {
            for change in listed {
                let twin = change.twin.filter(|_| symmetric);
                let name = if twin.is_some() { change.name.clone() } else { change.full_name() };
                let mut value = phenotype.local_change(change.index);
                let differ = twin.is_some_and(|twin| phenotype.local_change(twin) != value);
                let tip = if differ { "Left and right differ: moving it makes them alike" } else { "" };
                let did = slider_ui(ui, &name, tip, &mut value, (-1.0, 1.0), Some(0.0));
                if did != Moved::Still {
                    for index in std::iter::once(change.index).chain(twin) {
                        phenotype.set_local_change(index, value);
                    }
                    moved = did;
                }
            }
        });
    }
    if n_shown == 0 {
        ui.label(RichText::new("No slider has these letters").color(Theme::of(ui).quiet));
    }
    moved
}

fn group_ui(ui: &mut Ui, title: &str, open: bool, searching: bool, n_set: Option<usize>, body: impl FnOnce(&mut Ui)) {
    let text = match n_set {
        Some(n) => format!("{title} · {n} changed"),
        None => title.to_owned(),
    };
    egui::CollapsingHeader::new(RichText::new(text).font(theme::strong_font()))
        .id_salt((title, searching))
        .default_open(open || searching)
        .show_unindented(ui, body);
}

/// Name, slider, figure; with a home a sign that takes the slider back to it.
fn slider_ui(ui: &mut Ui, name: &str, tip: &str, value: &mut f64, range: (f64, f64), home: Option<f64>) -> Moved {
    let theme = Theme::of(ui);
    let mut moved = Moved::Still;
    // The panel's own width: a row that is a little too wide must not widen the next.
    let full = ui.max_rect().intersect(ui.clip_rect()).width();
    let away = home.is_some_and(|home| *value != home);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = theme::GRID;
        let name_width = NAME_WIDTH.min(0.4 * full);
        let colour = if away { theme.text } else { theme.quiet };
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let label = ui
            .allocate_ui_with_layout(vec2(name_width, theme::ROW), layout, |ui| {
                ui.set_width(name_width);
                ui.add(egui::Label::new(RichText::new(name).color(colour)).truncate())
            })
            .inner;
        let taken = name_width + FIGURE_WIDTH + theme::ROW + 4.0 * theme::GRID;
        ui.spacing_mut().slider_width = (full - taken).max(10.0 * theme::GRID);
        // The model's own value stands until somebody moves the slider: it is neither rounded nor brought into range.
        let slider = Slider::new(value, range.0..=range.1)
            .clamping(SliderClamping::Edits)
            .custom_formatter(|value, _| format!("{value:.2}").replace('-', "−"))
            .custom_parser(|text| text.trim().replace('−', "-").replace(',', ".").parse().ok())
            .trailing_fill(home.is_none());
        let response = ui.add(slider).labelled_by(label.id);
        let response = if tip.is_empty() { response } else { response.on_hover_text(tip) };
        if response.drag_stopped() || (response.changed() && !response.dragged()) {
            moved = Moved::Done;
        } else if response.changed() {
            moved = Moved::Dragging;
        }
        if let Some(home) = home
            && away
            && marks::icon_button_ui(ui, Icon::Close, &format!("Take back {name}"), true).clicked()
        {
            *value = home;
            moved = Moved::Done;
        }
    });
    moved
}

/// Words for the model's axes, and what their ends mean.
fn axis_name(axis: PhenotypeAxis) -> (&'static str, &'static str) {
    match axis {
        PhenotypeAxis::Gender => ("Gender", "0 is male, 1 is female"),
        PhenotypeAxis::Age => ("Age", "−0.33 is newborn, 0 an infant, 0.33 a child, 0.67 a young adult, 1 old"),
        PhenotypeAxis::Muscle => ("Muscle", "From untrained to muscular"),
        PhenotypeAxis::Weight => ("Weight", "From thin to heavy, at the same height"),
        PhenotypeAxis::Height => ("Height", "From small to tall; about 0.35 to 0.4 is usual"),
        PhenotypeAxis::Proportions => ("Proportions", "From unusual to ideal proportions"),
        PhenotypeAxis::Cupsize => ("Cup size", "Only seen on adult women"),
        PhenotypeAxis::Firmness => ("Firmness", "Only seen on adult women"),
        PhenotypeAxis::African => ("African", "Share of this face and build; the three shares are scaled to one"),
        PhenotypeAxis::Asian => ("Asian", "Share of this face and build; the three shares are scaled to one"),
        PhenotypeAxis::Caucasian => ("Caucasian", "Share of this face and build; the three shares are scaled to one"),
    }
}
