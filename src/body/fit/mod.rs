//! Landmarks, outlines and what the user knows of a person to a body: shape, a pose per photo, and how sure both are.

mod input;
mod points;
mod result;

pub use input::{
    ContourPoint, DepthEvidence, DepthSample, DepthScale, FitInput, FitOptions, FitView, LandmarkEvidence, ShapePrior,
    WorldEvidence,
};
pub use points::BodyPoint;
pub use result::{
    Convergence, Fit, FitError, FitProgress, FitStage, Flag, NotConverged, Posterior, Quality, Uncertainty,
};
