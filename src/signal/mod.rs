//! Raw CSI to clean CSI, to spectra, to feature windows.
//!
//! Pure: no clock, no I/O, no threads. The same frames always give the same result.
//! [`StreamProcessor`] is the front door for a running stream; the other modules are its parts, and serve analyses
//! of whole recordings as well.

pub mod amplitude;
pub mod bins;
mod chain;
pub mod clock;
pub mod direction;
pub mod doppler;
pub mod filter;
pub mod gauge;
pub mod pca;
pub mod phase;
mod products;
pub mod quality;
pub mod quarter_turns;
pub mod rate;
pub mod resample;
pub mod rhythm;
pub mod spectrum;
mod stream;
pub mod transmitters;
mod verdict;

pub use products::Products;
pub use quality::QualityMeter;
pub use stream::{StreamConfig, StreamProcessor};
