//! What a recording says truly happened, beside its frames: the answers that a model is held against.

use std::io::{Read, Seek};

use super::{Error, RecordingReader, chunk};
use crate::types::SceneTruth;
use crate::types::message::truth::decode;

impl<R: Read + Seek> RecordingReader<R> {
    /// Hands out every moment of truth in the order of the file and answers how many could not be read.
    ///
    /// Reads the whole file once more; the place that frames are read from is not touched. Most recordings hold no truth.
    pub fn truth(&mut self, mut each: impl FnMut(SceneTruth)) -> Result<u64, Error> {
        let mut n_unreadable = 0;
        for at in 0..self.index.chunks.len() {
            let Some(entry) = self.index.chunks.get(at) else { break };
            let chunk = chunk::load(&mut self.reader, entry)?;
            self.index.learn(&chunk);
            for (channel, _, data) in chunk.messages() {
                if !self.index.truth_channels.contains(&channel) {
                    continue;
                }
                match decode(data) {
                    Ok(truth) => each(truth),
                    Err(_) => n_unreadable += 1,
                }
            }
        }
        Ok(n_unreadable)
    }
}
