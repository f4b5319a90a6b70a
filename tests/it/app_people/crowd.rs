//! People made by hand: one with a skeleton, one of whom only the posture is known, one who lies; and a day of theirs.

use std::collections::VecDeque;
use std::sync::Arc;

use corporeal::body::drive::stick_figure;
use corporeal::engine::{People, ShownPerson};
use corporeal::pose::{Part, Shown};
use corporeal::tracking::occupancy::{FloorMap, OccupancyTimeline};
use corporeal::tracking::zones::{Headcount, ZoneState};
use corporeal::types::{
    Estimate, FloorPoint, Joint, JointEstimate, Outline, Pose, Posture, Provenance, Side, Site, Timestamp, Track,
    TrackId, TrackState, TrailPoint, Zone, ZoneId, ZoneKind, ZoneLimits,
};

/// 2026-03-14 15:01:00 UTC.
pub const NOW: Timestamp = Timestamp(1_773_500_460_000_000_000);

/// Somebody of whom a place is known.
pub fn person(id: u64, position_m: [f64; 2]) -> ShownPerson {
    let trail: VecDeque<TrailPoint> = (0..24)
        .map(|i| {
            let back = f64::from(24 - i) * 0.5;
            let position_m = [position_m[0] - 0.14 * back, position_m[1] - 0.25 * (0.7 * back).sin()];
            TrailPoint { time: NOW.plus_secs(-back), position_m }
        })
        .collect();
    let root = FloorPoint { position_m, covariance_m2: [[0.12, 0.03], [0.03, 0.06]] };
    let track = Track {
        id: TrackId(id),
        state: TrackState::Confirmed,
        born: NOW.plus_secs(-74.0),
        time: NOW,
        last_seen: NOW,
        pose: Pose { side: Side::Held, ..Pose::at(root) },
        velocity_m_per_s: [0.8, 0.2],
        velocity_covariance: [[0.02, 0.0], [0.0, 0.02]],
        existence: 0.97,
        identity: 0.97,
        shared: false,
        trail,
    };
    let shown = Shown {
        place: true,
        posture: Posture::Unknown,
        heading_rad: None,
        template: false,
        joints: None,
        refusals: Vec::new(),
    };
    ShownPerson { track, shown, height_m: None }
}

fn facing(mut person: ShownPerson, heading: f64, posture: Posture) -> ShownPerson {
    let heading = Some(Estimate::new(heading, 0.25));
    person.track.pose.heading_rad = heading;
    person.track.pose.posture = posture;
    person.shown.heading_rad = heading;
    person.shown.posture = posture;
    person
}

/// Somebody who walks along x, with a skeleton of eight links; arms are less sure.
pub fn skeleton(id: u64) -> ShownPerson {
    let mut person = facing(person(id, [1.7, 1.4]), 0.0, Posture::Walking);
    person.height_m = Some(1.78);
    let at = stick_figure(Posture::Walking, Some(1.78), None);
    let joints = Joint::ALL.map(|joint| {
        let sigma_m = match joint {
            Joint::LeftWrist | Joint::RightWrist => 0.14,
            Joint::LeftElbow | Joint::RightElbow | Joint::LeftAnkle | Joint::RightAnkle => 0.1,
            _ => 0.07,
        };
        JointEstimate { position_m: at[joint as usize].as_vec3().to_array(), sigma_m }
    });
    person.track.pose.joints = Some(Box::new(joints));
    let part = |joint| match joint {
        Joint::LeftEye | Joint::RightEye | Joint::LeftEar | Joint::RightEar => Part::Hidden,
        _ => Part::Drawn,
    };
    person.shown.joints = Some(Joint::ALL.map(part));
    person
}

/// Somebody of whom a place, a direction and a posture are known.
pub fn template(id: u64) -> ShownPerson {
    let mut person = facing(person(id, [4.3, 2.6]), 2.4, Posture::Sitting);
    person.track.pose.root.covariance_m2 = [[0.16, 0.0], [0.0, 0.16]];
    person.shown.template = true;
    person
}

/// Somebody on the floor, not seen just now.
pub fn lying(id: u64) -> ShownPerson {
    let mut person = facing(person(id, [3.4, 3.6]), 0.4, Posture::OnFloor);
    person.shown.template = true;
    person.track.state = TrackState::Coasting;
    person
}

pub fn site() -> Site {
    let zone = |id, name: &str, kind, outline: Result<Outline, _>| Zone {
        id: ZoneId(id),
        name: name.to_owned(),
        outline: outline.expect("an outline"),
        kind,
        limits: ZoneLimits::default(),
    };
    let dented = vec![[4.6, 0.0], [6.0, 0.0], [6.0, 1.4], [5.4, 1.4], [5.4, 0.6], [4.6, 0.6]];
    Site {
        zones: vec![
            zone(1, "Bed", ZoneKind::Bed, Outline::rectangle([3.6, 2.0], [5.2, 3.2])),
            zone(2, "Door", ZoneKind::Restricted, Outline::new(dented)),
        ],
        ..Site::default()
    }
}

/// A map of ten minutes, and people over time with a gap.
pub fn day() -> (FloorMap, OccupancyTimeline) {
    let mut map = FloorMap::new([6.0, 4.4], 0.2, None).expect("a floor");
    let mut timeline = OccupancyTimeline::new(30.0);
    for i in 0..1200 {
        let secs = 0.5 * f64::from(i) - 600.0;
        if (-400.0..-330.0).contains(&secs) {
            continue;
        }
        let walker = person(1, [3.0 + 2.0 * (0.02 * secs).cos(), 2.0 + 1.2 * (0.031 * secs).sin()]).track;
        let mut tracks = vec![walker];
        if secs > -240.0 {
            tracks.push(person(2, [4.3, 2.6]).track);
        }
        map.step(NOW.plus_secs(secs), &tracks);
        timeline.step(NOW.plus_secs(secs), &tracks);
    }
    (map, timeline)
}

pub fn people() -> People {
    let (floor, occupancy) = day();
    let state = |zone, n_people, mean, sigma, judged| ZoneState {
        zone: ZoneId(zone),
        inside: Vec::new(),
        count: Headcount { n_people, mean, sigma },
        judged,
    };
    People {
        time: Some(NOW),
        provenance: Some(Provenance::Simulated),
        persons: vec![skeleton(1), template(2), lying(3)],
        count: Some([0.03, 0.15, 0.82]),
        n_links: 8,
        network: Some("pose 0.1 (simulated rooms)".to_owned()),
        zones: vec![state(1, 1, 0.9, 0.3, true), state(2, 0, 0.0, 0.1, false)],
        floor: Some(Arc::new(floor)),
        occupancy: Some(Arc::new(occupancy)),
        ..People::default()
    }
}

/// Width and depth of an outline, metres.
pub fn extent(outline: &Outline) -> (f64, f64) {
    let range = |axis: usize| {
        let values = outline.corners_m().iter().map(|corner| corner[axis]);
        values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
    };
    (range(0), range(1))
}
