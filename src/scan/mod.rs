//! Mesh files (OBJ, PLY, STL, glTF) to triangle meshes in metres, z up.
//!
//! In: the bytes of a file, recognised by their content. Out: a [`Scan`]: the mesh and what was understood, guessed and
//! dropped on the way. Reads only (writing is in `export`), and only shapes: no colours, textures or animations.
//!
//! OBJ, STL and glTF end in `three-d-asset`. It takes files on trust (it indexes and unwraps what a file claims), so each
//! is first brought to a plain subset here, with every index, length and count checked; PLY has a reader of our own.

mod gltf;
mod obj;
mod ply;
mod stl;
mod upright;

use std::path::{Path, PathBuf};

use bevy_math::{DVec3, Vec3};

use crate::types::Mesh;
pub use upright::{LengthUnit, UpAxis};

/// Bytes of a file that is read at all: a body scan of four million triangles as OBJ text has about 300 MB.
pub const MAX_FILE_BYTES: u64 = 512 << 20;
/// Triangles, and vertices, of a mesh that is read at all.
pub const MAX_TRIANGLES: usize = 4_000_000;

/// The formats, told apart by content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Obj,
    Ply,
    Stl,
    Glb,
    Gltf,
}

impl Format {
    pub fn label(self) -> &'static str {
        match self {
            Self::Obj => "OBJ",
            Self::Ply => "PLY",
            Self::Stl => "STL",
            Self::Glb => "GLB",
            Self::Gltf => "glTF",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this is {what}, not a mesh — give an OBJ, PLY, STL, GLB or glTF file")]
    NotAMesh { what: &'static str },
    #[error("cannot tell what kind of file this is — give an OBJ, PLY, STL, GLB or glTF file")]
    Unknown,
    #[error("{} MB are more than the {} MB that are read — decimate the mesh or save it as a binary file", n_bytes >> 20, MAX_FILE_BYTES >> 20)]
    TooLarge { n_bytes: u64 },
    #[error("the mesh has more than {MAX_TRIANGLES} triangles or vertices — decimate it first")]
    TooManyTriangles,
    #[error("the {} file ends early: {what} — copy or export it again", format.label())]
    Truncated { format: Format, what: String },
    #[error("the {} file is damaged: {what} — export it again", format.label())]
    Damaged { format: Format, what: String },
    #[error("the {} file uses {what}, which is not read — export it without", format.label())]
    Unsupported { format: Format, what: String },
    #[error("the {} file has no triangles — export a mesh, not points or curves", format.label())]
    Empty { format: Format },
    #[error("the file refers to {name:?}, which is not beside it — keep the two in one folder")]
    NoSidecar { name: String },
    #[error("cannot read the file — {source}: {path:?}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// What the caller knows better than a guess.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    pub unit: Option<LengthUnit>,
    pub up: Option<UpAxis>,
}

/// A mesh from a file, in metres, z up.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    pub mesh: Mesh,
    pub info: ScanInfo,
}

/// What was understood of the file, what was guessed and what was dropped.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ScanInfo {
    pub format: Format,
    pub n_vertices: usize,
    pub n_triangles: usize,
    /// Vertices with a coordinate that is not a number.
    pub n_dropped_vertices: usize,
    /// Triangles with such a vertex, with a vertex that does not exist, or with two equal corners.
    pub n_dropped_triangles: usize,
    /// Faces that are no triangles: cut into fans (counted in `n_triangles`), or lines and points, left out.
    pub n_polygons: usize,
    pub n_not_faces: usize,
    pub unit: LengthUnit,
    pub up: UpAxis,
    /// Why this unit and this axis: one plain sentence each.
    pub unit_reason: String,
    pub up_reason: String,
    /// The glTF mesh hangs on bones: what was read is its bind shape, not its pose.
    pub skinned: bool,
}

/// Triangles as they come out of a file, before units, axes and cleaning.
#[derive(Debug, Default)]
struct Soup {
    positions: Vec<DVec3>,
    triangles: Vec<[u32; 3]>,
    n_bad_triangles: usize,
    n_bad_vertices: usize,
    n_polygons: usize,
    n_not_faces: usize,
    skinned: bool,
}

/// Reads a file; the buffers of a `.gltf` are looked for beside it, and nowhere else.
pub fn open(path: &Path, options: &Options) -> Result<Scan, Error> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let n_bytes = std::fs::metadata(path).map_err(failed)?.len();
    if n_bytes > MAX_FILE_BYTES {
        return Err(Error::TooLarge { n_bytes });
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    read(&bytes, &mut |name| sidecar(folder, name), options)
}

/// Reads a mesh from memory. `sidecar` gives the bytes of a file that a `.gltf` names, by its name.
pub fn read(bytes: &[u8], sidecar: &mut dyn FnMut(&str) -> Option<Vec<u8>>, options: &Options) -> Result<Scan, Error> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Error::TooLarge { n_bytes: bytes.len() as u64 });
    }
    let format = recognise(bytes)?;
    let soup = match format {
        Format::Obj => obj::read(bytes)?,
        Format::Ply => ply::read(bytes)?,
        Format::Stl => stl::read(bytes)?,
        Format::Glb | Format::Gltf => gltf::read(bytes, format, sidecar)?,
    };
    finish(soup, format, options)
}

/// The format by the first bytes.
pub fn recognise(bytes: &[u8]) -> Result<Format, Error> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if bytes.starts_with(b"glTF") {
        return Ok(Format::Glb);
    }
    if bytes.starts_with(b"ply\n") || bytes.starts_with(b"ply\r") {
        return Ok(Format::Ply);
    }
    if stl::is_binary(bytes) || stl::is_text(text) {
        return Ok(Format::Stl);
    }
    if text.starts_with(b"{") {
        return Ok(Format::Gltf);
    }
    let foreign: [(&[u8], &str); 10] = [
        (b"Kaydara FBX", "an FBX file"),
        (b"PK\x03\x04", "a ZIP archive (3MF, USDZ and others)"),
        (b"BLENDER", "a Blender scene"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"PXR-USDC", "a USD scene"),
        (b"#usda", "a USD scene"),
        (b"<?xml", "an XML file"),
        (b"%PDF", "a PDF"),
        (b"# .PCD", "a point cloud (PCD)"),
    ];
    if let Some((_, what)) = foreign.iter().find(|(start, _)| text.starts_with(start)) {
        return Err(Error::NotAMesh { what });
    }
    if obj::is_obj(text) { Ok(Format::Obj) } else { Err(Error::Unknown) }
}

/// A file of that name in that folder; a name that leads out of the folder names nothing.
fn sidecar(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let inside = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let path = folder.join(name);
    let small = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_FILE_BYTES);
    (inside && small).then(|| std::fs::read(path).ok())?
}

/// Cleans the triangles, then brings them upright and to metres.
fn finish(mut soup: Soup, format: Format, options: &Options) -> Result<Scan, Error> {
    if soup.triangles.len() > MAX_TRIANGLES || soup.positions.len() > MAX_TRIANGLES {
        return Err(Error::TooManyTriangles);
    }
    // Beyond this, sums of squares of a single-precision coordinate overflow: no unit makes that a body.
    let usable = |p: &DVec3| p.is_finite() && p.abs().max_element() < 1e15;
    let good: Vec<bool> = soup.positions.iter().map(usable).collect();
    let n_before = soup.triangles.len();
    soup.triangles.retain(|triangle| {
        let [a, b, c] = *triangle;
        a != b && b != c && c != a && triangle.iter().all(|&i| good.get(i as usize) == Some(&true))
    });
    let n_dropped_triangles = soup.n_bad_triangles + n_before - soup.triangles.len();
    let n_dropped_vertices = soup.n_bad_vertices + good.iter().filter(|good| !**good).count();
    if n_dropped_vertices > soup.n_bad_vertices {
        compact(&mut soup, &good);
    }
    if soup.triangles.is_empty() {
        return Err(Error::Empty { format });
    }
    let guess = upright::guess(&soup, format, options);
    let positions: Vec<Vec3> =
        soup.positions.iter().map(|&p| (guess.up.to_z_up(p) * guess.unit.metres()).as_vec3()).collect();
    let info = ScanInfo {
        format,
        n_vertices: positions.len(),
        n_triangles: soup.triangles.len(),
        n_dropped_vertices,
        n_dropped_triangles,
        n_polygons: soup.n_polygons,
        n_not_faces: soup.n_not_faces,
        unit: guess.unit,
        up: guess.up,
        unit_reason: guess.unit_reason,
        up_reason: guess.up_reason,
        skinned: soup.skinned,
    };
    Ok(Scan { mesh: Mesh { positions: positions.into(), triangles: soup.triangles.into() }, info })
}

/// Takes the vertices out that are not good; the triangles name good ones only.
fn compact(soup: &mut Soup, good: &[bool]) {
    let mut n_kept = 0;
    let new: Vec<u32> = good
        .iter()
        .map(|&good| {
            let place = n_kept;
            n_kept += u32::from(good);
            place
        })
        .collect();
    let mut keep = good.iter();
    soup.positions.retain(|_| keep.next() == Some(&true));
    for triangle in &mut soup.triangles {
        *triangle = triangle.map(|i| new[i as usize]);
    }
}

/// Hands a checked file to `three-d-asset` and gathers its triangles, node transforms applied.
///
/// A panic inside it is caught: the checks before leave none that we know of, but the crate unwraps freely, its readers
/// beneath it do too, and a scan that somebody was sent must not be able to end the program.
fn read_with_asset_crate(name: &str, files: Vec<(String, Vec<u8>)>, format: Format) -> Result<Soup, Error> {
    use three_d_asset::{Geometry, Model, io::RawAssets};
    let damaged = |what: String| Error::Damaged { format, what };
    let read = std::panic::catch_unwind(|| {
        let mut assets = RawAssets::new();
        for (name, bytes) in files {
            assets.insert(name, bytes);
        }
        assets.deserialize::<Model>(name)
    });
    let model =
        read.map_err(|_| damaged("its reader gave up".to_owned()))?.map_err(|error| damaged(error.to_string()))?;
    let mut soup = Soup::default();
    for primitive in model.geometries {
        let Geometry::Triangles(mesh) = primitive.geometry else { continue };
        let first = soup.positions.len() as u32;
        let to_scene = primitive.transformation;
        soup.positions.extend(mesh.positions.to_f64().iter().map(|p| {
            let column = |i: usize| DVec3::new(to_scene[i][0].into(), to_scene[i][1].into(), to_scene[i][2].into());
            column(0) * p.x + column(1) * p.y + column(2) * p.z + column(3)
        }));
        if soup.positions.len() > MAX_TRIANGLES {
            return Err(Error::TooManyTriangles);
        }
        // A mirroring node turns the triangles inside out.
        let flipped = {
            let column = |i: usize| Vec3::new(to_scene[i][0], to_scene[i][1], to_scene[i][2]);
            column(0).cross(column(1)).dot(column(2)) < 0.0
        };
        let indices = mesh.indices.to_u32().unwrap_or_else(|| (0..mesh.positions.len() as u32).collect());
        for corners in indices.chunks_exact(3) {
            // What lies beyond this part's own vertices must not name those of the next.
            let [a, b, c] = [0, 1, 2].map(|k| {
                let exists = (corners[k] as usize) < mesh.positions.len();
                if exists { first + corners[k] } else { u32::MAX }
            });
            soup.triangles.push(if flipped { [a, c, b] } else { [a, b, c] });
        }
    }
    Ok(soup)
}
