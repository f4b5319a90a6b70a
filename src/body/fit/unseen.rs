//! Which measurements no photo can have decided, since the parts of the body that they are taken on were not in any.

use crate::types::MeasurementKind::{self, *};

use super::input::FitView;
use super::points::BodyPoint::{self, *};

/// Each group must be seen by at least one of its points.
fn needed(kind: MeasurementKind) -> &'static [&'static [BodyPoint]] {
    const HEAD: &[BodyPoint] = &[Nose, LeftEye, RightEye, LeftEar, RightEar];
    const SHOULDERS: &[BodyPoint] = &[LeftShoulder, RightShoulder];
    const ELBOWS: &[BodyPoint] = &[LeftElbow, RightElbow];
    const WRISTS: &[BodyPoint] = &[LeftWrist, RightWrist];
    const HIPS: &[BodyPoint] = &[LeftHip, RightHip];
    const KNEES: &[BodyPoint] = &[LeftKnee, RightKnee];
    const ANKLES: &[BodyPoint] = &[LeftAnkle, RightAnkle];
    match kind {
        Height => &[HEAD, ANKLES],
        Chest | ShoulderWidth | Biacromial => &[SHOULDERS],
        Waist => &[SHOULDERS, HIPS],
        Hip => &[HIPS],
        Inseam => &[HIPS, ANKLES],
        Thigh => &[HIPS, KNEES],
        Knee => &[KNEES],
        Calf => &[KNEES, ANKLES],
        UpperArm => &[SHOULDERS, ELBOWS],
        Wrist => &[WRISTS],
        ArmLength => &[SHOULDERS, ELBOWS, WRISTS],
        Neck => &[HEAD, SHOULDERS],
        Volume | Mass | BodyMassIndex => &[SHOULDERS, HIPS, KNEES],
    }
}

/// In the order of [`MeasurementKind::ALL`].
pub fn unseen(views: &[FitView]) -> Vec<MeasurementKind> {
    let sees = |points: &[BodyPoint]| views.iter().any(|v| v.landmarks.iter().any(|l| points.contains(&l.point)));
    MeasurementKind::ALL.into_iter().filter(|kind| !needed(*kind).iter().all(|points| sees(points))).collect()
}
