//! Which labelled recordings a path names.

use std::path::Path;

use crate::capture::labelled::{Error, LabelledSeries, fition, table};

/// Compact arrays of Fition, its folder of pcaps, or a table of one's own.
pub fn read(path: &Path) -> Result<Vec<LabelledSeries>, Error> {
    let is = |extension: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension));
    if is("npz") {
        fition::read_compact(path)
    } else if is("csv") {
        table::read(path)
    } else {
        fition::read_raw(path)
    }
}
