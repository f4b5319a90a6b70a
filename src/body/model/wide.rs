//! Loops over many numbers, compiled for the widest vectors that this processor has.

/// Runs a loop with the vectors that the processor has. Give it innermost loops: only what the compiler inlines gains. Results are the
/// same bit for bit, since nothing is contracted or reordered.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}
