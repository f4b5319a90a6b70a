//! How long frames take from arrival to the snapshot that shows them.

/// Width of a histogram bucket, and how many there are: 0.1 ms up to 0.5 s.
const BUCKET_SECS: f32 = 1e-4;
const N_BUCKETS: usize = 5_000;

/// Percentiles over the whole run, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    pub p50_secs: f32,
    pub p99_secs: f32,
    pub max_secs: f32,
    pub n_frames: u64,
}

pub struct LatencyMeter {
    counts: Vec<u64>,
    n: u64,
    max_secs: f32,
}

impl Default for LatencyMeter {
    fn default() -> Self {
        Self { counts: vec![0; N_BUCKETS], n: 0, max_secs: 0.0 }
    }
}

impl LatencyMeter {
    pub fn push(&mut self, secs: f32) {
        let bucket = ((secs / BUCKET_SECS) as usize).min(N_BUCKETS - 1);
        self.counts[bucket] += 1;
        self.n += 1;
        self.max_secs = self.max_secs.max(secs);
    }

    /// `None` before the first live frame.
    pub fn latency(&self) -> Option<Latency> {
        (self.n > 0).then(|| Latency {
            p50_secs: self.quantile(0.5),
            p99_secs: self.quantile(0.99),
            max_secs: self.max_secs,
            n_frames: self.n,
        })
    }

    /// The upper edge of the bucket that holds the quantile.
    fn quantile(&self, share: f64) -> f32 {
        let wanted = (self.n as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return (bucket + 1) as f32 * BUCKET_SECS;
            }
        }
        self.max_secs
    }
}
