//! The unknowns of a fit and their order in vectors and matrices.
//!
//! One shape and one common pose; each photo adds how it departs from that pose, where the body stands, the lens, and how far
//! the outline lies outside of the body.

use bevy_math::{DMat3, DQuat, DVec3};

use crate::body::model::AnnyModel;
use crate::types::{BodyPose, Phenotype, PhenotypeAxis};

use super::prepared::{N_JOINTS, Prepared};

/// Unknowns of one photo besides the pose: root rotation, root place, focal length, outline offset, cloth.
pub const N_PLACE: usize = 10;
pub const N_POSE: usize = 3 * N_JOINTS;

/// A step may change a phenotype axis, a joint, the root's rotation by no more than this.
const MAX_AXIS_STEP: f64 = 0.25;
const MAX_JOINT_STEP: f64 = 0.4;

#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub phenotype: Phenotype,
    /// Rotation vectors of [`super::prepared::JOINTS`], common to all photos.
    pub joints: [DVec3; N_JOINTS],
    pub views: Vec<ViewState>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewState {
    /// Added to the common rotation vectors; zero throughout with one photo.
    pub departures: [DVec3; N_JOINTS],
    pub root: DMat3,
    pub place: DVec3,
    /// Natural logarithm of the focal length against the one that was stated.
    pub log_focal: f64,
    pub outline_offset_px: f64,
    /// How far cloth hangs off the trunk and off the limbs, where the outline may be cloth.
    pub cloth_px: [f64; 2],
}

impl State {
    pub fn pose(&self, view: usize, model: &AnnyModel, prepared: &Prepared) -> BodyPose {
        let own = &self.views[view];
        let mut pose = model.reference_pose();
        pose.rotations[0] = DQuat::from_mat3(&own.root).to_scaled_axis();
        for (joint, bone) in prepared.joints.iter().enumerate() {
            pose.rotations[*bone] = self.joints[joint] + own.departures[joint];
        }
        pose.root_translation_m = own.place;
        pose
    }

    /// Applies a step within bounds of the axes, in the order `[axes | joints | (departures, place) per view]`; departures only with several photos.
    pub fn moved(&self, axes: &[PhenotypeAxis], bounds: &[(f64, f64); 11], step: &[f64]) -> Self {
        let mut next = self.clone();
        let (shape, rest) = step.split_at(axes.len());
        for (axis, d) in axes.iter().zip(shape) {
            let (low, high) = bounds[*axis as usize];
            let moved = self.phenotype.get(*axis) + d.clamp(-MAX_AXIS_STEP, MAX_AXIS_STEP);
            next.phenotype.set(*axis, moved.clamp(low, high));
        }
        let (pose, mut rest) = rest.split_at(N_POSE);
        turn(&mut next.joints, pose);
        let tied = next.views.len() > 1;
        for view in &mut next.views {
            if tied {
                let (own, after) = rest.split_at(N_POSE);
                turn(&mut view.departures, own);
                rest = after;
            }
            let (own, after) = rest.split_at(N_PLACE);
            rest = after;
            let turned = DVec3::new(own[0], own[1], own[2]).clamp_length_max(MAX_JOINT_STEP);
            let root = DQuat::from_scaled_axis(turned) * DQuat::from_mat3(&view.root);
            view.root = DMat3::from_quat(root.normalize());
            let far = 0.3 * view.place.length().max(0.3);
            view.place += DVec3::new(own[3], own[4], own[5]).clamp_length_max(far);
            view.place.y = view.place.y.max(0.2);
            view.log_focal = (view.log_focal + own[6].clamp(-0.1, 0.1)).clamp(-0.7, 0.7);
            view.outline_offset_px += own[7].clamp(-20.0, 20.0);
            for (cloth_px, d) in view.cloth_px.iter_mut().zip(&own[8..]) {
                *cloth_px = (*cloth_px + d.clamp(-30.0, 30.0)).max(0.0);
            }
        }
        next
    }

    pub fn is_finite(&self) -> bool {
        let views = self.views.iter().all(|v| {
            v.place.is_finite()
                && v.root.is_finite()
                && v.log_focal.is_finite()
                && v.outline_offset_px.is_finite()
                && v.cloth_px.iter().all(|c| c.is_finite())
        });
        views && self.phenotype.axes.iter().all(|a| a.is_finite()) && self.joints.iter().all(|j| j.is_finite())
    }
}

fn turn(joints: &mut [DVec3; N_JOINTS], step: &[f64]) {
    for (joint, d) in joints.iter_mut().zip(step.as_chunks::<3>().0) {
        *joint += DVec3::from(d.map(|v| v.clamp(-MAX_JOINT_STEP, MAX_JOINT_STEP)));
        *joint = joint.clamp_length_max(3.0);
    }
}
