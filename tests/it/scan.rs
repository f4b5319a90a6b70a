//! Scans: each format as other programs write it, told apart by content, upright and in metres; and no bytes that harm.

use bevy_math::Vec3;
use corporeal::scan::{self, Error, Format, LengthUnit, Options, Scan, UpAxis};
use proptest::prelude::*;

/// A box of 0.5 x 1.8 x 0.3 m, the longest side up, as eight corners and six quads (counter-clockwise from outside).
const CORNERS: [[f32; 3]; 8] = [
    [-0.25, 0.0, -0.15],
    [0.25, 0.0, -0.15],
    [0.25, 1.8, -0.15],
    [-0.25, 1.8, -0.15],
    [-0.25, 0.0, 0.15],
    [0.25, 0.0, 0.15],
    [0.25, 1.8, 0.15],
    [-0.25, 1.8, 0.15],
];
const QUADS: [[u32; 4]; 6] = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [3, 7, 6, 2], [0, 4, 7, 3], [1, 2, 6, 5]];

fn triangles() -> Vec<[u32; 3]> {
    QUADS.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect()
}

fn read(bytes: &[u8]) -> Result<Scan, Error> {
    scan::read(bytes, &mut |_| None, &Options::default())
}

/// Checks that bytes hold the box, standing on its end along z, in metres, facing outwards.
#[track_caller]
fn check_box(bytes: &[u8], format: Format) -> Scan {
    let scan = read(bytes).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scan.info.format, format);
    assert_eq!(scan.info.n_triangles, 12);
    assert_eq!(scan.mesh.triangles.len(), 12);
    let (low, high) = bounds(&scan);
    assert!((high - low).abs_diff_eq(Vec3::new(0.5, 0.3, 1.8), 1e-5), "{low} to {high}");
    let volume: f32 = scan
        .mesh
        .triangles
        .iter()
        .map(|t| {
            let [a, b, c] = t.map(|i| scan.mesh.positions[i as usize]);
            a.cross(b).dot(c) / 6.0
        })
        .sum();
    assert!((volume - 0.27).abs() < 1e-5, "inside out or open: {volume}");
    scan
}

fn bounds(scan: &Scan) -> (Vec3, Vec3) {
    let corners = scan.mesh.triangles.iter().flatten().map(|&i| scan.mesh.positions[i as usize]);
    corners.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)))
}

/// The box, z up, in millimetres.
fn z_up_mm(p: [f32; 3]) -> [f32; 3] {
    [p[0] * 1000.0, -p[2] * 1000.0, p[1] * 1000.0]
}

fn obj() -> Vec<u8> {
    let mut text = "# a box\nmtllib box.mtl\no box\n".to_owned();
    CORNERS.iter().for_each(|p| text += &format!("v {} {} {} 0.5 0.5 0.5\n", p[0], p[1], p[2]));
    text += "vt 0 0\nvt 1 0\nvn 0 0 1\nusemtl skin\ns off\n";
    for (i, quad) in QUADS.iter().enumerate() {
        let [a, b, c, d] = quad.map(|corner| corner + 1);
        text += &match i {
            0 => format!("f {a}/1/1 {b}/2/1 {c}/1/1 {d}/2/1\n"),
            1 => format!("f {a}//1 {b}//1 \\\n{c}//1 {d}//1\n"),
            2 => format!("f -{} -{} -{} -{}\r\n", 9 - a, 9 - b, 9 - c, 9 - d),
            _ => format!("f {a} {b} {c} {d}\ng part{i}\n"),
        };
    }
    text.into_bytes()
}

fn ply_text() -> Vec<u8> {
    let mut text = "ply\nformat ascii 1.0\ncomment z up, mm\nelement vertex 8\nproperty float x\nproperty float y\n\
        property float z\nproperty uchar red\nelement face 6\nproperty list uchar int vertex_indices\nend_header\n"
        .to_owned();
    for p in CORNERS.map(z_up_mm) {
        text += &format!("{} {} {} 200\n", p[0], p[1], p[2]);
    }
    for [a, b, c, d] in QUADS {
        text += &format!("4 {a} {b} {c} {d}\n");
    }
    text.into_bytes()
}

fn ply_binary(big: bool) -> Vec<u8> {
    let order = if big { "big" } else { "little" };
    let mut bytes = format!(
        "ply\nformat binary_{order}_endian 1.0\nelement material 1\nproperty list int float colour\nelement vertex 8\n\
         property double x\nproperty float y\nproperty float z\nelement face 12\nproperty uchar flags\n\
         property list ushort uint vertex_index\nend_header\n"
    )
    .into_bytes();
    let mut put = |little: &[u8]| {
        let mut word = little.to_vec();
        if big {
            word.reverse();
        }
        bytes.extend(word);
    };
    put(&2_i32.to_le_bytes());
    put(&1.0_f32.to_le_bytes());
    put(&1.0_f32.to_le_bytes());
    for p in CORNERS.map(z_up_mm) {
        put(&f64::from(p[0]).to_le_bytes());
        put(&p[1].to_le_bytes());
        put(&p[2].to_le_bytes());
    }
    for triangle in triangles() {
        put(&[7]);
        put(&3_u16.to_le_bytes());
        triangle.iter().for_each(|i| put(&i.to_le_bytes()));
    }
    bytes
}

fn stl_binary(header: &[u8]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.resize(80, b' ');
    bytes.extend(12_u32.to_le_bytes());
    for triangle in triangles() {
        bytes.extend([0; 12]);
        for corner in triangle {
            z_up_mm(CORNERS[corner as usize]).iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        }
        bytes.extend([0, 0]);
    }
    bytes
}

fn stl_text() -> Vec<u8> {
    let mut text = String::new();
    for half in triangles().chunks(6) {
        text += "solid half\n";
        for triangle in half {
            text += " facet normal nan nan nan\n  outer loop\n";
            for corner in triangle {
                let p = z_up_mm(CORNERS[*corner as usize]);
                text += &format!("   VERTEX {:e} {:e} {:e}\r\n", p[0], p[1], p[2]);
            }
            text += "  endloop\n endfacet\n";
        }
        text += "endsolid half\n";
    }
    text.into_bytes()
}

/// The box in half its size and shifted, below two nodes that double it and shift it back; its buffer.
fn gltf_parts() -> (serde_json::Value, Vec<u8>) {
    let mut buffer = Vec::new();
    for p in CORNERS {
        [p[0] / 2.0, p[1] / 2.0 - 3.0, p[2] / 2.0].iter().for_each(|x| buffer.extend(x.to_le_bytes()));
    }
    triangles().iter().flatten().for_each(|&i| buffer.extend((i as u16).to_le_bytes()));
    let json = serde_json::json!({
        "asset": { "version": "2.0" },
        "scene": 0,
        "scenes": [{ "nodes": [1] }],
        "nodes": [{ "mesh": 0, "translation": [0.0, 3.0, 0.0] }, { "children": [0], "scale": [2.0, 2.0, 2.0] }],
        "meshes": [{ "primitives": [
            { "attributes": { "POSITION": 0 }, "indices": 1, "material": 0 },
            { "attributes": { "POSITION": 0 }, "mode": 1 },
        ] }],
        "materials": [{ "pbrMetallicRoughness": { "baseColorTexture": { "index": 0 } } }],
        "textures": [{ "source": 0 }],
        "images": [{ "uri": "skin.png" }],
        "accessors": [
            { "bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3",
              "min": [-0.125, -3.0, -0.075], "max": [0.125, -2.1, 0.075] },
            { "bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR" },
        ],
        "bufferViews": [
            { "buffer": 0, "byteLength": 96 },
            { "buffer": 0, "byteOffset": 96, "byteLength": 72 },
        ],
        "buffers": [{ "byteLength": buffer.len() }],
    });
    (json, buffer)
}

fn glb_of(json: &serde_json::Value, buffer: &[u8]) -> Vec<u8> {
    let mut json = json.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF".to_vec();
    bytes.extend(2_u32.to_le_bytes());
    bytes.extend((28 + json.len() as u32 + buffer.len() as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", json.as_slice()), (b"BIN\0", buffer)] {
        bytes.extend((chunk.len() as u32).to_le_bytes());
        bytes.extend(kind);
        bytes.extend(chunk);
    }
    bytes
}

fn glb() -> Vec<u8> {
    let (json, buffer) = gltf_parts();
    glb_of(&json, &buffer)
}

#[test]
fn an_obj_in_many_dialects_is_one_box() {
    let scan = check_box(&obj(), Format::Obj);
    assert_eq!(scan.info.n_polygons, 6);
    assert_eq!((scan.info.up, scan.info.unit), (UpAxis::Y, LengthUnit::Metres));
}

#[test]
fn a_ply_reads_the_same_as_text_and_in_both_byte_orders() {
    for bytes in [ply_text(), ply_binary(false), ply_binary(true)] {
        let scan = check_box(&bytes, Format::Ply);
        assert_eq!((scan.info.up, scan.info.unit), (UpAxis::Z, LengthUnit::Millimetres));
        assert!(scan.info.unit_reason.contains("1.80 m"), "{}", scan.info.unit_reason);
    }
}

#[test]
fn an_stl_reads_the_same_as_text_and_binary() {
    check_box(&stl_binary(b"made by hand"), Format::Stl);
    check_box(&stl_binary(b"solid, says the header of this binary file: facet"), Format::Stl);
    let scan = check_box(&stl_text(), Format::Stl);
    assert_eq!(scan.info.n_vertices, 8, "equal corners are one vertex");
}

#[test]
fn a_gltf_reads_with_its_node_transforms_and_without_its_textures() {
    let scan = check_box(&glb(), Format::Glb);
    assert_eq!(scan.info.n_not_faces, 1, "lines are no faces");
    assert!(bounds(&scan).0.z.abs() < 1e-5, "the box stands on the ground");

    let (mut json, buffer) = gltf_parts();
    json["buffers"][0]["uri"] = "the%20box.bin".into();
    let text = json.to_string();
    let beside = |name: &str| (name == "the box.bin").then(|| buffer.clone());
    let scan = scan::read(text.as_bytes(), &mut { beside }, &Options::default()).expect("reads");
    assert_eq!((scan.info.format, scan.info.n_triangles), (Format::Gltf, 12));
    let error = read(text.as_bytes()).expect_err("its buffer is not there");
    assert!(matches!(error, Error::NoSidecar { .. }), "{error}");
    assert!(error.to_string().contains("the box.bin"));
}

#[test]
fn a_gltf_may_hold_its_buffer_inside() {
    let (mut json, buffer) = gltf_parts();
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("data:application/octet-stream;base64,");
    for triple in buffer.chunks(3) {
        let word = triple.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - triple.len()));
        (0..4).for_each(|i| text.push(char::from(DIGITS[(word >> (18 - 6 * i) & 63) as usize])));
    }
    json["buffers"][0]["uri"] = text.into();
    check_box(json.to_string().as_bytes(), Format::Gltf);
}

#[test]
fn a_skinned_mesh_is_read_as_it_was_bound_and_says_so() {
    let (mut json, buffer) = gltf_parts();
    json["nodes"][0] = serde_json::json!({ "mesh": 0, "skin": 0, "translation": [5.0, 5.0, 5.0] });
    let scan = read(&glb_of(&json, &buffer)).expect("reads");
    assert!(scan.info.skinned);
    assert!((bounds(&scan).1.z + 2.1).abs() < 1e-5, "the node of a skinned mesh moves nothing");
}

#[test]
fn buffers_outside_the_folder_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut json, buffer) = gltf_parts();
    std::fs::create_dir(folder.path().join("inner")).expect("creates");
    std::fs::write(folder.path().join("box.bin"), &buffer).expect("writes");
    let path = folder.path().join("inner/box.gltf");
    for (uri, found) in [("../box.bin", false), ("box.bin", true)] {
        json["buffers"][0]["uri"] = uri.into();
        std::fs::write(&path, json.to_string()).expect("writes");
        std::fs::write(folder.path().join("inner/box.bin"), &buffer).expect("writes");
        assert_eq!(scan::open(&path, &Options::default()).is_ok(), found, "{uri}");
    }
}

#[test]
fn unit_and_axis_are_guessed_and_can_be_overruled() {
    let in_unit = |factor: f32| {
        let mut text = String::new();
        CORNERS.iter().for_each(|p| text += &format!("v {} {} {}\n", p[0] * factor, p[1] * factor, p[2] * factor));
        QUADS.iter().for_each(|q| text += &format!("f {} {} {} {}\n", q[0] + 1, q[1] + 1, q[2] + 1, q[3] + 1));
        text.into_bytes()
    };
    for (factor, unit) in [
        (1.0, LengthUnit::Metres),
        (10.0, LengthUnit::Decimetres),
        (100.0, LengthUnit::Centimetres),
        (1000.0, LengthUnit::Millimetres),
    ] {
        assert_eq!(check_box(&in_unit(factor), Format::Obj).info.unit, unit);
    }
    let inches = Options { unit: Some(LengthUnit::Inches), up: Some(UpAxis::MinusZ) };
    let scan = scan::read(&in_unit(1.0 / 0.0254), &mut |_| None, &inches).expect("reads");
    let (low, high) = bounds(&scan);
    assert!((high - low).abs_diff_eq(Vec3::new(0.5, 1.8, 0.3), 1e-5), "lies on its back as told: {}", high - low);
    assert_eq!(scan.info.unit_reason, "given");
}

#[test]
fn every_axis_turns_without_mirroring() {
    for up in [UpAxis::X, UpAxis::Y, UpAxis::Z, UpAxis::MinusX, UpAxis::MinusY, UpAxis::MinusZ] {
        let scan = scan::read(&obj(), &mut |_| None, &Options { up: Some(up), unit: Some(LengthUnit::Metres) });
        let scan = scan.expect("reads");
        let volume: f32 = scan
            .mesh
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|i| scan.mesh.positions[i as usize]);
                a.cross(b).dot(c) / 6.0
            })
            .sum();
        assert!((volume - 0.27).abs() < 1e-5, "{up:?}: {volume}");
    }
}

#[test]
fn vertices_that_are_not_numbers_are_dropped_and_counted() {
    let text = String::from_utf8(ply_text()).expect("text");
    let broken = text.replacen("-250 150 0 ", "nan 150 0 ", 1);
    assert_ne!(text, broken, "the test breaks something");
    let scan = read(broken.as_bytes()).expect("reads");
    assert_eq!(scan.info.n_dropped_vertices, 1);
    assert_eq!(scan.info.n_vertices, 7);
    assert_eq!(scan.info.n_triangles + scan.info.n_dropped_triangles, 12);
    assert!(scan.info.n_dropped_triangles >= 3);
    assert!(scan.mesh.positions.iter().all(|p| p.is_finite()));

    let text = String::from_utf8(obj()).expect("text");
    let broken = text.replacen("v -0.25 0 -0.15", "v inf zero -0.15", 1);
    assert_ne!(text, broken, "the test breaks something");
    let scan = read(broken.as_bytes()).expect("reads");
    assert_eq!((scan.info.n_dropped_vertices, scan.info.n_triangles + scan.info.n_dropped_triangles), (1, 12));
}

#[track_caller]
fn check_refused(bytes: &[u8], says: &str) {
    let error = read(bytes).expect_err("is refused").to_string();
    assert!(error.contains(says), "{error:?} does not say {says:?}");
}

#[test]
fn what_is_no_mesh_is_named() {
    check_refused(b"Kaydara FBX Binary  \x00\x1a\x00", "FBX");
    check_refused(b"PK\x03\x04rest of a zip", "ZIP");
    check_refused(b"\x89PNG\r\n\x1a\n", "PNG picture");
    check_refused(b"just some prose", "cannot tell");
    check_refused(b"", "cannot tell");
    check_refused(b"v 0 0 0\nv 1 0 0\nv 0 1 0\np 1 2 3\n", "no triangles");
}

#[test]
fn damage_is_put_into_words() {
    let cut = |bytes: Vec<u8>, keep: usize| bytes[..keep].to_vec();
    check_refused(&cut(ply_text(), 250), "ends early");
    check_refused(&cut(ply_binary(true), 400), "ends early");
    check_refused(&cut(stl_text(), 700), "endsolid");
    check_refused(&cut(glb(), 300), "ends early");
    check_refused(b"ply\nformat ascii 1.0\nelement vertex 99999999999\nproperty float x\nproperty float y\nproperty float z\nend_header\n", "decimate");
    check_refused(b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n", "no x, y and z");
    let (json, buffer) = gltf_parts();
    for (pointer, value, says) in [
        ("/accessors/1/count", serde_json::json!(40), "beyond its buffer"),
        ("/accessors/0/count", serde_json::json!(u64::MAX), "too long"),
        ("/bufferViews/1/byteOffset", serde_json::json!(1_000_000), "beyond its buffer"),
        ("/nodes/1/children", serde_json::json!([9]), "no node 9"),
        ("/nodes/0/mesh", serde_json::json!(3), "no mesh 3"),
        ("/accessors/0/componentType", serde_json::json!(5120), "not read"),
        ("/scenes/0/nodes", serde_json::json!([]), "no triangles"),
    ] {
        let mut json = json.clone();
        *json.pointer_mut(pointer).expect("is there") = value;
        check_refused(&glb_of(&json, &buffer), says);
    }
    let mut draco = json;
    draco["extensionsRequired"] = serde_json::json!(["KHR_draco_mesh_compression"]);
    check_refused(&glb_of(&draco, &buffer), "KHR_draco_mesh_compression");
}

#[test]
fn nodes_in_a_ring_or_a_deep_chain_end() {
    let (mut json, buffer) = gltf_parts();
    json["nodes"][0]["children"] = serde_json::json!([1]);
    assert!(read(&glb_of(&json, &buffer)).is_ok(), "the node that was there before is not visited again");
    let chain: Vec<_> = (0..5000).map(|i| serde_json::json!({ "children": [i + 1] })).collect();
    json["nodes"] = chain.into();
    json["scenes"][0]["nodes"] = serde_json::json!([0]);
    check_refused(&glb_of(&json, &buffer), "levels");
}

fn sample(format: usize) -> Vec<u8> {
    match format {
        0 => obj(),
        1 => ply_text(),
        2 => ply_binary(false),
        3 => ply_binary(true),
        4 => stl_binary(b""),
        5 => stl_text(),
        _ => glb(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    /// Whatever the bytes: a mesh whose triangles exist and whose numbers are numbers, or an error with words.
    #[test]
    fn no_bytes_do_harm(
        format in 0..7_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..5_u8), 0..8),
    ) {
        let mut bytes = sample(format);
        for (place, byte, kind) in edits {
            let at = place.index(bytes.len());
            match kind {
                0 | 1 => bytes[at] = byte,
                2 => bytes.truncate(at + 1),
                3 => bytes.insert(at, byte),
                _ => { let tail = bytes[at..].to_vec(); bytes.extend(tail); }
            }
        }
        match read(&bytes) {
            Ok(scan) => {
                prop_assert!(scan.mesh.positions.iter().all(|p| p.is_finite()));
                let n = scan.mesh.positions.len() as u32;
                prop_assert!(scan.mesh.triangles.iter().flatten().all(|&i| i < n));
                prop_assert!(!scan.mesh.triangles.is_empty());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
