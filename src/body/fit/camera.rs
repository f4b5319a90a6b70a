//! The pinhole camera of this module and how a picture point moves with its point in space.

use bevy_math::DVec3;

/// Points nearer than this are not projected, metres.
const NEAREST_M: f64 = 0.05;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    pub focal_px: f64,
    pub centre: [f64; 2],
}

/// A projected point with its derivatives by the point's coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Projected {
    pub px: [f64; 2],
    pub du: DVec3,
    pub dv: DVec3,
}

impl Camera {
    /// `None` behind the camera or too near.
    pub fn project(&self, p: DVec3) -> Option<[f64; 2]> {
        (p.y > NEAREST_M).then(|| {
            let scale = self.focal_px / p.y;
            [self.centre[0] + scale * p.x, self.centre[1] - scale * p.z]
        })
    }

    pub fn project_with_slope(&self, p: DVec3) -> Option<Projected> {
        let px = self.project(p)?;
        let scale = self.focal_px / p.y;
        Some(Projected {
            px,
            du: DVec3::new(scale, -scale * p.x / p.y, 0.0),
            dv: DVec3::new(0.0, scale * p.z / p.y, -scale),
        })
    }
}
