//! Which detection belongs to which track: the pairing of least total cost (the Hungarian method).
//!
//! A short implementation of our own, because the crate that is well kept (`pathfinding`) panics on more rows than columns
//! and may never return on infinities, and both are ordinary here.

/// Costs of pairs, row by row.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    n_rows: usize,
    n_columns: usize,
    values: Vec<f64>,
}

impl Costs {
    /// All pairs forbidden.
    pub fn new(n_rows: usize, n_columns: usize) -> Self {
        Self { n_rows, n_columns, values: vec![f64::INFINITY; n_rows * n_columns] }
    }

    /// Out of range, nothing is set.
    pub fn set(&mut self, row: usize, column: usize, cost: f64) {
        if column < self.n_columns
            && let Some(value) = self.values.get_mut(row * self.n_columns + column)
        {
            *value = cost;
        }
    }

    /// Infinite where a pair is forbidden or out of range.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        if column >= self.n_columns {
            return f64::INFINITY;
        }
        self.values.get(row * self.n_columns + column).copied().unwrap_or(f64::INFINITY)
    }
}

/// The column of each row: as many pairs as can be, and of those pairings one of least total cost.
///
/// A pair whose cost is not finite is never made. Shortest augmenting paths with potentials, O(rows² columns) (Jonker and
/// Volgenant, Computing 38, 1987).
pub fn assign(costs: &Costs) -> Vec<Option<usize>> {
    let (n_rows, n_columns) = (costs.n_rows, costs.n_columns);
    if n_rows == 0 || n_columns == 0 {
        return vec![None; n_rows];
    }
    // The method wants no fewer columns than rows.
    let flipped = n_rows > n_columns;
    let (rows, columns) = if flipped { (n_columns, n_rows) } else { (n_rows, n_columns) };
    let finite = costs.values.iter().filter(|cost| cost.is_finite());
    // Dearer than any set of allowed pairs, so that a forbidden one is only taken where nothing else is left.
    let forbidden = 1.0 + 2.0 * finite.map(|cost| cost.abs()).sum::<f64>();
    let cost = |row: usize, column: usize| {
        let value = if flipped { costs.get(column, row) } else { costs.get(row, column) };
        if value.is_finite() { value } else { forbidden }
    };
    let row_of = shortest_paths(rows, columns, cost);
    let mut column_of_row = vec![None; n_rows];
    for (column, row) in row_of.into_iter().enumerate() {
        let Some(row) = row else { continue };
        let (row, column) = if flipped { (column, row) } else { (row, column) };
        if costs.get(row, column).is_finite() {
            column_of_row[row] = Some(column);
        }
    }
    column_of_row
}

/// The row of each column; `rows <= columns`, costs finite. Places are counted from 1, because 0 stands for "none yet".
fn shortest_paths(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> f64) -> Vec<Option<usize>> {
    let mut row_price = vec![0.0; rows + 1];
    let mut column_price = vec![0.0; columns + 1];
    let mut row_at = vec![0usize; columns + 1];
    let mut came_from = vec![0usize; columns + 1];
    for row in 1..=rows {
        row_at[0] = row;
        let mut column = 0;
        let mut shortest = vec![f64::INFINITY; columns + 1];
        let mut done = vec![false; columns + 1];
        loop {
            done[column] = true;
            let from = row_at[column];
            let mut next = 0;
            let mut step = f64::INFINITY;
            for to in 1..=columns {
                if done[to] {
                    continue;
                }
                let reduced = cost(from - 1, to - 1) - row_price[from] - column_price[to];
                if reduced < shortest[to] {
                    shortest[to] = reduced;
                    came_from[to] = column;
                }
                if shortest[to] < step || next == 0 {
                    step = shortest[to];
                    next = to;
                }
            }
            for place in 0..=columns {
                if done[place] {
                    row_price[row_at[place]] += step;
                    column_price[place] -= step;
                } else {
                    shortest[place] -= step;
                }
            }
            column = next;
            if row_at[column] == 0 {
                break;
            }
        }
        while column != 0 {
            let before = came_from[column];
            row_at[column] = row_at[before];
            column = before;
        }
    }
    row_at.into_iter().skip(1).map(|row| row.checked_sub(1)).collect()
}
