//! Raw CSI to clean CSI, to spectra, to feature windows.
//!
//! Pure: no clock, no I/O, no threads. The same frames always give the same result.

pub mod clock;
mod products;

pub use products::Products;
