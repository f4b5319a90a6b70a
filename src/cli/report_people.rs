//! What scripts are told of the people in the room: no more than the window shows.

use serde::Serialize;

use crate::engine::{People, ShownPerson};
use crate::pose::Part;
use crate::types::{Estimate, Joint, Posture, Side, Timestamp, TrackId, TrackState};

#[derive(Debug, Serialize)]
pub struct PeopleReport<'a> {
    /// The moment that this is for: the middle of the newest window.
    pub time: Option<Timestamp>,
    /// Links that it rests on.
    pub n_links: usize,
    pub network: Option<&'a str>,
    /// Probabilities of nobody, one, and two or more people; `null` when that cannot be told.
    pub count: Option<[f32; 3]>,
    pub persons: Vec<PersonReport>,
    /// Why nobody is shown where that cannot be told.
    pub blank: Vec<BlankReport<'a>>,
}

#[derive(Debug, Serialize)]
pub struct BlankReport<'a> {
    pub reason: &'a str,
    pub remedy: &'a str,
}

#[derive(Debug, Serialize)]
pub struct PersonReport {
    pub id: TrackId,
    pub state: TrackState,
    /// 0..=1: that this is the person who first had the name.
    pub identity: f64,
    /// x and y in the room, metres, with the covariance in square metres.
    pub position_m: Option<[f64; 2]>,
    pub covariance_m2: Option<[[f64; 2]; 2]>,
    pub velocity_m_per_s: Option<[f64; 2]>,
    pub posture: Posture,
    /// Radians from the room's x axis towards its y axis.
    pub heading_rad: Option<Estimate>,
    /// Joints that are sure enough to be drawn, in room coordinates.
    pub joints: Option<Vec<JointReport>>,
    pub side: Side,
}

#[derive(Debug, Serialize)]
pub struct JointReport {
    pub joint: Joint,
    pub position_m: [f64; 3],
    pub sigma_m: f32,
}

impl<'a> PeopleReport<'a> {
    pub fn new(people: &'a People) -> Self {
        Self {
            time: people.time,
            n_links: people.n_links,
            network: people.network.as_deref(),
            count: people.count,
            persons: people.persons.iter().map(PersonReport::new).collect(),
            blank: (people.blank.iter())
                .map(|blank| BlankReport { reason: &blank.reason, remedy: &blank.remedy })
                .collect(),
        }
    }
}

impl PersonReport {
    fn new(person: &ShownPerson) -> Self {
        let ShownPerson { track, shown, .. } = person;
        let pose = &track.pose;
        let joints = shown.joints.as_ref().zip(pose.joints.as_ref()).map(|(parts, joints)| {
            let drawn = Joint::ALL.into_iter().filter(|joint| parts[*joint as usize] == Part::Drawn);
            let of = |joint: Joint| {
                let estimate = joints[joint as usize];
                let position_m = pose.room_from_body(estimate.position_m)?;
                Some(JointReport { joint, position_m, sigma_m: estimate.sigma_m })
            };
            drawn.filter_map(of).collect()
        });
        Self {
            id: track.id,
            state: track.state,
            identity: track.identity,
            position_m: shown.place.then_some(pose.root.position_m),
            covariance_m2: shown.place.then_some(pose.root.covariance_m2),
            velocity_m_per_s: shown.place.then_some(track.velocity_m_per_s),
            posture: shown.posture,
            heading_rad: shown.heading_rad,
            joints,
            side: pose.side,
        }
    }
}
