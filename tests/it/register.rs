//! Registration: a body laid on meshes of its own topology, on scans, and not on things that are no body.

use std::collections::HashMap;

use bevy_math::{DVec3, Vec3};
use corporeal::body::register::{self, Error, Registration, Stage};
use corporeal::export::gltf::{self, SkinnedBody};
use corporeal::export::{body_info::BodyInfo, mesh_file};
use corporeal::scan;
use corporeal::types::{BodyPose, Known, Mesh, Phenotype, PhenotypeAxis};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

use super::body_measure::model;

/// A standard normal number (Box and Muller).
fn normal(random: &mut SmallRng) -> f64 {
    let (u, v): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn normals(random: &mut SmallRng, sigma: f64) -> DVec3 {
    DVec3::new(normal(random), normal(random), normal(random)) * sigma
}

/// A draw of the benchmark in `spec/body-model.md` section 3, with all eleven axes: U(0, 1), every bone sigma 0.25 rad.
fn draw(seed: u64) -> (Phenotype, BodyPose) {
    let random = &mut SmallRng::seed_from_u64(seed);
    let mut phenotype = Phenotype::default();
    for axis in PhenotypeAxis::ALL {
        phenotype.set(axis, random.random());
    }
    let mut pose = model().reference_pose();
    for rotation in &mut pose.rotations {
        *rotation = normals(random, 0.25);
    }
    (phenotype, pose)
}

fn posed(phenotype: &Phenotype, pose: &BodyPose) -> Mesh {
    model().mesh(&model().posed(&model().shape(phenotype), pose).vertices)
}

fn lay_on_topology(mesh: &Mesh) -> Registration {
    register::to_topology(model(), mesh, &mut |_| true).expect("it has the topology")
}

fn mean_distance_m(a: &[Vec3], b: &[Vec3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a.distance(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn meshes_of_the_model_are_found_again_within_a_millimetre() {
    let mut errors_m: Vec<f64> = (0..10)
        .map(|seed| {
            let (phenotype, pose) = draw(seed);
            let found = lay_on_topology(&posed(&phenotype, &pose));
            assert_eq!(found.per_vertex_error_m.len(), model().n_vertices());
            found.statistics.body_to_mesh.mean_m
        })
        .collect();
    errors_m.sort_by(f64::total_cmp);
    assert!(errors_m[5] < 0.001 && errors_m[9] < 0.005, "{errors_m:?}");
}

#[test]
fn the_body_at_rest_and_turned_far_is_found_too() {
    let mut pose = model().reference_pose();
    pose.rotations[0] = DVec3::new(0.3, -0.2, 2.9);
    pose.root_translation_m = DVec3::new(5.0, -3.0, 1.0);
    let phenotype = Phenotype::default();
    let found = lay_on_topology(&posed(&phenotype, &pose));
    assert!(found.statistics.body_to_mesh.mean_m < 1e-4, "{:?}", found.statistics);
    let rest = model().mesh(&model().shape(&phenotype).rest_vertices);
    let found = lay_on_topology(&rest);
    assert!(found.statistics.body_to_mesh.mean_m < 0.005, "{:?}", found.statistics);
}

#[test]
fn noise_on_the_vertices_does_not_matter_much() {
    let (phenotype, pose) = draw(3);
    let mesh = posed(&phenotype, &pose);
    let random = &mut SmallRng::seed_from_u64(1);
    let noisy: Vec<Vec3> = mesh.positions.iter().map(|p| *p + normals(random, 0.002).as_vec3()).collect();
    let found = lay_on_topology(&model().mesh(&noisy));
    let off = mean_distance_m(&found.mesh.positions, &mesh.positions);
    assert!(off < 0.0015, "{:.2} mm from the mesh without noise", off * 1e3);
}

#[test]
fn another_topology_and_cancelling_are_told() {
    let (phenotype, pose) = draw(0);
    let mesh = posed(&phenotype, &pose);
    let part = Mesh { positions: mesh.positions[..100].into(), triangles: mesh.triangles.clone() };
    let error = register::to_topology(model(), &part, &mut |_| true).expect_err("too few");
    assert_eq!(error, Error::OtherTopology { found: 100, expected: model().n_vertices() });
    let mut n_calls = 0;
    let cancelled = register::to_topology(model(), &mesh, &mut |progress| {
        n_calls += 1;
        assert!((0.0..=1.0).contains(&progress.fraction));
        n_calls < 3
    });
    assert_eq!((cancelled.expect_err("cancelled"), n_calls), (Error::Cancelled, 3));
    let mut broken = mesh.positions.to_vec();
    broken[7].y = f32::NAN;
    let error = register::to_topology(model(), &model().mesh(&broken), &mut |_| true).expect_err("no number");
    assert_eq!(error, Error::NotFinite);
}

#[test]
fn the_topology_is_recognised_after_a_way_through_files() {
    let (phenotype, pose) = draw(5);
    let shape = model().shape(&phenotype);
    let mesh = posed(&phenotype, &pose);
    let glb = gltf::document(&SkinnedBody::new(model(), &shape, &pose), &BodyInfo::default(), gltf::Options::default());
    for bytes in [mesh_file::obj(&mesh, None, &[]), mesh_file::ply(&mesh, None, &[]), glb.expect("fits together").glb()]
    {
        let read = scan::read(&bytes, &mut |_| None, &scan::Options::default()).expect("reads");
        let known =
            register::recognise(model(), &read.mesh).unwrap_or_else(|| panic!("{:?} is recognised", read.info.format));
        assert_eq!(known.positions.len(), model().n_vertices());
        let size = |mesh: &Mesh| mesh.positions[100].distance(mesh.positions[9000]);
        if read.info.skinned {
            assert!((size(&known) - shape.rest_vertices[100].distance(shape.rest_vertices[9000])).abs() < 1e-5);
        } else {
            assert!((size(&known) - size(&mesh)).abs() < 1e-5);
        }
    }
    let turned: Vec<[u32; 3]> = mesh.triangles.iter().map(|&[a, b, c]| [c, a, b]).collect();
    let turned = Mesh { positions: mesh.positions.clone(), triangles: turned.into() };
    assert_eq!(register::recognise(model(), &turned).as_ref(), Some(&mesh), "faces may begin with another corner");
    let mut shuffled = mesh.triangles.to_vec();
    shuffled.rotate_left(1);
    let other = Mesh { positions: mesh.positions[1..].into(), triangles: shuffled.into() };
    assert_eq!(register::recognise(model(), &other), None);
}

/// What a scanner makes of somebody: other triangles (vertices merged on a 12 mm grid), noise of 2 mm, nothing below
/// `cut_m` above the ground.
fn scanned(mesh: &Mesh, cut_m: f32, random: &mut SmallRng) -> Mesh {
    const CELL_M: f32 = 0.012;
    let lowest = mesh.positions.iter().map(|p| p.z).fold(f32::INFINITY, f32::min);
    let mut cells: HashMap<[i32; 3], u32> = HashMap::new();
    let mut sums: Vec<(DVec3, f64)> = Vec::new();
    let cell_of: Vec<u32> = mesh
        .positions
        .iter()
        .map(|p| {
            let place = *cells.entry((*p / CELL_M).floor().as_ivec3().to_array()).or_insert_with(|| {
                sums.push((DVec3::ZERO, 0.0));
                sums.len() as u32 - 1
            });
            sums[place as usize].0 += p.as_dvec3();
            sums[place as usize].1 += 1.0;
            place
        })
        .collect();
    let positions: Vec<Vec3> = sums.iter().map(|(sum, n)| (*sum / *n + normals(random, 0.002)).as_vec3()).collect();
    let triangles: Vec<[u32; 3]> = mesh
        .triangles
        .iter()
        .map(|triangle| triangle.map(|i| cell_of[i as usize]))
        .filter(|[a, b, c]| a != b && b != c && c != a)
        .filter(|triangle| triangle.iter().all(|&i| positions[i as usize].z > lowest + cut_m))
        .collect();
    Mesh { positions: positions.into(), triangles: triangles.into() }
}

/// Somebody who was never tuned on, standing with the arms lowered by so much from the A-pose and facing anywhere.
fn somebody(seed: u64, lowered: f64) -> (Phenotype, BodyPose) {
    let random = &mut SmallRng::seed_from_u64(seed);
    let mut phenotype = Phenotype::default();
    for axis in &PhenotypeAxis::ALL[..8] {
        phenotype.set(*axis, random.random_range(0.15..0.85));
    }
    phenotype.set(PhenotypeAxis::Age, random.random_range(0.5..0.95));
    phenotype.set(PhenotypeAxis::Gender, f64::from(u8::from(random.random::<bool>())));
    let mut pose = model().reference_pose();
    let bone = |label: &str| model().bone_index(label).expect("a bone of the model");
    for label in ["spine04", "spine02", "neck01", "head"] {
        pose.rotations[bone(label)] = normals(random, 0.08);
    }
    for (side, sign) in [("L", 1.0), ("R", -1.0)] {
        for part in ["clavicle", "upperarm01", "lowerarm01", "upperleg01", "lowerleg01", "foot"] {
            pose.rotations[bone(&format!("{part}.{side}"))] = normals(random, 0.1);
        }
        pose.rotations[bone(&format!("upperarm01.{side}"))] += DVec3::Y * lowered * sign;
    }
    pose.rotations[0] = DVec3::Z * random.random_range(-3.0..3.0);
    pose.root_translation_m = DVec3::new(0.7, -0.4, 0.9);
    (phenotype, pose)
}

/// The mean distance of the found body from the truth, posed and in the reference pose, and the error of its stature.
#[track_caller]
fn check_scan(seed: u64, lowered: f64, cut_m: f32, posed_mm: f64, shape_mm: f64, height_mm: f64) {
    let (phenotype, pose) = somebody(seed, lowered);
    let truth = posed(&phenotype, &pose);
    let scan = scanned(&truth, cut_m, &mut SmallRng::seed_from_u64(seed + 1000));
    let mut stages = Vec::new();
    let found = register::to_scan(model(), &scan, Known::default(), &mut |progress| {
        stages.push(progress.stage);
        true
    })
    .expect("it is a body");
    stages.dedup();
    assert_eq!(stages, [Stage::Align, Stage::Anchors, Stage::Refine]);
    let off = mean_distance_m(&found.mesh.positions, &truth.positions) * 1e3;
    let (a, b) = (model().reference_mesh(&found.phenotype), model().reference_mesh(&phenotype));
    let shape_off = mean_distance_m(&a.vertices, &b.vertices) * 1e3;
    let stature = |vertices: &[Vec3]| {
        let z = vertices.iter().map(|v| v.z);
        f64::from(z.clone().fold(f32::NEG_INFINITY, f32::max) - z.fold(f32::INFINITY, f32::min)) * 1e3
    };
    let height_off = (stature(&a.vertices) - stature(&b.vertices)).abs();
    assert!(off < posed_mm, "posed {off:.1} mm; shape {shape_off:.1} mm; height {height_off:.1} mm");
    assert!(shape_off < shape_mm, "shape {shape_off:.1} mm; height {height_off:.1} mm");
    assert!(height_off < height_mm, "height {height_off:.1} mm");
    // The distances that are told are those of the noise, and NaN stands where nothing was scanned.
    assert!(found.statistics.mesh_to_body.mean_m < 0.005, "{:?}", found.statistics);
    let n_known = found.per_vertex_error_m.iter().filter(|e| e.is_finite()).count();
    assert!((n_known as f64 / model().n_vertices() as f64 - found.statistics.coverage).abs() < 1e-9);
}

#[test]
fn a_noisy_scan_of_other_triangles_is_found() {
    check_scan(11, 0.0, 0.0, 10.0, 10.0, 15.0);
}

#[test]
fn a_scan_with_hanging_arms_and_no_feet_is_found() {
    check_scan(12, 0.5, 0.1, 15.0, 15.0, 25.0);
}

/// A closed grid of triangles over two parameters in 0..=1.
fn surface(point: impl Fn(f32, f32) -> Vec3) -> Mesh {
    const N: u32 = 50;
    let at = |i: u32| i as f32 / N as f32;
    let positions: Vec<Vec3> =
        (0..=N).flat_map(|i| (0..=N).map(move |j| (i, j))).map(|(i, j)| point(at(i), at(j))).collect();
    let triangles: Vec<[u32; 3]> = (0..N)
        .flat_map(|i| (0..N).map(move |j| i * (N + 1) + j))
        .flat_map(|a| [[a, a + 1, a + N + 2], [a, a + N + 2, a + N + 1]])
        .collect();
    Mesh { positions: positions.into(), triangles: triangles.into() }
}

#[test]
fn what_is_no_body_is_refused_with_what_is_left() {
    let ball = surface(|u, v| {
        let (a, b) = (u * std::f32::consts::TAU, v * std::f32::consts::PI);
        Vec3::new(a.cos() * b.sin(), a.sin() * b.sin(), b.cos()) * 0.9
    });
    let column = surface(|u, v| {
        let a = u * std::f32::consts::TAU;
        Vec3::new(a.cos() * 0.2, a.sin() * 0.2, v * 1.8)
    });
    for thing in [ball, column] {
        let error = register::to_scan(model(), &thing, Known::default(), &mut |_| true).expect_err("no body");
        let Error::NotABody { residual_m, far_share } = error else { panic!("{error}") };
        assert!(residual_m > 0.01 && far_share > 0.0);
        assert!(error.to_string().starts_with("this does not look like a body"), "{error}");
    }
}

#[test]
fn too_little_of_a_scan_and_cancelling_are_told() {
    let (phenotype, pose) = somebody(1, 0.0);
    let mesh = posed(&phenotype, &pose);
    let few = Mesh { positions: mesh.positions.clone(), triangles: mesh.triangles[..50].into() };
    let error = register::to_scan(model(), &few, Known::default(), &mut |_| true).expect_err("too few");
    assert_eq!(error, Error::TooSmall { n_triangles: 50 });
    let cancelled = register::to_scan(model(), &mesh, Known::default(), &mut |_| false);
    assert_eq!(cancelled.expect_err("cancelled"), Error::Cancelled);
}
