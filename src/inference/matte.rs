//! All people against the background: MediaPipe's selfie segmentation over the whole photo.

use super::tensor::Tensor;
use super::warp::{Affine, Border, Plane, sample};
use super::{Error, Models, Role};
use crate::types::Photo;

const N_INPUT: usize = 256;

/// Probability of "person" over the whole photo, as the network gives it: 256 x 256, stretched to the photo's shape.
pub fn small(models: &Models, photo: &Photo) -> Result<Plane, Error> {
    let n = N_INPUT;
    let (width, height) = (f64::from(photo.width), f64::from(photo.height));
    // The corner convention, without the half pixel of an ordinary resize.
    let map = Affine { xx: width / n as f64, xy: 0.0, x0: 0.0, yx: 0.0, yy: height / n as f64, y0: 0.0, snapped: true };
    let mut pixels = vec![0.0; n * n * 3];
    sample(photo, &map, [n, n], Border::Replicate, |at, colour| {
        for (pixel, channel) in pixels[at * 3..at * 3 + 3].iter_mut().zip(colour) {
            *pixel = channel / 255.0;
        }
    });
    let outputs = models.run(Role::Matte, Tensor::float32(&[1, n, n, 3], pixels))?;
    let mut values = outputs.first().map(|output| output.floats().to_vec()).unwrap_or_default();
    values.resize(n * n, 0.0);
    Ok(Plane { width: n, height: n, values })
}
