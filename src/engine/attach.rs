//! Starting the threads of sources, of the player and of jobs.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};

use super::NoticeLevel;
use super::evaluation::Told;
use super::feed::Feed;
use super::index::{self, Index};
use super::live;
use super::pipeline::Calibration;
use super::player::{Player, PlayerCommand, SharedView, Track};
use super::radio_network::RadioNetwork;
use super::recorder::Tap;
use crate::analytics::fall::Refitted;
use crate::capture::source::file::FileReader;
use crate::capture::{SourceId, SourceSpec, source};
use crate::types::{Site, SourceState};

/// Starts the capture thread of one live source.
pub fn spawn_live(id: SourceId, spec: SourceSpec, feed: Arc<Feed>, tap: Tap) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(format!("capture:{id}")).spawn(move || {
        let run = AssertUnwindSafe(|| live::run(id, &feed, &tap, || source::open_live(&spec, id)));
        report_panic(&feed, catch_unwind(run));
    })
}

/// Starts the player of recordings, each with its feed.
pub fn spawn_player(
    files: Vec<(SourceId, PathBuf, Arc<Feed>)>,
    view: SharedView,
    control: Receiver<PlayerCommand>,
    follow: bool,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("player".into()).spawn(move || {
        let feeds: Vec<_> = files.iter().map(|(_, _, feed)| Arc::clone(feed)).collect();
        let run = AssertUnwindSafe(|| {
            let tracks = open_tracks(files);
            if !tracks.is_empty() {
                Player::new(tracks, view, control, follow).run();
            }
        });
        if let Err(panic) = catch_unwind(run) {
            for feed in &feeds {
                feed.set_state(SourceState::Failed(panic_text(panic.as_ref())));
            }
        }
    })
}

fn open_tracks(files: Vec<(SourceId, PathBuf, Arc<Feed>)>) -> Vec<Track> {
    let mut tracks = Vec::new();
    for (id, path, feed) in files {
        match FileReader::open(&path, id) {
            Ok(reader) => {
                feed.status().provenance = reader.provenance();
                feed.status().label = format!("{} ({})", file_name(&path), reader.format().label());
                let site = reader.recording_info().map(|info| &info.site);
                feed.status().site = site.filter(|site| **site != Site::default()).cloned().map(Arc::new);
                tracks.push(Track { reader, feed, next: None, finished: false });
            }
            Err(error) => feed.set_state(SourceState::Failed(error.to_string())),
        }
    }
    tracks
}

pub fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// What a job tells.
pub enum JobEvent {
    Progress {
        id: u64,
        progress: f32,
    },
    Indexed {
        id: u64,
        source: SourceId,
        index: Box<Index>,
    },
    Failed {
        id: u64,
        message: String,
    },
    Cancelled {
        id: u64,
    },
    Refitted {
        id: u64,
        refitted: Result<Box<Refitted>, String>,
    },
    Evaluation {
        id: u64,
        told: Told,
    },
    /// From the body studio: a message, or only that something has changed.
    Studio(Option<(NoticeLevel, String)>),
}

/// Starts the job that reads a whole recording.
pub fn spawn_index(
    id: u64,
    source: SourceId,
    path: PathBuf,
    network: RadioNetwork,
    calibration: Calibration,
    cancel: Arc<AtomicBool>,
    events: Sender<JobEvent>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("jobs".into()).spawn(move || {
        let go_on = |progress| {
            events.send(JobEvent::Progress { id, progress }).ok();
            !cancel.load(Ordering::Relaxed)
        };
        let read = AssertUnwindSafe(|| index::index(&path, source, &network, calibration, go_on));
        let event = match catch_unwind(read) {
            Ok(Ok(Some(index))) => JobEvent::Indexed { id, source, index: Box::new(index) },
            Ok(Ok(None)) => JobEvent::Cancelled { id },
            Ok(Err(error)) => JobEvent::Failed { id, message: error.to_string() },
            Err(panic) => JobEvent::Failed { id, message: panic_text(panic.as_ref()) },
        };
        // An engine that has gone wants no index.
        events.send(event).ok();
    })
}

fn report_panic(feed: &Feed, result: Result<(), Box<dyn Any + Send>>) {
    if let Err(panic) = result {
        feed.set_state(SourceState::Failed(panic_text(panic.as_ref())));
    }
}

pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let what = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("stopped unexpectedly, please report it: {what}")
}
