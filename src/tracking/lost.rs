//! People who left, remembered in case they come back.

use std::collections::VecDeque;

use nalgebra::Matrix2;

use super::TrackerConfig;
use super::config::MAX_LOST;
use super::motion::Motion;
use super::person::{Identity, Person};
use crate::types::{Timestamp, Track, TrackState};

/// A name is given back when it is this likely.
const KNOWN_ABOVE: f64 = 0.8;
/// For this long after somebody appeared, readings may still tell who it is, s.
const OPEN_SECS: f64 = 15.0;
/// A person may come in anywhere on a floor of this size, m².
const FLOOR_M2: f64 = 20.0;
/// Nobody runs faster indoors, m/s; nor is a place better known than this margin, m.
const MAX_SPEED_M_PER_S: f64 = 3.0;
const MARGIN_M: f64 = 1.5;

#[derive(Clone, Debug)]
struct LostPerson {
    track: Track,
    identity: Identity,
    motion: Motion,
}

#[derive(Clone, Debug, Default)]
pub(super) struct LostPeople(VecDeque<LostPerson>);

impl LostPeople {
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.0.iter().map(|person| &person.track)
    }

    pub fn remember(&mut self, mut track: Track, identity: Identity, motion: Motion) {
        track.state = TrackState::Lost;
        if self.0.len() >= MAX_LOST {
            self.0.pop_front();
        }
        self.0.push_back(LostPerson { track, identity, motion });
    }

    pub fn forget(&mut self, time: Timestamp, config: &TrackerConfig) {
        self.0.retain(|person| time.secs_since(person.track.last_seen) <= config.memory_secs);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives a person who appeared the name of the one who was lost, when it is likely enough; says whether it did.
    pub fn know_again(&mut self, person: &mut Person, time: Timestamp, config: &TrackerConfig) -> bool {
        if time.secs_since(person.first_seen) > OPEN_SECS {
            person.open = false;
            return false;
        }
        let odds: Vec<f64> = self.0.iter().map(|lost| likelihood(lost, person, config).exp()).collect();
        let all: f64 = odds.iter().sum::<f64>() + config.newcomer_odds.max(1e-9);
        let best = (0..odds.len()).max_by(|a, b| odds[*a].total_cmp(&odds[*b]));
        let Some(best) = best.filter(|&best| odds[best] / all > KNOWN_ABOVE) else { return false };
        let Some(lost) = self.0.remove(best) else { return false };
        let certainty = lost.identity.certainty * odds[best] / all;
        let mut profile = lost.identity.profile;
        profile.absorb(&person.identity.profile);
        person.identity = Identity { profile, certainty, ..lost.identity };
        person.open = false;
        true
    }
}

/// Logarithm of how much likelier a newcomer looks if they are this lost person than if they are anybody.
fn likelihood(lost: &LostPerson, person: &Person, config: &TrackerConfig) -> f64 {
    let away_secs = person.first_seen.secs_since(lost.track.last_seen).max(0.0);
    let mut motion = lost.motion.clone();
    // The filter of a lost person has been predicting since they were seen last; it goes on to the first sight.
    let since_lost = person.first_seen.secs_since(lost.track.time);
    motion.predict(since_lost.max(0.0), config);
    let off = person.motion.position() - motion.position();
    let reach = MARGIN_M + MAX_SPEED_M_PER_S * (away_secs + person.followed_secs());
    let moved = person.motion.position() - nalgebra::Vector2::from(lost.track.position_m());
    if moved.norm() > reach {
        return f64::NEG_INFINITY;
    }
    let spread: Matrix2<f64> =
        motion.position_covariance() + person.motion.position_covariance() + Matrix2::identity() * 0.25;
    let Some(factor) = spread.cholesky() else { return f64::NEG_INFINITY };
    let log_density =
        -0.5 * off.dot(&factor.solve(&off)) - factor.l().diagonal().map(f64::ln).sum() - std::f64::consts::TAU.ln();
    // They may also have turned up anywhere: half and half.
    let place = (0.5 * (log_density.exp() * FLOOR_M2) + 0.5).ln();
    let body = if config.use_features { lost.identity.profile.log_ratio_of(&person.identity.profile) } else { 0.0 };
    place + body
}
