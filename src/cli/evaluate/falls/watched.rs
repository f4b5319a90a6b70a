//! A simulated record as the program sees it with the pose network: who was followed, look by look.

use serde::{Deserialize, Serialize};

use super::trials::{Trial, simulator};
use crate::analytics::evaluation::falls::MAX_SECS;
use crate::inference::{Models, RadioPose};
use crate::pose::Perceiver;
use crate::pose::layout::WINDOW_SECS;
use crate::simulate::SceneOptions;
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{Detection, Moves, Timestamp, Track};

/// How often the network looks, as the engine asks it.
const STEP_SECS: f64 = 0.25;

/// What was known about people at one moment; without tracks where the window could not be judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Looked {
    /// The middle of the window.
    pub time: Timestamp,
    pub is_judged: bool,
    pub tracks: Vec<Track>,
    /// What the network says of the one person although it cannot tell where they are.
    pub lone: Option<Detection>,
    /// Probabilities of nobody, one, and two or more people.
    pub count: [f64; 3],
    /// See [`crate::pose::support::Conditions`].
    pub movement_db: f32,
}

/// Watches a seed's ten seconds.
pub fn watch(seed: u64, scene: &SceneOptions, models: &Models, network: &RadioPose) -> anyhow::Result<Vec<Looked>> {
    let (mut simulator, start) = simulator(Trial::of(seed), seed, scene);
    simulator.skip_to(Timestamp::from_secs_f64(start));
    let site = simulator.site().clone();
    let mut perceiver = Perceiver::default();
    let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
    let mut looks = Vec::new();
    let mut held = simulator.next_frame();
    let n_looks = ((MAX_SECS - WINDOW_SECS) / STEP_SECS) as usize;
    for step in 0..=n_looks {
        let end = Timestamp::from_secs_f64(start + WINDOW_SECS + step as f64 * STEP_SECS);
        while let Some(time) = held.host_time.filter(|time| *time <= end) {
            perceiver.push(time, &held);
            held = simulator.next_frame();
        }
        let Ok(window) = perceiver.window(end, &site) else {
            looks.push(Looked {
                time: end.plus_secs(-WINDOW_SECS / 2.0),
                is_judged: false,
                tracks: Vec::new(),
                lone: None,
                count: [0.0; 3],
                movement_db: 0.0,
            });
            continue;
        };
        let (answers, features) = network.run(models, &window.inputs)?;
        let reading = window.read(&answers, &features, network.description());
        // As the engine does: a window outside of the network's support is no look at an empty room.
        let is_judged = reading.refusals.is_empty() || reading.moves == Moves::Nothing;
        let lone = window.lone(&answers, network.description());
        if is_judged {
            tracker.look(reading.time, reading.moves, &reading.detections, lone.as_ref(), reading.count[0]);
        }
        let tracks = if is_judged { tracker.tracks().to_vec() } else { Vec::new() };
        let (time, count, movement_db) = (reading.time, reading.count, window.conditions.movement_db);
        looks.push(Looked { time, is_judged, tracks, lone, count, movement_db });
    }
    Ok(looks)
}
