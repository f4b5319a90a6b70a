//! Draws one synthetic case: a body, how it stands before each camera, and what a detector would see of it.
//!
//! The draws and their order are those of the reference generator (body-model spec, section 5), so that a seed names
//! the same body, poses and noise in both. What a condition adds is drawn from a stream of its own.

use std::f64::consts::{FRAC_PI_2, PI};

use bevy_math::{DMat3, DQuat, DVec2, DVec3};

use super::condition::{Condition, Framing};
use super::numpy::Numpy;
use super::outline::{EdgePoint, edge_points};
use super::raster::Bitmap;
use crate::body::fit::{DENSITY, population, years_of};
use crate::body::model::{AnnyModel, Shape};
use crate::types::{BodyPose, Phenotype, PhenotypeAxis};

/// Pixels of the picture that the reference takes, and of the bitmap that outlines come from.
pub(super) const PICTURE: [f64; 2] = [1080.0, 1920.0];
const BITMAP: [usize; 2] = [540, 960];
/// Of the lens that is assumed, in pixels.
pub(super) const FOCAL_PX: f64 = 1500.0;
/// The camera stands in front, at the subject's right, behind, at its left.
const YAWS: [f64; 4] = [0.0, FRAC_PI_2, PI, -FRAC_PI_2];
/// How many of the outline's points a view has.
const N_CONTOUR: usize = 220;

/// Bones that are turned at random, both sides where they come in pairs. A list of its own: the truth of a seed must stay when
/// the fit turns other bones.
const JOINTS: [&str; 16] = [
    "spine04",
    "spine02",
    "neck01",
    "head",
    "clavicle.L",
    "clavicle.R",
    "upperarm01.L",
    "upperarm01.R",
    "lowerarm01.L",
    "lowerarm01.R",
    "upperleg01.L",
    "upperleg01.R",
    "lowerleg01.L",
    "lowerleg01.R",
    "foot.L",
    "foot.R",
];

/// How far human annotators of COCO scatter, relative to the square root of the person's area; 0.4 of it is a good detector.
const OKS_SIGMA: [(&str, f64); 11] = [
    ("nose", 0.026),
    ("eye", 0.025),
    ("ear", 0.035),
    ("shoulder", 0.079),
    ("elbow", 0.072),
    ("wrist", 0.062),
    ("hip", 0.107),
    ("knee", 0.087),
    ("ankle", 0.089),
    ("toe", 0.08),
    ("heel", 0.08),
];

/// A body with its photos.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub phenotype: Phenotype,
    pub stature_m: f64,
    /// What the subject says: the stature with 1 cm of error, the weight with 2.5 %, the true age.
    pub stated_stature_m: f64,
    pub stated_weight_kg: f64,
    pub age_years: f64,
    pub views: Vec<DrawnView>,
}

/// One photo. The camera stands at the origin and looks along +y, x to the right, z up.
#[derive(Clone, Debug)]
pub struct DrawnView {
    pub focal_px: f64,
    pub pose: BodyPose,
    pub vertices: Vec<DVec3>,
    /// In the order of the model's keypoints.
    pub keypoints: Vec<DVec2>,
    /// What the detector says of its own error, pixels.
    pub sigmas_px: Vec<f64>,
    pub contour: Vec<EdgePoint>,
    /// Where the higher ankle truly is.
    pub ankle_y_px: f64,
    /// How far the camera has gone around the subject, as the fitter is told it.
    pub yaw: f64,
}

pub(super) fn draw(model: &AnnyModel, seed: u64, condition: &Condition) -> Drawn {
    let mut numpy = Numpy::new(seed);
    // Streams of conditions lie far from those of seeds.
    let mut extra = Numpy::new(seed ^ 0xc0de_0000_0000_0000);
    let mut phenotype = draw_phenotype(&mut numpy, condition);
    if condition.population {
        make_usual(&mut phenotype, &mut extra);
    }
    let shape = model.shape(&phenotype);
    let stature_m = stature(model, &shape);
    let stance: [f64; 48] = numpy.normals().map(|throw| throw * 0.12);
    let views: Vec<_> = YAWS
        .into_iter()
        .take(condition.n_views)
        .enumerate()
        .map(|(i, yaw)| draw_view(model, &shape, i, yaw, &stance, condition, &mut numpy, &mut extra))
        .collect();
    let stated_stature_m = stature_m + numpy.normal() * 0.01;
    let stated_weight_kg = mass_kg(model, &shape) * (1.0 + extra.normal() * 0.025);
    let age_years = years_of(phenotype.get(PhenotypeAxis::Age));
    Drawn { phenotype, stature_m, stated_stature_m, stated_weight_kg, age_years, views }
}

fn draw_phenotype(numpy: &mut Numpy, condition: &Condition) -> Phenotype {
    let mut phenotype = Phenotype::default();
    for axis in &PhenotypeAxis::ALL[..6] {
        phenotype.set(*axis, numpy.uniform(0.15, 0.85));
    }
    let (youngest, oldest) = condition.age;
    phenotype.set(PhenotypeAxis::Age, numpy.uniform(youngest, oldest));
    phenotype.set(PhenotypeAxis::Gender, f64::from(numpy.up_to(1)));
    phenotype
}

/// Somebody of the same sex and age out of the population.
fn make_usual(phenotype: &mut Phenotype, extra: &mut Numpy) {
    let [gender, age] = [PhenotypeAxis::Gender, PhenotypeAxis::Age].map(|axis| phenotype.get(axis));
    for axis in [PhenotypeAxis::Height, PhenotypeAxis::Weight, PhenotypeAxis::Muscle] {
        if let Some((mean, sigma)) = population(axis, gender, age) {
            phenotype.set(axis, (mean + sigma * extra.normal()).clamp(0.02, 0.98));
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "two streams of throws, one body, one place")]
fn draw_view(
    model: &AnnyModel,
    shape: &Shape,
    index: usize,
    yaw: f64,
    stance: &[f64; 48],
    condition: &Condition,
    numpy: &mut Numpy,
    extra: &mut Numpy,
) -> DrawnView {
    let tilt = DVec3::from_array(numpy.normals()) * DVec3::new(0.03, 0.03, 0.12);
    let x = numpy.normal() * 0.08;
    let mut y = 3.0 + numpy.normal() * 0.3;
    let mut z = -0.15 + numpy.normal() * 0.1;
    if condition.framing == Framing::HalfBody {
        (y, z) = (0.5 * y, z - 0.57);
    }
    let sway: [f64; 48] = numpy.normals();
    let mut pose = model.reference_pose();
    pose.rotations[0] = (DQuat::from_scaled_axis(tilt) * DQuat::from_rotation_z(yaw)).to_scaled_axis();
    pose.root_translation_m = DVec3::new(x, y, z);
    for (i, joint) in JOINTS.iter().enumerate() {
        let Some(bone) = model.bone_index(joint) else { continue };
        pose.rotations[bone] = DVec3::from_array(std::array::from_fn(|k| stance[3 * i + k] + sway[3 * i + k] * 0.04));
    }
    let focal_px = FOCAL_PX * (1.0 + numpy.normal() * 0.02) * condition.lens(extra);
    let vertices = posed(model, shape, &pose);
    let project = |point: &DVec3| {
        DVec2::new(focal_px * point.x / point.y + PICTURE[0] / 2.0, PICTURE[1] / 2.0 - focal_px * point.z / point.y)
    };
    let pixels: Vec<DVec2> = vertices.iter().map(project).collect();
    let (top, bottom) =
        pixels.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), p| (low.min(p.y), high.max(p.y)));
    let size_px = 0.14f64.sqrt() * (bottom - top);
    let sigmas_px: Vec<f64> = model
        .keypoint_labels
        .iter()
        .map(|label| 0.4 * oks_sigma(label) * size_px * if is_far(label, index) { 2.0 } else { 1.0 })
        .collect();
    let slips: Vec<bool> = sigmas_px.iter().map(|_| numpy.unit() < 0.03).collect();
    let true_keypoints = model.keypoint_terms.iter().map(|terms| {
        let point = terms.iter().map(|&(vertex, weight)| vertices[usize::from(vertex)] * f64::from(weight)).sum();
        project(&point)
    });
    let true_keypoints: Vec<DVec2> = true_keypoints.collect();
    let seen = true_keypoints.iter().zip(&sigmas_px).zip(&slips).map(|((point, sigma), slip)| {
        let spread = sigma * if *slip { 4.0 } else { 1.0 } * condition.noise;
        *point + DVec2::from_array(numpy.normals()) * spread
    });
    let keypoints = seen.collect();
    let ankles = model.keypoint_labels.iter().zip(&true_keypoints).filter(|(label, _)| label.ends_with("ankle"));
    let ankle_y_px = ankles.map(|(_, point)| point.y).fold(f64::INFINITY, f64::min);
    let contour = draw_contour(model, &pixels, condition, numpy, extra);
    DrawnView { focal_px, pose, vertices, keypoints, sigmas_px, contour, ankle_y_px, yaw }
}

/// Points on the silhouette's edge, off by a bias of the whole outline and a jitter of each point.
fn draw_contour(
    model: &AnnyModel,
    pixels: &[DVec2],
    condition: &Condition,
    numpy: &mut Numpy,
    extra: &mut Numpy,
) -> Vec<EdgePoint> {
    let mut bitmap = Bitmap::new(BITMAP[0], BITMAP[1]);
    for face in model.faces.iter() {
        bitmap.fill_triangle(face.map(|vertex| (pixels[vertex as usize] * 0.5).to_array()));
    }
    let edge = edge_points(&bitmap);
    let chosen = numpy.choose(edge.len() as u32, N_CONTOUR.min(edge.len()) as u32);
    let bias = numpy.normal() * 2.0;
    let mut contour: Vec<EdgePoint> = Vec::with_capacity(chosen.len());
    for at in chosen {
        let EdgePoint { position, normal } = edge[at as usize];
        let off = (bias + numpy.normal() * 1.5) * condition.noise;
        contour.push(EdgePoint { position: position * 2.0 + normal * off, normal });
    }
    condition.dress(model, pixels, &mut contour, extra);
    contour
}

fn oks_sigma(label: &str) -> f64 {
    OKS_SIGMA.iter().find(|(part, _)| label.ends_with(part)).map_or(0.08, |(_, sigma)| *sigma)
}

/// Whether the body hides this side of it from the camera.
fn is_far(label: &str, view: usize) -> bool {
    (view == 1 && label.contains("right")) || (view == 3 && label.contains("left"))
}

/// Skinned in f64, because outlines are to equal the reference's pixel for pixel.
fn posed(model: &AnnyModel, shape: &Shape, pose: &BodyPose) -> Vec<DVec3> {
    let maps = model.bone_maps(shape, &model.bone_frames(shape, pose));
    let skinned = shape.rest_vertices.iter().enumerate().map(|(vertex, rest)| {
        let (mut linear, mut shift) = (DMat3::ZERO, DVec3::ZERO);
        for &(bone, weight) in model.influences(vertex) {
            let map = &maps[usize::from(bone)];
            linear += map.linear * f64::from(weight);
            shift += map.shift * f64::from(weight);
        }
        linear * rest.as_dvec3() + shift
    });
    skinned.collect()
}

/// Of the body's volume.
fn mass_kg(model: &AnnyModel, shape: &Shape) -> f64 {
    let parts = model.faces.iter().map(|face| {
        let [a, b, c] = face.map(|vertex| shape.rest_vertices[vertex as usize].as_dvec3());
        a.cross(b).dot(c) / 6.0
    });
    DENSITY * parts.sum::<f64>().abs()
}

/// The reference measures stature over 80 vertices that are lowest and highest in the model's default body.
pub(super) fn stature(model: &AnnyModel, shape: &Shape) -> f64 {
    let mean_body = model.reference_mesh(&Phenotype::default());
    let z_of = |vertex: &usize| mean_body.vertices[*vertex].z;
    let mut rising: Vec<usize> = (0..model.n_vertices()).collect();
    rising.sort_by(|a, b| z_of(a).total_cmp(&z_of(b)));
    let lowest = rising.iter().take(150).step_by(3);
    let highest = rising.iter().rev().take(60).step_by(2);
    let vertices = posed(model, shape, &model.reference_pose());
    let (low, high) = lowest
        .chain(highest)
        .map(|&vertex| vertices[vertex].z)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)));
    high - low
}
