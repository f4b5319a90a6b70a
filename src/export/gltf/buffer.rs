//! The binary part of a glTF document: arrays in, accessors out.

use gltf_json::accessor::{ComponentType, GenericComponentType, Type};
use gltf_json::buffer::{Buffer, Target, View};
use gltf_json::validation::Checked;
use gltf_json::{Accessor, Index, Root};

use super::size;

/// Bytes so far; every array starts at a multiple of four.
#[derive(Debug, Default)]
pub(super) struct Builder {
    bytes: Vec<u8>,
}

/// Numbers that glTF knows, as little-endian bytes.
pub(super) trait Component: Copy {
    const TYPE: ComponentType;
    fn put(self, bytes: &mut Vec<u8>);
}

impl Component for f32 {
    const TYPE: ComponentType = ComponentType::F32;
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl Component for u8 {
    const TYPE: ComponentType = ComponentType::U8;
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.push(self);
    }
}

impl Component for u16 {
    const TYPE: ComponentType = ComponentType::U16;
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl Component for u32 {
    const TYPE: ComponentType = ComponentType::U32;
    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.to_le_bytes());
    }
}

impl Builder {
    /// Vertex attributes without bounds; vectors of two, three or four.
    pub fn vertices<C: Component, const N: usize>(&mut self, root: &mut Root, rows: &[[C; N]]) -> Index<Accessor> {
        let kind = match N {
            2 => Type::Vec2,
            3 => Type::Vec3,
            _ => Type::Vec4,
        };
        self.array(root, rows, kind, Some(Target::ArrayBuffer))
    }

    /// Positions, with the bounds that the standard asks for.
    pub fn positions(&mut self, root: &mut Root, rows: &[[f32; 3]]) -> Index<Accessor> {
        let accessor = self.vertices(root, rows);
        let bound = |pick: fn(f32, f32) -> f32, start: f32| {
            let bound = rows.iter().fold([start; 3], |bound, row| [0, 1, 2].map(|i| pick(bound[i], row[i])));
            Some(serde_json::json!(bound))
        };
        root.accessors[accessor.value()].min = bound(f32::min, f32::INFINITY);
        root.accessors[accessor.value()].max = bound(f32::max, f32::NEG_INFINITY);
        accessor
    }

    /// Indices in 16 bits where they fit.
    pub fn indices(&mut self, root: &mut Root, indices: &[u32], n_vertices: usize) -> Index<Accessor> {
        // 65535 itself is not allowed: it restarts a strip.
        if n_vertices < usize::from(u16::MAX) {
            let small: Vec<[u16; 1]> = indices.iter().map(|&i| [i as u16]).collect();
            self.array(root, &small, Type::Scalar, Some(Target::ElementArrayBuffer))
        } else {
            let rows: Vec<[u32; 1]> = indices.iter().map(|&i| [i]).collect();
            self.array(root, &rows, Type::Scalar, Some(Target::ElementArrayBuffer))
        }
    }

    pub fn matrices(&mut self, root: &mut Root, rows: &[[f32; 16]]) -> Index<Accessor> {
        self.array(root, rows, Type::Mat4, None)
    }

    pub fn quaternions(&mut self, root: &mut Root, rows: &[[f32; 4]]) -> Index<Accessor> {
        self.array(root, rows, Type::Vec4, None)
    }

    pub fn vectors(&mut self, root: &mut Root, rows: &[[f32; 3]]) -> Index<Accessor> {
        self.array(root, rows, Type::Vec3, None)
    }

    /// Key times, rising, with their bounds.
    pub fn times(&mut self, root: &mut Root, secs: &[f32]) -> Index<Accessor> {
        let rows: Vec<[f32; 1]> = secs.iter().map(|&t| [t]).collect();
        let accessor = self.array(root, &rows, Type::Scalar, None);
        let bound = |t: Option<&f32>| t.map(|&t| serde_json::json!([t]));
        root.accessors[accessor.value()].min = bound(secs.first());
        root.accessors[accessor.value()].max = bound(secs.last());
        accessor
    }

    /// Names the buffer and gives its bytes.
    pub fn finish(mut self, root: &mut Root) -> Vec<u8> {
        self.pad();
        root.buffers.push(Buffer {
            byte_length: size(self.bytes.len()),
            name: None,
            uri: None,
            extensions: None,
            extras: None,
        });
        self.bytes
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn array<C: Component, const N: usize>(
        &mut self,
        root: &mut Root,
        rows: &[[C; N]],
        kind: Type,
        target: Option<Target>,
    ) -> Index<Accessor> {
        self.pad();
        let start = self.bytes.len();
        rows.iter().flatten().for_each(|component| component.put(&mut self.bytes));
        let view = root.push(View {
            // The one buffer is named when all arrays are in it.
            buffer: Index::new(0),
            byte_length: size(self.bytes.len() - start),
            byte_offset: Some(size(start)),
            byte_stride: None,
            name: None,
            target: target.map(Checked::Valid),
            extensions: None,
            extras: None,
        });
        root.push(Accessor {
            buffer_view: Some(view),
            byte_offset: None,
            count: size(rows.len()),
            component_type: Checked::Valid(GenericComponentType(C::TYPE)),
            extensions: None,
            extras: None,
            type_: Checked::Valid(kind),
            min: None,
            max: None,
            name: None,
            normalized: false,
            sparse: None,
        })
    }
}
