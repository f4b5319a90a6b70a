//! What a person does, step by step: the plain description that motion is made from.

use serde::{Deserialize, Serialize};

use super::recorded::RecordedMotion;
use crate::types::FallKind;

/// One thing to do. Places are metres on the floor of the room, headings radians from x towards y.
///
/// What is missing in between is added: somebody who sits stands up before walking, and turns before sitting down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Step {
    /// Comes into the scene, standing.
    Appear {
        at: [f32; 2],
        heading_rad: f32,
    },
    /// Leaves the scene on the spot; the way out is walked before.
    Leave,
    /// Away from the scene, or at rest as people are: now and then the body shifts.
    Wait {
        secs: f32,
    },
    /// Waits until so many seconds of the script are over; nothing where they are already.
    WaitUntil {
        secs: f32,
    },
    /// At rest without any shift; sway and breath go on.
    Hold {
        secs: f32,
    },
    Walk {
        to: Vec<[f32; 2]>,
        speed_m_per_s: f32,
    },
    Turn {
        heading_rad: f32,
    },
    /// Arms move: reaching, waving, working with the hands.
    Gesture {
        secs: f32,
        vigour: f32,
    },
    /// Walks to a seat, turns and sits down; `dropping` lets go above the seat.
    Sit {
        seat: [f32; 2],
        heading_rad: f32,
        seat_m: f32,
        dropping: bool,
    },
    StandUp,
    /// Bends down and comes up again; `squat` 0 bends the back, 1 the knees.
    PickUp {
        squat: f32,
    },
    /// Walks to the side of a bed and lies down on it; the head will point to `heading_rad`.
    LieOnBed {
        bed: [f32; 2],
        heading_rad: f32,
        bed_m: f32,
    },
    LieOnFloor {
        on_back: bool,
    },
    /// From lying, wherever that is, to standing.
    GetUp,
    Crawl {
        to: [f32; 2],
    },
    /// Nearly falls while walking on, and catches the balance.
    Stumble,
    /// A recorded motion, where the room has space for it.
    Recorded {
        motion: RecordedMotion,
    },
    /// From what the kind of fall begins with; else from standing. Lies where it ends, until told to get up.
    Fall {
        kind: FallKind,
        secs: f32,
        heading_rad: f32,
    },
}

/// Steps with what happens after the last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    pub steps: Vec<Step>,
    /// Begins again; else the last pose is held. The way back to the first step's place is the script's business.
    pub repeats: bool,
}
