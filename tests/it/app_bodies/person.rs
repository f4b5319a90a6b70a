//! A person made of capsules, a photo of them, and what a fit would say: all by hand, so that tests know every figure.

use std::f32::consts::TAU;
use std::sync::Arc;

use bevy_math::Vec3;
use corporeal::engine::studio::{
    BodyOrigin, BodyView, InPhoto, PhotoState, PhotoView, PoseChoice, PosedView, QualityView, Studio,
};
use corporeal::types::{
    Evidence, FocalLength, Landmark, LandmarkSet, Landmarks, Measurement, MeasurementKind, Mesh, Observation, Person,
    Phenotype, Photo, PixelBox, Provenance, Remark, Tape,
};

pub const PHOTO_PX: [u32; 2] = [480, 720];
const FOCAL_PX: f32 = 720.0;
/// The camera stands this far in front of the person, at this height.
const CAMERA_M: (f32, f32) = (3.2, 0.9);

/// BlazePose's 33 points on the person, x to the person's left, the face towards -y.
fn joints(arms_out: f32) -> Vec<Vec3> {
    let both = |x: f32, y: f32, z: f32| [Vec3::new(x, y, z), Vec3::new(-x, y, z)];
    let arm = |reach: f32| {
        let (sin, cos) = arms_out.sin_cos();
        both(0.19 + reach * sin, 0.0, 1.42 - reach * cos)
    };
    let mut points = vec![Vec3::new(0.0, -0.11, 1.62)];
    for side in [1.0, -1.0] {
        for x in [0.02, 0.035, 0.05] {
            points.push(Vec3::new(side * x, -0.09, 1.66));
        }
    }
    points.extend(both(0.075, 0.0, 1.64));
    points.extend(both(0.025, -0.1, 1.58));
    points.extend(both(0.19, 0.0, 1.42));
    points.extend(arm(0.28));
    points.extend(arm(0.54));
    points.extend(arm(0.62));
    points.extend(arm(0.63));
    points.extend(arm(0.6));
    points.extend(both(0.1, 0.0, 0.92));
    points.extend(both(0.12, -0.01, 0.5));
    points.extend(both(0.13, 0.02, 0.09));
    points.extend(both(0.13, 0.06, 0.03));
    points.extend(both(0.14, -0.13, 0.03));
    points
}

const LIMBS: [(usize, usize, f32, f32); 12] = [
    (11, 13, 0.055, 0.045),
    (13, 15, 0.045, 0.03),
    (12, 14, 0.055, 0.045),
    (14, 16, 0.045, 0.03),
    (23, 25, 0.085, 0.055),
    (25, 27, 0.055, 0.04),
    (24, 26, 0.085, 0.055),
    (26, 28, 0.055, 0.04),
    (29, 31, 0.035, 0.03),
    (30, 32, 0.035, 0.03),
    (15, 19, 0.035, 0.02),
    (16, 20, 0.035, 0.02),
];

/// `girth` widens the trunk.
fn capsules(joints: &[Vec3], girth: f32) -> Vec<(Vec3, Vec3, f32, f32)> {
    let mut all: Vec<_> = LIMBS.iter().map(|&(a, b, ra, rb)| (joints[a], joints[b], ra, rb)).collect();
    all.push((Vec3::new(0.0, 0.0, 1.58), Vec3::new(0.0, -0.02, 1.68), 0.085, 0.095));
    all.push((Vec3::new(0.0, 0.0, 1.42), Vec3::new(0.0, 0.0, 1.58), 0.055, 0.05));
    for x in [-0.07, 0.07] {
        all.push((Vec3::new(x, 0.0, 0.92), Vec3::new(x, 0.0, 1.15), 0.12 * girth, 0.115 * girth));
        all.push((Vec3::new(x, 0.0, 1.15), Vec3::new(1.4 * x, 0.0, 1.36), 0.115 * girth, 0.1));
    }
    all
}

fn mesh(capsules: &[(Vec3, Vec3, f32, f32)]) -> Mesh {
    const SIDES: u32 = 20;
    const BANDS: u32 = 6;
    let (mut positions, mut triangles) = (Vec::new(), Vec::new());
    for &(a, b, ra, rb) in capsules {
        let axis = (b - a).normalize_or(Vec3::Z);
        let right = axis.any_orthonormal_vector();
        let up = axis.cross(right);
        let first = positions.len() as u32;
        for ring in 0..2 * (BANDS + 1) {
            let end = ring > BANDS;
            let angle = (ring as f32 - if end { 1.0 } else { 0.0 }) / BANDS as f32 * 0.5 * TAU * 0.5 - 0.25 * TAU;
            let (centre, radius) = if end { (b, rb) } else { (a, ra) };
            for side in 0..SIDES {
                let (sin, cos) = (TAU * side as f32 / SIDES as f32).sin_cos();
                let out = (right * cos + up * sin) * angle.cos().max(0.0) + axis * angle.sin();
                positions.push(centre + out * radius);
            }
        }
        for ring in 0..2 * BANDS + 1 {
            for side in 0..SIDES {
                let at = |ring: u32, side: u32| first + ring * SIDES + side % SIDES;
                let (p, q, r, s) = (at(ring, side), at(ring, side + 1), at(ring + 1, side), at(ring + 1, side + 1));
                triangles.extend([[p, q, r], [r, q, s]]);
            }
        }
    }
    Mesh { positions: positions.into(), triangles: triangles.into() }
}

fn posed(pose: PoseChoice, arms_out: f32, girth: f32) -> PosedView {
    let joints = joints(arms_out);
    let mesh = mesh(&capsules(&joints, girth));
    let ring = |kind, z: f32, x: f32, y: f32| Tape {
        kind,
        closed: true,
        points: (0..48)
            .map(|i| {
                let (sin, cos) = (TAU * i as f32 / 48.0).sin_cos();
                Vec3::new(x * cos, y * sin, z)
            })
            .collect(),
    };
    let tapes = vec![
        ring(MeasurementKind::Chest, 1.3, 0.205, 0.115),
        ring(MeasurementKind::Waist, 1.1, 0.19 * girth, 0.12 * girth),
        ring(MeasurementKind::Hip, 0.94, 0.195 * girth, 0.122 * girth),
        Tape {
            kind: MeasurementKind::Height,
            closed: false,
            points: vec![Vec3::new(0.0, 0.0, 0.0), Vec3::new(0.0, 0.0, 1.78)],
        },
    ];
    let bones = LIMBS.iter().map(|&(a, b, ..)| (a as u16, b as u16)).chain([(11, 12), (23, 24), (11, 23), (12, 24)]);
    PosedView {
        pose,
        normals: mesh.normals().into(),
        mesh,
        joints: joints.into(),
        bones: bones.collect(),
        tapes: tapes.into(),
    }
}

pub fn measurements(waist_m: f64) -> Arc<[Measurement]> {
    use MeasurementKind as K;
    let figure = |kind, value, sigma: f64, evidence| Measurement { kind, value, sigma: Some(sigma), evidence };
    [
        figure(K::Height, 1.78, 0.01, Evidence::Given),
        figure(K::Chest, 0.982, 0.021, Evidence::Photo),
        figure(K::Waist, waist_m, 0.011, Evidence::Photo),
        figure(K::Hip, 0.973, 0.018, Evidence::Photo),
        figure(K::Inseam, 0.812, 0.014, Evidence::Photo),
        figure(K::Thigh, 0.561, 0.016, Evidence::Photo),
        figure(K::Knee, 0.372, 0.008, Evidence::Photo),
        figure(K::Calf, 0.371, 0.012, Evidence::Photo),
        figure(K::UpperArm, 0.301, 0.017, Evidence::Prior),
        figure(K::Wrist, 0.171, 0.006, Evidence::Prior),
        figure(K::ArmLength, 0.602, 0.014, Evidence::Photo),
        figure(K::Neck, 0.381, 0.013, Evidence::Prior),
        figure(K::ShoulderWidth, 0.442, 0.012, Evidence::Photo),
        figure(K::Biacromial, 0.401, 0.012, Evidence::Photo),
        figure(K::Volume, 0.0718, 0.002_1, Evidence::Photo),
        figure(K::Mass, 72.4, 2.3, Evidence::Photo),
        figure(K::BodyMassIndex, 22.9, 0.7, Evidence::Photo),
    ]
    .into()
}

/// Where a point of the body is for the camera: x right, y away, z up.
fn in_camera(point: Vec3) -> Vec3 {
    Vec3::new(point.x, point.y + CAMERA_M.0, point.z - CAMERA_M.1)
}

fn pixel(point: Vec3, shift_px: f32) -> [f32; 2] {
    let p = in_camera(point);
    [0.5 * PHOTO_PX[0] as f32 + shift_px + FOCAL_PX * p.x / p.y, 0.5 * PHOTO_PX[1] as f32 - FOCAL_PX * p.z / p.y]
}

pub fn body(id: u64, name: &str, girth: f32, photos: &[u64]) -> BodyView {
    let poses = vec![
        posed(PoseChoice::APose, 0.6, girth),
        posed(PoseChoice::Captured(0), 0.35, girth),
        posed(PoseChoice::TPose, 1.55, girth),
    ];
    let n = poses[0].mesh.positions.len();
    let sigma = poses[0].mesh.positions.iter().map(|p| 0.004 + 0.014 * (p.y.abs() * 6.0).min(1.0) * (p.z / 1.8));
    let seen = &poses[1].mesh;
    let in_photos = photos
        .iter()
        .map(|&photo| InPhoto {
            photo,
            mesh: Mesh {
                positions: seen.positions.iter().map(|p| in_camera(*p)).collect(),
                triangles: Arc::clone(&seen.triangles),
            },
            focal_px: f64::from(FOCAL_PX),
            reprojection_px: Some(4.2),
            overlap: Some(0.91),
        })
        .collect();
    assert!(n > 1000);
    BodyView {
        id,
        name: name.to_owned(),
        origin: BodyOrigin::Fitted(photos.to_vec()),
        provenance: Provenance::Replay,
        revision: 1,
        phenotype: Some(Phenotype::default()),
        edited: false,
        sigma_m: sigma.collect(),
        poses,
        measurements: measurements(0.842 * f64::from(girth)),
        quality: Some(QualityView {
            converged: Ok(()),
            reprojection_px: 4.2,
            overlap: Some(0.91),
            expected_error_mm: 9.8,
            plausibility: 0.62,
            remarks: vec![Remark {
                serious: false,
                text: "The waist is seen from one side only".to_owned(),
                advice: Some("Add a view from the side".to_owned()),
            }],
            fit_secs: 0.142,
        }),
        in_photos,
    }
}

/// What the networks would see of `n` people standing beside each other.
fn observation(n: usize) -> Observation {
    let joints = joints(0.35);
    let people = (0..n)
        .map(|i| {
            let shift = shift_px(i);
            let points: Vec<Landmark> = joints
                .iter()
                .map(|joint| {
                    let [x_px, y_px] = pixel(*joint, shift);
                    let visibility = if joint.y > 0.03 { 0.35 } else { 0.96 };
                    Landmark { x_px, y_px, visibility, presence: 1.0, ..Landmark::default() }
                })
                .collect();
            let [left, top] = pixel(Vec3::new(-0.48, 0.0, 1.8), shift);
            let [right, bottom] = pixel(Vec3::new(0.48, 0.0, -0.02), shift);
            Person {
                bounds: PixelBox { left, top, right, bottom },
                score: 0.92 - 0.1 * i as f32,
                keypoints: None,
                body: Some(Landmarks { set: LandmarkSet::BlazePose33, points, world_m: Vec::new(), score: 0.97 }),
                face: None,
                left_hand: None,
                right_hand: None,
                mask: None,
            }
        })
        .collect();
    Observation { people, ..Observation::default() }
}

/// The first stands in the middle, others to the sides.
fn shift_px(i: usize) -> f32 {
    [0.0, 150.0, -150.0][i % 3]
}

/// Grey wall, floor, and people in plain colours.
fn picture(n_people: usize) -> Photo {
    let [width, height] = PHOTO_PX;
    let mut rgb = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let floor = y > height * 3 / 4;
            let shade = 150 - (60 * x / width) as u8;
            rgb.extend(if floor { [96, 84, 72] } else { [shade, shade + 6, shade + 14] });
        }
    }
    let figure = capsules(&joints(0.35), 1.0);
    for i in (0..n_people).rev() {
        for &(a, b, ra, rb) in &figure {
            let skin = a.z > 1.5 || ra < 0.05;
            let colour = if skin { [201, 160, 130] } else { [[58, 74, 104], [104, 60, 60], [60, 96, 70]][i % 3] };
            for step in 0..=40 {
                let share = step as f32 / 40.0;
                let centre = a.lerp(b, share);
                let [cx, cy] = pixel(centre, shift_px(i));
                let radius = FOCAL_PX * (ra + (rb - ra) * share) / in_camera(centre).y;
                let r = radius.ceil() as i32;
                for dy in -r..=r {
                    for dx in -r..=r {
                        if (dx * dx + dy * dy) as f32 > radius * radius {
                            continue;
                        }
                        let (px, py) = (cx as i32 + dx, cy as i32 + dy);
                        if (0..width as i32).contains(&px) && (0..height as i32).contains(&py) {
                            let at = ((py as u32 * width + px as u32) * 3) as usize;
                            rgb[at..at + 3].copy_from_slice(&colour);
                        }
                    }
                }
            }
        }
    }
    Photo::new(width, height, rgb, None).expect("the buffer has the size")
}

fn outline() -> Arc<[Vec<[f32; 2]>]> {
    let side = [
        (0.1, 1.72),
        (0.1, 1.58),
        (0.22, 1.47),
        (0.4, 0.98),
        (0.44, 0.84),
        (0.34, 0.9),
        (0.2, 1.24),
        (0.2, 0.95),
        (0.19, 0.5),
        (0.18, 0.02),
        (0.06, 0.02),
        (0.02, 0.8),
    ];
    let right = side.iter().map(|&(x, z)| pixel(Vec3::new(x, 0.0, z), 0.0));
    let left = side.iter().rev().map(|&(x, z)| pixel(Vec3::new(-x, 0.0, z), 0.0));
    vec![right.chain(left).collect()].into()
}

pub fn photo(id: u64, label: &str, n_people: usize) -> PhotoView {
    PhotoView {
        id,
        label: label.to_owned(),
        state: PhotoState::Ready,
        photo: Some(Arc::new(picture(n_people))),
        focal: Some(FocalLength::assumed(PHOTO_PX[0], PHOTO_PX[1])),
        observation: Some(Arc::new(observation(n_people))),
        outline: if n_people > 0 { outline() } else { Arc::from([]) },
        person: (n_people > 0).then_some(0),
        used: true,
        ..PhotoView::reading(id, label.to_owned())
    }
}

/// One photo of one person, and the body that was fitted to it.
pub fn fitted() -> Studio {
    Studio {
        revision: 1,
        photos: vec![photo(1, "front.jpg", 1)],
        bodies: vec![Arc::new(body(1, "front", 1.0, &[1]))],
        local_change_labels: labels(),
        ..Studio::default()
    }
}

/// A few of the model's labels, one of each kind.
pub fn labels() -> Arc<[String]> {
    let labels = [
        "l-lowerarm-scale-depth-incr",
        "r-lowerarm-scale-depth-incr",
        "measure-waist-circ-incr",
        "nose-trans-up",
        "l-foot-scale-incr",
        "r-foot-scale-incr",
        "torso-vshape-incr",
        "measure-neck-circ-incr",
    ];
    labels.map(ToOwned::to_owned).into()
}
