//! How much an antenna sends and hears in which direction.

use bevy_math::Vec3;
use serde::{Deserialize, Serialize};

/// Kinds of antennas, all standing upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Antenna {
    /// The same in all directions: nobody builds it, and formulas are about it.
    Isotropic,
    /// Half-wave dipole: the rod of routers.
    #[default]
    Dipole,
}

/// Gain of a half-wave dipole across its rod: 1.643, or 2.15 dB.
const DIPOLE_AMPLITUDE: f32 = 1.2818;

impl Antenna {
    /// Amplitude towards a point at `offset` from the antenna; 1 is isotropic.
    pub(super) fn amplitude(self, offset: Vec3) -> f32 {
        match self {
            Self::Isotropic => 1.0,
            Self::Dipole => {
                let rise = (offset.z * offset.z / offset.length_squared().max(1e-9)).min(1.0);
                // cos(π/2 c) / sqrt(1 - c²) with c² = rise; the quotient by (1 - c²) is smooth, here its series.
                let smooth = 1.0 - 0.233_70 * rise + 0.019_97 * rise * rise - 0.000_89 * rise.powi(3);
                DIPOLE_AMPLITUDE * (1.0 - rise).sqrt() * smooth
            }
        }
    }
}
