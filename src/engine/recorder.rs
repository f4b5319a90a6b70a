//! The recording thread: takes every frame from the capture threads, before any queue may drop it, and writes MCAP.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::RecordingView;
use super::feed::TimedFrame;
use crate::export::Error;
use crate::export::mcap::Recorder;
use crate::types::{RecordedSource, RecordingInfo};

/// Ten seconds at 8 links of 200 frames/s. When a slow disk fills it, capture threads wait and the operating system's
/// own buffers take over: nothing is dropped here.
const QUEUE_LEN: usize = 16_384;
/// How often a recording is flushed when no frames come.
const TICK: Duration = Duration::from_millis(200);

struct Entry {
    source: Arc<RecordedSource>,
    timed: TimedFrame,
}

/// What capture threads hold: leads nowhere until somebody records.
#[derive(Clone, Default)]
pub struct Tap {
    sender: Arc<ArcSwapOption<Sender<Entry>>>,
}

impl Tap {
    pub fn record(&self, source: &Arc<RecordedSource>, timed: &TimedFrame) {
        if let Some(sender) = self.sender.load().as_deref() {
            // A recorder that failed has said so itself; the live view goes on.
            sender.send(Entry { source: Arc::clone(source), timed: timed.clone() }).ok();
        }
    }
}

/// A recording in progress; dropping it finishes the file.
pub struct Recording {
    tap: Tap,
    view: Arc<Mutex<RecordingView>>,
    started: Instant,
    thread: Option<JoinHandle<()>>,
}

impl Recording {
    pub fn start(tap: Tap, path: PathBuf, info: RecordingInfo) -> Result<Self, Error> {
        let recorder = Recorder::create(&path, info)?;
        let (sender, receiver) = bounded(QUEUE_LEN);
        let view = Arc::new(Mutex::new(RecordingView {
            path,
            duration: Duration::ZERO,
            n_bytes: 0,
            n_frames: 0,
            error: None,
        }));
        let thread_view = Arc::clone(&view);
        let thread = std::thread::Builder::new()
            .name("recorder".into())
            .spawn(move || write_all(recorder, &receiver, &thread_view))
            .map_err(Error::NoThread)?;
        tap.sender.store(Some(Arc::new(sender)));
        Ok(Self { tap, view, started: Instant::now(), thread: Some(thread) })
    }

    pub fn view(&self) -> RecordingView {
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner).clone();
        view.duration = self.started.elapsed();
        view
    }

    /// Writes what is queued, closes the file and says how it went.
    pub fn stop(mut self) -> RecordingView {
        self.join();
        self.view()
    }

    fn join(&mut self) {
        // The thread ends when the last sender is gone and the queue is empty.
        self.tap.sender.store(None);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            self.view.lock().unwrap_or_else(PoisonError::into_inner).error =
                Some("the recorder stopped unexpectedly — what was written until then is kept".into());
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.join();
    }
}

fn write_all(mut recorder: Recorder<BufWriter<File>>, receiver: &Receiver<Entry>, view: &Mutex<RecordingView>) {
    let result = loop {
        let written = match receiver.recv_timeout(TICK) {
            Ok(entry) => recorder.write(entry.timed.time, &entry.source, &entry.timed.frame),
            Err(RecvTimeoutError::Timeout) => recorder.tick(Instant::now()),
            Err(RecvTimeoutError::Disconnected) => break recorder.finish().map(|_| ()),
        };
        let mut view = view.lock().unwrap_or_else(PoisonError::into_inner);
        view.n_bytes = recorder.n_bytes();
        view.n_frames = recorder.n_frames();
        if written.is_err() {
            break written;
        }
    };
    if let Err(error) = result {
        view.lock().unwrap_or_else(PoisonError::into_inner).error = Some(error.to_string());
    }
}
