//! Parts of the floor that mean something: a bed, a door, a place to keep out of.
//!
//! An [`Outline`] in hand is a simple polygon: it was checked when it was made or read.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ZoneId(pub u32);

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zone {}", self.0)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    #[default]
    Ordinary,
    /// Nobody should be here.
    Restricted,
    Bed,
    Bath,
    /// A chair or sofa.
    Seat,
    /// A door or a gate: people appear and vanish here.
    Entrance,
}

impl ZoneKind {
    pub const ALL: [Self; 6] = [Self::Ordinary, Self::Restricted, Self::Bed, Self::Bath, Self::Seat, Self::Entrance];

    pub fn label(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Restricted => "restricted",
            Self::Bed => "bed",
            Self::Bath => "bath",
            Self::Seat => "seat",
            Self::Entrance => "entrance",
        }
    }
}

/// What is worth a message. `None`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ZoneLimits {
    /// More people than this at once.
    pub max_people: Option<u32>,
    /// One person for longer than this.
    pub max_dwell_secs: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    pub id: ZoneId,
    pub name: String,
    pub outline: Outline,
    #[serde(default)]
    pub kind: ZoneKind,
    #[serde(default)]
    pub limits: ZoneLimits,
}

/// Why points are no outline; each says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutlineError {
    #[error("a zone needs at least three corners — add corners")]
    TooFew,
    #[error("a zone can have {} corners — draw it simpler", Outline::MAX_CORNERS)]
    TooMany,
    #[error("a corner is no place in a building — give metres from the room's corner")]
    NotAPlace,
    #[error("two corners lie on one spot — remove one")]
    Repeated,
    #[error("two sides cross or touch — move a corner so that they do not")]
    Crossing,
    #[error("the zone has next to no area — spread its corners")]
    NoArea,
}

/// A simple polygon on the floor, counter-clockwise, in metres.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<[f64; 2]>", into = "Vec<[f64; 2]>")]
pub struct Outline(Vec<[f64; 2]>);

impl Outline {
    pub const MAX_CORNERS: usize = 256;
    /// Farther than this from a room's corner there is no room.
    const MAX_COORDINATE_M: f64 = 1e4;
    /// Corners nearer to each other than a millimetre are one.
    const MIN_SIDE_M: f64 = 1e-3;
    /// A square of 10 cm.
    const MIN_AREA_M2: f64 = 0.01;

    pub fn new(corners_m: Vec<[f64; 2]>) -> Result<Self, OutlineError> {
        let n = corners_m.len();
        if n < 3 {
            return Err(OutlineError::TooFew);
        }
        if n > Self::MAX_CORNERS {
            return Err(OutlineError::TooMany);
        }
        // NaN fails this comparison too.
        if !corners_m.iter().flatten().all(|value| value.abs() <= Self::MAX_COORDINATE_M) {
            return Err(OutlineError::NotAPlace);
        }
        let sides: Vec<[[f64; 2]; 2]> = (0..n).map(|i| [corners_m[i], corners_m[(i + 1) % n]]).collect();
        if sides.iter().any(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1]) < Self::MIN_SIDE_M) {
            return Err(OutlineError::Repeated);
        }
        for i in 0..n {
            for j in i + 1..n {
                let neighbours = j == i + 1 || (i == 0 && j == n - 1);
                let wrong = if neighbours {
                    // The side after `first` folds back onto it.
                    let (first, second) = if j == i + 1 { (sides[i], sides[j]) } else { (sides[j], sides[i]) };
                    cross(first[0], first[1], second[1]).abs() < 1e-12 && backwards(first, second)
                } else {
                    touch(sides[i], sides[j])
                };
                if wrong {
                    return Err(OutlineError::Crossing);
                }
            }
        }
        let area = signed_area_m2(&corners_m);
        if area.abs() < Self::MIN_AREA_M2 {
            return Err(OutlineError::NoArea);
        }
        let mut corners_m = corners_m;
        if area < 0.0 {
            corners_m.reverse();
        }
        Ok(Self(corners_m))
    }

    /// An upright rectangle between two opposite corners.
    pub fn rectangle(a: [f64; 2], b: [f64; 2]) -> Result<Self, OutlineError> {
        Self::new(vec![a, [b[0], a[1]], b, [a[0], b[1]]])
    }

    /// At least three, counter-clockwise.
    pub fn corners_m(&self) -> &[[f64; 2]] {
        &self.0
    }

    pub fn area_m2(&self) -> f64 {
        signed_area_m2(&self.0)
    }

    /// The centre of its area; outside the zone where that is bent.
    pub fn centroid_m(&self) -> [f64; 2] {
        let [origin_x, origin_y] = self.0[0];
        let (mut x, mut y, mut doubled) = (0.0, 0.0, 0.0);
        // From the first corner, so that zones far from the origin lose no digits.
        let local: Vec<[f64; 2]> = self.0.iter().map(|corner| [corner[0] - origin_x, corner[1] - origin_y]).collect();
        for (i, a) in local.iter().enumerate() {
            let b = local[(i + 1) % local.len()];
            let piece = a[0] * b[1] - b[0] * a[1];
            doubled += piece;
            x += (a[0] + b[0]) * piece;
            y += (a[1] + b[1]) * piece;
        }
        [origin_x + x / (3.0 * doubled), origin_y + y / (3.0 * doubled)]
    }

    /// Whether a point lies inside; a point on a side may count either way.
    pub fn contains(&self, point_m: [f64; 2]) -> bool {
        let [x, y] = point_m;
        let mut inside = false;
        for (i, a) in self.0.iter().enumerate() {
            let b = self.0[(i + 1) % self.0.len()];
            if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
                inside = !inside;
            }
        }
        inside
    }
}

impl Outline {
    /// From a point to the nearest point of the zone, 0 inside; metres.
    pub fn distance_m(&self, point_m: [f64; 2]) -> f64 {
        if self.contains(point_m) {
            return 0.0;
        }
        let to_side = |(i, a): (usize, &[f64; 2])| {
            let b = self.0[(i + 1) % self.0.len()];
            let (along, off) = ([b[0] - a[0], b[1] - a[1]], [point_m[0] - a[0], point_m[1] - a[1]]);
            let share = (off[0] * along[0] + off[1] * along[1]) / (along[0] * along[0] + along[1] * along[1]);
            let share = share.clamp(0.0, 1.0);
            (off[0] - share * along[0]).hypot(off[1] - share * along[1])
        };
        self.0.iter().enumerate().map(to_side).fold(f64::INFINITY, f64::min)
    }
}

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<Vec<[f64; 2]>> for Outline {
    type Error = OutlineError;

    fn try_from(corners_m: Vec<[f64; 2]>) -> Result<Self, Self::Error> {
        Self::new(corners_m)
    }
}

impl From<Outline> for Vec<[f64; 2]> {
    fn from(outline: Outline) -> Self {
        outline.0
    }
}

fn signed_area_m2(corners: &[[f64; 2]]) -> f64 {
    let Some(&origin) = corners.first() else { return 0.0 };
    0.5 * corners.windows(2).map(|side| cross(origin, side[0], side[1])).sum::<f64>()
}

/// Twice the signed area of a triangle.
fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

fn backwards(first: [[f64; 2]; 2], second: [[f64; 2]; 2]) -> bool {
    let along = |side: [[f64; 2]; 2]| [side[1][0] - side[0][0], side[1][1] - side[0][1]];
    let (a, b) = (along(first), along(second));
    a[0] * b[0] + a[1] * b[1] < 0.0
}

/// Whether two sides share a point.
fn touch([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> bool {
    let (on_a, on_b, on_c, on_d) = (cross(c, d, a), cross(c, d, b), cross(a, b, c), cross(a, b, d));
    if on_a * on_b < 0.0 && on_c * on_d < 0.0 {
        return true;
    }
    let between = |p: [f64; 2], from: [f64; 2], to: [f64; 2]| {
        (0..2).all(|axis| from[axis].min(to[axis]) <= p[axis] && p[axis] <= from[axis].max(to[axis]))
    };
    (on_a == 0.0 && between(a, c, d))
        || (on_b == 0.0 && between(b, c, d))
        || (on_c == 0.0 && between(c, a, b))
        || (on_d == 0.0 && between(d, a, b))
}
