//! Wavefront OBJ: any dialect to the plain subset that `three-d-asset` reads without complaint.
//!
//! Kept: vertices and faces. Its reader refuses vertex colours, points to negative indices the wrong way round and knows
//! only the vertices of the current object; all of that is resolved here, so that it sees positions and triangles.

use std::fmt::Write as _;

use super::{Error, Format, MAX_TRIANGLES, Soup, read_with_asset_crate};

/// Whether a text begins with what only OBJ files have.
pub(super) fn is_obj(text: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 11] = [b"v", b"vt", b"vn", b"vp", b"f", b"o", b"g", b"s", b"mtllib", b"usemtl", b"l"];
    let mut n_lines = 0;
    for line in text.split(|&byte| byte == b'\n').take(1000) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let keyword = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if !KEYWORDS.contains(&keyword) {
            return false;
        }
        n_lines += 1;
        if keyword == b"v" || n_lines > 20 {
            return true;
        }
    }
    false
}

pub(super) fn read(bytes: &[u8]) -> Result<Soup, Error> {
    let plain = plain(bytes)?;
    if plain.n_triangles == 0 {
        return Err(Error::Empty { format: Format::Obj });
    }
    let mut soup =
        read_with_asset_crate("scan.obj", vec![("scan.obj".to_owned(), plain.text.into_bytes())], Format::Obj)?;
    soup.n_bad_vertices = plain.n_bad_vertices;
    soup.n_bad_triangles = plain.n_bad_triangles;
    soup.n_polygons = plain.n_polygons;
    soup.n_not_faces = plain.n_not_faces;
    Ok(soup)
}

struct Plain {
    text: String,
    n_triangles: usize,
    n_bad_vertices: usize,
    n_bad_triangles: usize,
    n_polygons: usize,
    n_not_faces: usize,
}

fn plain(bytes: &[u8]) -> Result<Plain, Error> {
    let mut vertices = String::with_capacity(bytes.len() / 2);
    let mut faces = String::with_capacity(bytes.len() / 2);
    let mut good: Vec<bool> = Vec::new();
    let mut polygons: Vec<Vec<u64>> = Vec::new();
    let mut plain = Plain {
        text: String::new(),
        n_triangles: 0,
        n_bad_vertices: 0,
        n_bad_triangles: 0,
        n_polygons: 0,
        n_not_faces: 0,
    };
    for line in logical_lines(bytes) {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        match words.next() {
            Some(b"v") => {
                let xyz: Vec<f64> = words.take(3).map_while(number).collect();
                let usable = xyz.len() == 3 && xyz.iter().all(|x| x.is_finite());
                plain.n_bad_vertices += usize::from(!usable);
                good.push(usable);
                if good.len() > MAX_TRIANGLES {
                    return Err(Error::TooManyTriangles);
                }
                // A bad vertex keeps its number: the indices of all others count on it.
                let [x, y, z] = if usable { [xyz[0], xyz[1], xyz[2]] } else { [0.0; 3] };
                // Writing to a string cannot fail.
                writeln!(vertices, "v {x} {y} {z}").ok();
            }
            Some(b"f") => {
                let n_vertices = good.len() as i64;
                // An index that is no number, or lies before the first vertex, becomes 0, which names nothing.
                let corner = |word: &[u8]| {
                    let first = word.split(|&byte| byte == b'/').next().unwrap_or_default();
                    let index = str::from_utf8(first).ok().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
                    let index = if index < 0 { n_vertices.saturating_add(index).saturating_add(1) } else { index };
                    u64::try_from(index).unwrap_or(0)
                };
                let corners: Vec<u64> = words.map(corner).collect();
                plain.n_triangles += corners.len().saturating_sub(2);
                if plain.n_triangles > MAX_TRIANGLES {
                    return Err(Error::TooManyTriangles);
                }
                plain.n_polygons += usize::from(corners.len() > 3);
                polygons.push(corners);
            }
            Some(b"l" | b"p" | b"curv" | b"surf") => plain.n_not_faces += 1,
            _ => {}
        }
    }
    plain.n_triangles = 0;
    let exists = |index: u64| index > 0 && good.get(index as usize - 1) == Some(&true);
    for polygon in &polygons {
        for fan in 2..polygon.len() {
            let [a, b, c] = [polygon[0], polygon[fan - 1], polygon[fan]];
            if exists(a) && exists(b) && exists(c) {
                plain.n_triangles += 1;
                // Its reader begins each triangle with the last corner of the face: so written, `a` comes first again.
                writeln!(faces, "f {b} {c} {a}").ok();
            } else {
                plain.n_bad_triangles += 1;
            }
        }
    }
    plain.text = vertices;
    plain.text.push_str(&faces);
    Ok(plain)
}

/// Lines, with those joined that end in a backslash.
fn logical_lines(bytes: &[u8]) -> impl Iterator<Item = std::borrow::Cow<'_, [u8]>> {
    let mut lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    std::iter::from_fn(move || {
        let first = lines.next()?;
        let Some(start) = first.strip_suffix(b"\\") else { return Some(first.into()) };
        let mut joined = start.to_vec();
        for line in lines.by_ref() {
            joined.push(b' ');
            let Some(part) = line.strip_suffix(b"\\") else {
                joined.extend_from_slice(line);
                break;
            };
            joined.extend_from_slice(part);
        }
        Some(joined.into())
    })
}

fn number(word: &[u8]) -> Option<f64> {
    str::from_utf8(word).ok()?.parse().ok()
}
