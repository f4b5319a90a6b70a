//! How long and how thick the parts of a person are, from height, weight and sex.
//!
//! Lengths are shares of the stature after Drillis and Contini (1966), as in Winter, Biomechanics and Motor Control of
//! Human Movement, figure 4.1. Girths follow from the weight: each part's mass is a share of the whole (Plagenhoef et
//! al. 1983, by sex), its density is known (Dempster, in Winter, table 4.1), and a cylinder of its length has its radius.

use crate::types::Sex;

/// Statures and body-mass indices that can be simulated: children of about six to very tall, thin to very heavy.
const HEIGHT_RANGE_M: (f32, f32) = (1.1, 2.2);
const BMI_RANGE: (f32, f32) = (13.0, 50.0);
const USUAL_HEIGHT_M: f32 = 1.72;
const USUAL_BMI: f32 = 24.0;

/// One person's build, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Build {
    pub(super) sex: Sex,
    pub(super) height: f32,
    pub(super) weight_kg: f32,
    /// Ankle joint over the sole.
    pub(super) ankle: f32,
    /// Ankle to the ball of the foot, along the sole.
    pub(super) foot: f32,
    pub(super) shank: f32,
    pub(super) thigh: f32,
    /// Half the distance of the hip joints.
    pub(super) half_hips: f32,
    /// Pelvis to lumbar spine, on to the chest, on to the neck, on to the middle of the head.
    pub(super) lumbar: f32,
    pub(super) thorax: f32,
    pub(super) upper_thorax: f32,
    pub(super) neck: f32,
    /// Of the shoulder joints over the chest, and half their distance.
    pub(super) shoulder_rise: f32,
    pub(super) half_shoulders: f32,
    pub(super) upper_arm: f32,
    pub(super) forearm: f32,
    /// Wrist to the middle of the hand.
    pub(super) hand: f32,
    pub(super) radius: Radii,
}

/// Radii of the parts as cylinders, metres. The trunk is an ellipse: half width and half depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Radii {
    pub(super) head: f32,
    pub(super) trunk_half_width: f32,
    pub(super) trunk_half_depth: f32,
    pub(super) upper_arm: f32,
    pub(super) forearm: f32,
    pub(super) thigh: f32,
    pub(super) shank: f32,
}

/// Shares of the body's mass: head and neck, trunk, upper arm, forearm, thigh, shank.
const MALE_MASS: [f32; 6] = [0.0896, 0.4684, 0.0325, 0.0187, 0.105, 0.0475];
const FEMALE_MASS: [f32; 6] = [0.082, 0.45, 0.029, 0.0157, 0.1175, 0.0535];
/// kg/m³ of the same.
const DENSITY: [f32; 6] = [1_110.0, 1_030.0, 1_070.0, 1_130.0, 1_050.0, 1_090.0];
/// A trunk is about one and a half times as wide as deep.
const TRUNK_ASPECT: f32 = 1.5;

impl Build {
    /// Values that nobody has, or that are no number, become the nearest that somebody has.
    pub(super) fn new(sex: Sex, height_m: f32, weight_kg: f32) -> Self {
        let h = within(height_m, HEIGHT_RANGE_M, USUAL_HEIGHT_M);
        let bmi = within(weight_kg / (h * h), BMI_RANGE, USUAL_BMI);
        let weight_kg = bmi * h * h;
        let female = sex == Sex::Female;
        // Women's shoulders are narrower and their hips wider than the table's mean of both.
        let (half_shoulders, half_hips) = if female { (0.122 * h, 0.052 * h) } else { (0.129 * h, 0.048 * h) };
        let (upper_arm, forearm, thigh, shank) = (0.186 * h, 0.146 * h, 0.245 * h, 0.246 * h);
        let trunk = (0.818 - 0.53) * h;
        let head = 0.182 * h;
        let lengths = [head, trunk, upper_arm, forearm, thigh, shank];
        let masses = if female { FEMALE_MASS } else { MALE_MASS };
        let radius: [f32; 6] =
            std::array::from_fn(|i| (masses[i] * weight_kg / (DENSITY[i] * std::f32::consts::PI * lengths[i])).sqrt());
        let [head_radius, trunk_radius, upper_arm_radius, forearm_radius, thigh_radius, shank_radius] = radius;
        Self {
            sex,
            height: h,
            weight_kg,
            ankle: 0.039 * h,
            foot: 0.112 * h,
            shank,
            thigh,
            half_hips,
            lumbar: 0.08 * h,
            thorax: 0.11 * h,
            upper_thorax: 0.115 * h,
            neck: 0.1 * h,
            shoulder_rise: 0.098 * h,
            half_shoulders,
            upper_arm,
            forearm,
            hand: 0.054 * h,
            radius: Radii {
                head: head_radius,
                trunk_half_width: trunk_radius * TRUNK_ASPECT.sqrt(),
                trunk_half_depth: trunk_radius / TRUNK_ASPECT.sqrt(),
                upper_arm: upper_arm_radius,
                forearm: forearm_radius,
                thigh: thigh_radius,
                shank: shank_radius,
            },
        }
    }

    /// Hip to ankle with a straight knee.
    pub(super) fn leg(&self) -> f32 {
        self.thigh + self.shank
    }

    /// Of the hip joints over the floor in relaxed standing: the knees are a little bent.
    pub(super) fn standing_pelvis(&self) -> f32 {
        self.ankle + 0.985 * self.leg()
    }

    /// What a seen person shows of the front: frontal area of trunk, head and limbs, m².
    #[cfg(test)]
    pub(super) fn frontal_area_m2(&self) -> f32 {
        let r = &self.radius;
        let trunk = 2.0 * r.trunk_half_width * (self.lumbar + self.thorax + self.shoulder_rise);
        let head = 2.0 * r.head * 0.182 * self.height;
        let limbs = 4.0
            * (r.upper_arm * self.upper_arm + r.forearm * self.forearm + r.thigh * self.thigh + r.shank * self.shank);
        trunk + head + limbs
    }
}

fn within(value: f32, (low, high): (f32, f32), usual: f32) -> f32 {
    if value.is_finite() { value.clamp(low, high) } else { usual }
}
