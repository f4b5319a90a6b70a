//! What the user knows of the person: typed text and choices, turned into [`Known`] when a field is left.

use egui::{RichText, TextEdit, Ui};

use super::known;
use crate::app::cx::Cx;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::engine::studio::StudioCommand;
use crate::types::{Known, Sex};

const NAME_WIDTH: f32 = 13.0 * theme::GRID;
const FIELD_WIDTH: f32 = 30.0 * theme::GRID;

/// Typed text beside the figures that the engine has.
#[derive(Default)]
pub struct Inputs {
    height: String,
    weight: String,
    age: String,
    sex: Option<Sex>,
    /// What the texts were last written from.
    followed: Known,
    /// What the engine was told last; it answers a moment later.
    told: Option<Known>,
}

impl Inputs {
    /// Takes over figures that were changed elsewhere (undo, a sidecar file), not those that were typed here.
    pub fn follow(&mut self, known: &Known) {
        if *known == self.followed {
            return;
        }
        let changed = |read: Result<Option<f64>, String>, figure: Option<f64>| read.ok().flatten() != figure;
        let text = |figure: Option<f64>, write: fn(f64) -> String| figure.map_or_else(String::new, write);
        if changed(known::height_m(&self.height), known.height_m) {
            self.height = text(known.height_m, |metres| format!("{metres:.2} m"));
        }
        if changed(known::weight_kg(&self.weight), known.weight_kg) {
            self.weight = text(known.weight_kg, |kilograms| format!("{kilograms:.1} kg"));
        }
        if changed(known::age_years(&self.age), known.age_years) {
            self.age = text(known.age_years, |years| format!("{years:.0}"));
        }
        self.sex = known.sex;
        self.followed = *known;
        self.told = None;
    }

    /// The first text that cannot be used.
    pub fn error(&self) -> Option<&'static str> {
        let errors = [
            known::height_m(&self.height).is_err().then_some("The height cannot be used: the Body panel says why"),
            known::weight_kg(&self.weight).is_err().then_some("The weight cannot be used: the Body panel says why"),
            known::age_years(&self.age).is_err().then_some("The age cannot be used: the Body panel says why"),
        ];
        errors.into_iter().flatten().next()
    }

    /// The figures as they are typed; what cannot be used is left out.
    pub fn known(&self) -> Known {
        Known {
            height_m: known::height_m(&self.height).ok().flatten(),
            weight_kg: known::weight_kg(&self.weight).ok().flatten(),
            sex: self.sex,
            age_years: known::age_years(&self.age).ok().flatten(),
        }
    }

    /// What has been typed and not been told to the engine, which is told now.
    pub fn tell(&mut self, known: &Known) -> Option<Known> {
        let typed = self.known();
        let same = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9,
            (a, b) => a == b,
        };
        let equal = same(typed.height_m, known.height_m)
            && same(typed.weight_kg, known.weight_kg)
            && same(typed.age_years, known.age_years)
            && typed.sex == known.sex;
        if equal || self.told == Some(typed) {
            return None;
        }
        self.told = Some(typed);
        Some(typed)
    }
}

/// The form; tells the engine when a field is left or a choice is made.
pub fn inputs_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let inputs = &mut cx.state.studio.inputs;
    let mut left = false;
    let mut field = |ui: &mut Ui, name: &str, hint: &str, text: &mut String, read: Result<Option<String>, ()>| {
        ui.horizontal(|ui| {
            let label = name_ui(ui, name);
            let edit = TextEdit::singleline(text).hint_text(hint);
            let response = ui.add_sized([FIELD_WIDTH, theme::ROW], edit).labelled_by(label.id);
            left |= response.lost_focus();
            match read {
                Ok(Some(read)) => ui.label(RichText::new(read).font(theme::number_font()).color(theme.quiet)),
                Ok(None) => ui.label(RichText::new("not given").color(theme.quiet)),
                Err(()) => marks::level_ui(ui, NoticeLevel::Error),
            };
        });
    };
    let height = known::height_m(&inputs.height).map(|m| m.map(|m| format!("{m:.2} m"))).map_err(drop);
    field(ui, "Height", "1.78 m or 5'11\"", &mut inputs.height, height);
    let weight = known::weight_kg(&inputs.weight).map(|kg| kg.map(|kg| format!("{kg:.1} kg"))).map_err(drop);
    field(ui, "Weight", "72 kg or 160 lb", &mut inputs.weight, weight);
    let age = known::age_years(&inputs.age).map(|years| years.map(years_text)).map_err(drop);
    field(ui, "Age", "years", &mut inputs.age, age);
    ui.horizontal(|ui| {
        name_ui(ui, "Sex");
        ui.spacing_mut().item_spacing.x = theme::GRID;
        for (choice, word) in [(None, "Not given"), (Some(Sex::Female), "Female"), (Some(Sex::Male), "Male")] {
            if ui.selectable_label(inputs.sex == choice, word).clicked() && inputs.sex != choice {
                inputs.sex = choice;
                left = true;
            }
        }
    });
    let errors = [
        known::height_m(&inputs.height).err(),
        known::weight_kg(&inputs.weight).err(),
        known::age_years(&inputs.age).err(),
    ];
    for error in errors.into_iter().flatten() {
        ui.add(egui::Label::new(RichText::new(error).color(theme.critical)).wrap().selectable(true));
    }
    let known = inputs.known();
    if let Some(odd) = known::oddity(known.height_m, known.weight_kg) {
        ui.horizontal_top(|ui| {
            marks::level_ui(ui, NoticeLevel::Warning);
            ui.add(egui::Label::new(odd).wrap());
        });
    }
    if left && let Some(news) = inputs.tell(&cx.live.studio.known) {
        cx.studio_command(StudioCommand::SetKnown(news));
    }
}

/// The name before a field, as wide as all names.
fn name_ui(ui: &mut Ui, name: &str) -> egui::Response {
    let size = egui::vec2(NAME_WIDTH, theme::ROW);
    let name = RichText::new(name).color(Theme::of(ui).quiet);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_width(NAME_WIDTH);
        ui.label(name)
    })
    .inner
}

fn years_text(years: f64) -> String {
    if years < 3.0 { format!("{:.0} months", years * 12.0) } else { format!("{years:.0} years") }
}
