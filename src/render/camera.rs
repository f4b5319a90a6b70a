//! The orbit camera: drags, scrolls and keys in; view and projection, picking rays and screen positions out.
//!
//! Pure. Every gesture moves a goal and [`Camera::step`] lets the picture follow it within [`SETTLE_SECS`];
//! an instant camera (reduced motion, tests, images) is always at its goal. Screen positions are normalised device
//! coordinates (NDC): x and y in -1..=1, y up. Angles in radians, lengths in metres, z up.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use bevy_math::{Mat4, Vec2, Vec3};

/// No movement of the picture outlasts this: longer ones would be waited for.
const SETTLE_SECS: f32 = 0.15;
/// Time constant of the approach: 99 % of the way within `SETTLE_SECS`.
const APPROACH_SECS: f32 = 0.032;
/// A drag over a 900 px wide viewport turns once around.
const ORBIT_RAD_PER_POINT: f32 = 0.007;
/// The eye stays above the floor, where there is something to see.
const MIN_PITCH: f32 = -0.03;
const MIN_DISTANCE_M: f32 = 0.3;
const MAX_DISTANCE_M: f32 = 80.0;
/// 35 degrees: close to a portrait lens, so that people near the edge are not stretched.
const FOV_Y: f32 = 0.61;
/// Where people usually stand before a camera; puts the near plane where none of them can be.
const PHOTO_DISTANCE_M: f32 = 2.5;
/// Air around what [`Camera::fit`] shows.
const FIT_MARGIN: f32 = 1.08;

/// Where the camera stands: it looks at `target` from `distance` away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    pub target: Vec3,
    /// Direction of the eye seen from the target, around z from +x.
    pub yaw: f32,
    /// Height angle of the eye seen from the target; a right angle is the view from above.
    pub pitch: f32,
    pub distance: f32,
}

impl Default for Pose {
    fn default() -> Self {
        let (yaw, pitch) = StandardView::Home.yaw_pitch();
        Self { target: Vec3::new(0.0, 0.0, 0.8), yaw, pitch, distance: 7.0 }
    }
}

impl Pose {
    /// Unit vectors to the right, upwards and from the target to the eye.
    fn basis(&self) -> (Vec3, Vec3, Vec3) {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        let (sin_pitch, cos_pitch) = self.pitch.sin_cos();
        let right = Vec3::new(-sin_yaw, cos_yaw, 0.0);
        let back = Vec3::new(cos_pitch * cos_yaw, cos_pitch * sin_yaw, sin_pitch);
        (right, back.cross(right), back)
    }

    fn is_finite(&self) -> bool {
        self.target.is_finite() && self.yaw.is_finite() && self.pitch.is_finite() && self.distance.is_finite()
    }
}

/// A half line, for picking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ray {
    pub origin: Vec3,
    /// Of length one.
    pub direction: Vec3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardView {
    /// Along +y, x to the right.
    Front,
    /// Along -x, y to the right.
    Side,
    /// Straight down, x to the right, y upwards.
    Top,
    /// From above one corner.
    Home,
}

impl StandardView {
    fn yaw_pitch(self) -> (f32, f32) {
        match self {
            Self::Front => (-FRAC_PI_2, 0.0),
            Self::Side => (0.0, 0.0),
            Self::Top => (-FRAC_PI_2, FRAC_PI_2),
            Self::Home => (-1.05, 0.45),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    pose: Pose,
    goal: Pose,
    since_change_secs: f32,
    instant: bool,
    /// Half the width and height of the picture one metre in front of the eye; `None` follows the picture's shape.
    lens: Option<Vec2>,
}

impl Default for Camera {
    fn default() -> Self {
        Self::new(Pose::default())
    }
}

impl Camera {
    pub fn new(pose: Pose) -> Self {
        Self { pose, goal: pose, since_change_secs: SETTLE_SECS, instant: false, lens: None }
    }

    /// The pinhole camera that took a photo of `size_px` pixels with a focal length of `focal_px` and the principal point
    /// in the middle. The room frame is the photo's camera frame: x right, y forward, z up, the eye at the origin.
    ///
    /// It ignores the aspect it is asked for: a picture of any size covers the whole photo. Give the scene a background
    /// of alpha 0 and no ground, and lay the picture over the photo. Focal lengths that make no sense count as 1 pixel.
    pub fn photo(focal_px: f32, size_px: [u32; 2]) -> Self {
        let focal_px = if focal_px.is_finite() { focal_px.max(1.0) } else { 1.0 };
        let (yaw, pitch) = StandardView::Front.yaw_pitch();
        let pose = Pose { target: Vec3::Y * PHOTO_DISTANCE_M, yaw, pitch, distance: PHOTO_DISTANCE_M };
        let half_size = Vec2::new(size_px[0].max(1) as f32, size_px[1].max(1) as f32) / 2.0;
        Self { instant: true, lens: Some(half_size / focal_px), ..Self::new(pose) }
    }

    /// Whether every movement is a jump.
    pub fn set_instant(&mut self, instant: bool) {
        self.instant = instant;
        if instant {
            self.pose = self.goal;
        }
    }

    pub fn pose(&self) -> Pose {
        self.pose
    }

    pub fn goal(&self) -> Pose {
        self.goal
    }

    /// Lets `dt_secs` pass; answers whether the picture still moves and wants another frame.
    pub fn step(&mut self, dt_secs: f32) -> bool {
        self.since_change_secs += dt_secs.max(0.0);
        if self.instant || self.since_change_secs >= SETTLE_SECS {
            self.pose = self.goal;
            return false;
        }
        let share = 1.0 - (-dt_secs.max(0.0) / APPROACH_SECS).exp();
        self.pose.target = self.pose.target.lerp(self.goal.target, share);
        self.pose.yaw += (self.goal.yaw - self.pose.yaw) * share;
        self.pose.pitch += (self.goal.pitch - self.pose.pitch) * share;
        self.pose.distance += (self.goal.distance - self.pose.distance) * share;
        true
    }

    /// Goes to a pose, the short way around; a pose that is not finite is ignored.
    pub fn go_to(&mut self, mut goal: Pose) {
        if !goal.is_finite() {
            return;
        }
        goal.yaw = self.pose.yaw + (goal.yaw - self.pose.yaw + PI).rem_euclid(TAU) - PI;
        goal.pitch = goal.pitch.clamp(MIN_PITCH, FRAC_PI_2);
        goal.distance = goal.distance.clamp(MIN_DISTANCE_M, MAX_DISTANCE_M);
        if goal != self.goal {
            self.goal = goal;
            self.since_change_secs = 0.0;
        }
        if self.instant {
            self.pose = goal;
        }
    }

    /// Turns around the target as if the scene were dragged by `delta_points` (x right, y down).
    pub fn orbit(&mut self, delta_points: Vec2) {
        let turn = delta_points * ORBIT_RAD_PER_POINT;
        let goal = Pose { yaw: self.goal.yaw - turn.x, pitch: self.goal.pitch + turn.y, ..self.goal };
        self.go_to(goal);
    }

    /// Shifts the target so that it follows a drag of `delta_points` in a viewport of `height_points`.
    pub fn pan(&mut self, delta_points: Vec2, height_points: f32) {
        let metres_per_point = 2.0 * self.goal.distance * self.half_extent(1.0).y / height_points.max(1.0);
        let (right, up, _) = self.goal.basis();
        let shift = (up * delta_points.y - right * delta_points.x) * metres_per_point;
        self.go_to(Pose { target: self.goal.target + shift, ..self.goal });
    }

    /// Multiplies the distance by `factor`, keeping what lies under `cursor` (at the target's depth) where it is.
    pub fn zoom(&mut self, factor: f32, cursor: Option<Vec2>, aspect: f32) {
        let distance = (self.goal.distance * factor).clamp(MIN_DISTANCE_M, MAX_DISTANCE_M);
        let (right, up, _) = self.goal.basis();
        let half = self.half_extent(aspect);
        let at_cursor = cursor.map_or(Vec3::ZERO, |ndc| right * (ndc.x * half.x) + up * (ndc.y * half.y));
        let target = self.goal.target + at_cursor * (self.goal.distance - distance);
        self.go_to(Pose { target, distance, ..self.goal });
    }

    /// Looks at a point from at most `from_m` metres.
    pub fn focus(&mut self, point: Vec3, from_m: f32) {
        self.go_to(Pose { target: point, distance: self.goal.distance.min(from_m), ..self.goal });
    }

    /// Shows the whole box, from the direction it is seen now.
    pub fn fit(&mut self, low: Vec3, high: Vec3, aspect: f32) {
        let target = (low + high) / 2.0;
        let (right, up, back) = self.goal.basis();
        let half = self.half_extent(aspect) / FIT_MARGIN;
        let distance = corners(low, high)
            .map(|corner| {
                let from_target = corner - target;
                let sideways = Vec2::new(from_target.dot(right), from_target.dot(up)).abs() / half;
                from_target.dot(back) + sideways.max_element()
            })
            .into_iter()
            .fold(MIN_DISTANCE_M, f32::max);
        self.go_to(Pose { target, distance, ..self.goal });
    }

    /// Turns to a standard view of the same target from the same distance.
    pub fn view(&mut self, view: StandardView) {
        let (yaw, pitch) = view.yaw_pitch();
        self.go_to(Pose { yaw, pitch, ..self.goal });
    }

    pub fn eye(&self) -> Vec3 {
        self.pose.target + self.pose.basis().2 * self.pose.distance
    }

    /// Unit vectors to the right, upwards and towards the viewer, in the room frame.
    pub fn axes(&self) -> (Vec3, Vec3, Vec3) {
        self.pose.basis()
    }

    pub fn view_from_room(&self) -> Mat4 {
        let (right, up, back) = self.pose.basis();
        let eye = self.eye();
        Mat4::from_cols(right.extend(0.0), up.extend(0.0), back.extend(0.0), eye.extend(1.0)).inverse()
    }

    /// Clip space with depth 0 at the near plane and 1 at infinity.
    pub fn clip_from_room(&self, aspect: f32) -> Mat4 {
        let half = self.half_extent(aspect);
        let near = self.near_m();
        let clip_from_view = Mat4::from_cols_array_2d(&[
            [1.0 / half.x, 0.0, 0.0, 0.0],
            [0.0, 1.0 / half.y, 0.0, 0.0],
            [0.0, 0.0, -1.0, -1.0],
            [0.0, 0.0, -near, 0.0],
        ]);
        clip_from_view * self.view_from_room()
    }

    pub fn near_m(&self) -> f32 {
        (self.pose.distance * 0.02).max(0.01)
    }

    /// Metres that one pixel covers at the target.
    pub fn metres_per_pixel(&self, height_px: f32) -> f32 {
        2.0 * self.pose.distance * self.half_extent(1.0).y / height_px.max(1.0)
    }

    /// The line of sight through a screen position.
    pub fn ray(&self, ndc: Vec2, aspect: f32) -> Ray {
        let (right, up, back) = self.pose.basis();
        let half = self.half_extent(aspect);
        let direction = right * (ndc.x * half.x) + up * (ndc.y * half.y) - back;
        Ray { origin: self.eye(), direction: direction.normalize_or(Vec3::NEG_Z) }
    }

    /// Where a point appears, possibly past the edges; `None` behind the viewer.
    pub fn project(&self, point: Vec3, aspect: f32) -> Option<Vec2> {
        let (right, up, back) = self.pose.basis();
        let from_eye = point - self.eye();
        let depth = -from_eye.dot(back);
        let half = self.half_extent(aspect) * depth;
        (depth > self.near_m()).then(|| Vec2::new(from_eye.dot(right), from_eye.dot(up)) / half)
    }

    /// Half the width and height of the picture one metre in front of the eye.
    pub(super) fn half_extent(&self, aspect: f32) -> Vec2 {
        self.lens.unwrap_or_else(|| {
            let half_height = (FOV_Y / 2.0).tan();
            Vec2::new(half_height * if aspect > 0.0 && aspect.is_finite() { aspect } else { 1.0 }, half_height)
        })
    }

    /// How far in front of the viewer a point lies, along the line of sight through the centre.
    pub fn depth(&self, point: Vec3) -> f32 {
        (self.eye() - point).dot(self.pose.basis().2)
    }
}

/// The corners of a box.
pub(super) fn corners(low: Vec3, high: Vec3) -> [Vec3; 8] {
    std::array::from_fn(|i| {
        let pick = |bit: usize, a: f32, b: f32| if i & bit == 0 { a } else { b };
        Vec3::new(pick(1, low.x, high.x), pick(2, low.y, high.y), pick(4, low.z, high.z))
    })
}
