//! A body as skinned glTF 2.0: one file (GLB) or JSON with its buffer beside it.
//!
//! What a file holds, and why:
//! - Metres, y up, facing +z. The body stands on the ground, at the origin: where the photo had it is a camera's matter.
//! - The mesh is bound in the model's own rest shape (an A-pose), the joints stand in the captured pose. In Blender that is
//!   the armature's rest position and its pose: clearing the pose gives the A-pose. Binding at rest keeps linear blend
//!   skinning exact; a mesh bound in any other pose would be skinned twice.
//! - Every joint is a node with a translation and a rotation, named as in the body model; its y axis runs along the bone.
//! - Eight influences per vertex (`JOINTS_0`, `JOINTS_1`), or four for programs that read no more; what the cut costs is
//!   computed in the captured pose and written down.
//! - `extras` of the body's node: [`BodyInfo::to_json`], what Blender shows as custom properties.
//! - No animation, unless asked for: then two clips of one key each, "Captured pose" and "A-pose", to switch between.

mod buffer;
mod skin;

use std::collections::{BTreeMap, HashMap};

use bevy_math::{DMat3, DMat4, DQuat, DVec3, Vec3};
use gltf_json::validation::{Checked, USize64};
use gltf_json::{self as json, Index};

use self::buffer::Builder;
use super::Error;
use super::body_info::{BodyInfo, LICENCES, generator};
use super::mesh_file::y_up;
use crate::body::model::BoneFrame;
use crate::body::{AnnyModel, Shape};
use crate::types::BodyPose;
pub use skin::{InfluenceCut, Influences};

/// How to write a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub influences: Influences,
    /// One-key clips of the captured pose and the A-pose.
    pub clips: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { influences: Influences::Eight, clips: false }
    }
}

/// Everything geometric about a body with bones, in the body model's frame (metres, z up, facing -y).
#[derive(Clone, Debug)]
pub struct SkinnedBody {
    /// The shape at rest, as it is bound.
    pub rest: Vec<Vec3>,
    pub triangles: Vec<[u32; 3]>,
    /// v grows upwards.
    pub uv: Vec<[f32; 2]>,
    /// One per triangle: the texture coordinates of its corners.
    pub uv_triangles: Vec<[u32; 3]>,
    /// Parents before children; the first is the root.
    pub bones: Vec<Bone>,
    /// Per vertex: bone and weight.
    pub influences: Vec<Vec<(u8, f32)>>,
}

/// A bone at rest, in the A-pose and in the captured pose.
#[derive(Clone, Debug)]
pub struct Bone {
    pub name: String,
    /// `None` for the root alone.
    pub parent: Option<usize>,
    pub rest: BoneFrame,
    pub a_pose: BoneFrame,
    pub captured: BoneFrame,
}

impl SkinnedBody {
    /// A shape of the body model in a pose; the root is moved so that the body stands on the ground at the origin.
    pub fn new(model: &AnnyModel, shape: &Shape, pose: &BodyPose) -> Self {
        let placed = |pose: &BodyPose| {
            let mut pose = pose.clone();
            let posed = model.posed(shape, &pose);
            let lowest = posed.vertices.iter().map(|v| v.z).fold(f32::INFINITY, f32::min);
            let root = posed.bones.first().map_or(DVec3::ZERO, |bone| bone.head);
            let shift = DVec3::new(-root.x, -root.y, -f64::from(lowest));
            if shift.is_finite() {
                pose.root_translation_m += shift;
            }
            model.bone_frames(shape, &pose)
        };
        let (a_pose, captured) = (placed(&model.reference_pose()), placed(pose));
        let bones = (0..model.n_bones()).map(|bone| Bone {
            name: model.bone_labels[bone].clone(),
            parent: (bone > 0).then(|| model.bone_parents[bone]),
            rest: BoneFrame { rotation: shape.rotations[bone], head: shape.heads[bone] },
            a_pose: a_pose[bone],
            captured: captured[bone],
        });
        Self {
            rest: shape.rest_vertices.clone(),
            triangles: model.faces.to_vec(),
            uv: model.uv.clone(),
            uv_triangles: model.face_uv.clone(),
            bones: bones.collect(),
            influences: (0..model.n_vertices()).map(|vertex| model.influences(vertex).to_vec()).collect(),
        }
    }
}

/// A finished document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    json: Vec<u8>,
    bin: Vec<u8>,
    /// After splitting along the seams of the texture.
    pub n_vertices: usize,
    pub cut: InfluenceCut,
}

/// Builds the document; [`Document::glb`] and [`Document::gltf`] give its two forms.
pub fn document(body: &SkinnedBody, info: &BodyInfo, options: Options) -> Result<Document, Error> {
    check(body)?;
    Writer { body, info, options, to_ground: to_ground(body), root: json::Root::default(), bin: Builder::default() }
        .write()
}

impl Document {
    /// The whole as one binary file.
    pub fn glb(&self) -> Vec<u8> {
        let padded = |n: usize| n.next_multiple_of(4);
        let total = 12 + 8 + padded(self.json.len()) + 8 + padded(self.bin.len());
        let mut bytes = Vec::with_capacity(total);
        bytes.extend_from_slice(b"glTF");
        bytes.extend_from_slice(&2_u32.to_le_bytes());
        bytes.extend_from_slice(&(total as u32).to_le_bytes());
        for (kind, chunk, filler) in [(b"JSON", &self.json, b' '), (b"BIN\0", &self.bin, 0)] {
            bytes.extend_from_slice(&(padded(chunk.len()) as u32).to_le_bytes());
            bytes.extend_from_slice(kind);
            bytes.extend_from_slice(chunk);
            bytes.resize(bytes.len() + padded(chunk.len()) - chunk.len(), filler);
        }
        bytes
    }

    /// The JSON, and the buffer that has to lie beside it under the name given.
    pub fn gltf(&self, buffer_name: &str) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let failed = |error: serde_json::Error| Error::Format { message: error.to_string() };
        let mut root: json::Root = serde_json::from_slice(&self.json).map_err(failed)?;
        for buffer in &mut root.buffers {
            buffer.uri = Some(percent_encoded(buffer_name));
        }
        Ok((serde_json::to_vec_pretty(&root).map_err(failed)?, self.bin.clone()))
    }
}

/// Every index must exist; the body model's do.
fn check(body: &SkinnedBody) -> Result<(), Error> {
    let n = body.rest.len();
    let exists = |triangles: &[[u32; 3]], n: usize| triangles.iter().flatten().all(|&i| (i as usize) < n);
    let fits = exists(&body.triangles, n)
        && exists(&body.uv_triangles, body.uv.len())
        && body.uv_triangles.len() == body.triangles.len()
        && body.influences.len() == n
        && body.influences.iter().flatten().all(|(bone, _)| usize::from(*bone) < body.bones.len())
        && body.bones.iter().enumerate().all(|(i, bone)| bone.parent.map_or(i == 0, |parent| parent < i));
    let finite = body.rest.iter().all(|p| p.is_finite())
        && body.bones.iter().all(|bone| {
            [bone.rest, bone.a_pose, bone.captured].iter().all(|f| f.rotation.is_finite() && f.head.is_finite())
        });
    if fits && finite && !body.triangles.is_empty() {
        Ok(())
    } else {
        Err(Error::Format { message: "the body's parts do not fit together".to_owned() })
    }
}

/// Lifts the bind shape so that it stands on the ground.
fn to_ground(body: &SkinnedBody) -> DVec3 {
    DVec3::Z * -f64::from(body.rest.iter().map(|p| p.z).fold(f32::INFINITY, f32::min))
}

struct Writer<'a> {
    body: &'a SkinnedBody,
    info: &'a BodyInfo,
    options: Options,
    to_ground: DVec3,
    root: json::Root,
    bin: Builder,
}

impl Writer<'_> {
    fn write(mut self) -> Result<Document, Error> {
        let cut = skin::cut(self.body, self.options.influences);
        let (primitive, n_vertices) = self.primitive(&cut.influences);
        let joints: Vec<Index<json::Node>> = self.body.bones.iter().map(|bone| self.joint(bone)).collect();
        for (bone, joint) in self.body.bones.iter().zip(&joints) {
            if let Some(parent) = bone.parent {
                self.root.nodes[joints[parent].value()].children.get_or_insert_default().push(*joint);
            }
        }
        let skin = self.skin(&joints);
        let mesh = self.root.push(json::Mesh {
            extensions: None,
            extras: None,
            name: Some("body".to_owned()),
            primitives: vec![primitive],
            weights: None,
        });
        let node = self.root.push(json::Node {
            mesh: Some(mesh),
            skin: Some(skin),
            name: Some("body".to_owned()),
            extras: extras(&self.extras(&cut.cut))?,
            ..node()
        });
        if self.options.clips {
            self.clip("Captured pose", &joints, |bone| bone.captured);
            self.clip("A-pose", &joints, |bone| bone.a_pose);
        }
        let scene = self.root.push(json::Scene {
            extensions: None,
            extras: None,
            name: Some("body".to_owned()),
            nodes: [Some(node), joints.first().copied()].into_iter().flatten().collect(),
        });
        self.root.scene = Some(scene);
        self.root.asset = json::Asset {
            copyright: Some(LICENCES[..2].join("; ")),
            generator: Some(generator()),
            ..json::Asset::default()
        };
        let bin = self.bin.finish(&mut self.root);
        let json = serde_json::to_vec(&self.root).map_err(|error| Error::Format { message: error.to_string() })?;
        Ok(Document { json, bin, n_vertices, cut: cut.cut })
    }

    fn extras(&self, cut: &InfluenceCut) -> serde_json::Value {
        let mut extras = self.info.to_json();
        extras["skinning"] = serde_json::json!({
            "influences_per_vertex": self.options.influences.n(),
            "largest_error_m": cut.largest_error_m,
            "mean_error_m": cut.mean_error_m,
            "note": "distance between this skin and the model's own (all influences) in the captured pose",
        });
        extras
    }

    /// The mesh, its vertices split where the texture has a seam.
    fn primitive(&mut self, influences: &[Vec<(u8, f32)>]) -> (json::mesh::Primitive, usize) {
        let body = self.body;
        let mesh =
            crate::types::Mesh { positions: body.rest.as_slice().into(), triangles: body.triangles.as_slice().into() };
        let normals = mesh.normals();
        let mut place: HashMap<(u32, u32), u32> = HashMap::with_capacity(body.uv.len());
        let mut split: Vec<(u32, u32)> = Vec::with_capacity(body.uv.len());
        let mut indices = Vec::with_capacity(3 * body.triangles.len());
        for (corners, uv_corners) in body.triangles.iter().zip(&body.uv_triangles) {
            for corner in corners.iter().copied().zip(uv_corners.iter().copied()) {
                indices.push(*place.entry(corner).or_insert_with(|| {
                    split.push(corner);
                    split.len() as u32 - 1
                }));
            }
        }
        let lift = self.to_ground.as_vec3();
        let positions: Vec<[f32; 3]> =
            split.iter().map(|&(v, _)| y_up(body.rest[v as usize] + lift).to_array()).collect();
        let normals: Vec<[f32; 3]> = split
            .iter()
            .map(|&(v, _)| y_up(normals[v as usize]).try_normalize().unwrap_or(Vec3::Y).to_array())
            .collect();
        // glTF's v grows downwards.
        let uv: Vec<[f32; 2]> =
            split.iter().map(|&(_, t)| [body.uv[t as usize][0], 1.0 - body.uv[t as usize][1]]).collect();
        let mut attributes = BTreeMap::new();
        let mut add = |semantic, accessor| attributes.insert(Checked::Valid(semantic), accessor);
        add(json::mesh::Semantic::Positions, self.bin.positions(&mut self.root, &positions));
        add(json::mesh::Semantic::Normals, self.bin.vertices(&mut self.root, &normals));
        add(json::mesh::Semantic::TexCoords(0), self.bin.vertices(&mut self.root, &uv));
        for set in 0..self.options.influences.n() / 4 {
            let slot = |v: u32, k: usize| influences[v as usize].get(4 * set + k).copied().unwrap_or((0, 0.0));
            let joints: Vec<[u8; 4]> = split.iter().map(|&(v, _)| [0, 1, 2, 3].map(|k| slot(v, k).0)).collect();
            let weights: Vec<[f32; 4]> = split.iter().map(|&(v, _)| [0, 1, 2, 3].map(|k| slot(v, k).1)).collect();
            add(json::mesh::Semantic::Joints(set as u32), self.bin.vertices(&mut self.root, &joints));
            add(json::mesh::Semantic::Weights(set as u32), self.bin.vertices(&mut self.root, &weights));
        }
        let material = self.root.push(json::Material {
            name: Some("skin".to_owned()),
            pbr_metallic_roughness: json::material::PbrMetallicRoughness {
                base_color_factor: json::material::PbrBaseColorFactor([0.72, 0.58, 0.5, 1.0]),
                metallic_factor: json::material::StrengthFactor(0.0),
                roughness_factor: json::material::StrengthFactor(0.7),
                ..Default::default()
            },
            ..Default::default()
        });
        let primitive = json::mesh::Primitive {
            attributes,
            extensions: None,
            extras: None,
            indices: Some(self.bin.indices(&mut self.root, &indices, split.len())),
            material: Some(material),
            mode: Checked::Valid(json::mesh::Mode::Triangles),
            targets: None,
        };
        (primitive, split.len())
    }

    fn joint(&mut self, bone: &Bone) -> Index<json::Node> {
        let (translation, rotation) = self.local(bone, |bone| bone.captured);
        self.root.push(json::Node {
            name: Some(bone.name.clone()),
            translation: Some(translation),
            rotation: Some(json::scene::UnitQuaternion(rotation)),
            ..node()
        })
    }

    /// Where a joint stands with respect to its parent.
    fn local(&self, bone: &Bone, pose: impl Fn(&Bone) -> BoneFrame) -> ([f32; 3], [f32; 4]) {
        let own = pose(bone);
        let (rotation, translation) = match bone.parent {
            Some(parent) => {
                let above = pose(&self.body.bones[parent]);
                let back = above.rotation.transpose();
                (back * own.rotation, back * (own.head - above.head))
            }
            None => (y_up_matrix() * own.rotation, y_up_matrix() * own.head),
        };
        let rotation = DQuat::from_mat3(&rotation).normalize().as_quat().normalize();
        (translation.as_vec3().to_array(), rotation.to_array())
    }

    fn skin(&mut self, joints: &[Index<json::Node>]) -> Index<json::Skin> {
        let inverse_bind: Vec<[f32; 16]> = self
            .body
            .bones
            .iter()
            .map(|bone| {
                let rotation = y_up_matrix() * bone.rest.rotation;
                let head = y_up_matrix() * (bone.rest.head + self.to_ground);
                let back = rotation.transpose();
                let mut columns = DMat4::from_mat3_translation(back, -(back * head)).as_mat4().to_cols_array();
                // The last row is exactly (0, 0, 0, 1), as the standard wants it.
                (columns[3], columns[7], columns[11], columns[15]) = (0.0, 0.0, 0.0, 1.0);
                columns
            })
            .collect();
        let inverse_bind_matrices = Some(self.bin.matrices(&mut self.root, &inverse_bind));
        self.root.push(json::Skin {
            extensions: None,
            extras: None,
            inverse_bind_matrices,
            joints: joints.to_vec(),
            name: Some("body".to_owned()),
            skeleton: joints.first().copied(),
        })
    }

    /// A clip of one key: every joint's rotation, and the root's place.
    fn clip(&mut self, name: &str, joints: &[Index<json::Node>], pose: impl Fn(&Bone) -> BoneFrame) {
        let time = self.bin.times(&mut self.root, &[0.0]);
        let mut clip = json::Animation {
            extensions: None,
            extras: None,
            channels: Vec::new(),
            name: Some(name.to_owned()),
            samplers: Vec::new(),
        };
        for (bone, joint) in self.body.bones.iter().zip(joints) {
            let (translation, rotation) = self.local(bone, &pose);
            let mut outputs =
                vec![(json::animation::Property::Rotation, self.bin.quaternions(&mut self.root, &[rotation]))];
            if bone.parent.is_none() {
                outputs
                    .push((json::animation::Property::Translation, self.bin.vectors(&mut self.root, &[translation])));
            }
            for (property, output) in outputs {
                clip.samplers.push(json::animation::Sampler {
                    extensions: None,
                    extras: None,
                    input: time,
                    interpolation: Checked::Valid(json::animation::Interpolation::Linear),
                    output,
                });
                clip.channels.push(json::animation::Channel {
                    sampler: Index::new(clip.samplers.len() as u32 - 1),
                    target: json::animation::Target {
                        extensions: None,
                        extras: None,
                        node: *joint,
                        path: Checked::Valid(property),
                    },
                    extensions: None,
                    extras: None,
                });
            }
        }
        self.root.push(clip);
    }
}

/// The body model's frame (z up, faces -y) to glTF's (y up, faces +z); a rotation.
fn y_up_matrix() -> DMat3 {
    DMat3::from_cols(DVec3::X, DVec3::NEG_Z, DVec3::Y)
}

fn node() -> json::Node {
    json::Node {
        camera: None,
        children: None,
        extensions: None,
        extras: None,
        matrix: None,
        mesh: None,
        name: None,
        rotation: None,
        scale: None,
        translation: None,
        skin: None,
        weights: None,
    }
}

fn extras(value: &serde_json::Value) -> Result<json::Extras, Error> {
    let raw = json::extras::RawValue::from_string(value.to_string());
    raw.map(Some).map_err(|error| Error::Format { message: error.to_string() })
}

fn size(n: usize) -> USize64 {
    USize64::from(n)
}

/// A file name as a relative URI.
fn percent_encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") }).collect()
}
