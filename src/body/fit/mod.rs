//! Landmarks, outlines and what the user knows of a person to a body: shape, a pose per photo, and how sure both are.

mod age;
mod basis;
mod camera;
mod consensus;
mod contour;
mod evaluate;
mod input;
mod known;
mod limits;
mod normal;
mod outline;
mod points;
mod pose_prior;
mod posture;
mod prepared;
mod prior;
mod quality;
mod result;
mod robust;
mod search;
mod space;
mod stages;
mod start;
mod state;
mod unseen;

pub use consensus::{MIN_VIEWS, outliers};
pub use input::{
    ContourPoint, DepthEvidence, DepthSample, DepthScale, FitInput, FitOptions, FitView, LandmarkEvidence, ShapePrior,
    WorldEvidence,
};
pub use known::DENSITY;
pub use points::BodyPoint;
pub use prepared::Prepared;
pub use prior::{anny_age, population, years_of};
pub use result::{
    Convergence, Fit, FitError, FitProgress, FitStage, Flag, NotConverged, Posterior, Quality, Uncertainty,
};
pub use stages::{AGE_ANCHORS, fit};
