//! The link table: rate, loss, dropped, latency, last seen and the verdict of every link; hovering splits the causes.

use egui::{Align2, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::actions::Action;
use super::cx::Cx;
use super::format;
use super::marks;
use super::theme::{self, Theme};
use crate::engine::{LinkView, Snapshot};
use crate::types::{Provenance, Timestamp};

/// Widths of the columns after the name, in grid steps; the name takes the rest.
const COLUMNS: [(&str, f32); 6] =
    [("Rate", 17.0), ("Loss", 15.0), ("Dropped", 16.0), ("Latency", 15.0), ("Last seen", 18.0), ("Verdict", 28.0)];
/// Columns leave in this order when the panel is narrow.
const LEAVE: [usize; 3] = [3, 2, 4];
const MIN_NAME: f32 = 36.0 * theme::GRID;

pub fn links_ui(ui: &mut Ui, cx: &mut Cx<'_>) {
    if cx.calm.links.is_empty() {
        let (title, needs, button) = match cx.calm.sources.is_empty() {
            true => (
                "Health and verdict of every link",
                "Needs a source: connect a node or open a recording",
                Some("Add source…"),
            ),
            false => ("Health and verdict of every link", "Waiting for the first frame", None),
        };
        if marks::empty_ui(ui, title, needs, button) {
            cx.act(Action::AddSource);
        }
        return;
    }
    let theme = Theme::of(ui);
    let columns = columns(ui.available_width());
    let (header, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::hover());
    let painter = ui.painter().clone();
    for (rect, n) in cells(header, &columns) {
        let text = n.map_or("Link", |n| COLUMNS[n].0);
        cell(&painter, rect, text.to_owned(), theme::caption_font(), theme.quiet, right_aligned(n));
    }
    painter.hline(header.x_range(), header.bottom(), theme.hairline());

    let calm = cx.calm;
    let n_links = calm.links.len();
    egui::ScrollArea::vertical().auto_shrink(false).show_rows(ui, theme::ROW_DENSE, n_links, |ui, range| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for link in &calm.links[range] {
            let selected = cx.state.selection.link(calm).map(|l| l.stream) == Some(link.stream);
            let response = row_ui(ui, theme, link, calm, cx.now, &columns, selected);
            if response.clicked() {
                cx.state.selection.select_link(link.stream);
            }
            if response.double_clicked() {
                cx.wishes.push(super::cx::Wish::Do(Action::Show(super::layout::Pane::Selection)));
            }
            response.on_hover_ui(|ui| causes_ui(ui, link, calm));
        }
    });
}

fn columns(width: f32) -> Vec<usize> {
    let mut columns: Vec<usize> = (0..COLUMNS.len()).collect();
    for leaves in LEAVE {
        let taken: f32 = columns.iter().map(|&n| COLUMNS[n].1 * theme::GRID).sum();
        if width - taken >= MIN_NAME {
            break;
        }
        columns.retain(|n| *n != leaves);
    }
    columns
}

/// The name's cell (`None`) and those of the columns.
fn cells(row: Rect, columns: &[usize]) -> Vec<(Rect, Option<usize>)> {
    let mut right = row.right();
    let mut cells = Vec::with_capacity(columns.len() + 1);
    for &n in columns.iter().rev() {
        let width = COLUMNS[n].1 * theme::GRID;
        cells.push((Rect::from_x_y_ranges(right - width..=right, row.y_range()), Some(n)));
        right -= width;
    }
    cells.push((Rect::from_x_y_ranges(row.left()..=right, row.y_range()), None));
    cells
}

fn right_aligned(column: Option<usize>) -> bool {
    column.is_some_and(|n| n < 5)
}

fn cell(painter: &Painter, rect: Rect, text: String, font: egui::FontId, colour: egui::Color32, right: bool) {
    let inner = rect.shrink2(vec2(theme::GRID, 0.0));
    let painter = painter.with_clip_rect(painter.clip_rect().intersect(rect));
    let (at, align) =
        if right { (inner.right_center(), Align2::RIGHT_CENTER) } else { (inner.left_center(), Align2::LEFT_CENTER) };
    painter.text(at, align, text, font, colour);
}

fn row_ui(
    ui: &mut Ui,
    theme: &Theme,
    link: &LinkView,
    snapshot: &Snapshot,
    now: Timestamp,
    columns: &[usize],
    selected: bool,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW_DENSE), Sense::click());
    let health = &link.health;
    let grade = link.products.quality.best();
    let seen = last_seen(link, snapshot, now);
    response.widget_info(|| {
        let text = format!(
            "{}, rate {}, loss {}, {} dropped, {}",
            link.name,
            format::rate(health.rate_hz),
            format::percent(health.loss),
            health.n_dropped,
            marks::grade_word(grade)
        );
        WidgetInfo::selected(Role::Row, true, selected, text)
    });
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let painter = ui.painter();
    if selected {
        painter.rect_filled(rect, 0.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    for (rect, n) in cells(rect, columns) {
        let number = |text: String, loud: bool| {
            let nothing = text == format::NO_DATA;
            let colour = if loud {
                theme.warning
            } else if nothing {
                theme.quiet
            } else {
                theme.text
            };
            cell(painter, rect, text, theme::number_font(), colour, true);
        };
        match n {
            None => cell(painter, rect, link.name.clone(), egui::FontId::proportional(theme::TEXT), theme.text, false),
            Some(0) => number(format::rate(health.rate_hz), false),
            Some(1) => number(format::percent(health.loss), false),
            Some(2) => number(format::count(health.n_dropped), health.n_dropped > 0),
            Some(3) => number(format::latency(health.latency_secs), false),
            Some(4) => number(seen.map_or(format::NO_DATA.to_owned(), format::age), false),
            Some(_) => {
                let mark = Rect::from_min_size(
                    rect.min + vec2(2.0 * theme::GRID, 0.0),
                    vec2(2.0 * theme::MARK, rect.height()),
                );
                marks::grade_mark(painter, theme, mark, grade);
                let rest = Rect::from_min_max(egui::pos2(mark.right(), rect.top()), rect.max);
                let word = marks::grade_word(grade).to_owned();
                cell(painter, rest, word, egui::FontId::proportional(theme::TEXT), theme.text, false);
            }
        }
    }
    response
}

/// Seconds since the link's newest frame: by the wall clock for a live radio, else by the playhead.
pub fn last_seen(link: &LinkView, snapshot: &Snapshot, now: Timestamp) -> Option<f64> {
    let seen = link.health.last_seen?;
    let live = link.provenance == Provenance::Live && seen.is_wall_clock();
    let reference = if live { now } else { snapshot.time? };
    Some(reference.secs_since(seen).max(0.0))
}

/// Where frames were lost: on the air, in our own queue, or in reading.
pub fn causes_ui(ui: &mut Ui, link: &LinkView, snapshot: &Snapshot) {
    let theme = Theme::of(ui);
    ui.label(egui::RichText::new(&link.name).font(theme::strong_font()));
    let source = snapshot.sources.iter().find(|source| source.id == link.source);
    egui::Grid::new("causes").num_columns(2).show(ui, |ui| {
        let mut line = |what: &str, text: String| {
            ui.label(egui::RichText::new(what).color(theme.quiet));
            ui.label(egui::RichText::new(text).font(theme::number_font()));
            ui.end_row();
        };
        line("Frames", format::count(link.health.n_frames));
        match link.health.loss {
            Some(_) => line("Lost on the air", format::percent(link.health.loss)),
            None => line("Lost on the air", "unknown: the format has no sequence numbers".to_owned()),
        }
        line("Dropped by the full inbox", format::count(link.health.n_dropped));
        if let Some(source) = source {
            line("Unreadable records of the source", format::count(source.tally.n_skipped()));
        }
        line("Latency", format::latency(link.health.latency_secs));
    });
    if let Some(verdict) = link.products.quality.verdicts.iter().min_by_key(|v| v.grade) {
        ui.label(format!("{}: {} — {}", verdict.purpose.label(), verdict.grade.label(), verdict.reason));
    }
}
