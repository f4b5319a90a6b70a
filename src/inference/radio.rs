//! The network that sees people by radio: [`pose::NetworkInputs`](crate::pose::NetworkInputs) in, its answers out.
//!
//! Two files belong together: the network (role `radio_pose`) and its description (role `radio_pose_description`), each
//! held against its own hash, and the description names the hash of the network that it was written for. What answers
//! mean is told by [`pose::Answers`](crate::pose::Answers).

use super::tensor::{ElementType, Tensor};
use super::{Error, Models, Role};
use crate::pose::layout::{MAX_LINKS, N_CELLS, N_GEOMETRY, N_GRID_CHANNELS, N_TOKENS};
use crate::pose::{Description, NetworkInputs};

/// The installed network for poses by radio, ready to run.
///
/// After [`Models::reload`] named one of its two roles it must be loaded anew.
#[derive(Clone, Debug)]
pub struct RadioPose {
    description: Description,
    n_slots: usize,
}

impl RadioPose {
    /// Checks both files; the network itself is loaded, too, so that a wrong one is refused here and not in the first window.
    pub fn load(models: &Models) -> Result<Self, Error> {
        let (path, bytes) = models.checked_bytes(Role::RadioPoseDescription)?;
        let wrong = |reason: String| Error::WrongShape { role: Role::RadioPose, reason, path: path.clone() };
        let text = String::from_utf8(bytes).map_err(|_| wrong("its description is not text".into()))?;
        let description = Description::parse(&text).map_err(|reason| wrong(format!("by its description {reason}")))?;
        models.load(Role::RadioPose)?;
        let info = models.info().into_iter().find(|info| info.role == Role::RadioPose);
        let Some(entry) = info.and_then(|info| info.entry) else {
            return Err(Error::NotInstalled { role: Role::RadioPose });
        };
        if entry.sha256 != description.network_sha256 {
            return Err(wrong("its description was written for another file".into()));
        }
        let n_slots = description.n_slots;
        if n_slots > MAX_LINKS {
            return Err(wrong(format!("it takes {n_slots} links, this program gives at most {MAX_LINKS}")));
        }
        let expected = [1, len(n_slots) as i64];
        match entry.inputs.as_slice() {
            [input] if input.element == ElementType::Float32 && input.shape == expected => {}
            _ => return Err(wrong(format!("{n_slots} links need an input of {expected:?}"))),
        }
        let outputs: Vec<&[i64]> = entry.outputs.iter().map(|output| output.shape.as_slice()).collect();
        let expected = [[1, description.n_answers as i64], [1, description.n_features as i64]];
        if outputs != expected {
            return Err(wrong(format!("outputs {outputs:?} instead of {expected:?}")));
        }
        Ok(Self { description, n_slots })
    }

    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Runs the network on one window: answers, then features, as [`Description`] orders them.
    pub fn run(&self, models: &Models, inputs: &NetworkInputs) -> Result<(Vec<f32>, Vec<f32>), Error> {
        let tensor = Tensor::float32(&[1, len(self.n_slots)], flat(inputs, self.n_slots));
        let outputs = models.run(Role::RadioPose, tensor)?;
        let wrong = |reason: &str| models.bad_answer(Role::RadioPose, reason.into());
        let [answers, features] = <[Tensor; 2]>::try_from(outputs).map_err(|_| wrong("not two outputs"))?;
        let (answers, features) = (answers.floats().to_vec(), features.floats().to_vec());
        let Description { n_answers, n_features, .. } = self.description;
        if answers.len() != n_answers || features.len() != n_features {
            return Err(wrong("outputs of another size than its description says"));
        }
        Ok((answers, features))
    }
}

/// Numbers of one input for so many links.
fn len(n_slots: usize) -> usize {
    n_slots * (N_TOKENS + N_GEOMETRY + 1 + 2 * N_CELLS) + N_GRID_CHANNELS * N_CELLS
}

/// Tokens, geometry, mask, map and likelihood of each slot, then the floor; slots beyond those of the window stay empty and masked.
pub fn flat(inputs: &NetworkInputs, n_slots: usize) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(len(n_slots));
    let blocks = [
        (&inputs.tokens, N_TOKENS),
        (&inputs.geometry, N_GEOMETRY),
        (&inputs.mask, 1),
        (&inputs.maps, N_CELLS),
        (&inputs.likelihoods, N_CELLS),
    ];
    for (block, width) in blocks {
        let wanted = n_slots * width;
        let end = numbers.len() + wanted;
        numbers.extend(block.iter().take(wanted));
        numbers.resize(end, 0.0);
    }
    numbers.extend(inputs.grid.values);
    numbers
}
