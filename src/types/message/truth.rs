//! The truth of one moment as a message in a recording, beside the frames that it belongs to.
//!
//! Pure: truth in, bytes out, and back without losing a bit.

use super::super::{Activity, PersonTruth, PostureClass, SceneTruth, Sex, SkipReason, Timestamp, TruthJoint};
use super::cdr;

pub const SCHEMA_NAME: &str = "corporeal_msgs/msg/SceneTruth";
pub const SCHEMA_TEXT: &str = include_str!("SceneTruth.msg");

/// Appends the message to `out`. People whose joints are not all there are left out.
pub fn encode(truth: &SceneTruth, out: &mut Vec<u8>) {
    let people: Vec<&PersonTruth> =
        truth.people.iter().filter(|person| person.joints_m.len() == TruthJoint::COUNT).collect();
    let n = people.len();
    let mut cdr = cdr::Writer::new(out);
    cdr.number(truth.time.0.to_le_bytes());
    cdr.sequence(n, people.iter().map(|person| [person.person]));
    cdr.sequence(n, people.iter().map(|person| [sex_code(person.sex)]));
    cdr.sequence(n, people.iter().map(|person| [posture_code(person.posture)]));
    cdr.sequence(n, people.iter().map(|person| [activity_code(person.activity)]));
    let numbers: [fn(&PersonTruth) -> f32; 5] = [
        |person| person.height_m,
        |person| person.weight_kg,
        |person| person.heading_rad,
        |person| person.breathing_per_min,
        |person| person.chest_m,
    ];
    for number in numbers {
        cdr.sequence(n, people.iter().map(|person| number(person).to_le_bytes()));
    }
    let velocities = people.iter().flat_map(|person| person.velocity_m_per_s);
    cdr.sequence(3 * n, velocities.map(f32::to_le_bytes));
    let joints = people.iter().flat_map(|person| person.joints_m.iter().flatten());
    cdr.sequence(3 * TruthJoint::COUNT * n, joints.map(|part| part.to_le_bytes()));
}

/// The truth, or why the bytes are no such message.
pub fn decode(message: &[u8]) -> Result<SceneTruth, SkipReason> {
    let mut cdr = cdr::Reader::new(message).ok_or(SkipReason::BadHeader)?;
    let columns = Columns::read(&mut cdr).ok_or(SkipReason::CutTail)?;
    columns.people().map(|people| SceneTruth { time: columns.time, people }).ok_or(SkipReason::BadValueCount)
}

/// The sequences as they stand in the message.
struct Columns<'a> {
    time: Timestamp,
    bytes: [&'a [[u8; 1]]; 4],
    numbers: [&'a [[u8; 4]]; 5],
    velocities: &'a [[[u8; 4]; 3]],
    joints: &'a [[[u8; 4]; 3]],
}

impl<'a> Columns<'a> {
    fn read(cdr: &mut cdr::Reader<'a>) -> Option<Self> {
        Some(Self {
            time: Timestamp(i64::from_le_bytes(cdr.number()?)),
            bytes: [cdr.sequence()?, cdr.sequence()?, cdr.sequence()?, cdr.sequence()?],
            numbers: [cdr.sequence()?, cdr.sequence()?, cdr.sequence()?, cdr.sequence()?, cdr.sequence()?],
            velocities: cdr.sequence::<4>()?.as_chunks().0,
            joints: cdr.sequence::<4>()?.as_chunks().0,
        })
    }

    /// `None` where the sequences disagree in length, or a code means nothing.
    fn people(&self) -> Option<Vec<PersonTruth>> {
        let [people, sexes, postures, activities] = self.bytes;
        let place = |parts: &[[u8; 4]; 3]| parts.map(f32::from_le_bytes);
        if self.joints.len() != TruthJoint::COUNT * people.len() || self.velocities.len() != people.len() {
            return None;
        }
        let person = |(i, joints): (usize, &[[[u8; 4]; 3]])| {
            let byte = |column: &[[u8; 1]]| column.get(i).map(|[byte]| *byte);
            let number = |column: &[[u8; 4]]| column.get(i).map(|bytes| f32::from_le_bytes(*bytes));
            let [heights, weights, headings, breathing, chests] = self.numbers;
            let joints_m: Vec<[f32; 3]> = joints.iter().map(place).collect();
            let [x, y, _] = *joints_m.get(TruthJoint::Pelvis as usize)?;
            Some(PersonTruth {
                person: byte(people)?,
                joints_m,
                sex: [Sex::Female, Sex::Male].into_iter().find(|sex| Some(sex_code(*sex)) == byte(sexes))?,
                height_m: number(heights)?,
                weight_kg: number(weights)?,
                position_m: [x, y],
                velocity_m_per_s: place(self.velocities.get(i)?),
                heading_rad: number(headings)?,
                posture: POSTURES.into_iter().find(|posture| Some(posture_code(*posture)) == byte(postures))?,
                activity: Activity::ALL
                    .into_iter()
                    .find(|activity| Some(activity_code(*activity)) == byte(activities))?,
                breathing_per_min: number(breathing)?,
                chest_m: number(chests)?,
            })
        };
        self.joints.chunks_exact(TruthJoint::COUNT).enumerate().map(person).collect()
    }
}

fn sex_code(sex: Sex) -> u8 {
    match sex {
        Sex::Female => 1,
        Sex::Male => 2,
    }
}

const POSTURES: [PostureClass; 5] =
    [PostureClass::Upright, PostureClass::Bent, PostureClass::Sitting, PostureClass::Low, PostureClass::Lying];

fn posture_code(posture: PostureClass) -> u8 {
    match posture {
        PostureClass::Upright => 1,
        PostureClass::Bent => 2,
        PostureClass::Sitting => 3,
        PostureClass::Low => 4,
        PostureClass::Lying => 5,
    }
}

/// Counts from one in the order of [`Activity::ALL`], which only ever grows at its end.
fn activity_code(activity: Activity) -> u8 {
    activity as u8 + 1
}
