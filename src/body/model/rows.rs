//! Blend shapes, packed so that a weighted sum of them runs over long contiguous stretches of memory.
//!
//! Deltas stay the 16-bit integers they are in the file (0.1 mm grid): half the memory traffic of `f32`. Rows that touch
//! most of the body are stored whole, the others as runs of vertices. Newborn rows have no deltas of their own: they are
//! the baby's rows scaled, plus a share of the template (`spec/body-model.md` 2.2).

use super::wide::wide;

/// Gaps up to this many vertices are filled with zeros rather than splitting a run.
const MAX_GAP: usize = 8;

/// Components that are summed at a time, so that the sums stay in the first-level cache.
const BLOCK: usize = 3 * 512;

/// Scale of a newborn's body against the baby's, per axis.
pub const NEWBORN_SCALE: [f64; 3] = [0.922, 0.922, 0.75];

/// A stretch of consecutive vertices.
#[derive(Clone, Copy)]
struct Run {
    /// First component (three per vertex) on the body.
    start: u32,
    /// First component in the store of deltas.
    at: u32,
    /// Number of components.
    len: u32,
}

struct Row {
    /// Range of `runs`.
    first_run: u32,
    n_runs: u32,
    /// This row is a newborn's: the deltas are the baby's.
    newborn: bool,
}

/// A row's runs and its weight in each of several sums.
type Weighted<'a, const N: usize> = (&'a [Run], [f32; N]);

pub struct ShapeRows {
    n_vertices: usize,
    grid_m: f64,
    rows: Vec<Row>,
    runs: Vec<Run>,
    deltas: Vec<i16>,
}

impl ShapeRows {
    /// `None` when the pointers are not a partition of the entries, or vertices do not rise within a row, or a newborn's
    /// source is not a row. Vertices and
    /// entries are little-endian, as in the file.
    pub fn new(
        n_vertices: usize,
        grid_m: f64,
        pointers: &[u32],
        vertices: &[[u8; 2]],
        entries: &[[u8; 2]],
        newborn_source: &[i16],
    ) -> Option<Self> {
        let mut rows: Vec<Row> = Vec::with_capacity(newborn_source.len());
        let mut runs = Vec::new();
        let mut deltas = Vec::with_capacity(entries.len() + entries.len() / 8);
        for bounds in pointers.windows(2) {
            let (first, last) = (bounds[0] as usize, bounds[1] as usize);
            let ids = vertices.get(first..last)?;
            let id = |at: usize| usize::from(u16::from_le_bytes(ids[at]));
            if !ids.is_empty() && id(ids.len() - 1) >= n_vertices {
                return None;
            }
            let first_run = runs.len() as u32;
            let dense = ids.len() * 2 > n_vertices;
            let mut at = 0;
            while at < ids.len() {
                let run_start = if dense { 0 } else { id(at) };
                let run_at = deltas.len();
                let mut end = run_start; // one past the last vertex written
                while at < ids.len() {
                    let gap = id(at).checked_sub(end)?;
                    if gap > MAX_GAP && !dense {
                        break;
                    }
                    let stretch = stretch(&ids[at..]);
                    deltas.resize(deltas.len() + 3 * gap, 0);
                    let from = 3 * (first + at);
                    deltas.extend(entries.get(from..from + 3 * stretch)?.iter().map(|b| i16::from_le_bytes(*b)));
                    end += gap + stretch;
                    at += stretch;
                }
                let len = deltas.len() - run_at;
                runs.push(Run { start: 3 * run_start as u32, at: run_at as u32, len: len as u32 });
            }
            rows.push(Row { first_run, n_runs: runs.len() as u32 - first_run, newborn: false });
        }
        if pointers.first() != Some(&0) || *pointers.last()? as usize != vertices.len() {
            return None;
        }
        for (row, source) in newborn_source.iter().enumerate() {
            if let Ok(source) = usize::try_from(*source) {
                let Row { first_run, n_runs, newborn } = *rows.get(source)?;
                if newborn || row == source {
                    return None;
                }
                rows[row] = Row { first_run, n_runs, newborn: true };
            }
        }
        Some(Self { n_vertices, grid_m, rows, runs, deltas })
    }

    /// Rows that move every vertex, three components per vertex, metres. They are rounded to a 32 767th of the largest.
    pub fn whole(n_vertices: usize, rows: &[Vec<f32>]) -> Self {
        let largest = rows.iter().flatten().fold(0.0f32, |m, d| m.max(d.abs())).max(1e-6);
        let grid_m = largest / f32::from(i16::MAX);
        let deltas = rows.iter().flatten().map(|d| (d / grid_m).round() as i16).collect();
        let len = 3 * n_vertices;
        Self {
            n_vertices,
            grid_m: f64::from(grid_m),
            rows: (0..rows.len()).map(|row| Row { first_run: row as u32, n_runs: 1, newborn: false }).collect(),
            runs: (0..rows.len()).map(|row| Run { start: 0, at: (row * len) as u32, len: len as u32 }).collect(),
            deltas,
        }
    }

    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    fn runs(&self, row: &Row) -> &[Run] {
        &self.runs[row.first_run as usize..(row.first_run + row.n_runs) as usize]
    }

    /// Adds the weighted rows to `sums`, `N` sums at once: `weights[k][n]` is the weight of `rows[k]` in sum `n`.
    ///
    /// A sum has three components per vertex. Metres.
    pub fn add<const N: usize>(&self, rows: &[u16], weights: &[[f64; N]], template: &[f32], sums: &mut [Vec<f32>; N]) {
        let (newborn, own): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|k| self.rows[usize::from(rows[*k])].newborn);
        let pick = |which: &[usize]| -> Vec<Weighted<'_, N>> {
            which
                .iter()
                .map(|k| (self.runs(&self.rows[usize::from(rows[*k])]), weights[*k].map(|w| (w * self.grid_m) as f32)))
                .collect()
        };
        self.add_runs(&pick(&own), sums);
        if newborn.is_empty() {
            return;
        }
        let mut scaled: [Vec<f32>; N] = std::array::from_fn(|_| vec![0.0; 3 * self.n_vertices]);
        self.add_runs(&pick(&newborn), &mut scaled);
        for n in 0..N {
            let total: f64 = newborn.iter().map(|k| weights[*k][n]).sum();
            let scale = NEWBORN_SCALE.map(|s| s as f32);
            let share = NEWBORN_SCALE.map(|s| (total * (s - 1.0) / 3.0) as f32);
            let parts = scaled[n].as_chunks::<3>().0.iter().zip(template.as_chunks::<3>().0);
            for (sum, (part, rest)) in sums[n].as_chunks_mut::<3>().0.iter_mut().zip(parts) {
                for axis in 0..3 {
                    sum[axis] += scale[axis] * part[axis] + share[axis] * rest[axis];
                }
            }
        }
    }

    fn add_runs<const N: usize>(&self, weighted: &[Weighted<'_, N>], sums: &mut [Vec<f32>; N]) {
        let whole =
            |runs: &[Run]| runs.len() == 1 && runs[0].start == 0 && runs[0].len as usize * 2 > 3 * self.n_vertices;
        let (dense, sparse): (Vec<Weighted<'_, N>>, Vec<Weighted<'_, N>>) =
            weighted.iter().copied().partition(|(runs, _)| whole(runs));
        let n = 3 * self.n_vertices;
        // Several sums share one conversion of the deltas.
        let mut floats = [[0.0f32; BLOCK]; 4];
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let mut blocks = sums.each_mut().map(|sum| &mut sum[start..end]);
            let piece = |runs: &[Run]| -> &[i16] {
                let run = runs[0];
                let (from, to) = (start.max(run.start as usize), end.min((run.start + run.len) as usize));
                if from >= to { &[] } else { &self.deltas[run.at as usize + from..run.at as usize + to] }
            };
            let (quads, rest): (&[[Weighted<'_, N>; 4]], _) = dense.as_chunks::<4>();
            for quad in quads {
                let pieces = [piece(quad[0].0), piece(quad[1].0), piece(quad[2].0), piece(quad[3].0)];
                let len = pieces.iter().map(|p| p.len()).min().unwrap_or(0);
                let weights_of = |n: usize| [quad[0].1[n], quad[1].1[n], quad[2].1[n], quad[3].1[n]];
                if N > 1 {
                    for (own, piece) in floats.iter_mut().zip(pieces) {
                        to_floats(&mut own[..len], &piece[..len]);
                    }
                }
                for (n, block) in blocks.iter_mut().enumerate() {
                    let sum = &mut block[..len];
                    if N > 1 {
                        add4(sum, floats.each_ref().map(|own| &own[..len]), weights_of(n));
                    } else {
                        add4(sum, pieces.map(|piece| &piece[..len]), weights_of(n));
                    }
                    for (p, row) in pieces.iter().zip(quad) {
                        add1(&mut block[len..p.len()], &p[len..], row.1[n]);
                    }
                }
            }
            for row in rest {
                let p = piece(row.0);
                for (n, block) in blocks.iter_mut().enumerate() {
                    add1(&mut block[..p.len()], p, row.1[n]);
                }
            }
        }
        for (runs, weight) in sparse {
            for run in runs {
                let deltas = &self.deltas[run.at as usize..(run.at + run.len) as usize];
                let (start, end) = (run.start as usize, (run.start + run.len) as usize);
                for n in 0..N {
                    add1(&mut sums[n][start..end], deltas, weight[n]);
                }
            }
        }
    }

    /// The dot product of a row's motion (metres, the template's share included) with three components per vertex.
    pub fn dot(&self, row: u16, field: &[f32], template: &[f32]) -> f64 {
        let row = &self.rows[usize::from(row)];
        let mut per_axis = [0.0; 3];
        for run in self.runs(row) {
            let deltas = &self.deltas[run.at as usize..(run.at + run.len) as usize];
            let field = &field[run.start as usize..(run.start + run.len) as usize];
            for (sum, part) in per_axis.iter_mut().zip(wide(|| dot_by_axis(deltas, field))) {
                *sum += part;
            }
        }
        if !row.newborn {
            return per_axis.iter().sum::<f64>() * self.grid_m;
        }
        let mut total = 0.0;
        for axis in 0..3 {
            let share: f64 = template[axis..]
                .iter()
                .step_by(3)
                .zip(field[axis..].iter().step_by(3))
                .map(|(t, f)| f64::from(t * f))
                .sum();
            total += per_axis[axis] * self.grid_m * NEWBORN_SCALE[axis] + share * (NEWBORN_SCALE[axis] - 1.0) / 3.0;
        }
        total
    }

    /// Calls `visit(position in vertices, delta in metres)` for every chosen vertex that the row moves.
    ///
    /// `vertices` rise. Newborn scaling is applied, the share of the template is not: see [`Self::template_share`].
    pub fn visit(&self, row: u16, vertices: &[u16], mut visit: impl FnMut(usize, [f32; 3])) {
        let row = &self.rows[usize::from(row)];
        let scale = if row.newborn { NEWBORN_SCALE } else { [1.0; 3] }.map(|s| (s * self.grid_m) as f32);
        let mut at = 0;
        for run in self.runs(row) {
            let (first, end) = (run.start as usize / 3, (run.start + run.len) as usize / 3);
            at += vertices[at..].partition_point(|v| usize::from(*v) < first);
            let deltas = &self.deltas[run.at as usize..(run.at + run.len) as usize];
            while at < vertices.len() && usize::from(vertices[at]) < end {
                let from = 3 * (usize::from(vertices[at]) - first);
                let Some(&[x, y, z]) = deltas.get(from..from + 3) else { break };
                visit(at, [f32::from(x) * scale[0], f32::from(y) * scale[1], f32::from(z) * scale[2]]);
                at += 1;
            }
        }
    }

    /// The weighted motion of chosen vertices, `N` sums of three components each, metres. `vertices` rise.
    ///
    /// Newborn scaling is applied, the share of the template is not: see [`Self::template_share`].
    pub fn sums_at<const N: usize>(&self, weighted: &[(u16, [f32; N])], vertices: &[u16]) -> Vec<[[f32; N]; 3]> {
        let mut sums = vec![[[0.0f32; N]; 3]; vertices.len()];
        let grid_m = self.grid_m as f32;
        let whole: Vec<(&[i16], [f32; N])> = weighted
            .iter()
            .filter_map(|(row, weights)| Some((self.whole_row(*row)?, weights.map(|w| w * grid_m))))
            .collect();
        // Vertex by vertex, so that its sums stay in registers: neighbours share the cache lines of every row.
        for (sum, vertex) in sums.iter_mut().zip(vertices) {
            let from = 3 * usize::from(*vertex);
            *sum = wide(|| {
                let mut own = [[0.0f32; N]; 3];
                for (deltas, weights) in &whole {
                    let Some(delta) = deltas.get(from..from + 3) else { continue };
                    for axis in 0..3 {
                        let d = f32::from(delta[axis]);
                        for lane in 0..N {
                            own[axis][lane] += weights[lane] * d;
                        }
                    }
                }
                own
            });
        }
        for (row, weights) in weighted.iter().filter(|(row, _)| self.whole_row(*row).is_none()) {
            self.visit(*row, vertices, |at, delta| {
                for (sum, d) in sums[at].iter_mut().zip(delta) {
                    for lane in 0..N {
                        sum[lane] += weights[lane] * d;
                    }
                }
            });
        }
        sums
    }

    /// The deltas of a row that is stored whole and not scaled.
    fn whole_row(&self, row: u16) -> Option<&[i16]> {
        let row = &self.rows[usize::from(row)];
        match self.runs(row) {
            [run] if run.start == 0 && !row.newborn => self.deltas.get(run.at as usize..(run.at + run.len) as usize),
            _ => None,
        }
    }

    /// What a unit weight of the row adds of the template itself, per axis: zero but for newborn rows.
    pub fn template_share(&self, row: u16) -> [f64; 3] {
        if self.rows[usize::from(row)].newborn { NEWBORN_SCALE.map(|s| (s - 1.0) / 3.0) } else { [0.0; 3] }
    }
}

/// How many vertices at the start follow each other without a gap.
fn stretch(ids: &[[u8; 2]]) -> usize {
    let id = |at: usize| usize::from(u16::from_le_bytes(ids[at]));
    let is_whole = |n: usize| id(n - 1) == id(0) + n - 1; // rising ids without a gap end where they must
    if is_whole(ids.len()) {
        return ids.len();
    }
    (1..ids.len()).find(|at| id(*at) != id(0) + at).unwrap_or(ids.len())
}

/// Twelve partial sums, so that the loop needs no order of additions.
#[inline(always)]
fn dot_by_axis(deltas: &[i16], field: &[f32]) -> [f64; 3] {
    let mut lanes = [0.0f32; 12];
    let (d, d_rest) = deltas.as_chunks::<12>();
    let (f, f_rest) = field.as_chunks::<12>();
    for (d, f) in d.iter().zip(f) {
        for lane in 0..12 {
            lanes[lane] += f32::from(d[lane]) * f[lane];
        }
    }
    let mut sums = [0.0; 3];
    for (lane, value) in lanes.iter().enumerate() {
        sums[lane % 3] += f64::from(*value);
    }
    for (at, (d, f)) in d_rest.iter().zip(f_rest).enumerate() {
        sums[at % 3] += f64::from(f32::from(*d) * f);
    }
    sums
}

fn add1(sum: &mut [f32], deltas: &[i16], weight: f32) {
    if weight != 0.0 {
        wide(|| {
            for (s, d) in sum.iter_mut().zip(deltas) {
                *s += weight * f32::from(*d);
            }
        });
    }
}

fn to_floats(floats: &mut [f32], deltas: &[i16]) {
    wide(|| {
        for (float, delta) in floats.iter_mut().zip(deltas) {
            *float = f32::from(*delta);
        }
    });
}

fn add4<T: Copy + Into<f32>>(sum: &mut [f32], deltas: [&[T]; 4], weights: [f32; 4]) {
    if weights != [0.0; 4] {
        pulp::Arch::new().dispatch(Add4 { sum, deltas, weights });
    }
}

/// Four rows at a time, so that a sum is read and written once for all of them. Too long a loop for [`wide`] to be inlined by itself.
struct Add4<'a, T> {
    sum: &'a mut [f32],
    deltas: [&'a [T]; 4],
    weights: [f32; 4],
}

impl<T: Copy + Into<f32>> pulp::WithSimd for Add4<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { sum, deltas, weights: [wa, wb, wc, wd] } = self;
        let n = sum.len();
        let [a, b, c, d] = deltas.map(|p| &p[..n]);
        for i in 0..n {
            sum[i] += (wa * a[i].into() + wb * b[i].into()) + (wc * c[i].into() + wd * d[i].into());
        }
    }
}
