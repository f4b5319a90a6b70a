//! Every colour and size of the window, in two themes, and nothing else.
//!
//! Panels ask [`Theme::of`] for colours and the constants for sizes; no literal stands anywhere else, so that
//! provenance, quality and severity look the same on every panel. Contrast is tested at the end of this file.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Stroke, TextStyle, Visuals};

use crate::engine::NoticeLevel;
use crate::types::{Grade, Provenance};

/// The grid that all distances are multiples of, points.
pub const GRID: f32 = 4.0;
pub const PADDING: f32 = 2.0 * GRID;
pub const ROW: f32 = 24.0;
pub const ROW_DENSE: f32 = 20.0;
pub const RADIUS: u8 = 4;
pub const HAIRLINE: f32 = 1.0;
pub const MARK: f32 = 10.0;
pub const TEXT: f32 = 13.0;
pub const CAPTION: f32 = 11.0;
pub const TITLE: f32 = 18.0;
pub const BADGE_HEIGHT: f32 = ROW;
/// The window's first size and its least.
pub const WINDOW: egui::Vec2 = egui::vec2(1440.0, 900.0);
pub const WINDOW_MIN: egui::Vec2 = egui::vec2(800.0, 500.0);
pub const FORM_WIDTH: f32 = 220.0;
pub const PALETTE_WIDTH: f32 = 560.0;
pub const PALETTE_TOP: f32 = 72.0;
pub const WINDOW_WIDTH: f32 = 640.0;
pub const TOAST_WIDTH: f32 = 380.0;
pub const TIMELINE_STRIP: f32 = 44.0;
/// Width of the value axis left of a plot, height of the time axis under it.
pub const AXIS_WIDTH: f32 = 54.0;
pub const AXIS_HEIGHT: f32 = 18.0;
/// A side of the square that ROC curves are drawn in.
pub const ROC_SIDE: f32 = 176.0;
/// Distance between hatching lines.
pub const HATCH: f32 = 7.0;
pub const CURVE: f32 = 1.4;
/// Plots lower than this leave out their second half.
pub const MIN_DOUBLE_PLOT: f32 = 88.0;
/// Least width of a row of tabs that has room for the word of the provenance beside its shape.
pub const MIN_TAB_WORDS: f32 = 180.0;
/// Least width of a plot's tool row that has room for the frame's time and the link's name.
pub const MIN_CAPTIONS: f32 = 130.0;
/// What windows may grow to before they scroll.
const AREA: egui::Vec2 = egui::vec2(1000.0, 900.0);
/// Height of the signals around an event, and of the lane of each of its stages.
pub const EVIDENCE_HEIGHT: f32 = 188.0;
pub const STAGE_LANE: f32 = 13.0;
/// How much of a stage's colour lies over the signals, and of the controls' under a score.
pub const STAGE_SHADE: f32 = 0.12;
/// Width of the bar that shows how far a stage speaks for its event, and of one that shows a score.
pub const CONFIDENCE_WIDTH: f32 = 48.0;
pub const SCORE_WIDTH: f32 = 160.0;
/// Width of names before texts that wrap.
pub const LABEL_WIDTH: f32 = 80.0;
/// What two buttons that choose a file and a folder take.
pub const CHOOSERS_WIDTH: f32 = 136.0;
/// How near a mark on the timeline must be clicked.
pub const MARK_REACH: f32 = 7.0;
/// Strips of waterfalls are not made lower; more links scroll.
pub const MIN_STRIP: f32 = 34.0;
/// How much of the floor's colour and of the deepest shadow shows, of 255.
pub const FLOOR_ALPHA: u8 = 160;
pub const SHADOW_ALPHA: u8 = 180;
/// The ground grid is drawn over the ground with this much of the quiet text's colour.
pub const GRID_ALPHA: u8 = 60;
/// Longest animation, seconds: longer ones would be waited for.
pub const ANIMATION_SECS: f32 = 0.1;
/// Widths of measuring tapes, points.
pub const TAPE: f32 = 1.6;
pub const TAPE_LIT: f32 = 3.0;
/// How much of a body's surface is seen when its edges or bones are what is shown.
pub const FAINT_BODY: f32 = 0.25;
/// How much of their hue people who are not seen just now keep.
pub const COASTING: f32 = 0.4;
/// How much of a person's hue fills the 90 % region and the inner one, the fan of directions, a ghost's limbs, the shell of
/// a joint; and of a kind's colour a zone.
pub const REGION_90: f32 = 0.12;
pub const REGION_1: f32 = 0.22;
pub const FAN: f32 = 0.5;
pub const GHOST: f32 = 0.4;
pub const SHELL: f32 = 0.3;
pub const ZONE: f32 = 0.14;
/// How far the simulator's own people go from the mannequin's grey to the colour of simulated data.
pub const TRUTH_TINT: f32 = 0.5;
/// The map of the floor, of 255.
pub const HEAT_ALPHA: u8 = 190;
/// Trails lie this far above the floor, metres.
pub const TRAIL_HEIGHT_M: f32 = 0.01;
/// A click this near to a corner is on it, points.
pub const SNAP: f32 = 12.0;
pub const ZOOM_MIN: f32 = 0.75;
pub const ZOOM_MAX: f32 = 2.0;

/// The colours of one theme.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub dark: bool,
    pub ground: Color32,
    pub panel: Color32,
    pub raised: Color32,
    pub line: Color32,
    pub text: Color32,
    pub quiet: Color32,
    pub accent: Color32,
    /// Text on a filled accent, provenance or severity mark.
    pub on_fill: Color32,
    pub live: Color32,
    pub replay: Color32,
    pub simulated: Color32,
    pub good: Color32,
    pub usable: Color32,
    pub unusable: Color32,
    pub critical: Color32,
    pub warning: Color32,
    pub info: Color32,
    /// Distinguishable hues for curves and tracks, based on Okabe and Ito's colour-blind-safe set.
    pub tracks: [Color32; 8],
    /// The x, y and z axes of the room.
    pub axes: [Color32; 3],
    /// Matte and nobody's: the simulated body, and bodies of the studio.
    pub mannequin: Color32,
    /// Measuring tapes on a body that nobody points at.
    pub tape: Color32,
}

/// Marks over photos, which have colours of their own: the same in both themes, each with a dark halo.
pub const HALO: Color32 = rgb(0x0B0D10);
pub const LANDMARK: Color32 = rgb(0x56B4E9);
pub const OUTLINE: Color32 = rgb(0xF0E442);
pub const OVERLAY: Color32 = rgb(0x9AD0F5);

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub const DARK: Theme = Theme {
    dark: true,
    ground: rgb(0x0F1216),
    panel: rgb(0x161A20),
    raised: rgb(0x1E242C),
    line: rgb(0x2A323D),
    text: rgb(0xE6EAF0),
    quiet: rgb(0x9AA5B4),
    accent: rgb(0x4C9BE8),
    on_fill: rgb(0x0F1216),
    live: rgb(0xE5484D),
    replay: rgb(0x8E7CF0),
    simulated: rgb(0xE0A03C),
    good: rgb(0x3FB27F),
    usable: rgb(0xE0A03C),
    unusable: rgb(0x86909D),
    critical: rgb(0xE5484D),
    warning: rgb(0xE0A03C),
    info: rgb(0x4C9BE8),
    tracks: [
        rgb(0x56B4E9),
        rgb(0xE69F00),
        rgb(0x009E73),
        rgb(0xCC79A7),
        rgb(0xF0E442),
        rgb(0x3D8FD1),
        rgb(0xD55E00),
        rgb(0xB0B7C3),
    ],
    axes: [rgb(0xE06C75), rgb(0x7FB86A), rgb(0x61A5EF)],
    mannequin: rgb(0xB4BAC2),
    tape: rgb(0xE69F00),
};

/// The light theme darkens the marks of the dark one where they would fall under 3:1 on white.
pub const LIGHT: Theme = Theme {
    dark: false,
    ground: rgb(0xF6F7F9),
    panel: rgb(0xFFFFFF),
    raised: rgb(0xEEF1F5),
    line: rgb(0xD5DBE3),
    text: rgb(0x14181D),
    quiet: rgb(0x5A6675),
    accent: rgb(0x1C6FC4),
    on_fill: rgb(0xFFFFFF),
    live: rgb(0xCF2F35),
    replay: rgb(0x6A55DB),
    simulated: rgb(0xA3690A),
    good: rgb(0x1E8056),
    usable: rgb(0xA3690A),
    unusable: rgb(0x6B7582),
    critical: rgb(0xCF2F35),
    warning: rgb(0xA3690A),
    info: rgb(0x1C6FC4),
    tracks: [
        rgb(0x1F86C2),
        rgb(0xB07000),
        rgb(0x008661),
        rgb(0xB44F88),
        rgb(0x8A7F00),
        rgb(0x005A94),
        rgb(0xC25300),
        rgb(0x4A5462),
    ],
    axes: [rgb(0xC03945), rgb(0x3F802A), rgb(0x1C6FC4)],
    mannequin: rgb(0xC2C7CE),
    tape: rgb(0xB07000),
};

impl Theme {
    pub fn of(ui: &egui::Ui) -> &'static Self {
        Self::dark_or_light(ui.visuals().dark_mode)
    }

    pub fn dark_or_light(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    pub fn provenance(&self, provenance: Provenance) -> Color32 {
        match provenance {
            Provenance::Live => self.live,
            Provenance::Replay => self.replay,
            Provenance::Simulated => self.simulated,
        }
    }

    pub fn grade(&self, grade: Grade) -> Color32 {
        match grade {
            Grade::Good => self.good,
            Grade::Usable => self.usable,
            Grade::NotUsable => self.unusable,
        }
    }

    pub fn level(&self, level: NoticeLevel) -> Color32 {
        match level {
            NoticeLevel::Info => self.info,
            NoticeLevel::Warning => self.warning,
            NoticeLevel::Error => self.critical,
        }
    }

    pub fn track(&self, n: usize) -> Color32 {
        self.tracks[n % self.tracks.len()]
    }

    pub fn hairline(&self) -> Stroke {
        Stroke::new(HAIRLINE, self.line)
    }

    /// Stands where there is no data, and under hatching.
    pub fn no_data(&self) -> Color32 {
        self.ground
    }

    fn visuals(&self) -> Visuals {
        let mut v = if self.dark { Visuals::dark() } else { Visuals::light() };
        let radius = CornerRadius::same(RADIUS);
        let hairline = self.hairline();
        v.panel_fill = self.panel;
        v.window_fill = self.panel;
        v.window_stroke = hairline;
        v.window_corner_radius = radius;
        v.menu_corner_radius = radius;
        v.faint_bg_color = self.raised;
        v.extreme_bg_color = self.ground;
        v.text_edit_bg_color = Some(self.ground);
        v.code_bg_color = self.raised;
        v.hyperlink_color = self.accent;
        v.warn_fg_color = self.warning;
        v.error_fg_color = self.critical;
        v.weak_text_color = Some(self.quiet);
        v.selection.bg_fill = self.accent.gamma_multiply(if self.dark { 0.45 } else { 0.25 });
        v.selection.stroke = Stroke::new(HAIRLINE, if self.dark { self.text } else { self.accent });
        let widgets = &mut v.widgets;
        for (widget, fill, line, text) in [
            (&mut widgets.noninteractive, self.panel, self.line, self.text),
            (&mut widgets.inactive, self.raised, self.line, self.text),
            (&mut widgets.hovered, self.raised, self.accent, self.text),
            (&mut widgets.active, self.line, self.accent, self.text),
            (&mut widgets.open, self.raised, self.accent, self.text),
        ] {
            widget.bg_fill = fill;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = Stroke::new(HAIRLINE, line);
            widget.fg_stroke = Stroke::new(HAIRLINE, text);
            widget.corner_radius = radius;
            widget.expansion = 0.0;
        }
        v
    }
}

/// Semi-bold Inter, for emphasis.
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

pub fn strong_font() -> FontId {
    FontId::new(TEXT, strong())
}

pub fn caption_font() -> FontId {
    FontId::new(CAPTION, FontFamily::Proportional)
}

/// Tabular figures, for numbers that change.
pub fn number_font() -> FontId {
    FontId::new(CAPTION + 1.0, FontFamily::Monospace)
}

/// Puts fonts and both themes into the context; once, at the start.
pub fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &'static [u8]); 3] = [
        ("inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("inter-semibold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("jetbrains-mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, first) in
        [(FontFamily::Proportional, "inter"), (strong(), "inter-semibold"), (FontFamily::Monospace, "jetbrains-mono")]
    {
        let names = std::iter::once(first.to_owned()).chain(["inter".to_owned()]).chain(fallback.iter().cloned());
        fonts.families.insert(family, names.collect());
    }
    ctx.set_fonts(fonts);

    for (theme, tokens) in [(egui::Theme::Dark, DARK), (egui::Theme::Light, LIGHT)] {
        ctx.style_mut_of(theme, |style| {
            style.visuals = tokens.visuals();
            style.animation_time = ANIMATION_SECS;
            style.text_styles = BTreeMap::from([
                (TextStyle::Small, caption_font()),
                (TextStyle::Body, FontId::new(TEXT, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(TEXT, FontFamily::Proportional)),
                (TextStyle::Monospace, number_font()),
                (TextStyle::Heading, FontId::new(TITLE, strong())),
            ]);
            style.spacing.item_spacing = egui::vec2(2.0 * GRID, GRID);
            style.spacing.button_padding = egui::vec2(2.0 * GRID, 0.5 * GRID);
            style.spacing.interact_size = egui::vec2(ROW, ROW);
            style.spacing.window_margin = Margin::same(12);
            style.spacing.menu_margin = Margin::same(4);
            style.spacing.slider_width = 30.0 * GRID;
            style.spacing.default_area_size = AREA;
            style.interaction.selectable_labels = false;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.1 relative luminance and contrast ratio.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let linear = |v: u8| {
                let v = f32::from(v) / 255.0;
                if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_reads_on_every_ground_and_marks_are_seen() {
        for theme in [DARK, LIGHT] {
            for ground in [theme.ground, theme.panel, theme.raised] {
                for text in [theme.text, theme.quiet] {
                    assert!(contrast(text, ground) >= 4.5, "text {text:?} on {ground:?}: {}", contrast(text, ground));
                }
                let marks = [theme.accent, theme.live, theme.replay, theme.simulated, theme.good, theme.usable];
                let more = [theme.unusable, theme.critical, theme.warning, theme.info];
                for mark in marks.into_iter().chain(more).chain(theme.tracks) {
                    assert!(contrast(mark, ground) >= 3.0, "mark {mark:?} on {ground:?}: {}", contrast(mark, ground));
                }
            }
            for fill in [theme.live, theme.replay, theme.simulated, theme.accent, theme.critical] {
                assert!(
                    contrast(theme.on_fill, fill) >= 4.5,
                    "{:?} on {fill:?}: {}",
                    theme.on_fill,
                    contrast(theme.on_fill, fill)
                );
            }
        }
    }
}
