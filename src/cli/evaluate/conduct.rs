//! What all evaluations share: which seeds, how long, and when to stop.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::super::progress;

/// Becomes true when somebody interrupts (Ctrl+C), so that what has been measured by then is still printed.
pub fn interrupt_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    Ok(interrupted)
}

/// Tells each step, and goes on until somebody interrupts.
pub fn steps(interrupted: &AtomicBool) -> impl FnMut(Option<f32>, &str) -> bool {
    move |_, step: &str| {
        progress::step(step);
        !interrupted.load(Ordering::Relaxed)
    }
}

/// `1000..1050`: 50 seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    pub first: u64,
    pub end: u64,
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = || format!("write the first seed and the one after the last, as 1000..1050, not {text:?}");
        let (first, end) = text.split_once("..").ok_or_else(help)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| help());
        let (first, end) = (number(first)?, number(end)?);
        if first < end { Ok(Self { first, end }) } else { Err(help()) }
    }
}

/// Measures one computation on this thread.
pub struct Stopwatch {
    start: Instant,
    start_cpu: Option<f64>,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { start: Instant::now(), start_cpu: processor_secs() }
    }

    /// Seconds on the clock, and of the processor where the system tells them.
    pub fn read(&self) -> (f64, Option<f64>) {
        let cpu_secs = processor_secs().zip(self.start_cpu).map(|(end, start)| end - start);
        (self.start.elapsed().as_secs_f64(), cpu_secs)
    }
}

/// Processor time of this thread, where the system tells it (Linux): other programs do not lengthen it as they do the clock.
fn processor_secs() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}
