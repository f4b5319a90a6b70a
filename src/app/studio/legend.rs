//! The colour scale beside a map on a body: what its ends stand for.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::figures;
use crate::app::marks;
use crate::app::theme::{self, Theme};
use crate::engine::studio::ComparisonView;
use crate::render::Colormap;

/// Values from `low` to `high`, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    pub title: &'static str,
    pub map: Colormap,
    pub low_m: f32,
    pub high_m: f32,
}

impl Scale {
    pub fn color(&self, value_m: f32) -> [u8; 4] {
        self.map.color((value_m - self.low_m) / (self.high_m - self.low_m))
    }
}

/// Signed, symmetric around zero, so that white is none; its ends hold 95 % of the surface.
pub fn of_errors(comparison: &ComparisonView) -> Scale {
    let end = figures::round_up(comparison.p95_abs_m);
    Scale { title: "Distance from the reference", map: Colormap::Diverging, low_m: -end, high_m: end }
}

/// From nothing up; the upper end holds 95 % of the surface.
pub fn of_sigmas(sigma_m: &[f32]) -> Option<Scale> {
    let mut sorted: Vec<f32> = sigma_m.iter().copied().filter(|sigma| sigma.is_finite()).collect();
    let at = sorted.len().checked_sub(1)? * 95 / 100;
    let (_, p95, _) = sorted.select_nth_unstable_by(at, f32::total_cmp);
    let high_m = figures::round_up(*p95);
    Some(Scale { title: "Expected error (one sigma)", map: Colormap::Viridis, low_m: 0.0, high_m })
}

/// The scale within a panel.
pub fn bar_ui(ui: &mut Ui, scale: &Scale) {
    let size = vec2(ui.available_width().min(70.0 * theme::GRID), 2.0 * theme::ROW_DENSE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words(scale)));
    paint(ui.painter(), Theme::of(ui), rect, scale);
}

pub fn words(scale: &Scale) -> String {
    let (low, high) = (figures::millimetres(scale.low_m), figures::millimetres(scale.high_m));
    format!("{} from {low} to {high}", scale.title)
}

/// Title above, colours, ends below.
pub fn paint(painter: &Painter, theme: &Theme, rect: Rect, scale: &Scale) {
    let font = theme::caption_font();
    painter.text(rect.left_top(), Align2::LEFT_TOP, scale.title, font.clone(), theme.text);
    let bar = Rect::from_min_max(
        Pos2::new(rect.left(), rect.top() + 4.0 * theme::GRID),
        Pos2::new(rect.right(), rect.bottom() - 3.5 * theme::GRID),
    );
    marks::colour_bar(painter, bar, |share| scale.map.color(share));
    painter.rect_stroke(bar, 0.0, theme.hairline(), egui::StrokeKind::Outside);
    let ends = [(scale.low_m, Align2::LEFT_BOTTOM, rect.left()), (scale.high_m, Align2::RIGHT_BOTTOM, rect.right())];
    for (value, align, x) in ends {
        let sign = if scale.low_m < 0.0 && value > 0.0 { "+" } else { "" };
        let text = format!("{sign}{}", figures::millimetres(value));
        painter.text(Pos2::new(x, rect.bottom()), align, text, font.clone(), theme.quiet);
    }
    if scale.low_m < 0.0 {
        painter.text(rect.center_bottom(), Align2::CENTER_BOTTOM, "0", font, theme.quiet);
    }
}
