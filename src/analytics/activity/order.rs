//! What follows what: a chain of activities (hidden Markov model) and its most likely course.

/// How often each class begins and follows each other, as logarithms of probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    first: Vec<f64>,
    /// `[from][to]`
    next: Vec<Vec<f64>>,
}

/// Added to each count, so that what was never seen is unlikely and not impossible.
const PRIOR: (f64, f64) = (0.1, 0.2);
/// A step's own evidence against a class is never final.
const MIN_SHARE: f64 = 1e-3;

impl Order {
    pub fn learn<'a>(sequences: impl Iterator<Item = &'a [usize]>, n_classes: usize) -> Self {
        let mut first = vec![PRIOR.0; n_classes];
        let mut next = vec![vec![PRIOR.1; n_classes]; n_classes];
        for classes in sequences {
            classes.first().and_then(|class| first.get_mut(*class)).into_iter().for_each(|count| *count += 1.0);
            for pair in classes.windows(2) {
                let &[from, to] = pair else { continue };
                next.get_mut(from).and_then(|row| row.get_mut(to)).into_iter().for_each(|count| *count += 1.0);
            }
        }
        next.iter_mut().for_each(|row| to_logarithms(row));
        to_logarithms(&mut first);
        Self { first, next }
    }

    /// The course of highest probability (Viterbi 1967), one class per step; `shares` are each step's own probabilities.
    pub fn most_likely(&self, shares: &[Vec<f64>]) -> Vec<usize> {
        let n = self.first.len();
        let evidence = |row: &[f64], class: usize| (row.get(class).copied().unwrap_or(0.0) + MIN_SHARE).ln();
        let Some(start) = shares.first().filter(|_| n > 0) else { return Vec::new() };
        let mut scores: Vec<f64> = self.first.iter().enumerate().map(|(class, p)| p + evidence(start, class)).collect();
        let mut origins: Vec<Vec<usize>> = Vec::with_capacity(shares.len());
        for row in shares.iter().skip(1) {
            let (mut reached, mut from) = (Vec::with_capacity(n), Vec::with_capacity(n));
            for to in 0..n {
                let ways: Vec<f64> =
                    scores.iter().zip(&self.next).map(|(s, p)| s + p.get(to).copied().unwrap_or(f64::MIN)).collect();
                let best = super::largest(&ways);
                reached.push(ways.get(best).copied().unwrap_or(f64::MIN) + evidence(row, to));
                from.push(best);
            }
            scores = reached;
            origins.push(from);
        }
        let mut class = super::largest(&scores);
        let mut course = vec![class];
        for from in origins.iter().rev() {
            class = from.get(class).copied().unwrap_or(0);
            course.push(class);
        }
        course.reverse();
        course
    }
}

fn to_logarithms(counts: &mut [f64]) {
    let sum: f64 = counts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    counts.iter_mut().for_each(|count| *count = (*count / sum).ln());
}
