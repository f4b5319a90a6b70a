//! What is being done, on standard error: over one line on a terminal, and elsewhere as a line now and then, so that a
//! log tells how far a long run is and is not flooded.

use std::fmt::Display;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a log is told.
const LOG_EVERY: Duration = Duration::from_mins(1);

static LOGGED: Mutex<Option<Instant>> = Mutex::new(None);

/// Tells the step that begins now.
pub fn step(text: impl Display) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text} ");
        return;
    }
    let Ok(mut logged) = LOGGED.lock() else { return };
    // The first step is told when it has taken long enough to be worth a line.
    if logged.get_or_insert_with(Instant::now).elapsed() >= LOG_EVERY {
        *logged = Some(Instant::now());
        eprintln!("{text}");
    }
}

/// Clears the step on a terminal, before results are printed.
pub fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
