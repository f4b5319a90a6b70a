//! Every wish the engine obeys: from the menu, the palette, shortcuts, the command line and tests alike.

use std::path::PathBuf;

use super::evaluation::Task;
use super::studio::{BodyId, StudioCommand};
use crate::capture::{SourceId, SourceSpec};
use crate::types::{EventId, EventVerdict, Site, Span, Timestamp, TrackId};

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens recordings; those already open are closed first, live sources stay.
    Open(Vec<PathBuf>),
    /// Starts the built-in simulated scene.
    OpenDemo,
    Connect(SourceSpec),
    /// Stops and forgets a source.
    Close(SourceId),
    CloseAll,
    /// Starts a failed or ended source again.
    Restart(SourceId),
    Play,
    Pause,
    TogglePlay,
    /// Moves the playhead of the open recording.
    Seek(Timestamp),
    SeekBy {
        nanos: i64,
    },
    /// Moves by whole frames and pauses.
    StepFrames(i32),
    /// Factor of real time, 0.1 to 100; infinity is as fast as possible.
    SetSpeed(f32),
    /// Plays this stretch again and again; `None` plays to the end.
    SetLoop(Option<Span>),
    /// Jumps to the newest data and stays there.
    FollowLive,
    StartRecording(RecordingSpec),
    StopRecording,
    /// Takes the last ten seconds of every link as those of an empty room.
    LearnQuiet,
    SetSite(Site),
    /// Whether somebody looks at bodies of followed people, which then are posed.
    PoseBodies(bool),
    /// Draws a person as this body of the studio; `None` is the template again.
    AssignBody {
        track: TrackId,
        body: Option<BodyId>,
    },
    CancelJob(u64),
    /// Says something of an event, or takes back what was said.
    JudgeEvent {
        event: EventId,
        verdict: Option<EventVerdict>,
    },
    /// Marks a fall that no detector told of.
    MarkFall(Span),
    /// Takes back the last verdict.
    UndoVerdict,
    RedoVerdict,
    /// Fits the fall detector of what is open from the verdicts on it.
    RefitFalls,
    /// Writes a table or summary that was asked for.
    SaveText {
        path: PathBuf,
        text: String,
    },
    /// Runs an evaluation as a job; its report is kept in the snapshot.
    Evaluate(Task),
    /// Removes the report of an evaluation.
    ForgetEvaluation(u64),
    /// Photos and bodies.
    Studio(StudioCommand),
}

/// Where to record, and what to write beside the frames.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingSpec {
    /// `None` chooses a name with date and time in the recordings folder.
    pub path: Option<PathBuf>,
    pub notes: String,
}
