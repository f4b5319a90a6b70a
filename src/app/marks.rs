//! Signs that mean the same on every panel: provenance, quality and severity, each with a shape and a word.

use egui::{Color32, Mesh, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};

use super::theme::{self, Theme};
use crate::engine::NoticeLevel;
use crate::types::{Grade, Provenance};

/// Diagonal lines: simulated data, or none.
pub fn hatch(painter: &Painter, rect: Rect, colour: Color32) {
    let painter = painter.with_clip_rect(painter.clip_rect().intersect(rect));
    let stroke = Stroke::new(theme::HAIRLINE, colour);
    // Lines lie on a grid of the screen, so that they do not crawl when the area moves.
    let first = ((rect.left() - rect.height()) / theme::HATCH).floor() * theme::HATCH;
    let n = ((rect.width() + rect.height()) / theme::HATCH).ceil() as usize + 1;
    painter.extend((0..n).map(|i| {
        let x = first + i as f32 * theme::HATCH;
        Shape::line_segment([Pos2::new(x, rect.bottom()), Pos2::new(x + rect.height(), rect.top())], stroke)
    }));
}

/// Stands where the GPU would have drawn.
pub fn no_adapter(painter: &Painter, theme: &Theme, rect: Rect) {
    let font = egui::FontId::proportional(theme::TEXT);
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, "no graphics adapter", font, theme.quiet);
}

fn provenance_shape(painter: &Painter, centre: Pos2, size: f32, provenance: Provenance, colour: Color32, gap: Color32) {
    let r = 0.5 * size;
    match provenance {
        Provenance::Live => {
            painter.circle_filled(centre, r, colour);
        }
        Provenance::Replay => {
            let points = vec![centre + vec2(-0.8 * r, -r), centre + vec2(r, 0.0), centre + vec2(-0.8 * r, r)];
            painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
        }
        Provenance::Simulated => {
            let square = Rect::from_center_size(centre, vec2(size, size));
            painter.rect_filled(square, 0.0, colour);
            let clipped = painter.with_clip_rect(painter.clip_rect().intersect(square));
            for i in -1..=2 {
                let x = square.left() + i as f32 * 0.5 * size;
                clipped.line_segment(
                    [Pos2::new(x - r, square.bottom()), Pos2::new(x + r, square.top())],
                    Stroke::new(theme::CURVE, gap),
                );
            }
        }
    }
}

/// The shape alone, for a painter that writes the word beside it.
pub fn provenance_mark(painter: &Painter, theme: &Theme, centre: Pos2, provenance: Provenance) {
    provenance_shape(painter, centre, 0.8 * theme::MARK, provenance, theme.provenance(provenance), theme.panel);
}

/// The large badge of the top bar: filled, hatched when simulated.
pub fn provenance_badge_ui(ui: &mut Ui, provenance: Option<Provenance>, nothing: &'static str) -> Response {
    let theme = Theme::of(ui);
    let word = provenance.map_or(nothing, Provenance::label);
    let colour = if provenance.is_some() { theme.on_fill } else { theme.quiet };
    let galley = ui.painter().layout_no_wrap(word.to_owned(), theme::strong_font(), colour);
    let mark = if provenance.is_some() { theme::MARK + theme::GRID } else { 0.0 };
    let size = vec2(galley.size().x + mark + 4.0 * theme::GRID, theme::BADGE_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Provenance {word}")));
    let painter = ui.painter();
    match provenance {
        Some(p) => {
            painter.rect_filled(rect, theme::RADIUS, theme.provenance(p));
            let centre = rect.left_center() + vec2(2.0 * theme::GRID + 0.5 * theme::MARK, 0.0);
            if p == Provenance::Simulated {
                hatch(painter, rect, theme.on_fill.gamma_multiply(0.25));
            }
            provenance_shape(painter, centre, theme::MARK, p, theme.on_fill, theme.provenance(p));
        }
        None => {
            painter.rect_stroke(rect, theme::RADIUS, theme.hairline(), egui::StrokeKind::Inside);
        }
    }
    let at = rect.left_center() + vec2(2.0 * theme::GRID + mark, -0.5 * galley.size().y);
    painter.galley(at, galley, colour);
    response
}

/// The small badge that every panel carries.
pub fn provenance_ui(ui: &mut Ui, provenance: Provenance, with_word: bool) -> Response {
    let theme = Theme::of(ui);
    let colour = theme.provenance(provenance);
    let galley = ui.painter().layout_no_wrap(provenance.label().to_owned(), theme::caption_font(), theme.text);
    let word_width = if with_word { galley.size().x + theme::GRID } else { 0.0 };
    let size = vec2(word_width + theme::MARK, theme::ROW_DENSE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, provenance.label()));
    let centre = rect.left_center() + vec2(0.5 * theme::MARK, 0.0);
    provenance_shape(ui.painter(), centre, 0.8 * theme::MARK, provenance, colour, theme.panel);
    if with_word {
        let at = rect.left_center() + vec2(theme::MARK + theme::GRID, -0.5 * galley.size().y);
        ui.painter().galley(at, galley, theme.text);
    }
    response
}

pub fn grade_word(grade: Option<Grade>) -> &'static str {
    grade.map_or("too little data", Grade::label)
}

/// A bar that is full, half or empty.
pub fn grade_mark(painter: &Painter, theme: &Theme, rect: Rect, grade: Option<Grade>) {
    let bar = Rect::from_center_size(rect.center(), vec2(rect.width(), 0.6 * theme::MARK));
    let colour = grade.map_or(theme.quiet, |grade| theme.grade(grade));
    let share = match grade {
        Some(Grade::Good) => 1.0,
        Some(Grade::Usable) => 0.5,
        Some(Grade::NotUsable) | None => 0.0,
    };
    let filled = Rect::from_min_max(bar.min, Pos2::new(bar.left() + share * bar.width(), bar.bottom()));
    painter.rect_filled(filled, 0.0, colour);
    painter.rect_stroke(bar, 0.0, Stroke::new(theme::HAIRLINE, colour), egui::StrokeKind::Inside);
}

/// The bar and the word.
pub fn grade_ui(ui: &mut Ui, grade: Option<Grade>) -> Response {
    let theme = Theme::of(ui);
    let width = 2.0 * theme::MARK;
    let word = grade_word(grade);
    let galley = ui.painter().layout_no_wrap(word.to_owned(), egui::FontId::proportional(theme::TEXT), theme.text);
    let size = vec2(width + theme::GRID + galley.size().x, theme::ROW_DENSE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    grade_mark(ui.painter(), theme, Rect::from_min_size(rect.min, vec2(width, rect.height())), grade);
    let at = rect.left_center() + vec2(width + theme::GRID, -0.5 * galley.size().y);
    ui.painter().galley(at, galley, theme.text);
    response
}

pub fn level_word(level: NoticeLevel) -> &'static str {
    match level {
        NoticeLevel::Info => "Info",
        NoticeLevel::Warning => "Warning",
        NoticeLevel::Error => "Error",
    }
}

pub fn level_ui(ui: &mut Ui, level: NoticeLevel) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(theme::MARK, theme::ROW_DENSE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, level_word(level)));
    level_mark(ui.painter(), theme, rect.center(), level);
    response
}

/// Critical is a square, a warning a diamond, information a circle.
pub fn level_mark(painter: &Painter, theme: &Theme, c: Pos2, level: NoticeLevel) {
    let (r, colour) = (0.45 * theme::MARK, theme.level(level));
    match level {
        NoticeLevel::Info => {
            painter.circle_filled(c, r, colour);
        }
        NoticeLevel::Warning => {
            let points = vec![c + vec2(0.0, -r), c + vec2(r, 0.0), c + vec2(0.0, r), c + vec2(-r, 0.0)];
            painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
        }
        NoticeLevel::Error => {
            painter.rect_filled(Rect::from_center_size(c, vec2(2.0 * r, 2.0 * r)), 0.0, colour);
        }
    }
}

/// Painted signs of buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Play,
    Pause,
    StepBack,
    StepForward,
    ToStart,
    ToEnd,
    Close,
}

/// A button with a painted sign, its name for screen readers and as tooltip.
pub fn icon_button_ui(ui: &mut Ui, icon: Icon, name: &str, enabled: bool) -> Response {
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(theme::ROW, theme::ROW), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    let theme = Theme::of(ui);
    let visuals = ui.style().interact(&response);
    let painter = ui.painter();
    if enabled && (response.hovered() || response.has_focus()) {
        painter.rect(rect, visuals.corner_radius, visuals.weak_bg_fill, visuals.bg_stroke, egui::StrokeKind::Inside);
    }
    let colour = if enabled { theme.text } else { theme.quiet.gamma_multiply(0.5) };
    let (c, r) = (rect.center(), 0.5 * theme::MARK);
    let triangle = |x: f32, direction: f32| {
        let points = vec![
            c + vec2(x - 0.7 * direction * r, -r),
            c + vec2(x + 0.8 * direction * r, 0.0),
            c + vec2(x - 0.7 * direction * r, r),
        ];
        Shape::convex_polygon(points, colour, Stroke::NONE)
    };
    let bar =
        |x: f32| Shape::rect_filled(Rect::from_center_size(c + vec2(x, 0.0), vec2(0.45 * r, 2.0 * r)), 0.0, colour);
    match icon {
        Icon::Play => {
            painter.add(triangle(0.0, 1.0));
        }
        Icon::Pause => painter.extend([bar(-0.5 * r), bar(0.5 * r)]),
        Icon::StepBack => painter.extend([triangle(-0.2 * r, -1.0), bar(0.9 * r)]),
        Icon::StepForward => painter.extend([triangle(0.2 * r, 1.0), bar(-0.9 * r)]),
        Icon::ToStart => painter.extend([triangle(0.2 * r, -1.0), bar(-0.9 * r)]),
        Icon::ToEnd => painter.extend([triangle(-0.2 * r, 1.0), bar(0.9 * r)]),
        Icon::Close => {
            let stroke = Stroke::new(theme::CURVE, colour);
            let d = 0.7 * r;
            painter.line_segment([c + vec2(-d, -d), c + vec2(d, d)], stroke);
            painter.line_segment([c + vec2(-d, d), c + vec2(d, -d)], stroke);
        }
    }
    response.on_hover_text(name)
}

/// What is left of a panel under its tools; tools that are too wide do not widen it.
pub fn rest(ui: &Ui) -> Rect {
    let full = ui.max_rect().intersect(ui.clip_rect());
    Rect::from_min_max(Pos2::new(full.left(), ui.cursor().top()), full.max)
}

/// One line within a rectangle; what does not fit ends with an ellipsis.
pub fn text_in(painter: &Painter, rect: Rect, align: egui::Align2, text: &str, font: egui::FontId, colour: Color32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
    let galley = painter.layout_job(job);
    painter.galley(align.align_size_within_rect(galley.size(), rect).min, galley, colour);
}

/// Small text on a ground that keeps it readable over curves; answers the ground.
pub fn caption(painter: &Painter, theme: &Theme, at: Pos2, align: egui::Align2, text: &str) -> Rect {
    let galley = painter.layout_no_wrap(text.to_owned(), theme::caption_font(), theme.quiet);
    let rect = align.anchor_size(at, galley.size());
    let ground = rect.expand2(vec2(0.5 * theme::GRID, 0.0));
    painter.rect_filled(ground, theme::RADIUS, theme.ground.gamma_multiply(0.8));
    painter.galley(rect.min, galley, theme.quiet);
    ground
}

/// Figures beside the pointer, inside `bounds`.
pub fn readout(ui: &Ui, bounds: Rect, pos: Pos2, text: String) {
    let theme = Theme::of(ui);
    let layer = egui::LayerId::new(egui::Order::Tooltip, ui.scope_id().with("readout"));
    let painter = ui.ctx().layer_painter(layer);
    let galley = painter.layout_no_wrap(text, theme::number_font(), theme.text);
    let size = galley.size() + vec2(4.0 * theme::GRID, 2.0 * theme::GRID);
    let away = 4.0 * theme::GRID;
    let x = if pos.x + away + size.x <= bounds.right() { pos.x + away } else { pos.x - away - size.x };
    let y = (pos.y - size.y - theme::GRID).max(ui.ctx().content_rect().top());
    let rect = Rect::from_min_size(Pos2::new(x, y), size);
    painter.rect(rect, theme::RADIUS, theme.panel, theme.hairline(), egui::StrokeKind::Inside);
    painter.galley(rect.min + vec2(2.0 * theme::GRID, theme::GRID), galley, theme.text);
}

/// What a panel shows while it has nothing: what it is for, what it needs, and a button that gets it.
pub fn empty_ui(ui: &mut Ui, title: &str, needs: &str, button: Option<&str>) -> bool {
    let theme = Theme::of(ui);
    let mut clicked = false;
    ui.vertical_centered(|ui| {
        ui.add_space((0.5 * ui.available_height() - 2.0 * theme::ROW).max(theme::GRID));
        ui.label(egui::RichText::new(title).font(theme::strong_font()));
        ui.label(egui::RichText::new(needs).color(theme.quiet));
        if let Some(button) = button {
            ui.add_space(theme::GRID);
            clicked = ui.button(button).clicked();
        }
    });
    clicked
}

/// A window over all others, with the padding of windows.
pub fn modal(ctx: &egui::Context, id: &'static str) -> egui::Modal {
    let style = ctx.global_style();
    let frame = egui::Frame::popup(&style).inner_margin(style.spacing.window_margin);
    egui::Modal::new(egui::Id::unique(id)).frame(frame)
}

/// The one primary action of a panel.
pub fn primary_button(theme: &Theme, text: &str) -> egui::Button<'static> {
    egui::Button::new(egui::RichText::new(text.to_owned()).font(theme::strong_font()).color(theme.on_fill))
        .fill(theme.accent)
}

/// A scale's colours from left (0) to right (1).
pub fn colour_bar(painter: &Painter, bar: Rect, color: impl Fn(f32) -> [u8; 4]) {
    const N: u32 = 32;
    let mut mesh = Mesh::default();
    for n in 0..=N {
        let share = n as f32 / N as f32;
        let [r, g, b, _] = color(share);
        let x = egui::lerp(bar.x_range(), share);
        for y in [bar.top(), bar.bottom()] {
            mesh.colored_vertex(Pos2::new(x, y), Color32::from_rgb(r, g, b));
        }
        if n > 0 {
            let at = 2 * n;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at + 1, at);
        }
    }
    painter.add(Shape::mesh(mesh));
}
