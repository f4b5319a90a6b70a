//! NumPy's `.npy` and `.npz` files as numbers or texts, whatever their element type.
//!
//! Reads what data sets hold and `ndarray-npy` does not: half floats, fixed-width unicode, compressed archives, and the
//! one pickled form that labels come in (an object array of strings). A pickle is scanned for its strings; nothing in it
//! is executed. Sizes are bounded by the bytes that are there, never by what a header claims.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An array in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Any number type; whole numbers beyond 2^24 are rounded.
    Numbers(Vec<f32>),
    Texts(Vec<String>),
}

impl Array {
    pub fn numbers(&self) -> Option<&[f32]> {
        match &self.values {
            Values::Numbers(numbers) => Some(numbers),
            Values::Texts(_) => None,
        }
    }

    pub fn texts(&self) -> Option<&[String]> {
        match &self.values {
            Values::Texts(texts) => Some(texts),
            Values::Numbers(_) => None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the file — check the path and that it is complete: {path:?} ({source})")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("not an array this program reads ({reason}) — save it with numpy.save or numpy.savez: {path:?}")]
    NotAnArray { path: PathBuf, reason: &'static str },
    #[error("the archive has no array {name:?}: {path:?}")]
    Missing { path: PathBuf, name: String },
}

/// No array of a data set that this program evaluates is larger once unpacked.
const MAX_BYTES: u64 = 1 << 30;

/// Reads one `.npy` file.
pub fn read_npy(path: &Path) -> Result<Array, Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(MAX_BYTES).read_to_end(&mut bytes).map_err(io)?;
    parse(&bytes).map_err(|reason| Error::NotAnArray { path: path.to_owned(), reason })
}

/// A `.npz` archive; arrays are unpacked when they are asked for.
pub struct Archive {
    path: PathBuf,
    zip: zip::ZipArchive<File>,
}

impl Archive {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let zip = zip::ZipArchive::new(file)
            .map_err(|_| Error::NotAnArray { path: path.to_owned(), reason: "no zip archive" })?;
        Ok(Self { path: path.to_owned(), zip })
    }

    pub fn array(&mut self, name: &str) -> Result<Array, Error> {
        let path = self.path.clone();
        let Ok(member) = self.zip.by_name(&format!("{name}.npy")) else {
            return Err(Error::Missing { path, name: name.to_owned() });
        };
        let mut bytes = Vec::new();
        member.take(MAX_BYTES).read_to_end(&mut bytes).map_err(|source| Error::Io { path: path.clone(), source })?;
        parse(&bytes).map_err(|reason| Error::NotAnArray { path, reason })
    }
}

/// Parses the bytes of a `.npy` file.
pub fn parse(bytes: &[u8]) -> Result<Array, &'static str> {
    const MAGIC: &[u8] = b"\x93NUMPY";
    let rest = bytes.strip_prefix(MAGIC).ok_or("no NumPy signature")?;
    let (header, data) = match rest {
        [1, _, low, high, rest @ ..] => rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high]))),
        [2 | 3, _, a, b, c, d, rest @ ..] => rest.split_at_checked(u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => None,
    }
    .ok_or("cut header")?;
    let header = std::str::from_utf8(header).map_err(|_| "header is no text")?;
    if header.contains("'fortran_order': True") {
        return Err("column order");
    }
    let descr = between(header, "'descr': '", "'").ok_or("no element type")?;
    let shape = between(header, "'shape': (", ")").ok_or("no shape")?;
    let shape = shape.split(',').map(str::trim).filter(|part| !part.is_empty());
    let shape: Vec<usize> = shape.map(str::parse).collect::<Result<_, _>>().map_err(|_| "no shape")?;
    let n = shape.iter().try_fold(1_usize, |n, &len| n.checked_mul(len)).ok_or("too large")?;
    let values = if descr == "|O" { Values::Texts(pickled_texts(data)?) } else { elements(descr, data)? };
    let n_found = match &values {
        Values::Numbers(numbers) => numbers.len(),
        Values::Texts(texts) => texts.len(),
    };
    if n_found == n { Ok(Array { shape, values }) } else { Err("cut data") }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let rest = text.get(start..)?;
    rest.get(..rest.find(after)?)
}

fn elements(descr: &str, data: &[u8]) -> Result<Values, &'static str> {
    if let Some(width) = descr.strip_prefix("<U") {
        let n_chars: usize = width.parse().map_err(|_| "unknown element type")?;
        let n_bytes = n_chars.checked_mul(4).filter(|n| *n > 0).ok_or("unknown element type")?;
        let text = |bytes: &[u8]| -> String {
            let (words, _) = bytes.as_chunks::<4>();
            let codes = words.iter().map(|word| u32::from_le_bytes(*word));
            codes.take_while(|code| *code != 0).filter_map(char::from_u32).collect()
        };
        return Ok(Values::Texts(data.chunks_exact(n_bytes).map(text).collect()));
    }
    fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f32) -> Values {
        Values::Numbers(data.as_chunks::<N>().0.iter().map(|bytes| number(*bytes)).collect())
    }
    Ok(match descr {
        "<f2" => each(data, |b| half(u16::from_le_bytes(b))),
        "<f4" => each(data, f32::from_le_bytes),
        "<f8" => each(data, |b| f64::from_le_bytes(b) as f32),
        "|i1" => each(data, |b| f32::from(i8::from_le_bytes(b))),
        "|u1" => each(data, |b: [u8; 1]| f32::from(b[0])),
        "|b1" => each(data, |b: [u8; 1]| f32::from(b[0].min(1))),
        "<i2" => each(data, |b| f32::from(i16::from_le_bytes(b))),
        "<u2" => each(data, |b| f32::from(u16::from_le_bytes(b))),
        "<i4" => each(data, |b| i32::from_le_bytes(b) as f32),
        "<u4" => each(data, |b| u32::from_le_bytes(b) as f32),
        "<i8" => each(data, |b| i64::from_le_bytes(b) as f32),
        "<u8" => each(data, |b| u64::from_le_bytes(b) as f32),
        _ => return Err("unknown element type"),
    })
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction > 0.0 => f32::NAN,
        31 => f32::INFINITY,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

/// The strings of a pickled list of strings, in order: after the list begins, each entry is a string or the memo of one.
fn pickled_texts(bytes: &[u8]) -> Result<Vec<String>, &'static str> {
    const CUT: &str = "cut pickle";
    const FOREIGN: &str = "a pickle of something other than strings";
    // Opcodes of the pickle protocol (Python's pickletools): where the array's list begins.
    let start = bytes.windows(2).position(|pair| pair == b"]q").ok_or(FOREIGN)? + 3;
    let mut rest = bytes.get(start..).ok_or(CUT)?;
    let mut texts = Vec::new();
    let mut memo: Vec<(u32, String)> = Vec::new();
    loop {
        let (&opcode, after) = rest.split_first().ok_or(CUT)?;
        match opcode {
            b'(' | b'e' => rest = after, // MARK, APPENDS
            b'X' => {
                let (len, after) = after.split_first_chunk::<4>().ok_or(CUT)?;
                let (text, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or(CUT)?;
                texts.push(std::str::from_utf8(text).map_err(|_| FOREIGN)?.to_owned());
                rest = after;
            }
            b'q' => {
                let (&slot, after) = after.split_first().ok_or(CUT)?;
                memo.push((u32::from(slot), texts.last().cloned().ok_or(FOREIGN)?));
                rest = after;
            }
            b'h' => {
                let (&slot, after) = after.split_first().ok_or(CUT)?;
                let known = memo.iter().find(|(at, _)| *at == u32::from(slot)).ok_or(FOREIGN)?;
                texts.push(known.1.clone());
                rest = after;
            }
            b't' | b'b' | b'.' => return Ok(texts), // TUPLE, BUILD, STOP: the list is complete
            _ => return Err(FOREIGN),
        }
    }
}
