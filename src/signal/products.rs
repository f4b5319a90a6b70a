//! What signal processing makes of one stream: the tables that the window draws and later stages read.

use std::sync::Arc;

use crate::types::{Complex32, LinkQuality, Rows, Subcarriers};

/// Everything computed for one stream so far. Cloning shares the tables, so a snapshot is cheap.
///
/// All tables are in ascending time on the shared time axis. `clean`, `pca`, `motion` and `doppler` start again (and
/// `generation` counts up) when the choice of usable bins changes, because their columns then mean something else;
/// `doppler` alone starts again, with another width, when the packet rate has changed by more than a fifth.
#[derive(Clone, Debug, Default)]
pub struct Products {
    pub subcarriers: Arc<Subcarriers>,
    pub n_rx: usize,
    pub n_tx: usize,
    /// Positions within a chain of the bins that carry signal, ascending in subcarrier number, from one segment only.
    pub usable: Arc<[u16]>,
    pub generation: u32,
    /// As reported, all chains: `[rx][tx][subcarrier]`, raw device units, one row per frame.
    pub raw: Rows<Complex32>,
    /// Gauge-fixed, all chains on the usable bins: `[rx][tx][usable]`. Per-packet gain, phase and delay slope are fitted
    /// out; the mean channel has a mean power of one. One row per frame that carries energy. Real amplitudes, normalised
    /// by gain, where the recording holds amplitudes only.
    pub clean: Rows<Complex32>,
    /// Signed Doppler spectrogram averaged over chains and bins, dB over the noise floor, lowest frequency first. Each
    /// row is at the middle of its window; positive frequencies are paths that get shorter. Empty for amplitudes only.
    pub doppler: Rows<f32>,
    /// The frequency of each column of `doppler`, Hz; empty until the packet rate is known.
    pub doppler_hz: Arc<[f32]>,
    /// Scores of the first principal components of the clean amplitude, one row per frame.
    pub pca: Rows<f32>,
    /// Dynamic over static power, one value per row, dimensionless; a few rows a second.
    pub motion: Rows<f32>,
    /// Autocorrelation of the motion signal over the last seconds, lag 0 first; empty until there is enough data.
    pub autocorrelation: Arc<[f32]>,
    /// Time between two lags of `autocorrelation`, seconds.
    pub lag_secs: f32,
    pub quality: Arc<LinkQuality>,
}
