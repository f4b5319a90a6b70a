//! The way that somebody went, seen from afterwards: each place with what was seen before and after it.
//!
//! Rauch, Tung and Striebel's smoother (AIAA Journal 3, 1965) over the same motion as the live filter.

use nalgebra::{Matrix2, Matrix6, Vector6};

use super::TrackerConfig;
use super::motion::{Look, Motion, step};
use crate::types::{FloorPoint, Timestamp};

/// A moment of a smoothed way.
#[derive(Clone, Debug, PartialEq)]
pub struct WayPoint {
    pub time: Timestamp,
    pub place: FloorPoint,
    pub velocity_m_per_s: [f64; 2],
    /// Of the velocity, (m/s)².
    pub velocity_covariance: [[f64; 2]; 2],
}

struct Filtered {
    predicted: (Vector6<f64>, Matrix6<f64>),
    updated: (Vector6<f64>, Matrix6<f64>),
}

/// Smooths one person's detections, in the order of time: a waypoint for each that could be used.
///
/// Places that are none, and times that do not go forward, are left out.
pub fn smooth(seen: &[(Timestamp, FloorPoint)], config: &TrackerConfig) -> Vec<WayPoint> {
    let mut times: Vec<Timestamp> = Vec::with_capacity(seen.len());
    let mut forward: Vec<Filtered> = Vec::with_capacity(seen.len());
    let mut motion: Option<Motion> = None;
    for (time, place) in seen {
        let Some(look) = Look::new(place, 0.0) else { continue };
        let before = times.last().copied();
        if before.is_some_and(|before| *time <= before) {
            continue;
        }
        let mut now = match (motion.take(), before) {
            (Some(mut motion), Some(before)) => {
                motion.predict(time.secs_since(before), config);
                motion
            }
            _ => {
                let first = Motion::new(&look, config);
                let same = (first.state, first.covariance);
                forward.push(Filtered { predicted: same, updated: same });
                times.push(*time);
                motion = Some(first);
                continue;
            }
        };
        let predicted = (now.state, now.covariance);
        now.update(&look, config);
        forward.push(Filtered { predicted, updated: (now.state, now.covariance) });
        times.push(*time);
        motion = Some(now);
    }
    backward(&times, &forward, config)
}

fn backward(times: &[Timestamp], forward: &[Filtered], config: &TrackerConfig) -> Vec<WayPoint> {
    let mut way = Vec::with_capacity(forward.len());
    let Some(last) = forward.last() else { return way };
    let mut smoothed = last.updated;
    way.push(way_point(times[forward.len() - 1], &smoothed));
    for at in (0..forward.len() - 1).rev() {
        let (state, covariance) = forward[at].updated;
        let (predicted, predicted_covariance) = forward[at + 1].predicted;
        let (transition, _) = step(times[at + 1].secs_since(times[at]).min(super::motion::MAX_STEP_SECS), config);
        // The gain, from its transpose: predicted covariance is symmetric.
        let gain = predicted_covariance.cholesky().map(|factor| factor.solve(&(transition * covariance)).transpose());
        smoothed = match gain {
            Some(gain) => {
                let better = covariance + gain * (smoothed.1 - predicted_covariance) * gain.transpose();
                (state + gain * (smoothed.0 - predicted), (better + better.transpose()) * 0.5)
            }
            // Nothing can be learnt from what comes after.
            None => (state, covariance),
        };
        way.push(way_point(times[at], &smoothed));
    }
    way.reverse();
    way
}

fn way_point(time: Timestamp, (state, covariance): &(Vector6<f64>, Matrix6<f64>)) -> WayPoint {
    let block = |at: usize| {
        let block: Matrix2<f64> = covariance.fixed_view::<2, 2>(at, at).into_owned();
        [[block[(0, 0)], block[(0, 1)]], [block[(1, 0)], block[(1, 1)]]]
    };
    WayPoint {
        time,
        place: FloorPoint { position_m: [state[0], state[1]], covariance_m2: block(0) },
        velocity_m_per_s: [state[2], state[3]],
        velocity_covariance: block(2),
    }
}
