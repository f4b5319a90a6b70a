//! The list of zones: names, kinds, limits, and who is in them.

use egui::{RichText, Ui};

use super::{Edited, State};
use crate::app::actions::Action;
use crate::app::cx::Cx;
use crate::app::figures::zones as figures;
use crate::app::marks::{self, Icon};
use crate::app::theme::{self, Theme};
use crate::engine::{Command, People};
use crate::types::{Site, Zone, ZoneId, ZoneKind};

pub fn zones_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    let site = std::sync::Arc::clone(&cx.live.site);
    if site.zones.is_empty() && !cx.state.zones.can_undo() {
        let needs = "Beds, doors, places to keep out of: people in them are counted and their comings told";
        if marks::empty_ui(ui, "Zones on the floor", needs, Some("Draw zone")) {
            cx.act(Action::DrawZone);
        }
        return;
    }
    let theme = Theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        let n = site.zones.len();
        let text = if n == 1 { "1 zone".to_owned() } else { format!("{n} zones") };
        ui.label(RichText::new(text).font(theme::strong_font()));
        let draw = Action::DrawZone.entry();
        if ui.add(marks::primary_button(theme, draw.name)).on_hover_text(draw.tip).clicked() {
            cx.act(Action::DrawZone);
        }
        let mut edited = None;
        if ui.add_enabled(cx.state.zones.can_undo(), egui::Button::new("Undo zone")).clicked() {
            edited = cx.state.zones.undo(&site);
        }
        if ui.add_enabled(cx.state.zones.can_redo(), egui::Button::new("Redo zone")).clicked() {
            edited = cx.state.zones.redo(&site);
        }
        cx.wishes.extend(edited.map(|site| crate::app::cx::Wish::Send(Command::SetSite(site))));
    });
    ui.add_space(theme::GRID);
    let mut edited = None;
    // Columns are measured anew when a row comes, before it is shown.
    let grid = egui::Grid::new(("zones", site.zones.len())).num_columns(7);
    egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        grid.spacing([3.0 * theme::GRID, theme::GRID]).show(ui, |ui| {
            for title in ["Zone", "Kind", "People", "Area", "Most people", "Longest stay", ""] {
                ui.label(RichText::new(title).font(theme::caption_font()).color(theme.quiet));
            }
            ui.end_row();
            for zone in &site.zones {
                let change = row_ui(ui, theme, &mut cx.state.zones, &site, zone, &cx.calm.people);
                edited = change.or(edited.take());
            }
        });
    });
    if let Some(site) = edited {
        cx.send(Command::SetSite(site));
    }
}

/// The site as edited in this row.
fn row_ui(ui: &mut Ui, theme: &Theme, state: &mut State, site: &Site, zone: &Zone, people: &People) -> Option<Site> {
    let mut edited = None;
    ui.horizontal(|ui| {
        let (rect, mark) = ui.allocate_exact_size(egui::vec2(theme::MARK, theme::ROW_DENSE), egui::Sense::click());
        let name = format!("Select {}", zone.name);
        let selected = state.selected == Some(zone.id);
        mark.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, selected, name.clone()));
        let square = egui::Rect::from_center_size(rect.center(), egui::Vec2::splat(0.8 * theme::MARK));
        ui.painter().rect_filled(square, 0.0, figures::colour(theme, zone.kind));
        if selected {
            let stroke = egui::Stroke::new(theme::CURVE, theme.accent);
            ui.painter().rect_stroke(square.expand(2.0), 0.0, stroke, egui::StrokeKind::Outside);
        }
        if mark.clicked() {
            state.selected = Some(zone.id);
        }
        let mut name = match &state.name {
            Some((id, typed)) if *id == zone.id => typed.clone(),
            _ => zone.name.clone(),
        };
        let field = egui::TextEdit::singleline(&mut name);
        let size = egui::vec2(28.0 * theme::GRID, theme::ROW_DENSE);
        let response = ui.add_sized(size, field).accessible_name(format!("Name of {}", zone.name));
        if response.changed() {
            state.name = Some((zone.id, name.clone()));
        }
        if response.lost_focus() {
            state.name = None;
            let name = name.trim().to_owned();
            if !name.is_empty() && name != zone.name {
                let rename = one(zone.id, move |zone| zone.name.clone_from(&name));
                edited = Some(state.edited(site, Some(Edited::Name(zone.id)), rename));
            }
        }
    });
    let mut kind = zone.kind;
    let list = egui::ComboBox::from_id_salt(("kind", zone.id)).selected_text(kind.label()).width(24.0 * theme::GRID);
    let response = list.show_ui(ui, |ui| {
        for choice in ZoneKind::ALL {
            ui.selectable_value(&mut kind, choice, choice.label());
        }
    });
    response.response.accessible_name(format!("Kind of {}", zone.name));
    if kind != zone.kind {
        edited = Some(state.edited(site, Some(Edited::Kind(zone.id)), one(zone.id, move |zone| zone.kind = kind)));
    }
    let count = figures::count(zone.id, people);
    let count = if count.is_empty() { crate::app::format::NO_DATA } else { count.trim_start_matches(" · ") };
    ui.label(RichText::new(count).font(theme::number_font()).color(theme.quiet));
    let area = format!("{:.1} m²", zone.outline.area_m2());
    ui.label(RichText::new(area).font(theme::number_font()).color(theme.quiet));
    let mut limits = zone.limits;
    limit_ui(ui, &mut limits.max_people, "", 1, &format!("Most people in {}", zone.name));
    limit_ui(ui, &mut limits.max_dwell_secs, " s", 10, &format!("Longest stay in {}", zone.name));
    if limits != zone.limits {
        let what = Some(Edited::Limits(zone.id));
        edited = Some(state.edited(site, what, one(zone.id, move |zone| zone.limits = limits)));
    }
    if marks::icon_button_ui(ui, Icon::Close, &format!("Delete {}", zone.name), true).clicked() {
        edited = Some(state.remove(site, zone.id));
    }
    ui.end_row();
    edited
}

/// The edit of one zone.
fn one(id: ZoneId, change: impl Fn(&mut Zone)) -> impl FnOnce(&mut Vec<Zone>) {
    move |zones| zones.iter_mut().filter(|zone| zone.id == id).for_each(change)
}

/// A whole number, or none at zero.
fn limit_ui(ui: &mut Ui, limit: &mut Option<u32>, unit: &'static str, step: u32, name: &str) {
    let mut value = limit.unwrap_or(0);
    let drag = egui::DragValue::new(&mut value)
        .range(0..=86_400)
        .speed(0.2 * f64::from(step))
        .custom_formatter(move |value, _| if value < 1.0 { "no limit".to_owned() } else { format!("{value:.0}{unit}") })
        .custom_parser(|text| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            Some(digits.parse().unwrap_or(0.0))
        });
    let response = ui.add(drag).on_hover_text("Drag, or click to type; 0 is no limit");
    response.accessible_name(name);
    *limit = (value > 0).then_some(value);
}
