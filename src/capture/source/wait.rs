//! Waiting for input with a timeout, on Unix with `poll(2)`.

use std::time::Duration;

/// Whether a read would find something. An end or an error also counts: the read then tells which.
#[cfg(unix)]
pub fn readable(input: impl std::os::fd::AsFd, timeout: Duration) -> std::io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec { tv_sec: timeout.as_secs().cast_signed(), tv_nsec: timeout.subsec_nanos().into() };
    match poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&timeout)) {
        Ok(n_ready) => Ok(n_ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere nothing can be said beforehand of every kind of input: the read itself waits.
#[cfg(not(unix))]
pub fn readable<I>(_input: I, _timeout: Duration) -> std::io::Result<bool> {
    Ok(true)
}
