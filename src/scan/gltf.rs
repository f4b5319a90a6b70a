//! glTF 2.0, as GLB or as JSON with buffers beside it or inside, to a plain document that `three-d-asset` can trust.
//!
//! The document is written anew: nodes with their transforms, triangle meshes with positions and indices, and the
//! buffers under names of our own. Every index is checked against its list and every accessor against its buffer.
//! Materials, textures, animations and skins are left out; a skinned mesh is read as it was bound, and, as the standard
//! says, without the transform of its node.

use serde_json::{Value, json};

use super::{Error, Format, MAX_FILE_BYTES, MAX_TRIANGLES, Soup, read_with_asset_crate};

/// Nodes below nodes: the reader recurses, so the depth is bounded by the stack.
const MAX_DEPTH: usize = 200;

const FLOAT: u64 = 5126;

pub(super) fn read(
    bytes: &[u8],
    format: Format,
    sidecar: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
) -> Result<Soup, Error> {
    let (json, blob) = if format == Format::Glb { chunks(bytes)? } else { (bytes, None) };
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    let document: Value =
        serde_json::from_slice(json).map_err(|error| Error::Damaged { format, what: error.to_string() })?;
    if let Some(required) = list(&document, "extensionsRequired").first().and_then(Value::as_str) {
        return Err(Error::Unsupported { format, what: format!("the extension {required}") });
    }
    let mut plain = Plain { format, document: &document, buffers: Vec::new(), soup: Soup::default() };
    plain.load_buffers(blob, sidecar)?;
    let text = plain.rewrite()?;
    let Plain { buffers, soup: counted, .. } = plain;
    let mut files: Vec<(String, Vec<u8>)> =
        buffers.into_iter().enumerate().map(|(i, bytes)| (buffer_name(i), bytes)).collect();
    files.push(("scan.gltf".to_owned(), text));
    let soup = read_with_asset_crate("scan.gltf", files, format)?;
    Ok(Soup { skinned: counted.skinned, n_not_faces: counted.n_not_faces, ..soup })
}

/// The JSON and the binary chunk of a GLB.
fn chunks(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), Error> {
    let ends_early = |what: &str| Error::Truncated { format: Format::Glb, what: what.to_owned() };
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    };
    if word(4).ok_or_else(|| ends_early("its header"))? != 2 {
        return Err(Error::Unsupported { format: Format::Glb, what: "another version than glTF 2".to_owned() });
    }
    let mut at = 12;
    let mut json = None;
    let mut blob = None;
    while let (Some(length), Some(kind)) = (word(at), word(at + 4)) {
        let start = at + 8;
        let end = start.saturating_add(length as usize);
        let chunk = bytes.get(start..end).ok_or_else(|| ends_early("a chunk"))?;
        match &kind.to_le_bytes() {
            b"JSON" => json = json.or(Some(chunk)),
            b"BIN\0" => blob = blob.or(Some(chunk)),
            _ => {}
        }
        at = end;
    }
    Ok((json.ok_or_else(|| ends_early("there is no JSON in it"))?, blob))
}

fn buffer_name(index: usize) -> String {
    format!("buffer-{index}.bin")
}

struct Plain<'a> {
    format: Format,
    document: &'a Value,
    buffers: Vec<Vec<u8>>,
    soup: Soup,
}

impl Plain<'_> {
    fn damaged(&self, what: impl Into<String>) -> Error {
        Error::Damaged { format: self.format, what: what.into() }
    }

    fn load_buffers(
        &mut self,
        blob: Option<&[u8]>,
        sidecar: &mut dyn FnMut(&str) -> Option<Vec<u8>>,
    ) -> Result<(), Error> {
        let mut n_bytes = 0;
        for (i, buffer) in list(self.document, "buffers").iter().enumerate() {
            let bytes = match buffer.get("uri").and_then(Value::as_str) {
                None if i == 0 && blob.is_some() => blob.unwrap_or_default().to_vec(),
                None => return Err(self.damaged(format!("buffer {i} is nowhere"))),
                Some(uri) => match uri.strip_prefix("data:") {
                    Some(data) => {
                        let text = data.split_once(";base64,").map(|(_, text)| text);
                        text.and_then(base64).ok_or_else(|| self.damaged(format!("buffer {i} is not base64")))?
                    }
                    None => {
                        let name = percent_decoded(uri);
                        sidecar(&name).ok_or(Error::NoSidecar { name })?
                    }
                },
            };
            n_bytes += bytes.len() as u64;
            if n_bytes > MAX_FILE_BYTES {
                return Err(Error::TooLarge { n_bytes });
            }
            self.buffers.push(bytes);
        }
        Ok(())
    }

    fn rewrite(&mut self) -> Result<Vec<u8>, Error> {
        let document = self.document;
        let nodes = list(document, "nodes");
        let scenes = list(document, "scenes");
        let scene = index(document, "scene").unwrap_or(0);
        let roots: Vec<usize> = match scenes.get(scene) {
            Some(scene) => indices(scene, "nodes"),
            // Without a scene, every node that is nobody's child is shown.
            None => {
                let mut is_child = vec![false; nodes.len()];
                let children = nodes.iter().flat_map(|node| indices(node, "children"));
                children.filter(|&i| i < nodes.len()).for_each(|i| is_child[i] = true);
                (0..nodes.len()).filter(|&i| !is_child[i]).collect()
            }
        };
        let mut tree = Tree { nodes: Vec::new(), meshes: Vec::new(), mesh_of: Vec::new(), n_corners: 0 };
        tree.mesh_of.resize(list(document, "meshes").len(), None);
        let mut seen = vec![false; nodes.len()];
        let mut top = Vec::new();
        for root in roots {
            if let Some(place) = self.add_node(&mut tree, root, &mut seen, &mut top, 0)? {
                top.push(place);
            }
        }
        if tree.meshes.is_empty() {
            return Err(Error::Empty { format: self.format });
        }
        let buffers: Vec<Value> = self
            .buffers
            .iter()
            .enumerate()
            .map(|(i, bytes)| json!({ "uri": buffer_name(i), "byteLength": bytes.len() }))
            .collect();
        let mut accessors = Vec::new();
        let mut views = Vec::new();
        for mesh in &mut tree.meshes {
            for primitive in mesh.iter_mut() {
                for slot in [&mut primitive.positions, &mut primitive.indices].into_iter().flatten() {
                    views.push(slot.view.clone());
                    slot.accessor["bufferView"] = json!(views.len() - 1);
                    accessors.push(slot.accessor.clone());
                    slot.place = accessors.len() - 1;
                }
            }
        }
        let meshes: Vec<Value> = tree.meshes.iter().map(|mesh| mesh_json(mesh)).collect();
        let text = json!({
            "asset": { "version": "2.0" },
            "scene": 0,
            "scenes": [{ "nodes": top }],
            "nodes": tree.nodes,
            "meshes": meshes,
            "accessors": accessors,
            "bufferViews": views,
            "buffers": buffers,
        });
        serde_json::to_vec(&text).map_err(|error| self.damaged(error.to_string()))
    }

    /// Adds a node and what is below it; `None` when it was there before: a node has one parent.
    fn add_node(
        &mut self,
        tree: &mut Tree,
        node: usize,
        seen: &mut [bool],
        top: &mut Vec<usize>,
        depth: usize,
    ) -> Result<Option<usize>, Error> {
        let source =
            list(self.document, "nodes").get(node).ok_or_else(|| self.damaged(format!("there is no node {node}")))?;
        if depth > MAX_DEPTH {
            return Err(Error::Unsupported {
                format: self.format,
                what: format!("more than {MAX_DEPTH} levels of nodes"),
            });
        }
        if std::mem::replace(&mut seen[node], true) {
            return Ok(None);
        }
        let place = tree.nodes.len();
        tree.nodes.push(json!({}));
        let mut plain = serde_json::Map::new();
        for (key, n_numbers) in [("matrix", 16), ("translation", 3), ("rotation", 4), ("scale", 3)] {
            let Some(value) = source.get(key) else { continue };
            let numbers: Vec<f64> = value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            if numbers.len() != n_numbers || numbers.iter().any(|x| x.abs() > 1e15) {
                return Err(self.damaged(format!("the {key} of node {node}")));
            }
            plain.insert(key.to_owned(), json!(numbers));
        }
        if plain.contains_key("matrix") {
            plain.retain(|key, _| key == "matrix");
        }
        if let Some(mesh) = index(source, "mesh")
            && let Some(mesh) = self.add_mesh(tree, mesh)?
        {
            if source.get("skin").is_some() {
                self.soup.skinned = true;
                top.push(tree.nodes.len());
                tree.nodes.push(json!({ "mesh": mesh }));
            } else {
                plain.insert("mesh".to_owned(), json!(mesh));
            }
        }
        let mut children = Vec::new();
        for child in indices(source, "children") {
            children.extend(self.add_node(tree, child, seen, top, depth + 1)?);
        }
        if !children.is_empty() {
            plain.insert("children".to_owned(), json!(children));
        }
        tree.nodes[place] = Value::Object(plain);
        Ok(Some(place))
    }

    /// The place of a mesh among those that are kept; `None` when it has no triangles.
    fn add_mesh(&mut self, tree: &mut Tree, mesh: usize) -> Result<Option<usize>, Error> {
        let known = *tree.mesh_of.get(mesh).ok_or_else(|| self.damaged(format!("there is no mesh {mesh}")))?;
        let place = match known {
            Some(place) => place,
            None => {
                let mut primitives = Vec::new();
                for primitive in list(&list(self.document, "meshes")[mesh], "primitives") {
                    if index(primitive, "mode").is_some_and(|mode| mode != 4) {
                        self.soup.n_not_faces += 1;
                        continue;
                    }
                    primitives.extend(self.primitive(primitive)?);
                }
                let place = (!primitives.is_empty()).then_some(tree.meshes.len());
                if place.is_some() {
                    tree.meshes.push(primitives);
                }
                tree.mesh_of[mesh] = Some(place);
                place
            }
        };
        // A small file can show one mesh many times: what counts is what comes out.
        if let Some(place) = place {
            tree.n_corners += tree.meshes[place].iter().map(|primitive| primitive.n_corners).sum::<u64>();
            if tree.n_corners > 3 * MAX_TRIANGLES as u64 {
                return Err(Error::TooManyTriangles);
            }
        }
        Ok(place)
    }

    fn primitive(&self, primitive: &Value) -> Result<Option<PlainPrimitive>, Error> {
        if primitive.pointer("/extensions/KHR_draco_mesh_compression").is_some() {
            return Err(Error::Unsupported { format: self.format, what: "Draco compression".to_owned() });
        }
        let Some(positions) = primitive.get("attributes").and_then(|attributes| index(attributes, "POSITION")) else {
            return Ok(None);
        };
        let positions = self.accessor(positions, "VEC3", &[FLOAT])?;
        let indices = index(primitive, "indices")
            .map(|indices| self.accessor(indices, "SCALAR", &[5121, 5123, 5125]))
            .transpose()?;
        let n_corners = indices.as_ref().map_or(positions.count, |indices| indices.count).max(positions.count);
        Ok(Some(PlainPrimitive { positions: Some(positions), indices, n_corners }))
    }

    /// A checked accessor with a view of its own that covers exactly what it reads.
    fn accessor(&self, accessor: usize, kind: &str, component_types: &[u64]) -> Result<PlainAccessor, Error> {
        let wrong = |what: &str| self.damaged(format!("accessor {accessor}: {what}"));
        let source = list(self.document, "accessors").get(accessor).ok_or_else(|| wrong("there is none"))?;
        if source.get("sparse").is_some() {
            return Err(Error::Unsupported { format: self.format, what: "sparse accessors".to_owned() });
        }
        let component = source.get("componentType").and_then(Value::as_u64).unwrap_or(0);
        if source.get("type").and_then(Value::as_str) != Some(kind) || !component_types.contains(&component) {
            return Err(Error::Unsupported { format: self.format, what: format!("accessor {accessor}'s type") });
        }
        let view = index(source, "bufferView")
            .and_then(|view| list(self.document, "bufferViews").get(view))
            .ok_or_else(|| wrong("it has no buffer view"))?;
        let n_component_bytes = match component {
            5121 => 1,
            5123 => 2,
            _ => 4,
        };
        let size = if kind == "VEC3" { 3 * n_component_bytes } else { n_component_bytes };
        let count = index(source, "count").ok_or_else(|| wrong("it has no count"))?;
        let stride = index(view, "byteStride").unwrap_or(size).max(size);
        let offset = index(source, "byteOffset").unwrap_or(0);
        let view_offset = index(view, "byteOffset").unwrap_or(0);
        let view_length = index(view, "byteLength").ok_or_else(|| wrong("its view has no length"))?;
        let buffer = index(view, "buffer").unwrap_or(usize::MAX);
        let n_buffer_bytes = self.buffers.get(buffer).ok_or_else(|| wrong("there is no such buffer"))?.len();
        let n_bytes = count.checked_sub(1).and_then(|n| n.checked_mul(stride)).and_then(|n| n.checked_add(size));
        let n_bytes = n_bytes.ok_or_else(|| wrong("it is empty or too long"))?;
        let fits = offset.checked_add(n_bytes).is_some_and(|end| end <= view_length)
            && view_offset.checked_add(view_length).is_some_and(|end| end <= n_buffer_bytes);
        if !fits {
            return Err(wrong("it reads beyond its buffer"));
        }
        let mut plain_view = json!({ "buffer": buffer, "byteOffset": view_offset + offset, "byteLength": n_bytes });
        if stride != size {
            plain_view["byteStride"] = json!(stride);
        }
        let mut plain = json!({ "componentType": component, "count": count, "type": kind });
        if kind == "VEC3" {
            // The reader wants bounds of positions to be there, and does nothing with them.
            plain["min"] = json!([0.0, 0.0, 0.0]);
            plain["max"] = json!([0.0, 0.0, 0.0]);
        }
        Ok(PlainAccessor { accessor: plain, view: plain_view, count: count as u64, place: 0 })
    }
}

struct Tree {
    nodes: Vec<Value>,
    meshes: Vec<Vec<PlainPrimitive>>,
    /// By mesh of the file: not visited, or its place among those kept.
    mesh_of: Vec<Option<Option<usize>>>,
    n_corners: u64,
}

struct PlainPrimitive {
    positions: Option<PlainAccessor>,
    indices: Option<PlainAccessor>,
    n_corners: u64,
}

struct PlainAccessor {
    accessor: Value,
    view: Value,
    count: u64,
    place: usize,
}

fn mesh_json(primitives: &[PlainPrimitive]) -> Value {
    let primitives: Vec<Value> = primitives
        .iter()
        .map(|primitive| {
            let mut plain =
                json!({ "attributes": { "POSITION": primitive.positions.as_ref().map(|slot| slot.place) } });
            if let Some(indices) = &primitive.indices {
                plain["indices"] = json!(indices.place);
            }
            plain
        })
        .collect();
    json!({ "primitives": primitives })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn index(value: &Value, key: &str) -> Option<usize> {
    value.get(key).and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok())
}

/// Those that are indices at all; others become one that no list has.
fn indices(value: &Value, key: &str) -> Vec<usize> {
    let index = |value: &Value| value.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    list(value, key).iter().map(index).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut n_bits) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(digit);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((word >> n_bits) as u8);
            word &= (1 << n_bits) - 1;
        }
    }
    Some(bytes)
}

/// `%20` and its like; what is no such thing stays as it is.
fn percent_decoded(uri: &str) -> String {
    let bytes = uri.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| str::from_utf8(hex).ok());
        let byte = hex.filter(|_| bytes[at] == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
