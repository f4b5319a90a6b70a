//! PLY (text, binary of either byte order): vertex positions and faces; everything else is stepped over.
//!
//! Faces of more than three corners become fans. Memory grows with the bytes there are, never with a claimed count.

use bevy_math::DVec3;

use super::{Error, Format, MAX_TRIANGLES, Soup};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Text,
    Little,
    Big,
}

#[derive(Clone, Copy)]
enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

enum Kind {
    Scalar(Scalar),
    List { count: Scalar, item: Scalar },
}

struct Property {
    name: String,
    kind: Kind,
}

struct Element {
    name: String,
    n_rows: u64,
    properties: Vec<Property>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Soup, Error> {
    let (encoding, elements, body) = header(bytes)?;
    let mut values = Values { encoding, rest: body };
    let mut soup = Soup::default();
    let mut n_vertices = 0;
    for element in &elements {
        // A row without properties has no bytes, so any number of them is nothing.
        if element.properties.is_empty() {
            continue;
        }
        let place = |name: &str| element.properties.iter().position(|property| property.name == name);
        let is_vertex = element.name == "vertex";
        let xyz = [place("x"), place("y"), place("z")];
        let face = place("vertex_indices").or(place("vertex_index")).filter(|_| element.name == "face");
        if is_vertex {
            if xyz.iter().any(Option::is_none) {
                return Err(damaged("its vertices have no x, y and z"));
            }
            n_vertices = element.n_rows;
        }
        if element.n_rows > MAX_TRIANGLES as u64 && (is_vertex || face.is_some()) {
            return Err(Error::TooManyTriangles);
        }
        let mut polygon = Vec::new();
        for row in 0..element.n_rows {
            let ends_early = || Error::Truncated {
                format: Format::Ply,
                what: format!("{} of {} rows of {:?}", row, element.n_rows, element.name),
            };
            let mut position = DVec3::ZERO;
            for (i, property) in element.properties.iter().enumerate() {
                match property.kind {
                    Kind::Scalar(scalar) => {
                        let value = values.next(scalar).ok_or_else(ends_early)?;
                        if let Some(axis) = xyz.iter().position(|place| *place == Some(i)) {
                            position[axis] = value;
                        }
                    }
                    Kind::List { count, item } => {
                        let n_items = values.next(count).ok_or_else(ends_early)?;
                        polygon.clear();
                        for _ in 0..n_items.max(0.0) as u64 {
                            let value = values.next(item).ok_or_else(ends_early)?;
                            if face == Some(i) {
                                polygon.push(value);
                            }
                        }
                        if face == Some(i) {
                            add_fan(&mut soup, &polygon, n_vertices)?;
                        }
                    }
                }
            }
            if is_vertex {
                soup.positions.push(position);
            }
        }
    }
    Ok(soup)
}

fn add_fan(soup: &mut Soup, polygon: &[f64], n_vertices: u64) -> Result<(), Error> {
    soup.n_polygons += usize::from(polygon.len() > 3);
    soup.n_not_faces += usize::from(polygon.len() < 3);
    let exists = |index: f64| index >= 0.0 && index < n_vertices as f64 && index.fract() == 0.0;
    for fan in 2..polygon.len() {
        let corners = [polygon[0], polygon[fan - 1], polygon[fan]];
        if corners.iter().all(|&index| exists(index)) {
            soup.triangles.push(corners.map(|index| index as u32));
        } else {
            soup.n_bad_triangles += 1;
        }
    }
    if soup.triangles.len() > MAX_TRIANGLES { Err(Error::TooManyTriangles) } else { Ok(()) }
}

fn damaged(what: impl Into<String>) -> Error {
    Error::Damaged { format: Format::Ply, what: what.into() }
}

fn header(bytes: &[u8]) -> Result<(Encoding, Vec<Element>, &[u8]), Error> {
    let mut rest = bytes;
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    loop {
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or_else(|| Error::Truncated { format: Format::Ply, what: "its header has no end".to_owned() })?;
        let line = str::from_utf8(rest[..end].trim_ascii()).unwrap_or_default();
        rest = &rest[end + 1..];
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["end_header", ..] => break,
            ["format", format, ..] => {
                encoding = Some(match *format {
                    "ascii" => Encoding::Text,
                    "binary_little_endian" => Encoding::Little,
                    "binary_big_endian" => Encoding::Big,
                    _ => return Err(damaged(format!("its format {format:?} is unknown"))),
                });
            }
            ["element", name, count] => {
                let n_rows = count.parse().map_err(|_| damaged(format!("{count:?} is no count of rows")))?;
                elements.push(Element { name: (*name).to_owned(), n_rows, properties: Vec::new() });
            }
            ["property", "list", count, item, name] => {
                let kind = Kind::List { count: scalar(count)?, item: scalar(item)? };
                push_property(&mut elements, name, kind)?;
            }
            ["property", kind, name] => push_property(&mut elements, name, Kind::Scalar(scalar(kind)?))?,
            _ => {}
        }
    }
    let encoding = encoding.ok_or_else(|| damaged("its header names no format"))?;
    Ok((encoding, elements, rest))
}

fn push_property(elements: &mut [Element], name: &str, kind: Kind) -> Result<(), Error> {
    let element = elements.last_mut().ok_or_else(|| damaged("a property stands before every element"))?;
    element.properties.push(Property { name: name.to_owned(), kind });
    Ok(())
}

fn scalar(name: &str) -> Result<Scalar, Error> {
    Ok(match name {
        "char" | "int8" => Scalar::I8,
        "uchar" | "uint8" => Scalar::U8,
        "short" | "int16" => Scalar::I16,
        "ushort" | "uint16" => Scalar::U16,
        "int" | "int32" => Scalar::I32,
        "uint" | "uint32" => Scalar::U32,
        "float" | "float32" => Scalar::F32,
        "double" | "float64" => Scalar::F64,
        _ => return Err(damaged(format!("its type {name:?} is unknown"))),
    })
}

/// The values of the body, one after the other.
struct Values<'a> {
    encoding: Encoding,
    rest: &'a [u8],
}

impl Values<'_> {
    /// `None` at the end, or where the text is no number.
    fn next(&mut self, scalar: Scalar) -> Option<f64> {
        if self.encoding == Encoding::Text {
            let start = self.rest.trim_ascii_start();
            let end = start.iter().position(u8::is_ascii_whitespace).unwrap_or(start.len());
            let word = str::from_utf8(&start[..end]).ok()?;
            self.rest = &start[end..];
            return word.parse().ok();
        }
        match scalar {
            Scalar::I8 => self.take().map(|b| f64::from(i8::from_le_bytes(b))),
            Scalar::U8 => self.take().map(|b| f64::from(u8::from_le_bytes(b))),
            Scalar::I16 => self.take().map(|b| f64::from(i16::from_le_bytes(b))),
            Scalar::U16 => self.take().map(|b| f64::from(u16::from_le_bytes(b))),
            Scalar::I32 => self.take().map(|b| f64::from(i32::from_le_bytes(b))),
            Scalar::U32 => self.take().map(|b| f64::from(u32::from_le_bytes(b))),
            Scalar::F32 => self.take().map(|b| f64::from(f32::from_le_bytes(b))),
            Scalar::F64 => self.take().map(f64::from_le_bytes),
        }
    }

    /// The next bytes in little-endian order.
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (mut bytes, rest) = self.rest.split_first_chunk::<N>().map(|(bytes, rest)| (*bytes, rest))?;
        self.rest = rest;
        if self.encoding == Encoding::Big {
            bytes.reverse();
        }
        Some(bytes)
    }
}
