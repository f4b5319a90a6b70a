//! People over time: the mean of each stretch with its deviation; where nobody watched there is nothing.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::chart::{self, Axes};
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::tracking::occupancy::{OccupancyBin, OccupancyTimeline};

const HEIGHT: f32 = 24.0 * theme::GRID;

pub fn occupancy_ui(ui: &mut Ui, timeline: &OccupancyTimeline) {
    let (Some(first), Some(last)) = (timeline.bins.first(), timeline.bins.last()) else { return };
    let theme = Theme::of(ui);
    ui.label(egui::RichText::new("People over time").font(theme::strong_font()));
    let width = ui.available_width().max(60.0 * theme::GRID).min(ui.clip_rect().width());
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let secs = |bin: &OccupancyBin| bin.start.secs_since(first.start) as f32;
    let most = timeline.bins.iter().filter_map(OccupancyBin::mean).map(|count| (count.mean + count.sigma) as f32);
    let plot =
        Rect::from_min_max(rect.min + vec2(theme::AXIS_WIDTH, 0.0), rect.max - vec2(theme::GRID, theme::AXIS_HEIGHT));
    let axes =
        Axes { rect: plot, x: (0.0, secs(last) + timeline.bin_secs as f32), y: (0.0, most.fold(1.0, f32::max) * 1.1) };
    let painter = ui.painter_at(rect);
    chart::value_axis_ui(&painter, theme, &axes, "people");
    let colour = theme.accent;
    for bin in &timeline.bins {
        let Some(count) = bin.mean() else { continue };
        let (from, to) = (secs(bin), secs(bin) + timeline.bin_secs as f32);
        let (mean, sigma) = (count.mean as f32, count.sigma as f32);
        let low = axes.pos(from, (mean - sigma).max(0.0));
        let high = axes.pos(to, mean + sigma);
        painter.rect_filled(Rect::from_two_pos(low, high), 0.0, colour.gamma_multiply(0.25));
        let at = axes.pos(from, mean);
        let stroke = egui::Stroke::new(theme::CURVE, colour);
        painter.line_segment([at, axes.pos(to, mean)], stroke);
    }
    let ends = [
        (first.start, plot.left_bottom(), Align2::LEFT_TOP),
        (last.start.plus_secs(timeline.bin_secs), plot.right_bottom(), Align2::RIGHT_TOP),
    ];
    for (time, at, align) in ends {
        let text = format::stamp(time, Some(crate::types::Span::new(first.start, first.start)));
        painter.text(at + vec2(0.0, 0.5 * theme::GRID), align, text, theme::caption_font(), theme.quiet);
    }
    let told = |bin: &OccupancyBin| bin.mean().map(|count| format!("{:.1} ± {:.1} people", count.mean, count.sigma));
    let newest = told(last).unwrap_or_else(|| format::NO_DATA.to_owned());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("People over time, now {newest}")));
    if let Some(pos) = response.hover_pos().filter(|pos| plot.contains(*pos)) {
        let at = f64::from(axes.x_at(pos));
        let bin = timeline.bins.iter().find(|bin| {
            let start = f64::from(secs(bin));
            (start..start + timeline.bin_secs).contains(&at)
        });
        let text = match bin.and_then(|bin| Some((bin, told(bin)?))) {
            Some((bin, told)) => format!("{told}, at most {}", bin.most),
            None => "nobody watched".to_owned(),
        };
        marks::readout(ui, rect, pos, text);
    }
}
