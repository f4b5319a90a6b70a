//! The only module that spawns threads: wires sources to the pipeline, runs jobs, owns the [`Snapshot`], obeys [`Command`]s.
//!
//! | thread | does |
//! |---|---|
//! | `capture:<n>` | one live source: poll, align clocks, tee to the recorder, feed |
//! | `player` | the open recordings: paced, merged by time |
//! | `recorder` | writes MCAP |
//! | `jobs` | reads whole recordings for the timeline; runs an evaluation |
//! | `bodies` | poses the body model like the people who are followed |
//! | `pipeline` | everything else: commands, signal processing, snapshots |

mod attach;
mod command;
mod core;
mod dense;
mod detectors;
pub mod evaluation;
mod feed;
mod following;
pub mod index;
mod jobs;
mod judging;
mod latency;
mod live;
mod live_timeline;
mod notices;
mod opening;
mod people;
mod perceiving;
pub mod pipeline;
mod player;
mod publishing;
mod radio_network;
mod recorder;
mod recordings;
mod rooms;
mod sensing;
mod snapshot;
pub mod studio;
mod verdicts;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use crossbeam_channel::{Sender, unbounded};

pub use command::{Command, RecordingSpec};
pub use dense::{Dense, DenseBody, Dresser, Subjects};
pub use detectors::Detectors;
pub use latency::Latency;
pub use people::{Blank, People, ShownPerson};
pub use radio_network::RadioNetwork;
pub use rooms::FallsHere;
pub use sensing::{EventLog, Sensed};
pub use snapshot::{
    JobView, LinkView, Notice, NoticeLevel, PlaybackView, RecordingView, Snapshot, SourceView, Timeline,
};
pub use verdicts::{Judged, VerdictsView};

use crate::signal::StreamConfig;
use crate::types::Site;

/// What an engine starts with.
#[derive(Clone, Debug, Default)]
pub struct EngineConfig {
    /// Where recordings without a given path go.
    pub recordings_dir: PathBuf,
    /// Where verdicts on events are kept; `None` forgets them at the end of the session.
    pub verdicts_dir: Option<PathBuf>,
    pub site: Site,
    pub stream: StreamConfig,
}

/// The running engine. Dropping it stops every thread and closes a recording in progress.
pub struct Engine {
    commands: Option<Sender<Command>>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    pipeline: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts with nothing open. `repaint` is called from the pipeline thread when there is news, at most 30 times a second.
    pub fn start(config: EngineConfig, repaint: Box<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (commands, received) = unbounded();
        let snapshot = Arc::new(ArcSwap::from_pointee(Snapshot::default()));
        let published = Arc::clone(&snapshot);
        let pipeline = std::thread::Builder::new()
            .name("pipeline".into())
            .spawn(move || core::Core::new(config, published, repaint).run(&received))?;
        Ok(Self { commands: Some(commands), snapshot, pipeline: Some(pipeline) })
    }

    /// The newest state; never blocks.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Never blocks; the effect shows in a later snapshot.
    pub fn send(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // A pipeline that has ended takes no more wishes, and there is nobody left to tell.
            commands.send(command).ok();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(pipeline) = self.pipeline.take() {
            // Its panic has been reported where it happened.
            pipeline.join().ok();
        }
    }
}
