//! Order statistics: medians and quantiles, single and running.

/// The middle value; `None` of nothing.
pub fn median(values: Vec<f64>) -> Option<f64> {
    quantile(values, 0.5)
}

/// Linear between the two nearest; `None` of nothing. Reorders its own copy.
pub fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    let place = share.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let (_, &mut below, above) = values.select_nth_unstable_by(place.floor() as usize, f64::total_cmp);
    let above = if place.fract() > 0.0 { above.iter().copied().min_by(f64::total_cmp)? } else { below };
    Some(below + (above - below) * place.fract())
}

/// Without sorting: this is most of the work of cleaning a running link. Numbers only.
#[inline(always)]
pub(super) fn median_of_5([a, b, c, d, e]: [f64; 5]) -> f64 {
    // A processor does these at once, where `f64::min` looks for what is no number first.
    let min = |a: f64, b: f64| if a < b { a } else { b };
    let max = |a: f64, b: f64| if a > b { a } else { b };
    let (low, high) = (max(min(a, b), min(c, d)), min(max(a, b), max(c, d)));
    min(max(low, high), max(min(low, high), e))
}

/// Median over `width` values around each; the ends repeat the outermost value.
pub(super) fn running_median(values: &[f64], width: usize) -> Vec<f64> {
    let reach = (width / 2) as isize;
    let last = (values.len() as isize - 1).max(0);
    let at = |i: isize| values.get(i.clamp(0, last) as usize).copied().unwrap_or(0.0);
    let mut sorted: Vec<f64> = (-reach..=reach).map(at).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = |sorted: &[f64], value: f64| sorted.partition_point(|known| known.total_cmp(&value).is_lt());
    (0..values.len() as isize)
        .map(|i| {
            if i > 0 {
                // One value leaves, one comes; those between them move by one place.
                let (leaves, comes) = (at(i - 1 - reach), at(i + reach));
                let from = place(&sorted, leaves).min(sorted.len() - 1);
                let to = place(&sorted, comes);
                let to = if to > from { to - 1 } else { to };
                if from < to {
                    sorted.copy_within(from + 1..=to, from)
                } else {
                    sorted.copy_within(to..from, to + 1)
                }
                sorted.get_mut(to).into_iter().for_each(|slot| *slot = comes);
            }
            sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
        })
        .collect()
}
