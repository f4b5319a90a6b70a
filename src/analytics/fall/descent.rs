//! Falls by what a body does: the pelvis drops within a second and stays near the floor.
//!
//! Goes in: what a pose network says of the one person in a room, some four times a second ([`Sight`]). Comes out: each
//! moment's features ([`Descent`]) and how much they look like a fall ([`DescentModel`]). Final height and speed of the drop
//! part a fall from sitting and lying down; the share of looks that see nobody, and how widely the place spreads, say how
//! still it is afterwards, because without movement a radio sees nobody. What is no number is left out. Knows no zones and
//! raises no alarm: that is [`super::descent_watch`].

use serde::{Deserialize, Serialize};

use super::super::learn::Logistic;
use super::super::order::quantile;
use super::room::Origin;
use crate::types::{Detection, Posture, Timestamp};

/// What was known of the one person at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// The middle of the network's window.
    pub time: Timestamp,
    /// Of the pelvis above the floor, m.
    pub height_m: f64,
    pub is_on_floor: bool,
    pub place_m: [f64; 2],
    /// Root of the place's summed variances, m.
    pub place_sigma_m: f64,
    /// 0..=1: that there is nobody who moves.
    pub nobody: f64,
    /// How far movement from the spot stands out of the noise on the link that sees most, dB.
    pub movement_db: f32,
}

impl Sight {
    /// Of what a network says of one person, whether or not it can tell the place; `None` without a height.
    pub fn of(time: Timestamp, person: &Detection, nobody: f64, movement_db: f32) -> Option<Self> {
        let height = person.pose.pelvis_height_m.filter(|height| height.is_sound())?;
        let root = &person.pose.root;
        let sight = Self {
            time,
            height_m: height.value,
            is_on_floor: person.pose.posture == Posture::OnFloor,
            place_m: root.position_m,
            place_sigma_m: (root.covariance_m2[0][0] + root.covariance_m2[1][1]).sqrt(),
            nobody,
            movement_db,
        };
        sight.is_sound().then_some(sight)
    }

    pub(super) fn is_sound(&self) -> bool {
        let numbers = [self.height_m, self.place_m[0], self.place_m[1], self.nobody];
        // Higher than a raised arm, or deeper than the network's error, is no pelvis.
        numbers.iter().all(|x| x.is_finite())
            && (-0.5..=2.5).contains(&self.height_m)
            && self.movement_db.is_finite()
            && self.place_sigma_m.is_finite()
            && self.place_sigma_m > 0.0
    }
}

/// What is compared lies so far before and after the moment, s: a window is 1.28 s long, so what is nearer is smeared.
const NEAR_SECS: f64 = 0.4;
const FAR_SECS: f64 = 2.0;
/// The moment is judged when so much was seen after it, s.
pub const AFTER_SECS: f64 = FAR_SECS;
/// How much must have been seen before it, s.
const MIN_BEFORE_SECS: f64 = 1.2;
/// Looks on each side, fewer of which are no evidence.
const MIN_LOOKS: usize = 3;
/// Less is no descent: half of the way from standing (0.9 m) to a chair's seat (0.45 m), as the window smears it, m.
pub const MIN_DROP_M: f64 = 0.2;
/// Heights of who hardly moves wander by themselves; falls reach more on the link that sees most (11.4 dB or more in 95 of 100
/// of training), dB over the noise.
pub const MIN_MOVEMENT_DB: f64 = 11.0;
/// Who is gone has no height. Of falls in training rooms 90 of 100 stay below.
pub const MAX_NOBODY: f64 = 0.5;
/// Times of looks are a quarter of a second apart; steps that are rounded must not lose one, s.
const SLACK_SECS: f64 = 0.02;

/// The features, in order; heights in m.
pub const NAMES: [&str; 16] = [
    "height before, m",
    "height after, m",
    "drop, m",
    "largest drop within 1 s, m",
    "largest drop within 0.5 s, m",
    "lowest height after, m",
    "share of looks on the floor after",
    "chance that nobody moves after",
    "spread of the place after, log m",
    "spread of heights after, m",
    "way from before to after, m",
    "growth of the spread of the place, log",
    "lower quartile of the height before, m",
    "drop from there to the upper quartile after, m",
    "most movement within 1 s, dB over the noise",
    "movement after, dB over the noise",
];

const AFTER: usize = 1;
const DROP: usize = 2;
const FASTEST: usize = 3;
const LOWEST: usize = 5;
const ON_FLOOR: usize = 6;
const NOBODY: usize = 7;
const MOVEMENT: usize = 14;

/// What a moment's before and after look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    pub time: Timestamp,
    /// One per name of [`NAMES`].
    pub features: Vec<f64>,
}

impl Descent {
    /// Of the moment of one of the looks, which stand in the order of time; `None` with too little before or after it.
    pub fn at(sights: &[Sight], time: Timestamp) -> Option<Self> {
        let away = |sight: &Sight| sight.time.secs_since(time);
        let enough = away(sights.last()?) >= FAR_SECS - SLACK_SECS && away(sights.first()?) <= -MIN_BEFORE_SECS;
        let part = |from: f64, to: f64| -> Vec<&Sight> {
            sights.iter().filter(|s| (from - SLACK_SECS..=to + SLACK_SECS).contains(&away(s))).collect()
        };
        let (before, after) = (part(-FAR_SECS, -NEAR_SECS), part(NEAR_SECS, FAR_SECS));
        if !enough || before.len() < MIN_LOOKS || after.len() < MIN_LOOKS {
            return None;
        }
        let around = part(-1.0, 1.0);
        let of =
            |part: &[&Sight], q: f64, value: fn(&Sight) -> f64| quantile(part.iter().map(|s| value(s)).collect(), q);
        let mean = |part: &[&Sight], value: fn(&Sight) -> f64| {
            part.iter().map(|s| value(s)).sum::<f64>() / part.len().max(1) as f64
        };
        let height = |s: &Sight| s.height_m;
        let (high, low) = (of(&before, 0.5, height)?, of(&after, 0.5, height)?);
        let mean_after = mean(&after, height);
        let spread = after.iter().map(|s| (s.height_m - mean_after).powi(2)).sum::<f64>() / after.len() as f64;
        let sigma = |part: &[&Sight]| Some(of(part, 0.5, |s| s.place_sigma_m)?.max(1e-3).ln());
        let [x, y] = [|s: &Sight| s.place_m[0], |s: &Sight| s.place_m[1]];
        let way = (of(&after, 0.5, x)? - of(&before, 0.5, x)?).hypot(of(&after, 0.5, y)? - of(&before, 0.5, y)?);
        let lower_before = of(&before, 0.25, height)?;
        let movement = |s: &Sight| f64::from(s.movement_db);
        let features = vec![
            high,
            low,
            high - low,
            largest_drop(&around, 1.0),
            largest_drop(&around, 0.5),
            of(&after, 0.0, height)?,
            mean(&after, |s| f64::from(u8::from(s.is_on_floor))),
            mean(&after, |s| s.nobody),
            sigma(&after)?,
            spread.sqrt(),
            way,
            sigma(&after)? - sigma(&before)?,
            lower_before,
            lower_before - of(&after, 0.75, height)?,
            // Where the moment itself is cut out, nothing is known to have moved.
            of(&around, 1.0, movement).unwrap_or(0.0),
            of(&after, 0.5, movement)?,
        ];
        features.iter().all(|x| x.is_finite()).then_some(Self { time, features })
    }

    /// Every look's moment that can be judged, in the order of time.
    pub fn all(sights: &[Sight]) -> Vec<Self> {
        sights.iter().filter_map(|sight| Self::at(sights, sight.time)).collect()
    }

    /// The one that goes down most: what a model learns from.
    pub fn deepest(sights: &[Sight]) -> Option<Self> {
        Self::all(sights).into_iter().max_by(|a, b| a.drop_m().total_cmp(&b.drop_m()))
    }

    fn feature(&self, at: usize) -> f64 {
        self.features.get(at).copied().unwrap_or(0.0)
    }

    /// Whether something went down at all: by a step, with movement, and somebody is still there.
    pub fn is_event(&self) -> bool {
        self.drop_m() >= MIN_DROP_M && self.movement_db() >= MIN_MOVEMENT_DB && self.stillness() <= MAX_NOBODY
    }

    pub fn drop_m(&self) -> f64 {
        self.feature(DROP)
    }

    pub fn height_after_m(&self) -> f64 {
        self.feature(AFTER)
    }

    pub fn lowest_m(&self) -> f64 {
        self.feature(LOWEST)
    }

    /// Largest fall of the height within a second, m/s: smeared by the window, so a fall's is well below its true speed.
    pub fn speed_m_per_s(&self) -> f64 {
        self.feature(FASTEST)
    }

    /// The most movement within a second of the moment, on the link that sees most, dB over the noise.
    pub fn movement_db(&self) -> f64 {
        self.feature(MOVEMENT)
    }

    pub fn share_on_floor(&self) -> f64 {
        self.feature(ON_FLOOR)
    }

    pub fn stillness(&self) -> f64 {
        self.feature(NOBODY)
    }
}

/// The largest fall from one look to a later one within so many seconds, m; 0 where nothing falls.
fn largest_drop(sights: &[&Sight], within_secs: f64) -> f64 {
    let mut largest = 0.0_f64;
    for (i, from) in sights.iter().enumerate() {
        let later = sights.iter().skip(i + 1);
        for to in later.take_while(|to| to.time.secs_since(from.time) <= within_secs + SLACK_SECS) {
            largest = largest.max(from.height_m - to.height_m);
        }
    }
    largest
}

/// A linear scorer of descents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescentModel {
    pub logistic: Logistic,
    pub origin: Origin,
    /// The score that 95 of 100 other activities in simulated training rooms stay below, each scored without its part.
    pub above_95: f64,
    /// Of the room's Doppler features ([`super::features::NAMES`]) of the same moment, as rooms with these links see them.
    pub doppler: Option<Logistic>,
    /// As `above_95`, of both log-odds added.
    pub both_above_95: Option<f64>,
    /// How far above those scores, from which on descents are told as possible falls, alarms begin: what keeps ordinary living
    /// in simulated training rooms to a budget.
    #[serde(default)]
    pub raised: f64,
    /// False alarms a day in simulated living, of the model that comes with the program in rooms that nothing was set on
    /// (`models/falls/TESTED.md`); `None` where no hours were watched.
    #[serde(default)]
    pub alarms_per_day: Option<f64>,
}

impl DescentModel {
    /// The model that comes with the program; see `models/falls/TESTED.md`. `None` only if the program was built wrongly.
    pub fn simulated() -> Option<Self> {
        serde_json::from_str(include_str!("../../../models/falls/descent.json")).ok()
    }

    /// Log-odds of a fall; `None` for features of another version.
    pub fn score(&self, descent: &Descent) -> Option<f64> {
        let fits = descent.features.len() == NAMES.len() && self.logistic.weights.len() == NAMES.len();
        fits.then(|| self.logistic.score(&descent.features))
    }

    /// Log-odds above the threshold: of height and Doppler where the links saw a burst of the same moment, else of height.
    /// The two are added as independent evidence would be; a model that learned how to add them did no better.
    pub fn margin(&self, descent: &Descent, doppler: Option<&[f64]>) -> Option<(f64, f64)> {
        let score = self.score(descent)?;
        let both = self.doppler.as_ref().zip(doppler).zip(self.both_above_95);
        Some(match both {
            Some(((logistic, row), limit)) if row.len() == logistic.weights.len() => {
                let score = score + logistic.score(row);
                (score, score - limit)
            }
            _ => (score, score - self.above_95),
        })
    }
}
