//! Fills triangles as Pillow's `ImageDraw.polygon` does, to the pixel, so that outlines equal the reference's.
//!
//! Corners are cut to whole pixels (towards zero), edges belong to the triangle, and where two edges leave a corner
//! to the same side more flatly than one pixel per row, the row of the corner reaches up to the next row's span.

/// A picture of yes and no, rows from the top.
#[derive(Clone, Debug)]
pub(super) struct Bitmap {
    pub width: usize,
    pub height: usize,
    pub filled: Vec<bool>,
}

impl Bitmap {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, filled: vec![false; width * height] }
    }

    pub fn at(&self, x: usize, y: usize) -> bool {
        self.filled[y * self.width + x]
    }

    /// Fills `first..=last` of a row, as far as it lies in the picture.
    fn fill_row(&mut self, y: i32, first: i32, last: i32) {
        if y < 0 || y as usize >= self.height || last < 0 {
            return;
        }
        let row = y as usize * self.width;
        let (first, end) = (first.max(0) as usize, (last as usize + 1).min(self.width));
        if first < end {
            self.filled[row + first..row + end].fill(true);
        }
    }

    pub fn fill_triangle(&mut self, corners: [[f64; 2]; 3]) {
        let [a, b, c] = corners.map(|corner| corner.map(|value| value as i32));
        let closing = (c != a).then(|| Edge::new(c, a));
        let mut slanted = [const { None::<Edge> }; 3];
        let (mut top, mut bottom) = (self.height as i32 - 1, 0);
        for (place, edge) in slanted.iter_mut().zip([Some(Edge::new(a, b)), Some(Edge::new(b, c)), closing]) {
            let Some(edge) = edge else { continue };
            top = top.min(edge.top);
            bottom = bottom.max(edge.bottom);
            if edge.top == edge.bottom {
                self.fill_row(edge.top, edge.left, edge.right);
            } else {
                *place = Some(edge);
            }
        }
        for y in top.max(0)..=bottom.min(self.height as i32) {
            self.fill_spans(y, bottom, &slanted);
        }
    }

    fn fill_spans(&mut self, y: i32, bottom: i32, edges: &[Option<Edge>; 3]) {
        let mut crossings = [0f32; 6];
        let mut n = 0;
        for (i, edge) in edges.iter().enumerate() {
            let Some(edge) = edge.as_ref().filter(|edge| edge.spans(y)) else { continue };
            let x = edge.x_at(y);
            if y == edge.bottom && y < bottom {
                crossings[n] = x; // the corner between two edges that go on counts twice
                crossings[n + 1] = x;
                n += 2;
                continue;
            }
            let at_end = (y == edge.top || y == edge.bottom) && edge.slope != 0.0;
            crossings[n] = if at_end { edge.joined(y, x, &edges[..i]) } else { x };
            n += 1;
        }
        let crossings = &mut crossings[..n];
        crossings.sort_unstable_by(f32::total_cmp);
        for span in crossings.chunks_exact(2) {
            self.fill_row(y, round_half_out(span[0]), round_half_in(span[1]));
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    start: [i32; 2],
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    /// Pixels in x for one row down.
    slope: f32,
}

impl Edge {
    fn new([x0, y0]: [i32; 2], [x1, y1]: [i32; 2]) -> Self {
        let slope = if y0 == y1 { 0.0 } else { x1.wrapping_sub(x0) as f32 / y1.wrapping_sub(y0) as f32 };
        Self { start: [x0, y0], left: x0.min(x1), right: x0.max(x1), top: y0.min(y1), bottom: y0.max(y1), slope }
    }

    fn spans(&self, y: i32) -> bool {
        (self.top..=self.bottom).contains(&y)
    }

    fn x_at(&self, y: i32) -> f32 {
        y.wrapping_sub(self.start[1]) as f32 * self.slope + self.start[0] as f32
    }

    /// The crossing at this edge's end, moved next to the neighbouring row's span when an earlier edge ends at the
    /// same pixel and both run off to one side by more than a pixel.
    fn joined(&self, y: i32, x: f32, earlier: &[Option<Edge>]) -> f32 {
        for other in earlier.iter().flatten() {
            let ends_here = (y == other.top || y == other.bottom) && other.slope != 0.0;
            if !ends_here || x.round() != other.x_at(y).round() {
                continue;
            }
            let next = if y == self.bottom { y - 1 } else { y + 1 };
            if !other.spans(next) {
                continue;
            }
            let (mine, theirs) = (self.x_at(next), other.x_at(next));
            if x > mine + 1.0 && x > theirs + 1.0 {
                return mine.max(theirs).round() + 1.0;
            }
            if x < mine - 1.0 && x < theirs - 1.0 {
                return mine.min(theirs).round() - 1.0;
            }
            return x;
        }
        x
    }
}

/// Halves away from zero.
fn round_half_out(x: f32) -> i32 {
    x.round() as i32
}

/// Halves towards zero.
fn round_half_in(x: f32) -> i32 {
    let magnitude = (f64::from(x.abs()) - 0.5).ceil();
    (if x < 0.0 { -magnitude } else { magnitude }) as i32
}
