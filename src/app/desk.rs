//! Puts the panels into the dock and gives each group of tabs its marks.

use egui::{Frame, Ui};
use egui_tiles::{SimplificationOptions, TileId, Tiles, UiResponse};

use super::cx::{Cx, HeatKind};
use super::layout::Pane;
use super::theme::{self, Theme};
use super::{
    detectors, evaluation, events, evidence, links, log, marks, people, plots, selection, signals, sources, studio,
    summaries, viewport, waterfall, zones,
};

/// Draws the panels in their places.
pub struct Desk<'a, 'b> {
    pub cx: &'a mut Cx<'b>,
}

impl egui_tiles::Behavior<Pane> for Desk<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile_id: TileId, pane: &mut Pane) -> UiResponse {
        let theme = Theme::of(ui);
        let margin = if *pane == Pane::Viewport { 0 } else { theme::PADDING as i8 };
        Frame::new().fill(theme.panel).inner_margin(margin).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            ui.push_id(*pane, |ui| match pane {
                Pane::Viewport => viewport::viewport_ui(ui, self.cx),
                Pane::Amplitude => waterfall::waterfall_ui(ui, self.cx, HeatKind::Amplitude),
                Pane::Phase => waterfall::waterfall_ui(ui, self.cx, HeatKind::Phase),
                Pane::Doppler => waterfall::waterfall_ui(ui, self.cx, HeatKind::Doppler),
                Pane::Signals => signals::signals_ui(ui, self.cx),
                Pane::Subcarriers => plots::subcarriers_ui(ui, self.cx),
                Pane::Constellation => plots::constellation_ui(ui, self.cx),
                Pane::Links => links::links_ui(ui, self.cx),
                Pane::Selection => selection::selection_ui(ui, self.cx),
                Pane::People => people::people_ui(ui, self.cx),
                Pane::Zones => zones::zones_ui(ui, self.cx),
                Pane::Events => events::events_ui(ui, self.cx),
                Pane::Evidence => evidence::evidence_ui(ui, self.cx),
                Pane::Summaries => summaries::summaries_ui(ui, self.cx),
                Pane::Evaluation => evaluation::evaluation_ui(ui, self.cx),
                Pane::Detectors => detectors::detectors_ui(ui, self.cx),
                Pane::Sources => sources::sources_ui(ui, self.cx),
                Pane::Log => log::log_ui(ui, self.cx),
                Pane::Photos => studio::photos_ui(ui, self.cx),
                Pane::Body => studio::body_ui(ui, self.cx),
                Pane::Shape => studio::shape_ui(ui, self.cx),
                Pane::Compare => studio::compare_ui(ui, self.cx),
                Pane::Models => studio::models_ui(ui, self.cx),
                Pane::Batch => studio::batch_ui(ui, self.cx),
            });
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> egui::WidgetText {
        if *pane == Pane::Viewport && self.cx.bodies_on_stage() {
            return "Stage".into();
        }
        pane.title().into()
    }

    fn is_tab_closable(&self, _tiles: &Tiles<Pane>, _tile_id: TileId) -> bool {
        false
    }

    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<Pane>,
        ui: &mut Ui,
        _tile_id: TileId,
        tabs: &egui_tiles::Tabs,
        _scroll_offset: &mut f32,
    ) {
        let theme = Theme::of(ui);
        ui.add_space(theme::GRID);
        let width = ui.available_width();
        let front = tabs.active.and_then(|id| tiles.get_pane(&id).copied());
        let of_bodies =
            front.is_some_and(|pane| pane.is_of_bodies() || (pane == Pane::Viewport && self.cx.bodies_on_stage()));
        let studio = &self.cx.live.studio;
        let provenance = match front {
            // These speak of the program, not of anybody.
            Some(Pane::Models | Pane::Batch | Pane::Detectors | Pane::Evaluation) => None,
            Some(Pane::Log) if self.cx.for_bodies => None,
            Some(Pane::Photos) => studio.photos.first().map(|_| crate::types::Provenance::Replay),
            Some(Pane::Body | Pane::Shape) => self.cx.state.studio.body(studio).map(|body| body.provenance),
            _ if of_bodies => studio::provenance(studio),
            _ => self.cx.shown.provenance,
        };
        if let Some(provenance) = provenance {
            marks::provenance_ui(ui, provenance, width >= theme::MIN_TAB_WORDS);
        }
        if !of_bodies && self.cx.frozen && width >= 1.5 * theme::MIN_TAB_WORDS {
            ui.label(egui::RichText::new("frozen").font(theme::caption_font()).color(theme.accent));
        }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    fn tab_bar_color(&self, visuals: &egui::Visuals) -> egui::Color32 {
        Theme::dark_or_light(visuals.dark_mode).raised
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        0.5 * theme::GRID
    }

    fn tab_text_color(
        &self,
        visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile_id: TileId,
        state: &egui_tiles::TabState,
    ) -> egui::Color32 {
        let theme = Theme::dark_or_light(visuals.dark_mode);
        if state.active { theme.text } else { theme.quiet }
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _tile_id: TileId,
        _state: &egui_tiles::TabState,
    ) -> egui::Stroke {
        egui::Stroke::NONE
    }

    fn cycle_tabs_with_keyboard(&self) -> bool {
        false
    }
}
