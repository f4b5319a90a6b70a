//! Words on a canvas, in the program's own typeface.

use bevy_math::DVec2;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, MetadataProvider as _};

use super::canvas::{Canvas, Color};

const INTER: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");

/// A typeface at one size.
pub struct Text {
    font: FontRef<'static>,
    size_px: f32,
}

impl Text {
    /// `None` when the built-in typeface cannot be read, which a test rules out.
    pub fn new(size_px: f32) -> Option<Self> {
        Some(Self { font: FontRef::new(INTER).ok()?, size_px })
    }

    pub fn line_height(&self) -> f64 {
        f64::from(self.size_px) * 1.35
    }

    pub fn width(&self, text: &str) -> f64 {
        let metrics = self.font.glyph_metrics(Size::new(self.size_px), LocationRef::default());
        let charmap = self.font.charmap();
        text.chars()
            .filter_map(|c| charmap.map(c))
            .map(|glyph| f64::from(metrics.advance_width(glyph).unwrap_or_default()))
            .sum()
    }

    /// Draws one line whose baseline begins at a place. Characters that the typeface lacks are left out.
    pub fn draw(&self, canvas: &mut Canvas, baseline: DVec2, text: &str, color: Color) {
        let metrics = self.font.glyph_metrics(Size::new(self.size_px), LocationRef::default());
        let (charmap, outlines) = (self.font.charmap(), self.font.outline_glyphs());
        let mut at = baseline;
        for glyph in text.chars().filter_map(|c| charmap.map(c)) {
            if let Some(outline) = outlines.get(glyph) {
                let mut path = Path { origin: at, ..Path::default() };
                let settings = DrawSettings::unhinted(Size::new(self.size_px), LocationRef::default());
                // A glyph that cannot be drawn leaves its space.
                outline.draw(settings, &mut path).ok();
                path.fill(canvas, color);
            }
            at.x += f64::from(metrics.advance_width(glyph).unwrap_or_default());
        }
    }

    /// Breaks words into lines of at most this width; a longer word has a line of its own.
    pub fn wrapped(&self, text: &str, width_px: f64) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let current = lines.last().cloned().unwrap_or_default();
            let longer = if current.is_empty() { word.to_owned() } else { format!("{current} {word}") };
            if current.is_empty() || self.width(&longer) <= width_px {
                lines.pop();
                lines.push(longer);
            } else {
                lines.push(word.to_owned());
            }
        }
        lines
    }
}

/// The outline of a glyph as straight pieces, in pixels of the canvas.
#[derive(Default)]
struct Path {
    origin: DVec2,
    start: DVec2,
    at: DVec2,
    pieces: Vec<(DVec2, DVec2)>,
}

/// Straight pieces for each curve: enough at the sizes of a sheet.
const N_PIECES: u32 = 6;

impl Path {
    fn place(&self, x: f32, y: f32) -> DVec2 {
        self.origin + DVec2::new(f64::from(x), -f64::from(y))
    }

    fn piece_to(&mut self, to: DVec2) {
        self.pieces.push((self.at, to));
        self.at = to;
    }

    fn curve(&mut self, point: impl Fn(f64) -> DVec2) {
        for i in 1..=N_PIECES {
            self.piece_to(point(f64::from(i) / f64::from(N_PIECES)));
        }
    }

    /// Exact coverage: each piece adds the signed area to its right, summed along the rows.
    fn fill(&self, canvas: &mut Canvas, color: Color) {
        let ends = || self.pieces.iter().flat_map(|(a, b)| [*a, *b]);
        let Some(low) = ends().reduce(DVec2::min).map(DVec2::floor) else { return };
        let high = ends().fold(low, DVec2::max);
        let (width, height) = ((high.x - low.x) as usize + 2, (high.y - low.y) as usize + 1);
        if width.max(height) > 1024 {
            return;
        }
        let mut change = vec![0f64; width * height];
        for (a, b) in &self.pieces {
            add_piece(&mut change, width, *a - low, *b - low);
        }
        for (y, row) in change.chunks_exact(width).enumerate() {
            let mut coverage = 0.0f64;
            for (x, step) in row.iter().enumerate() {
                coverage += step;
                if coverage.abs() > 0.004 {
                    canvas.blend(low.x as i64 + x as i64, low.y as i64 + y as i64, color, coverage.abs());
                }
            }
        }
    }
}

/// Adds a piece's change of coverage to every row it passes.
fn add_piece(change: &mut [f64], width: usize, a: DVec2, b: DVec2) {
    if a.y == b.y {
        return;
    }
    let (sign, top, bottom) = if a.y < b.y { (1.0, a, b) } else { (-1.0, b, a) };
    let slope = (bottom.x - top.x) / (bottom.y - top.y);
    let last_row = change.len() / width - 1;
    for y in top.y as usize..=(bottom.y as usize).min(last_row) {
        let (from_y, to_y) = (top.y.max(y as f64), bottom.y.min(y as f64 + 1.0));
        if to_y <= from_y {
            continue;
        }
        let row = &mut change[y * width..(y + 1) * width];
        let (x0, x1) = (top.x + (from_y - top.y) * slope, top.x + (to_y - top.y) * slope);
        let (left, right) = (x0.min(x1), x0.max(x1));
        let (first, last) = (left as usize, (right as usize).min(width - 2));
        let height = sign * (to_y - from_y);
        // Pixel by pixel: the part of the height that is passed in it, and where in it on average.
        for (x, middle) in (first..=last).map(|x| (x, x as f64)) {
            let (l, r) = (left.max(middle), right.min(middle + 1.0));
            let part = if right > left { height * ((r - l) / (right - left)).clamp(0.0, 1.0) } else { height };
            let inside = middle + 1.0 - (l + r) / 2.0;
            row[x] += part * inside;
            row[x + 1] += part * (1.0 - inside);
        }
    }
}

impl OutlinePen for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.place(x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.piece_to(self.place(x, y));
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        let (from, control, to) = (self.at, self.place(cx0, cy0), self.place(x, y));
        self.curve(|t| from.lerp(control, t).lerp(control.lerp(to, t), t));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (from, first, second, to) = (self.at, self.place(cx0, cy0), self.place(cx1, cy1), self.place(x, y));
        self.curve(|t| {
            let (a, b, c) = (from.lerp(first, t), first.lerp(second, t), second.lerp(to, t));
            a.lerp(b, t).lerp(b.lerp(c, t), t)
        });
    }

    fn close(&mut self) {
        self.piece_to(self.start);
    }
}
