//! How good a fit is, in figures and words, and what would make it better.

use egui::{RichText, Ui, vec2};

use super::figures;
use crate::app::format;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::engine::studio::QualityView;
use crate::types::{Grade, Remark};

/// Outlines that overlap less than this belong to a body that stands differently or is another one.
const GOOD_OVERLAP: f32 = 0.85;
const USABLE_OVERLAP: f32 = 0.7;
/// Proportions that fewer people have than this are more often a wrong fit than a rare body.
const USABLE_PLAUSIBILITY: f32 = 0.05;

/// One word for the whole fit, and why.
pub fn verdict(quality: &QualityView) -> (Grade, String) {
    if let Err(why) = &quality.converged {
        return (Grade::NotUsable, why.clone());
    }
    if let Some(remark) = quality.remarks.iter().find(|remark| remark.serious) {
        return (Grade::NotUsable, remark.text.clone());
    }
    let overlap = quality.overlap.unwrap_or(1.0);
    if overlap < USABLE_OVERLAP {
        return (Grade::NotUsable, "the outline of the body does not cover the person".to_owned());
    }
    if quality.plausibility < USABLE_PLAUSIBILITY {
        return (Grade::Usable, "such proportions are rare: check the photos".to_owned());
    }
    if overlap < GOOD_OVERLAP || quality.overlap.is_none() || !quality.remarks.is_empty() {
        return (Grade::Usable, "see the remarks".to_owned());
    }
    (Grade::Good, "outline and landmarks agree with the photos".to_owned())
}

pub fn quality_ui(ui: &mut Ui, quality: &QualityView, edited: bool) {
    let theme = Theme::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new("Quality of the fit").font(theme::strong_font()));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.small_button("Copy").on_hover_text("Copy the quality and all remarks as text").clicked() {
                ui.copy_text(as_text(quality));
            }
        });
    });
    let (grade, reason) = verdict(quality);
    ui.horizontal_wrapped(|ui| {
        marks::grade_ui(ui, Some(grade));
        ui.add(egui::Label::new(RichText::new(reason).color(theme.quiet)).wrap());
    });
    if edited {
        ui.label(RichText::new("Said of the fit before the sliders were moved").color(theme.quiet));
    }
    let lines = figures(quality);
    egui::Grid::new("quality").num_columns(2).min_col_width(34.0 * theme::GRID).show(ui, |ui| {
        for (name, text) in lines {
            ui.label(RichText::new(name).color(theme.quiet));
            let colour = if text == format::NO_DATA { theme.quiet } else { theme.text };
            ui.add(egui::Label::new(RichText::new(text).font(theme::number_font()).color(colour)).selectable(true));
            ui.end_row();
        }
    });
    remarks_ui(ui, &quality.remarks);
}

fn figures(quality: &QualityView) -> [(&'static str, String); 5] {
    let px = |px: f32| if px.is_finite() { format!("{px:.1} px") } else { format::NO_DATA.to_owned() };
    let share = |share: Option<f32>| share.map_or(format::NO_DATA.to_owned(), |s| format!("{:.0} %", s * 100.0));
    [
        ("Reprojection error", px(quality.reprojection_px)),
        ("Outline overlap", share(quality.overlap)),
        ("Expected error", figures::millimetres(quality.expected_error_mm / 1000.0)),
        ("Plausibility", share(Some(quality.plausibility))),
        ("Fitted in", format::latency(Some(quality.fit_secs))),
    ]
}

/// What is wrong or could be better, each with what to do about it.
pub fn remarks_ui(ui: &mut Ui, remarks: &[Remark]) {
    let theme = Theme::of(ui);
    for remark in remarks {
        ui.horizontal_top(|ui| {
            marks::level_ui(ui, if remark.serious { NoticeLevel::Error } else { NoticeLevel::Warning });
            let width = ui.available_width();
            ui.allocate_ui_with_layout(vec2(width, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.add(egui::Label::new(&remark.text).wrap().selectable(true));
                if let Some(advice) = &remark.advice {
                    ui.add(egui::Label::new(RichText::new(advice).color(theme.quiet)).wrap().selectable(true));
                }
            });
        });
    }
}

fn as_text(quality: &QualityView) -> String {
    let (grade, reason) = verdict(quality);
    let head = format!("Quality of the fit: {} ({reason})\n", grade.label());
    let figures = figures(quality).into_iter().map(|(name, text)| format!("{name}: {text}\n"));
    let remarks = quality.remarks.iter().map(|remark| {
        let advice = remark.advice.as_ref().map_or_else(String::new, |advice| format!(" — {advice}"));
        format!("{}{advice}\n", remark.text)
    });
    std::iter::once(head).chain(figures).chain(remarks).collect()
}
