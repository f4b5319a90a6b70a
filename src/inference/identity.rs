//! Whose face it is, and whether it is a face of flesh: the networks come along for the guard and are not yet asked by
//! [`super::observe`].

use super::resize::resize;
use super::tensor::Tensor;
use super::warp::{Affine, Border, sample};
use super::{Error, Models, Role};
use crate::types::{Landmarks, Photo, PixelBox};

const N_FACE: usize = 150;
const N_SPOOF: usize = 128;

/// Two faces nearer than this are one person's: dlib's own threshold on its descriptor.
pub const MAX_DISTANCE: f32 = 0.6;

/// Mesh points that stand for dlib's five: outer and inner corner of the left eye, of the right eye, base of the nose.
const MESH_POINTS: [usize; 5] = [263, 362, 33, 133, 2];

/// Where dlib's chip extractor puts its five points, 0..1 of the chip without its padding of a quarter.
const TEMPLATE: [[f64; 2]; 5] = [
    [0.859_567_459_6, 0.213_498_153_8],
    [0.646_060_477_4, 0.228_967_438_8],
    [0.120_575_062_1, 0.213_727_452_7],
    [0.334_085_061_2, 0.229_064_024_3],
    [0.490_123_413_6, 0.627_797_531_6],
];
const PADDING: f64 = 0.25;

/// 128 numbers; compare them by Euclidean distance as they are.
pub fn embedding(models: &Models, photo: &Photo, mesh: &Landmarks) -> Result<Option<Vec<f32>>, Error> {
    let mut pairs = Vec::new();
    for (index, [x, y]) in MESH_POINTS.into_iter().zip(TEMPLATE) {
        let Some(point) = mesh.points.get(index) else { return Ok(None) };
        let place = |value: f64| (value + PADDING) / (1.0 + 2.0 * PADDING) * N_FACE as f64;
        pairs.push(([place(x), place(y)], [f64::from(point.x_px), f64::from(point.y_px)]));
    }
    // Fitted from photo to chip, as dlib does, then turned round for sampling.
    let chip_from_photo = similarity(&pairs.iter().map(|(chip, photo)| (*photo, *chip)).collect::<Vec<_>>());
    let Some(photo_from_chip) = chip_from_photo.and_then(|map| map.inverse()) else { return Ok(None) };
    let photo_from_chip = Affine { snapped: true, ..photo_from_chip };
    let mut pixels = vec![0.0; N_FACE * N_FACE * 3];
    sample(photo, &photo_from_chip, [N_FACE, N_FACE], Border::Black, |at, colour| {
        pixels[at * 3..at * 3 + 3].copy_from_slice(&colour);
    });
    let outputs = models.run(Role::FaceEmbedding, Tensor::float32(&[1, N_FACE, N_FACE, 3], pixels))?;
    Ok(outputs.first().map(|output| output.floats().to_vec()))
}

/// Raw scores of three classes, the first of which is "live". Advisory: see the manifest's note on the training data.
pub fn liveness_logits(models: &Models, photo: &Photo, face: &PixelBox) -> Result<Option<[f32; 3]>, Error> {
    let (photo_w, photo_h) = (photo.width as f32, photo.height as f32);
    let (face_w, face_h) = (face.width(), face.height());
    if !(face_w >= 1.0 && face_h >= 1.0) {
        return Ok(None);
    }
    // The network was trained on 2.7 times the face, or as much of it as the picture holds.
    let scale = ((photo_h - 1.0) / face_h).min((photo_w - 1.0) / face_w).min(2.7);
    let (width, height) = (face_w * scale, face_h * scale);
    let start = |centre: f32, size: f32, limit: f32| (centre - size / 2.0).max(0.0).min((limit - 1.0 - size).max(0.0));
    let left = start((face.left + face.right) / 2.0, width, photo_w);
    let top = start((face.top + face.bottom) / 2.0, height, photo_h);
    let (x0, y0) = (left as usize, top as usize);
    let x1 = ((left + width) as usize + 1).min(photo.width as usize);
    let y1 = ((top + height) as usize + 1).min(photo.height as usize);
    let plane = N_SPOOF * N_SPOOF;
    let mut pixels = vec![0.0; 3 * plane];
    let resized = resize(photo, [x0, y0, x1 - x0, y1 - y0], [N_SPOOF, N_SPOOF]);
    for (at, colour) in resized.chunks_exact(3).enumerate() {
        for (channel, value) in colour.iter().rev().enumerate() {
            pixels[channel * plane + at] = f32::from(*value);
        }
    }
    let outputs = models.run(Role::Liveness, Tensor::float32(&[1, 3, N_SPOOF, N_SPOOF], pixels))?;
    Ok(outputs.first().and_then(|output| output.floats().try_into().ok()))
}

/// A point and where it should come to lie.
type Pair = ([f64; 2], [f64; 2]);

/// The rotation, scale and shift that bring the first points nearest to the second in the least-squares sense.
fn similarity(pairs: &[Pair]) -> Option<Affine> {
    let n = pairs.len() as f64;
    let mean = |pick: fn(&Pair) -> [f64; 2]| {
        let sum = pairs.iter().map(pick).fold([0.0, 0.0], |sum, point| [sum[0] + point[0], sum[1] + point[1]]);
        [sum[0] / n, sum[1] / n]
    };
    let (from, to) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        let (a, b) = ([a[0] - from[0], a[1] - from[1]], [b[0] - to[0], b[1] - to[1]]);
        along += a[0] * b[0] + a[1] * b[1];
        across += a[0] * b[1] - a[1] * b[0];
        spread += a[0] * a[0] + a[1] * a[1];
    }
    if spread < 1e-9 {
        return None;
    }
    let (cos, sin) = (along / spread, across / spread);
    Some(Affine {
        xx: cos,
        xy: -sin,
        x0: to[0] - cos * from[0] + sin * from[1],
        yx: sin,
        yy: cos,
        y0: to[1] - sin * from[0] - cos * from[1],
        snapped: false,
    })
}
