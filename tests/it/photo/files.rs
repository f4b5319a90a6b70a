//! Makes the odd files that the tests of photos need.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use image::{DynamicImage, ImageEncoder as _, Rgb, RgbImage};

/// A square picture of four flat colours.
pub fn quadrants(side: u32, colors: [[u8; 3]; 4]) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| Rgb(colors[(x / (side / 2) + y / (side / 2) * 2) as usize]))
}

pub fn encode_jpeg(picture: &RgbImage, exif: Option<&[u8]>, icc: Option<&[u8]>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 95);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec()).expect("JPEG holds Exif");
    }
    if let Some(icc) = icc {
        encoder.set_icc_profile(icc.to_vec()).expect("JPEG holds profiles");
    }
    encoder.encode_image(picture).expect("a JPEG file");
    file
}

pub fn encode_png(picture: &DynamicImage, exif: Option<&[u8]>, icc: Option<&[u8]>) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    if let Some(exif) = exif {
        encoder.set_exif_metadata(exif.to_vec()).expect("PNG holds Exif");
    }
    if let Some(icc) = icc {
        encoder.set_icc_profile(icc.to_vec()).expect("PNG holds profiles");
    }
    picture.write_with_encoder(encoder).expect("a PNG file");
    file.into_inner()
}

/// The tags that matter to us, written by hand.
#[derive(Clone, Default)]
pub struct Exif {
    pub orientation: Option<u16>,
    pub focal_35mm: Option<u16>,
    pub focal_mm: Option<(u32, u32)>,
    pub plane_resolution: Option<(u32, u32)>,
    pub plane_unit: Option<u16>,
    pub recorded: Option<(u32, u32)>,
}

impl Exif {
    /// A little-endian TIFF structure: directory 0 with the orientation and the Exif directory.
    pub fn block(&self) -> Vec<u8> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        const RATIONAL: u16 = 5;
        let mut fields: Vec<(u16, u16, Vec<u8>)> = Vec::new();
        let ratio = |(num, den): (u32, u32)| [num.to_le_bytes(), den.to_le_bytes()].concat();
        let mut push = |tag, kind, value: Option<Vec<u8>>| fields.extend(value.map(|value| (tag, kind, value)));
        push(0x920a, RATIONAL, self.focal_mm.map(ratio));
        push(0xa002, LONG, self.recorded.map(|(width, _)| width.to_le_bytes().to_vec()));
        push(0xa003, LONG, self.recorded.map(|(_, height)| height.to_le_bytes().to_vec()));
        push(0xa20e, RATIONAL, self.plane_resolution.map(ratio));
        push(0xa210, SHORT, self.plane_unit.map(|unit| unit.to_le_bytes().to_vec()));
        push(0xa405, SHORT, self.focal_35mm.map(|mm| mm.to_le_bytes().to_vec()));
        let mut first = Vec::new();
        first.extend(self.orientation.map(|value| (0x0112, SHORT, value.to_le_bytes().to_vec())));
        // Directory 0 ends behind its header, its two fields at most and the link to a next directory.
        let exif_at = 8 + 2 + 12 * (first.len() as u32 + 1) + 4;
        first.push((0x8769, LONG, exif_at.to_le_bytes().to_vec()));
        let mut block = b"II\x2a\0\x08\0\0\0".to_vec();
        directory(&mut block, &first);
        directory(&mut block, &fields);
        block
    }
}

fn directory(block: &mut Vec<u8>, fields: &[(u16, u16, Vec<u8>)]) {
    let mut data_at = block.len() + 2 + 12 * fields.len() + 4;
    let mut data: Vec<u8> = Vec::new();
    block.extend((fields.len() as u16).to_le_bytes());
    for (tag, kind, value) in fields {
        block.extend(tag.to_le_bytes());
        block.extend(kind.to_le_bytes());
        block.extend(1u32.to_le_bytes());
        if value.len() > 4 {
            block.extend((data_at as u32).to_le_bytes());
            data_at += value.len();
            data.extend(value);
        } else {
            block.extend(value);
            block.extend(&[0; 4][value.len()..]);
        }
    }
    block.extend([0; 4]);
    block.extend(data);
}

/// Adds an orientation to a little-endian TIFF file: a longer directory at the end of the file.
pub fn tiff_with_orientation(mut file: Vec<u8>, orientation: u16) -> Vec<u8> {
    assert_eq!(&file[..4], b"II\x2a\0");
    let at = u32::from_le_bytes(file[4..8].try_into().expect("four bytes")) as usize;
    let n_fields = u16::from_le_bytes(file[at..at + 2].try_into().expect("two bytes"));
    let fields = file[at + 2..at + 2 + 12 * usize::from(n_fields)].to_vec();
    let mut new = (n_fields + 1).to_le_bytes().to_vec();
    let mut sorted: Vec<Vec<u8>> = fields.chunks(12).map(<[u8]>::to_vec).collect();
    let [low, high] = orientation.to_le_bytes();
    sorted.push(vec![0x12, 0x01, 3, 0, 1, 0, 0, 0, low, high, 0, 0]);
    sorted.sort_by_key(|field| u16::from_le_bytes([field[0], field[1]]));
    new.extend(sorted.concat());
    new.extend([0; 4]);
    let at = file.len() as u32;
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file.extend(new);
    file
}

/// A PNG file that claims a size and ends after its header.
pub fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = encode_png(&DynamicImage::new_rgb8(64, 64), None, None);
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&file[12..29]);
    file[29..33].copy_from_slice(&crc.to_be_bytes());
    file
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// Files that Pillow wrote, with what it makes of them; `None`, with a printed reason, where there is no Pillow.
pub fn pillow_folder() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/photo/make.py");
    match Command::new("python3").arg(script).arg(folder.path()).output() {
        Err(error) => println!("SKIPPED: needs python3 ({error})"),
        Ok(output) if output.status.success() => return Some(folder),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(reason.contains("ModuleNotFoundError"), "make.py failed: {reason}");
            println!("SKIPPED: needs Pillow for python3 (pip install pillow)");
        }
    }
    None
}
