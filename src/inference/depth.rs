//! Depth of every pixel from a model that the user installed: MiDaS or Depth-Anything.
//!
//! Nothing is shipped for this role, and nothing stands in for it.

use super::manifest::DepthConvention;
use super::tensor::{Elements, Tensor};
use super::warp::{Affine, Border, Plane, sample};
use super::{Error, Models, Role};
use crate::types::DepthMap;
use crate::types::Photo;

/// Side of the input where the model takes any: Depth-Anything's own, a multiple of its patches of 14.
const N_INPUT: usize = 518;

/// ImageNet's, red first; both families were trained with them.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// `None` where no model is installed.
pub fn map(models: &Models, photo: &Photo) -> Result<Option<DepthMap>, Error> {
    if !models.is_installed(Role::Depth) {
        return Ok(None);
    }
    let (convention, size) = models.depth_form()?;
    let [height, width] = size.map(|side| if side == 0 { N_INPUT } else { side });
    let plane = width * height;
    let mut pixels = vec![0.0; 3 * plane];
    let map = Affine::resize([photo.width as usize, photo.height as usize], [width, height]);
    sample(photo, &map, [width, height], Border::Replicate, |at, colour| {
        for (channel, value) in colour.into_iter().enumerate() {
            pixels[channel * plane + at] = (value / 255.0 - MEAN[channel]) / DEVIATION[channel];
        }
    });
    let outputs = models.run(Role::Depth, Tensor::float32(&[1, 3, height, width], pixels))?;
    let (out_width, out_height, values) = plane_of(outputs).map_err(|reason| models.bad_answer(Role::Depth, reason))?;
    let values = Plane { width: out_width, height: out_height, values };
    let values = values.resized(photo.width as usize, photo.height as usize).values;
    Ok(Some(DepthMap {
        width: photo.width,
        height: photo.height,
        values: values.into(),
        metric: convention == DepthConvention::Metres,
    }))
}

/// Width, height and values of the one plane of a depth network, [1, h, w] or [1, 1, h, w]; or what is wrong with it.
fn plane_of(outputs: Vec<Tensor>) -> Result<(usize, usize, Vec<f32>), String> {
    let output = outputs.into_iter().next().ok_or("nothing")?;
    let Elements::Float32(values) = output.elements else { return Err("whole numbers instead of depths".into()) };
    match output.shape[..] {
        [.., height, width] if height.min(width) > 1 && values.len() == height * width => {
            if values.iter().any(|value| !value.is_finite()) {
                return Err("infinite depths".into());
            }
            Ok((width, height, values))
        }
        _ => Err(format!("{:?} instead of one plane of depths", output.shape)),
    }
}
