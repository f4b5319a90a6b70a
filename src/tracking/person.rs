//! One person whom the tracker follows: the filters of one track, and what they say together.

use std::collections::VecDeque;

use nalgebra::{Matrix2, Vector2};

use super::TrackerConfig;
use super::facing::{Facing, WALK_SECS};
use super::limbs::Limbs;
use super::motion::{Look, Motion, Velocity};
use super::profile::{Profile, Reading};
use crate::types::{Detection, Estimate, FloorPoint, Pose, Posture, Timestamp, Track, TrackId, TrackState, TrailPoint};

/// Log odds of existence are kept within this, so that nobody takes longer to doubt than they took to believe.
const MAX_LOG_ODDS: f64 = 9.0;
/// A single detection out of nowhere is more often a ghost than a person.
const FIRST_LOG_ODDS: f64 = -1.0;
/// However sure a network is that there is nobody, or somebody, who does not move.
const LEAST_NOBODY: f64 = 0.02;
/// No single detection raises them by more.
const MAX_HIT: f64 = 3.0;
/// Points of a trail: some minutes of walking at the spacing below.
const MAX_TRAIL: usize = 512;
const TRAIL_STEP_M: f64 = 0.15;
/// Places of the way kept at most: more than come in two steps.
const MAX_WAY: usize = 64;
/// Faster than this somebody walks, m/s; only then speed tells who it is.
const WALKING_M_PER_S: f64 = 0.5;
/// A posture is called when it was seen for most of about this time, s.
const POSTURE_SECS: f64 = 1.0;
/// No pelvis is higher, nor better known by radio, m.
const MAX_PELVIS_M: f64 = 3.0;
const MIN_PELVIS_SIGMA_M: f64 = 0.005;
/// How fast the pelvis may rise and sink, m²/s: 0.5 m within a second.
const PELVIS_M2_PER_S: f64 = 0.25;

/// Who somebody is, apart from where they are: exchanged when two people turn out to have been mixed up.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub id: TrackId,
    pub born: Timestamp,
    pub profile: Profile,
    /// What lasts of earlier doubts, 0..=1.
    pub certainty: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Names this body while it is followed; unlike the identity it never changes.
    pub body: u64,
    pub identity: Identity,
    pub state: TrackState,
    pub motion: Motion,
    pub log_odds: f64,
    pub n_frames: u32,
    pub n_seen: u32,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// Until when nothing has moved since they were seen.
    still_until: Timestamp,
    /// How long this person and another have lived on one detection; ends with a detection of their own.
    pub shared_secs: f64,
    pub shared: bool,
    /// Whether who this is may still turn out to be one of the lost.
    pub open: bool,
    facing: Facing,
    /// Filtered places of the last moments with their covariances.
    way: VecDeque<(Timestamp, Vector2<f64>, Matrix2<f64>)>,
    limbs: Limbs,
    posture: [f64; 7],
    called: Posture,
    /// Of the last two looks.
    latest: [Posture; 2],
    pelvis: Option<(f64, f64)>,
    trail: VecDeque<TrailPoint>,
}

impl Person {
    pub fn new(body: u64, time: Timestamp, look: &Look, detection: &Detection, config: &TrackerConfig) -> Self {
        let mut person = Self {
            body,
            identity: Identity { id: TrackId(0), born: time, profile: Profile::default(), certainty: 1.0 },
            state: TrackState::Birth,
            motion: Motion::new(look, config),
            log_odds: FIRST_LOG_ODDS,
            n_frames: 1,
            n_seen: 1,
            first_seen: time,
            last_seen: time,
            still_until: time,
            shared_secs: 0.0,
            shared: false,
            open: true,
            facing: Facing::default(),
            way: VecDeque::new(),
            limbs: Limbs::default(),
            posture: [0.0; 7],
            called: Posture::Unknown,
            latest: [Posture::Unknown; 2],
            pelvis: None,
            trail: VecDeque::new(),
        };
        person.take_velocity(detection, 1.0);
        person.read_pose(detection, 1.0);
        person
    }

    pub fn predict(&mut self, secs: f64, config: &TrackerConfig) {
        self.motion.predict(secs, config);
        self.facing.predict(secs);
        self.limbs.predict(secs);
        self.predict_posture(secs);
        self.n_frames = self.n_frames.saturating_add(1);
        self.shared = false;
    }

    fn predict_posture(&mut self, secs: f64) {
        let kept = (-secs / POSTURE_SECS).exp();
        self.posture.iter_mut().for_each(|weight| *weight *= kept);
        if let Some((_, variance)) = &mut self.pelvis {
            *variance = (*variance + PELVIS_M2_PER_S * secs).min(1.0);
        }
    }

    /// A detection of this person alone. `log_ratio`: how much likelier it is with this person there than without.
    pub fn see(
        &mut self,
        time: Timestamp,
        look: &Look,
        detection: &Detection,
        log_ratio: f64,
        share: f64,
        config: &TrackerConfig,
    ) {
        self.motion.update(look, config);
        self.take_velocity(detection, share);
        self.log_odds = (self.log_odds + log_ratio.min(MAX_HIT)).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS);
        self.n_seen = self.n_seen.saturating_add(1);
        self.last_seen = time;
        self.shared_secs = 0.0;
        self.walk(time);
        self.read_pose(detection, share);
    }

    fn take_velocity(&mut self, detection: &Detection, share: f64) {
        if let Some(velocity) = Velocity::of(detection) {
            self.motion.update_velocity(&velocity, share);
        }
    }

    /// A detection that stands for this person and another one: it tells a place, loosely, and nothing of the body.
    pub fn see_shared(&mut self, time: Timestamp, look: &Look, secs: f64, config: &TrackerConfig) {
        self.motion.update(look, config);
        self.last_seen = time;
        self.shared_secs += secs;
        self.shared = true;
    }

    /// They do not move from their place, and no look is needed to know where they are. How they are held comes from what is
    /// said of the one person in the room, where something of them moves; else they are as the last looks at their movement
    /// agreed on, since whoever walked stands now. Limbs of before may lie anywhere.
    pub fn hold(&mut self, time: Timestamp, secs: f64, one: Option<&Detection>, nobody: f64, share: f64) {
        self.motion.stop();
        self.still_until = time;
        self.way.clear();
        self.limbs = Limbs::default();
        let nobody = if nobody.is_finite() { nobody.clamp(LEAST_NOBODY, 1.0 - LEAST_NOBODY) } else { 0.5 };
        let odds = share * ((1.0 - nobody) / nobody).ln();
        self.log_odds = (self.log_odds + odds).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS);
        match one {
            Some(one) => {
                self.predict_posture(secs);
                self.read_posture(&one.pose, share);
                if self.called == Posture::Walking {
                    self.called = Posture::Unknown;
                }
            }
            None if self.state == TrackState::Confirmed => {
                self.called = match self.latest {
                    [Posture::Walking | Posture::Standing, Posture::Walking | Posture::Standing] => Posture::Standing,
                    [one, other] if one == other => one,
                    _ => Posture::Unknown,
                };
            }
            None => {}
        }
    }

    pub fn miss(&mut self, share: f64, config: &TrackerConfig) {
        // Misses come in runs as errors do, so that a run counts for less than its length.
        let missed = (1.0 - config.detection_probability).clamp(1e-3, 1.0).ln();
        self.log_odds = (self.log_odds + missed * share).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS);
    }

    /// Looks back at the way of the last two steps.
    fn walk(&mut self, time: Timestamp) {
        let now = (time, self.motion.position(), self.motion.position_covariance());
        self.way.push_back(now);
        while self.way.len() > MAX_WAY || self.way.front().is_some_and(|(then, ..)| time.secs_since(*then) > WALK_SECS)
        {
            self.way.pop_front();
        }
        if let Some((then, from, covariance)) = self.way.front()
            && time.secs_since(*then) > 0.5 * WALK_SECS
        {
            self.facing.walk(now.1 - from, &(now.2 + covariance));
        }
    }

    fn read_pose(&mut self, detection: &Detection, share: f64) {
        let pose = &detection.pose;
        if let Some(heading) = pose.heading_rad {
            self.facing.read(heading, share);
        }
        if let Some(joints) = &pose.joints {
            self.limbs.update(joints, detection.side_log_odds, share);
        }
        self.read_posture(pose, share);
    }

    /// Whether nothing moves at this moment.
    pub fn is_held(&self, time: Timestamp) -> bool {
        self.still_until == time && self.last_seen != time
    }

    fn read_posture(&mut self, pose: &Pose, share: f64) {
        self.latest = [self.latest[1], pose.posture];
        self.posture[pose.posture as usize] += share;
        let seen: f64 = self.posture.iter().sum();
        let most = (0..self.posture.len()).max_by(|a, b| self.posture[*a].total_cmp(&self.posture[*b]));
        // Half of the weight and more, so that a word does not flicker between two that are as likely.
        if let Some(most) = most.filter(|most| self.posture[*most] > 0.6 * seen) {
            self.called = POSTURES[most];
        }
        let pelvis = pose.pelvis_height_m.filter(Estimate::is_sound);
        if let Some(height) = pelvis.filter(|height| height.value.abs() <= MAX_PELVIS_M && height.sigma <= MAX_PELVIS_M)
        {
            let measured = height.sigma.max(MIN_PELVIS_SIGMA_M).powi(2) / share.clamp(0.01, 1.0);
            let (mean, variance) = self.pelvis.unwrap_or((height.value, 1.0));
            let gain = variance / (variance + measured);
            self.pelvis = Some((mean + gain * (height.value - mean), variance * (1.0 - gain)));
        }
    }

    /// What this detection tells of who somebody is, with the speed if they walk.
    pub fn reading(&self, detection: &Detection) -> Reading {
        let velocity = self.motion.velocity();
        let speed = velocity.norm();
        let sigma = (0.5 * self.motion.velocity_covariance().trace()).max(0.0).sqrt();
        let walks = speed > WALKING_M_PER_S && speed > 1.5 * sigma;
        Reading::new(&detection.features, walks.then(|| Estimate::new(speed, sigma)))
    }

    pub fn distance_m(&self, other: &Self) -> f64 {
        (self.motion.position() - other.motion.position()).norm()
    }

    pub fn existence(&self) -> f64 {
        1.0 / (1.0 + (-self.log_odds).exp())
    }

    /// From the first to the last detection.
    pub fn followed_secs(&self) -> f64 {
        self.last_seen.secs_since(self.first_seen)
    }

    /// Since the last detection, or the last moment in which they cannot have left.
    pub fn secs_unseen(&self, time: Timestamp) -> f64 {
        time.secs_since(self.last_seen.max(self.still_until))
    }

    /// Everything as others see it. `identity`: 0..=1.
    pub fn track(&mut self, time: Timestamp, identity: f64) -> Track {
        let position = self.motion.position();
        let at = TrailPoint { time, position_m: position.into() };
        let moved = |last: &TrailPoint| (Vector2::from(last.position_m) - position).norm() >= TRAIL_STEP_M;
        if self.state.is_present() && self.trail.back().is_none_or(moved) {
            if self.trail.len() >= MAX_TRAIL {
                self.trail.pop_front();
            }
            self.trail.push_back(at);
        }
        let pose = Pose {
            root: FloorPoint { position_m: position.into(), covariance_m2: rows(&self.motion.position_covariance()) },
            heading_rad: self.facing.estimate(),
            posture: self.called,
            pelvis_height_m: self.pelvis.map(|(mean, variance)| Estimate::new(mean, variance.sqrt())),
            joints: self.limbs.joints(),
            side: self.limbs.side(),
        };
        Track {
            id: self.identity.id,
            state: self.state,
            born: self.identity.born,
            time,
            last_seen: self.last_seen,
            pose,
            velocity_m_per_s: self.motion.velocity().into(),
            velocity_covariance: rows(&self.motion.velocity_covariance()),
            existence: self.existence(),
            identity,
            shared: self.shared,
            trail: self.trail.clone(),
        }
    }
}

const POSTURES: [Posture; 7] = [
    Posture::Unknown,
    Posture::Standing,
    Posture::Walking,
    Posture::Sitting,
    Posture::Crouching,
    Posture::OnFloor,
    Posture::Lying,
];

fn rows(matrix: &Matrix2<f64>) -> [[f64; 2]; 2] {
    [[matrix[(0, 0)], matrix[(0, 1)]], [matrix[(1, 0)], matrix[(1, 1)]]]
}
