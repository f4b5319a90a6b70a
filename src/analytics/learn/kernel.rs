//! Ridge regression onto classes with a Gaussian kernel (Saunders, Gammerman & Vovk 1998): for a few hundred pictures as
//! good as a network, solved at once, and the same on every machine.
//!
//! Each picture is learned at several shifts in time, because where exactly a burst peaks is chance; answers are means over
//! the same shifts.

use nalgebra::{Cholesky, DMatrix};

use super::super::spectrogram::{CROP_FRAMES, N_FREQUENCIES};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelOptions {
    /// Narrowness of the kernel: `exp(-narrowness · |a - b|² / (length · variance))`.
    pub narrowness: f64,
    /// Penalty on the weights.
    pub ridge: f64,
    /// Frames that pictures are shifted by, to both sides.
    pub max_shift: usize,
}

impl Default for KernelOptions {
    fn default() -> Self {
        Self { narrowness: 2.0, ridge: 0.3, max_shift: 2 }
    }
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    pictures: Vec<Vec<f32>>,
    /// Sum of squares of each picture.
    squares: Vec<f64>,
    /// `[picture][class]`
    weights: DMatrix<f64>,
    gamma: f64,
    max_shift: usize,
}

impl Kernel {
    /// Fits to pictures with classes 0..`n_classes`, each class weighted to the same total; `None` where there is nothing to
    /// learn or a picture has the wrong size.
    pub fn fit(pictures: &[&[f32]], classes: &[usize], n_classes: usize, options: &KernelOptions) -> Option<Self> {
        let is_sound = |picture: &&[f32]| picture.len() == N_FREQUENCIES * CROP_FRAMES;
        if pictures.is_empty() || pictures.len() != classes.len() || !pictures.iter().all(is_sound) {
            return None;
        }
        let mut counts = vec![0.0; n_classes];
        for class in classes {
            *counts.get_mut(*class)? += 1.0;
        }
        let n_present = counts.iter().filter(|count| **count > 0.0).count() as f64;
        let share = |class: usize| counts.get(class).map_or(0.0, |count| count / classes.len() as f64);
        let (mut rows, mut targets, mut roots) = (Vec::new(), Vec::new(), Vec::new());
        for (picture, class) in pictures.iter().zip(classes) {
            for shift in shifts(options.max_shift) {
                rows.push(shifted(picture, shift));
                targets.push(*class);
                roots.push((n_present * share(*class)).max(f64::MIN_POSITIVE).recip().sqrt());
            }
        }
        let n = rows.len();
        let n_values = (n * N_FREQUENCIES * CROP_FRAMES) as f64;
        let mean = rows.iter().flatten().map(|v| f64::from(*v)).sum::<f64>() / n_values;
        let variance = rows.iter().flatten().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n_values;
        let gamma = options.narrowness / ((N_FREQUENCIES * CROP_FRAMES) as f64 * variance.max(1e-12));
        let squares: Vec<f64> = rows.iter().map(|row| f64::from(dot(row, row))).collect();
        let mut system = DMatrix::zeros(n, n);
        for i in 0..n {
            for j in 0..=i {
                let distance = (squares[i] + squares[j] - 2.0 * f64::from(dot(&rows[i], &rows[j]))).max(0.0);
                let value = (-gamma * distance).exp() * roots[i] * roots[j];
                system[(i, j)] = value;
                system[(j, i)] = value;
            }
            system[(i, i)] += options.ridge;
        }
        let target = DMatrix::from_fn(n, n_classes, |i, class| {
            (f64::from(u8::from(targets[i] == class)) - share(class)) * roots[i]
        });
        let mut weights = Cholesky::new(system)?.solve(&target);
        for (mut row, root) in weights.row_iter_mut().zip(&roots) {
            row *= *root;
        }
        Some(Self { pictures: rows, squares, weights, gamma, max_shift: options.max_shift })
    }

    /// How much a picture looks like each class: near one for the class it is of, near zero for others, no probability.
    /// Empty for a picture of the wrong size.
    pub fn scores(&self, picture: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0; self.weights.ncols()];
        if picture.len() != N_FREQUENCIES * CROP_FRAMES {
            return Vec::new();
        }
        let n_shifts = (2 * self.max_shift + 1) as f64;
        for shift in shifts(self.max_shift) {
            let moved = shifted(picture, shift);
            let square = f64::from(dot(&moved, &moved));
            for ((known, known_square), weights) in self.pictures.iter().zip(&self.squares).zip(self.weights.row_iter())
            {
                let distance = (square + known_square - 2.0 * f64::from(dot(&moved, known))).max(0.0);
                let value = (-self.gamma * distance).exp() / n_shifts;
                sums.iter_mut().zip(weights.iter()).for_each(|(sum, weight)| *sum += value * weight);
            }
        }
        sums
    }
}

fn shifts(max_shift: usize) -> impl Iterator<Item = isize> {
    let reach = isize::try_from(max_shift.min(CROP_FRAMES)).unwrap_or(0);
    -reach..=reach
}

/// The picture moved in time; the outermost frame fills what comes in.
fn shifted(picture: &[f32], shift: isize) -> Vec<f32> {
    let last = CROP_FRAMES as isize - 1;
    picture
        .chunks_exact(CROP_FRAMES)
        .flat_map(|row| (0..=last).map(move |at| row[(at - shift).clamp(0, last) as usize]))
        .collect()
}

/// Eight sums side by side: a fixed order of additions that fits the processor's vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
