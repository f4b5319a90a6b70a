//! How far the network's one person is from the true one, and the mean bodies to compare with.

use bevy_math::Vec3;

use super::super::pose_table::{self, Row};
use crate::pose::targets::{MotionClass, N_JOINTS, PersonTarget};
use crate::pose::{PoseWindow, pose_from_pelvis};
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::types::{Detection, Joint, JointEstimate, Pose, Posture, Timestamp};

const FIRST_TRAINING_ROOM: u64 = 1 << 40;
/// Rooms of training whose people make the mean bodies.
const N_BODY_ROOMS: u64 = 150;

/// Fills a row with how far the network's one person is from the true one.
pub fn score(row: &mut Row, target: &PersonTarget, one: &Detection, window: &PoseWindow, bodies: &Bodies) {
    let centre = window.room.size().truncate() / 2.0;
    let place = target.root + centre;
    let [x, y] = one.pose.root.position_m;
    let (dx, dy) = (x - f64::from(place.x), y - f64::from(place.y));
    let class = MotionClass::from(target.activity);
    row.motion = Some(class.label());
    row.root_m = Some(dx.hypot(dy));
    row.speed_m_per_s = Some(f64::from(target.velocity.length()));
    row.sigma_m = Some(one.pose.root.sigma_m());
    row.centre_m = Some(f64::from(target.root.length()));
    let [[xx, xy], [_, yy]] = one.pose.root.covariance_m2;
    row.square = Some((dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy));
    if class == MotionClass::Walk && target.facing {
        row.heading_deg = one.pose.heading_rad.map(|heading| {
            let true_rad = f64::from(target.heading.to_angle());
            ((heading.value - true_rad).sin().atan2((heading.value - true_rad).cos())).abs().to_degrees()
        });
    }
    row.posture_right = Some(one.pose.posture != Posture::Unknown && is_posture(&one.pose, target));
    let (Some(joints), Some(height)) = (&one.pose.joints, one.pose.pelvis_height_m) else { return };
    // Both from their own pelvis: how high that is has a figure of its own.
    let predicted = joints_of(|i| Vec3::from(joints[i].position_m) - Vec3::Z * height.value as f32);
    let truth = joints_of(|i| Vec3::from(pose_from_pelvis(target.joints[i].to_array(), 0.0)));
    row.pelvis_m = Some((height.value - f64::from(target.pelvis_height_m)).abs());
    let trunk = |body: &[Vec3; N_JOINTS]| {
        ((body[Joint::LeftShoulder as usize] + body[Joint::RightShoulder as usize]
            - body[Joint::LeftHip as usize]
            - body[Joint::RightHip as usize])
            / 2.0)
            .length()
    };
    let reach = 0.2 * trunk(&truth);
    row.body = Some(pose_table::body(&predicted, &truth, reach));
    row.mean_body = Some(pose_table::body(&bodies.mean, &truth, reach));
    row.class_body = Some(pose_table::body(&bodies.of_class[class as usize], &truth, reach));
}

pub fn is_posture(pose: &Pose, target: &PersonTarget) -> bool {
    use crate::types::PostureClass as Class;
    match target.posture {
        Class::Upright => matches!(pose.posture, Posture::Standing | Posture::Walking),
        Class::Bent | Class::Low => pose.posture == Posture::Crouching,
        Class::Sitting => pose.posture == Posture::Sitting,
        Class::Lying => matches!(pose.posture, Posture::OnFloor | Posture::Lying),
    }
}

fn joints_of(of: impl Fn(usize) -> Vec3) -> [Vec3; N_JOINTS] {
    std::array::from_fn(of)
}

/// Mean bodies of people in training rooms, from the pelvis, in the axes of [`Pose`].
pub struct Bodies {
    mean: [Vec3; N_JOINTS],
    of_class: [[Vec3; N_JOINTS]; MotionClass::ALL.len()],
}

impl Bodies {
    pub fn of_training() -> Self {
        let mut sums = [[Vec3::ZERO; N_JOINTS]; MotionClass::ALL.len()];
        let mut counts = [0.0_f32; MotionClass::ALL.len()];
        let scene = SceneOptions { n_links: 1, n_rx: 1, n_people: 1, secs: 40.0, ..SceneOptions::default() };
        for room in 0..N_BODY_ROOMS {
            let spec = SimulatorSpec::random(FIRST_TRAINING_ROOM + room, &scene);
            let simulator = Simulator::new(&spec);
            for moment in 0..8 {
                let truth = simulator.scene_truth(Timestamp::from_secs_f64(2.0 + 4.5 * f64::from(moment)));
                for target in truth.people.iter().filter_map(|person| PersonTarget::new(person, spec.room)) {
                    let class = MotionClass::from(target.activity) as usize;
                    counts[class] += 1.0;
                    for (sum, at) in sums[class].iter_mut().zip(&target.joints) {
                        *sum += Vec3::from(pose_from_pelvis(at.to_array(), 0.0));
                    }
                }
            }
        }
        let n: f32 = counts.iter().sum();
        let mean = joints_of(|i| sums.iter().map(|sum| sum[i]).sum::<Vec3>() / n.max(1.0));
        let of_class =
            std::array::from_fn(
                |class| {
                    if counts[class] > 0.0 { joints_of(|i| sums[class][i] / counts[class]) } else { mean }
                },
            );
        Self { mean, of_class }
    }
}

/// The same body with left and right exchanged.
pub fn mirrored(body: &[Vec3; N_JOINTS]) -> [Vec3; N_JOINTS] {
    let joints = std::array::from_fn(|i| JointEstimate { position_m: body[i].to_array(), sigma_m: 0.0 });
    let mirrored = crate::types::mirrored(&joints);
    joints_of(|i| Vec3::from(mirrored[i].position_m))
}
