//! Standard input, or any pipe: `ssh router tcpdump -w - | corporeal …`.
//!
//! On Unix the pipe is asked with `poll(2)` before each read, so that a poll keeps its timeout. Elsewhere the read
//! itself waits; it runs on the source's own thread, so that nothing else does.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::time::Duration;

use super::byte_stream::ByteStream;
use super::wait::readable;
use crate::capture::{Batch, Error, Polled, Source, SourceId};
use crate::types::{NodeId, Provenance};

const READ_LEN: usize = 64 * 1024;

pub struct Stdin {
    pipe: File,
    stream: ByteStream,
    buffer: Vec<u8>,
    ended: bool,
}

impl Stdin {
    pub fn open(id: SourceId) -> Result<Self, Error> {
        Ok(Self::from_pipe(standard_input().map_err(failed)?, id))
    }

    /// Reads from any open pipe or file as from standard input.
    pub fn from_pipe(pipe: File, id: SourceId) -> Self {
        let stream = ByteStream::new(NodeId::Source(id), None);
        Self { pipe, stream, buffer: vec![0; READ_LEN], ended: false }
    }
}

impl Source for Stdin {
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        if self.ended {
            return Ok(Polled::Ended);
        }
        if !readable(&self.pipe, timeout).map_err(failed)? {
            self.stream.silent(batch)?;
            return Ok(Polled::Idle);
        }
        match self.pipe.read(&mut self.buffer) {
            Ok(0) => {
                self.ended = true;
                self.stream.end(batch)?;
                Ok(Polled::Ended)
            }
            Ok(len) => {
                self.stream.push(self.buffer.get(..len).unwrap_or_default(), batch)?;
                Ok(Polled::Running)
            }
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => Ok(Polled::Idle),
            Err(error) => Err(failed(error)),
        }
    }

    fn provenance(&self) -> Provenance {
        Provenance::Live
    }

    fn label(&self) -> String {
        "standard input".to_owned()
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::Io { context: "cannot read standard input".to_owned(), source }
}

/// A handle of our own, without the buffer of [`std::io::Stdin`] in between: what lies there `poll` cannot see.
#[cfg(unix)]
fn standard_input() -> std::io::Result<File> {
    use std::os::fd::AsFd as _;
    std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn standard_input() -> std::io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    std::io::stdin().as_handle().try_clone_to_owned().map(File::from)
}
