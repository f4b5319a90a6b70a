//! What to evaluate, on what, and how: the options of `corporeal evaluate` that matter in a window.

use std::path::PathBuf;

use egui::{DragValue, RichText, TextEdit, Ui};

use super::super::cx::{Cx, Wish};
use super::super::dialog::Purpose;
use super::super::marks;
use super::super::theme::{self, Theme};
use crate::analytics::evaluation::split::Split;
use crate::engine::Command;
use crate::engine::evaluation::{Task, activity, falls, masking, models, presence, tracking};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Falls,
    Presence,
    Activity,
    Masking,
    /// The network that sees people, or two versions of it.
    People,
    Tracking,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Falls, Self::Presence, Self::Activity, Self::Masking, Self::People, Self::Tracking];

    fn label(self) -> &'static str {
        match self {
            Self::Falls => "Falls",
            Self::Presence => "Presence",
            Self::Activity => "Activity",
            Self::Masking => "Masking",
            Self::People => "People",
            Self::Tracking => "Tracking",
        }
    }

    /// What its data is.
    fn needs(self) -> &'static str {
        match self {
            Self::Falls | Self::Masking => "a table of labelled recordings (.csv), or Fition's arrays or folder",
            Self::Presence => "a folder that holds baseline and movement",
            Self::Activity => "a folder that holds D1, D2 and D3",
            Self::People => "a recording of this program that knows its room (.mcap)",
            Self::Tracking => "",
        }
    }
}

/// What has been typed.
pub struct Form {
    pub kind: Kind,
    pub data: String,
    class: String,
    all_records: bool,
    with_random: bool,
    n_networks: usize,
    seed: u64,
    calibration_secs: f64,
    other_session: bool,
    masked: String,
    /// Folder of the version that the installed network is held against; empty leaves it alone.
    pub other_model: String,
    n_seeds: u64,
    secs: u16,
}

impl Default for Form {
    fn default() -> Self {
        let falls = falls::Settings::new(PathBuf::new());
        let presence = presence::Settings::new(PathBuf::new());
        Self {
            kind: Kind::Falls,
            data: String::new(),
            class: falls.class,
            all_records: false,
            with_random: false,
            n_networks: falls.protocol.n_networks,
            seed: falls.protocol.seed,
            calibration_secs: presence.calibration_secs,
            other_session: false,
            masked: masking::FITION_MASKED.join(", "),
            other_model: String::new(),
            n_seeds: 20,
            secs: tracking::Settings::default().secs,
        }
    }
}

impl Form {
    /// The task as it stands, or what is missing.
    fn task(&self) -> Result<Task, String> {
        let data = PathBuf::from(self.data.trim());
        if self.kind != Kind::Tracking && self.data.trim().is_empty() {
            return Err(format!("Choose {} first", self.kind.needs()));
        }
        Ok(match self.kind {
            Kind::Falls => {
                let mut settings = falls::Settings::new(data);
                settings.class = self.class.trim().to_owned();
                settings.protocol.gates = !self.all_records;
                settings.protocol.n_networks = self.n_networks;
                settings.protocol.seed = self.seed;
                settings.splits.extend(self.with_random.then_some(Split::Random));
                Task::Falls(settings)
            }
            Kind::Presence => Task::Presence(presence::Settings {
                data,
                calibration_secs: self.calibration_secs,
                other_session: self.other_session,
            }),
            Kind::Activity => Task::Activity(activity::Settings { data, seed: self.seed }),
            Kind::Masking => {
                let masked = self.masked.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
                Task::Masking(masking::Settings { data, masked: masked.collect() })
            }
            Kind::People => {
                let other = Some(self.other_model.trim()).filter(|other| !other.is_empty());
                let models = std::iter::once(None).chain(other.map(|other| Some(PathBuf::from(other)))).collect();
                Task::Models(models::Settings { recording: data, models })
            }
            Kind::Tracking => {
                let first = tracking::Settings::default().seeds[0];
                let seeds = [first, first.saturating_add(self.n_seeds)];
                Task::Tracking(tracking::Settings { seeds, secs: self.secs, ..tracking::Settings::default() })
            }
        })
    }
}

pub fn form_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let theme = Theme::of(ui);
    let open_now = cx.live.playback.as_ref().and_then(|playback| playback.paths.first().cloned());
    let form = &mut cx.state.evaluation.form;
    ui.horizontal(|ui| {
        for kind in Kind::ALL {
            ui.selectable_value(&mut form.kind, kind, kind.label());
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let task = form.task();
            let start = ui.add_enabled(task.is_ok(), marks::primary_button(theme, "Start"));
            match task {
                Ok(task) => {
                    if start.clicked() {
                        cx.wishes.push(Wish::Send(Command::Evaluate(task)));
                    }
                }
                Err(missing) => drop(start.on_disabled_hover_text(missing)),
            }
        });
    });
    if form.kind != Kind::Tracking {
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Recordings").color(theme.quiet));
            let edit = TextEdit::singleline(&mut form.data).hint_text(form.kind.needs());
            let width = ui.available_width() - theme::CHOOSERS_WIDTH;
            ui.add(edit.desired_width(width.max(theme::MIN_CAPTIONS))).labelled_by(label.id);
            let takes_files = matches!(form.kind, Kind::Falls | Kind::Masking | Kind::People);
            let mut choose = |ui: &mut Ui, word: &str, on: bool, purpose: Purpose| {
                if ui.add_enabled(on, egui::Button::new(word)).clicked() {
                    cx.wishes.push(Wish::Choose(purpose));
                }
            };
            choose(ui, "File…", takes_files, Purpose::EvaluationFile);
            choose(ui, "Folder…", form.kind != Kind::People, Purpose::EvaluationFolder);
        });
    }
    if form.kind == Kind::People {
        people_ui(ui, cx, open_now);
    } else {
        ui.horizontal_wrapped(|ui| options_ui(ui, theme, form));
    }
}

/// Which recording, and which other version.
fn people_ui(ui: &mut Ui, cx: &mut Cx<'_>, open_now: Option<PathBuf>) {
    let theme = Theme::of(ui);
    let form = &mut cx.state.evaluation.form;
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Against").color(theme.quiet));
        let edit = TextEdit::singleline(&mut form.other_model).hint_text("folder of another version");
        ui.add(edit.desired_width(theme::FORM_WIDTH)).labelled_by(label.id);
        if ui.button("Version…").on_hover_text("Choose a folder with a models.toml").clicked() {
            cx.wishes.push(Wish::Choose(Purpose::EvaluationModels));
        }
        let take = ui.add_enabled(open_now.is_some(), egui::Button::new("Take what is open"));
        let take = take.on_hover_text("Evaluate the recording that is open now");
        if take.on_disabled_hover_text("No recording is open").clicked()
            && let Some(path) = open_now
        {
            form.data = path.display().to_string();
        }
    });
}

fn options_ui(ui: &mut Ui, theme: &Theme, form: &mut Form) {
    let name = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).color(theme.quiet));
    match form.kind {
        Kind::Falls => {
            let label = name(ui, "Class to find");
            let edit = TextEdit::singleline(&mut form.class).desired_width(theme::LABEL_WIDTH);
            ui.add(edit).labelled_by(label.id);
            let label = name(ui, "Networks");
            let value = DragValue::new(&mut form.n_networks).range(0..=50);
            ui.add(value)
                .labelled_by(label.id)
                .on_hover_text("How many are averaged; minutes each, none leaves them out");
            let label = name(ui, "Seed");
            ui.add(DragValue::new(&mut form.seed)).labelled_by(label.id);
            let tip = "Judge records under a machine as well; else they are left out, as the detector does";
            ui.checkbox(&mut form.all_records, "Masked records too").on_hover_text(tip);
            let tip = "Never a claim: records of one session on both sides show what sessions give away";
            ui.checkbox(&mut form.with_random, "Random split too").on_hover_text(tip);
        }
        Kind::Presence => {
            let label = name(ui, "Calibrate on, s");
            ui.add(DragValue::new(&mut form.calibration_secs).range(1.0..=60.0)).labelled_by(label.id);
            ui.checkbox(&mut form.other_session, "Of the chip's other session");
        }
        Kind::Activity => {
            let label = name(ui, "Seed");
            ui.add(DragValue::new(&mut form.seed)).labelled_by(label.id);
        }
        Kind::Masking => {
            let label = name(ui, "Masked sessions");
            ui.add(TextEdit::singleline(&mut form.masked).desired_width(theme::FORM_WIDTH)).labelled_by(label.id);
        }
        // Has a row of its own.
        Kind::People => {}
        Kind::Tracking => {
            let label = name(ui, "Simulated trials of each kind");
            ui.add(DragValue::new(&mut form.n_seeds).range(1..=1000)).labelled_by(label.id);
            let label = name(ui, "Length, s");
            ui.add(DragValue::new(&mut form.secs).range(10..=3600)).labelled_by(label.id);
        }
    }
}
