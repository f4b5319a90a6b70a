//! The export form: which file, for which program, and what is lost in it.

use egui::RichText;

use crate::app::cx::Wish;
use crate::app::dialog::Purpose;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::{BodyFormat, BodyId, ExportOptions, PoseChoice, Studio};

/// What the form says; opened for one body.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub body: BodyId,
    format: BodyFormat,
    max_influences: u8,
    pose: PoseChoice,
}

const FORMATS: [(BodyFormat, &str, &str); 6] = [
    (BodyFormat::Glb, "GLB", "One file with skin and skeleton, for Blender and game engines"),
    (BodyFormat::Gltf, "glTF", "The same as text with a data file beside it"),
    (BodyFormat::Obj, "OBJ", "The surface in one pose, read by nearly everything"),
    (BodyFormat::Ply, "PLY", "The surface in one pose, for measuring programs"),
    (BodyFormat::MeasurementsCsv, "CSV", "The measurements with their spread, for spreadsheets"),
    (BodyFormat::MeasurementsJson, "JSON", "The measurements with their spread, for programs"),
];

impl Form {
    pub fn new(body: BodyId) -> Self {
        Self { body, format: BodyFormat::Glb, max_influences: 8, pose: PoseChoice::APose }
    }

    fn options(&self) -> ExportOptions {
        ExportOptions { format: Some(self.format), max_influences: self.max_influences, pose: self.pose }
    }
}

pub fn extension(format: BodyFormat) -> &'static str {
    match format {
        BodyFormat::Glb => "glb",
        BodyFormat::Gltf => "gltf",
        BodyFormat::Obj => "obj",
        BodyFormat::Ply => "ply",
        BodyFormat::MeasurementsCsv => "csv",
        BodyFormat::MeasurementsJson => "json",
    }
}

pub fn export_ui(ctx: &egui::Context, form: &mut Option<Form>, studio: &Studio, wishes: &mut Vec<Wish>) {
    let Some(open) = form.as_mut() else { return };
    let Some(body) = studio.bodies.iter().find(|body| body.id == open.body) else {
        *form = None;
        return;
    };
    let mut done = false;
    let is_scan = body.phenotype.is_none();
    let modal = marks::modal(ctx, "export body").show(ctx, |ui| {
        let theme = Theme::of(ui);
        ui.set_width(0.85 * theme::WINDOW_WIDTH);
        ui.horizontal(|ui| {
            ui.heading(format!("Export {}", body.name));
            marks::provenance_ui(ui, body.provenance, true);
        });
        if body.edited {
            super::body::edited_ui(ui);
        }
        ui.horizontal_wrapped(|ui| {
            for (format, name, tip) in FORMATS {
                let skinned = matches!(format, BodyFormat::Glb | BodyFormat::Gltf);
                let button = egui::Button::selectable(open.format == format, name);
                let response = ui.add_enabled(!(skinned && is_scan), button).on_hover_text(tip);
                if response.clicked() {
                    open.format = format;
                }
                response.on_disabled_hover_text("A scan has no skeleton: register it first");
            }
        });
        if is_scan && matches!(open.format, BodyFormat::Glb | BodyFormat::Gltf) {
            open.format = BodyFormat::Obj;
        }
        let tip = FORMATS.into_iter().find(|(format, ..)| *format == open.format).map_or("", |(_, _, tip)| tip);
        ui.label(RichText::new(tip).color(theme.quiet));
        ui.add_space(theme::GRID);
        details_ui(ui, open, body);
        ui.add_space(2.0 * theme::GRID);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add(marks::primary_button(theme, "Save as…")).clicked() {
                wishes.push(Wish::Choose(Purpose::SaveBody { body: open.body, options: open.options() }));
                done = true;
            }
            if ui.button("Cancel").clicked() {
                done = true;
            }
        });
    });
    if done || modal.should_close() {
        *form = None;
    }
}

fn details_ui(ui: &mut egui::Ui, open: &mut Form, body: &crate::engine::studio::BodyView) {
    let theme = Theme::of(ui);
    match open.format {
        BodyFormat::Glb | BodyFormat::Gltf => {
            // Largest error of the surface over random poses, measured on the model with all nine influences as the truth.
            for (n, name, what) in [
                (8, "8 influences", "at most 0.3 mm off the model's own skin"),
                (4, "4 influences", "for programs that read no more; up to 29 mm off in extreme poses"),
            ] {
                ui.horizontal(|ui| {
                    ui.radio_value(&mut open.max_influences, n, name);
                    ui.label(RichText::new(what).color(theme.quiet));
                });
            }
            let text = "Bound in A-pose, with the captured pose, named joints, measurements and quality inside";
            ui.label(RichText::new(text).color(theme.quiet));
        }
        BodyFormat::Obj | BodyFormat::Ply => {
            ui.horizontal(|ui| {
                ui.label(RichText::new("Pose").color(theme.quiet));
                for posed in &body.poses {
                    let name = match posed.pose {
                        PoseChoice::APose => "A-pose".to_owned(),
                        PoseChoice::TPose => "T-pose".to_owned(),
                        PoseChoice::Captured(n) if body.in_photos.len() > 1 => format!("Captured in photo {}", n + 1),
                        PoseChoice::Captured(_) => "Captured".to_owned(),
                    };
                    ui.selectable_value(&mut open.pose, posed.pose, name);
                }
            });
            if !body.poses.iter().any(|posed| posed.pose == open.pose)
                && let Some(first) = body.poses.first()
            {
                open.pose = first.pose;
            }
        }
        BodyFormat::MeasurementsCsv | BodyFormat::MeasurementsJson => {
            let text = format!("{} measurements in SI units, each with sigma and evidence", body.measurements.len());
            ui.label(RichText::new(text).color(theme.quiet));
        }
    }
}
