//! A body as a radio sees it: 31 points that send a wave on, each with its strength, and the trunk that stands in the way.
//!
//! Strengths share out the body's radar cross-section by the surface of the parts. Points of the trunk lie on its front,
//! back and sides and count by how much they face the two ends; those of the chest go out and in with the breath.

use bevy_math::Vec3;

use super::anthropometry::Build;
use super::dice::Dice;
use super::figure::Figure;
use crate::types::TruthJoint;

pub(super) const N_SCATTERERS: usize = 31;
/// The first of them lie on the trunk.
pub(super) const N_TRUNK: usize = 10;
/// Those that stand for the body where it is seen by way of a wall: chest and pelvis, front and back, and head.
pub(super) const BOUNCED: [usize; 5] = [0, 1, 4, 5, 10];

/// Radar cross-section of a body over its frontal area. Measured standing adults have 0.3 to 1 m² (-5 to 0 dBsm) at
/// 2 to 10 GHz (Dogaru, Nguyen and Le, ARL-TR-4110, 2007) at some 0.6 to 0.7 m² of frontal area. The points add up to
/// one and a half times that area on all sides, of which two thirds are seen.
const CROSS_SECTION_PER_AREA: f32 = 1.6;
/// What a point of the trunk still sends when it faces away, as a share of amplitude.
const AWAY: f32 = 0.25;
/// Skin and clothes differ: standard deviation of each point's strength.
const STRENGTH_SPREAD: f32 = 0.2;

/// A point that sends a wave on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scatterer {
    pub(super) at: Vec3,
    /// Outward; zero for limbs, which are round.
    pub(super) normal: Vec3,
    /// `sqrt(σ / 4π)`, metres: times `1 / (d1 d2)` it is the amplitude.
    pub(super) amplitude: f32,
}

/// One body at one moment.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) scatterers: [Scatterer; N_SCATTERERS],
    /// Ends of the trunk's axis, and its half width.
    pub(super) pelvis: Vec3,
    pub(super) head: Vec3,
    pub(super) middle: Vec3,
    pub(super) half_width: f32,
}

/// The strengths of one person's points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strengths([f32; N_SCATTERERS]);

impl Strengths {
    pub(super) fn new(build: &Build, dice: &mut Dice) -> Self {
        let r = &build.radius;
        let trunk_height = build.lumbar + build.thorax + build.shoulder_rise;
        let (wide, deep) = (2.0 * r.trunk_half_width * trunk_height, 2.0 * r.trunk_half_depth * trunk_height);
        let limb = |length: f32, radius: f32| 2.0 * length * radius;
        let hand = 0.4 * build.hand * build.hand * 4.0;
        let foot = build.foot * build.ankle;
        // Chest, pelvis and belly share the trunk's front by 40, 35 and 25 %.
        let trunk =
            [0.4 * wide, 0.4 * wide, 0.4 * deep, 0.4 * deep, 0.35 * wide, 0.35 * wide, 0.35 * deep, 0.35 * deep];
        let belly = [0.25 * wide, 0.25 * wide];
        let head = [limb(0.182 * build.height, r.head)];
        let (upper, fore) = (limb(build.upper_arm, r.upper_arm) / 2.0, limb(build.forearm, r.forearm) / 2.0);
        let (thigh, shank) = (limb(build.thigh, r.thigh) / 2.0, limb(build.shank, r.shank) / 2.0);
        let side = [upper, upper, fore, fore, hand, thigh, thigh, shank, shank, foot];
        let areas = trunk.into_iter().chain(belly).chain(head).chain(side).chain(side);
        let mut strengths = [0.0; N_SCATTERERS];
        for (strength, area) in strengths.iter_mut().zip(areas) {
            let own = (1.0 + STRENGTH_SPREAD * dice.normal()).max(0.2);
            *strength = own * (CROSS_SECTION_PER_AREA * area / (4.0 * std::f32::consts::PI)).sqrt();
        }
        Self(strengths)
    }

    /// The body's cross-section with all points in phase apart: the sum of their powers, m².
    #[cfg(test)]
    fn cross_section_m2(&self) -> f32 {
        self.0.iter().map(|amplitude| amplitude * amplitude * 4.0 * std::f32::consts::PI).sum()
    }
}

impl Body {
    /// `breath_m` is how far the chest stands out from its mean.
    pub(super) fn new(figure: &Figure, build: &Build, strengths: &Strengths, breath_m: f32) -> Self {
        let r = &build.radius;
        let mut scatterers = [Scatterer::default(); N_SCATTERERS];
        let mut n = 0;
        let mut put = |at: Vec3, normal: Vec3| {
            if let (Some(point), Some(&amplitude)) = (scatterers.get_mut(n), strengths.0.get(n)) {
                *point = Scatterer { at, normal, amplitude };
            }
            n += 1;
        };
        let joint = |joint: TruthJoint| figure.joint(joint);
        let (forward, left) = (figure.chest_turn * Vec3::X, figure.chest_turn * Vec3::Y);
        let chest = joint(TruthJoint::Chest) + figure.chest_turn * Vec3::Z * (0.4 * build.shoulder_rise);
        // The front moves the whole way, the sides a third of it (ribs widen less than they lift), the back stays.
        let (front, wide) = (r.trunk_half_depth + breath_m, r.trunk_half_width + breath_m / 3.0);
        put(chest + forward * front, forward);
        put(chest - forward * r.trunk_half_depth, -forward);
        put(chest + left * wide, left);
        put(chest - left * wide, -left);
        let (ahead, aside) = (figure.pelvis_turn * Vec3::X, figure.pelvis_turn * Vec3::Y);
        let pelvis = joint(TruthJoint::Pelvis) + figure.pelvis_turn * Vec3::Z * 0.04;
        put(pelvis + ahead * r.trunk_half_depth, ahead);
        put(pelvis - ahead * r.trunk_half_depth, -ahead);
        put(pelvis + aside * r.trunk_half_width, aside);
        put(pelvis - aside * r.trunk_half_width, -aside);
        let belly = joint(TruthJoint::Spine);
        let middle = (forward + ahead).normalize_or(forward);
        // The belly follows the diaphragm, about half as far as the chest.
        put(belly + middle * (r.trunk_half_depth + 0.5 * breath_m), middle);
        put(belly - middle * r.trunk_half_depth, -middle);
        put(joint(TruthJoint::Head), Vec3::ZERO);
        for left_side in [true, false] {
            let pick = |left: TruthJoint| joint(if left_side { left } else { left.mirrored() });
            let (shoulder, elbow, wrist) =
                (pick(TruthJoint::LeftShoulder), pick(TruthJoint::LeftElbow), pick(TruthJoint::LeftWrist));
            let (hip, knee, ankle) =
                (pick(TruthJoint::LeftHip), pick(TruthJoint::LeftKnee), pick(TruthJoint::LeftAnkle));
            put(shoulder.lerp(elbow, 0.35), Vec3::ZERO);
            put(shoulder.lerp(elbow, 0.8), Vec3::ZERO);
            put(elbow.lerp(wrist, 0.3), Vec3::ZERO);
            put(elbow.lerp(wrist, 0.75), Vec3::ZERO);
            put(pick(TruthJoint::LeftHand), Vec3::ZERO);
            put(hip.lerp(knee, 0.35), Vec3::ZERO);
            put(hip.lerp(knee, 0.8), Vec3::ZERO);
            put(knee.lerp(ankle, 0.3), Vec3::ZERO);
            put(knee.lerp(ankle, 0.75), Vec3::ZERO);
            put(ankle.lerp(pick(TruthJoint::LeftToe), 0.6), Vec3::ZERO);
        }
        Self {
            scatterers,
            pelvis: joint(TruthJoint::Pelvis),
            head: joint(TruthJoint::Head),
            middle: joint(TruthJoint::Spine).lerp(joint(TruthJoint::Chest), 0.5),
            half_width: r.trunk_half_width,
        }
    }

    /// How much of what comes from `node` to a point of this body gets past its own trunk.
    pub(super) fn unshadowed(&self, node: Vec3, point: Vec3) -> f32 {
        shadow(node, point, self.middle, self.half_width)
    }

    /// How much of a straight path between two points outside gets past this body, and how wide its shadow is.
    pub(super) fn passing(&self, from: Vec3, to: Vec3, wavelength_m: f32) -> f32 {
        let (distance, share) = nearest(self.pelvis, self.head, from, to);
        let length = from.distance(to);
        // The first Fresnel radius where the body crosses: the nearer to an end, the narrower.
        let fresnel = (wavelength_m * length * share * (1.0 - share)).max(0.0).sqrt();
        let width = 0.8 * self.half_width + 0.35 * fresnel;
        let blocking_db = MAX_BLOCKING_DB * (-(distance / width).powi(2)).exp();
        10f32.powf(-blocking_db / 20.0)
    }
}

/// A body across the straight path takes at most this much of it: knife-edge diffraction on both sides of a trunk gives
/// 8 to 15 dB in the middle of links of 3 to 6 m, and as much is measured.
pub(super) const MAX_BLOCKING_DB: f32 = 12.0;
/// A limb behind the trunk loses at most this share of its amplitude on that leg.
const MAX_SHADOW: f32 = 0.65;

/// Amplitude share from `node` to `point` past a trunk that counts only where it stands in between.
pub(super) fn shadow(node: Vec3, point: Vec3, trunk: Vec3, half_width: f32) -> f32 {
    let way = point - node;
    let length = way.length().max(1e-3);
    let to_trunk = trunk - node;
    let along = to_trunk.dot(way) / length;
    let behind = ((length - along - 0.05) / 0.2).clamp(0.0, 1.0);
    if behind <= 0.0 || along <= 0.0 {
        return 1.0;
    }
    let aside = ((to_trunk.length_squared() - along * along) / (half_width * half_width)).max(0.0);
    // A bell without an exponential: 1 in the middle, a quarter at one half width, next to nothing at two.
    let bell = 1.0 / (1.0 + aside);
    1.0 - MAX_SHADOW * behind * bell * bell
}

/// How much a point of the trunk counts between two directions (unit vectors towards the ends).
pub(super) fn facing_share(normal: Vec3, to_a: Vec3, to_b: Vec3) -> f32 {
    let half = to_a + to_b;
    let cos = normal.dot(half) / half.length().max(1e-3);
    AWAY + (1.0 - AWAY) * cos.max(0.0)
}

/// Distance of two segments, and where on the second the nearest point lies (0 to 1).
fn nearest(a0: Vec3, a1: Vec3, b0: Vec3, b1: Vec3) -> (f32, f32) {
    let (u, v, w) = (a1 - a0, b1 - b0, a0 - b0);
    let (uu, uv, vv, uw, vw) = (u.dot(u).max(1e-9), u.dot(v), v.dot(v).max(1e-9), u.dot(w), v.dot(w));
    let below = uu * vv - uv * uv;
    let mut s = if below > 1e-9 { ((uv * vw - vv * uw) / below).clamp(0.0, 1.0) } else { 0.5 };
    let t = ((uv * s + vw) / vv).clamp(0.0, 1.0);
    s = ((uv * t - uw) / uu).clamp(0.0, 1.0);
    ((a0 + u * s).distance(b0 + v * t), t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::dice::Purpose;
    use crate::types::Sex;

    #[test]
    fn the_points_of_an_adult_add_up_to_a_plausible_cross_section() {
        let build = Build::new(Sex::Male, 1.78, 78.0);
        let mut dice = Dice::new(1, Purpose::Person, 0, 0);
        let sum = Strengths::new(&build, &mut dice).cross_section_m2();
        // All sides of the trunk are counted here, of which half are seen.
        assert!((0.5..2.0).contains(&sum), "{sum} m²");
        assert!((0.4..0.9).contains(&build.frontal_area_m2()), "{} m²", build.frontal_area_m2());
    }

    #[test]
    fn a_trunk_shadows_what_is_behind_it_only() {
        let node = Vec3::new(0.0, 0.0, 1.2);
        let trunk = Vec3::new(2.0, 0.0, 1.2);
        let behind = shadow(node, Vec3::new(2.4, 0.0, 1.2), trunk, 0.17);
        let before = shadow(node, Vec3::new(1.6, 0.0, 1.2), trunk, 0.17);
        let beside = shadow(node, Vec3::new(2.4, 1.0, 1.2), trunk, 0.17);
        assert!(behind < 0.4 && before == 1.0 && beside > 0.97, "{behind} {before} {beside}");
    }
}
