//! What the looks of `evaluate pose` come to, as text.

use std::collections::BTreeMap;

use bevy_math::Vec3;
use serde::Serialize;

use super::pose::score::mirrored;
use crate::engine::evaluation::statistics::{mean, percentile, summary};
use crate::pose::Reading;
use crate::pose::support::Unsupported;
use crate::pose::targets::{MotionClass, N_JOINTS};
use crate::types::Provenance;

/// What is used of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Case {
    pub n_antennas: usize,
    pub n_links: usize,
}

/// Errors of one body, metres over its joints; the share of joints within a fifth of the trunk, mirror-resolved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Body {
    pub plain_m: f64,
    pub better_m: f64,
    pub within: f64,
}

/// One look at one room.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub provenance: Provenance,
    pub room: u64,
    #[serde(flatten)]
    pub case: Case,
    pub n_people: usize,
    /// By the network; `None` where it was not asked.
    pub count: Option<usize>,
    pub refusals: Vec<Unsupported>,
    pub motion: Option<&'static str>,
    pub root_m: Option<f64>,
    pub centre_m: Option<f64>,
    /// Squared error by its covariance: two degrees of freedom.
    pub square: Option<f64>,
    pub heading_deg: Option<f64>,
    pub posture_right: Option<bool>,
    pub pelvis_m: Option<f64>,
    pub body: Option<Body>,
    pub mean_body: Option<Body>,
    pub class_body: Option<Body>,
    /// Of the link that sees most, dB over the noise; see `pose::support::Conditions`.
    pub movement_db: Option<f32>,
    /// How fast the pelvis truly moved over the floor.
    pub speed_m_per_s: Option<f64>,
    /// Where the network thinks the person is unsure by, and that there is nobody.
    pub sigma_m: Option<f64>,
    pub nobody: Option<f64>,
    /// Processor time of the window and of the network.
    pub window_ms: Option<f64>,
    pub network_ms: Option<f64>,
}

/// One room after five seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Watched {
    pub case: Case,
    pub raw_m: Option<f64>,
    pub filtered_m: Option<f64>,
    pub n_tracks: usize,
    /// Of the person nearest to the true one: whether nothing moves, and whether their posture is right, where one is told.
    pub is_still: bool,
    pub posture_right: Option<bool>,
}

impl Row {
    fn new(room: u64, case: Case, n_people: usize) -> Self {
        Self {
            provenance: Provenance::Simulated,
            room,
            case,
            n_people,
            count: None,
            refusals: Vec::new(),
            motion: None,
            root_m: None,
            centre_m: None,
            square: None,
            heading_deg: None,
            posture_right: None,
            pelvis_m: None,
            body: None,
            mean_body: None,
            class_body: None,
            movement_db: None,
            speed_m_per_s: None,
            sigma_m: None,
            nobody: None,
            window_ms: None,
            network_ms: None,
        }
    }

    pub fn refused(room: u64, case: Case, n_people: usize, reasons: &[Unsupported]) -> Self {
        Self { refusals: reasons.to_vec(), ..Self::new(room, case, n_people) }
    }

    pub fn seen(room: u64, case: Case, n_people: usize, reading: &Reading) -> Self {
        let count = (0..3).max_by(|a, b| reading.count[*a].total_cmp(&reading.count[*b]));
        Self { count, refusals: reading.refusals.clone(), ..Self::new(room, case, n_people) }
    }
}

/// A name, and where a row keeps the body that goes by it.
type Kind = (&'static str, fn(&Row) -> Option<Body>);

/// How far a body is off.
pub fn body(predicted: &[Vec3; N_JOINTS], truth: &[Vec3; N_JOINTS], reach: f32) -> Body {
    let of = |truth: &[Vec3; N_JOINTS]| -> Vec<f64> {
        predicted.iter().zip(truth).map(|(a, b)| f64::from(a.distance(*b))).collect()
    };
    let (plain, other) = (of(truth), of(&mirrored(truth)));
    let better = if mean(&other) < mean(&plain) { &other } else { &plain };
    let n_within = better.iter().filter(|error| **error < f64::from(reach)).count();
    Body { plain_m: mean(&plain), better_m: mean(better), within: n_within as f64 / N_JOINTS as f64 }
}

pub fn text(rows: &[Row], watched: &[Watched], n_rooms: usize, engine: &str) -> String {
    let mut text = format!(
        "SIMULATED rooms — radios, bodies and motions that no training saw; {n_rooms} rooms. Expect worse of real rooms.
Place: median / 90 % quantile, mean [95 % interval], m, of all looks that passed the hard gates, whatever the
program would show; shown: of those that it shows; heading: median of the walking, degrees, where one is given; body: mm from the true pelvis and heading,
plain / mirror-resolved with the truth's help; PCK@20 mirror-resolved; cover: places within the 50 and 90 % regions.\n"
    );
    let mut cases: Vec<Case> = rows.iter().map(|row| row.case).collect();
    cases.sort_unstable();
    cases.dedup();
    for case in cases.into_iter().rev() {
        let own: Vec<&Row> = rows.iter().filter(|row| row.case == case).collect();
        text += &format!("\n{} links x {} antennas\n", case.n_links, case.n_antennas);
        text += &of_case(&own);
        text += &after_watching(watched.iter().filter(|one| one.case == case));
        // Means: the system counts a thread's time in steps that are longer than a run.
        let times = |of: fn(&Row) -> Option<f64>| match own.iter().filter_map(|row| of(row)).collect::<Vec<_>>() {
            none if none.is_empty() => f64::NAN,
            some => mean(&some),
        };
        let (window, network) = (times(|row| row.window_ms), times(|row| row.network_ms));
        if network.is_finite() {
            text += &format!(
                "  time     {window:.1} ms for a window's inputs, {network:.1} ms for the network on {engine}\n"
            );
        }
    }
    text.trim_end().to_owned()
}

fn of_case(rows: &[&Row]) -> String {
    let mut text = String::new();
    let asked = rows.iter().filter(|row| row.count.is_some()).count();
    if asked == 0 {
        let reason = rows.iter().flat_map(|row| &row.refusals).next().map(Unsupported::reason).unwrap_or_default();
        return format!("  never asked: {reason}\n");
    }
    let seen: Vec<&&Row> = rows.iter().filter(|row| row.root_m.is_some()).collect();
    let all = |of: fn(&Row) -> Option<f64>| -> Vec<f64> { seen.iter().filter_map(|row| of(row)).collect() };
    if let (Some(root), Some(centre)) = (summary(&all(|row| row.root_m)), summary(&all(|row| row.centre_m))) {
        let squares = all(|row| row.square);
        let within = |limit: f64| share(squares.iter().map(|square| *square < limit));
        text += &format!(
            "  place    {:.2} / {:.2}, mean {:.2} [{:.2}, {:.2}]   room's centre {:.2} / {:.2}   cover {:.0} and {:.0} %   ({} looks)\n",
            root.median,
            root.p90,
            root.mean,
            root.mean_low,
            root.mean_high,
            centre.median,
            centre.p90,
            // 50 and 90 % of a two-dimensional normal distribution.
            within(1.386),
            within(4.605),
            root.n
        );
    }
    let is_shown = |row: &&&&Row| row.refusals.is_empty() && row.count == Some(1);
    let shown: Vec<f64> = seen.iter().filter(is_shown).filter_map(|row| row.root_m).collect();
    if let Some(place) = summary(&shown) {
        let far = share(shown.iter().map(|error| *error > 1.0));
        text += &format!(
            "  shown    {:.2} / {:.2}, mean {:.2} [{:.2}, {:.2}]   more than a metre off {far:.0} %   ({} looks)\n",
            place.median, place.p90, place.mean, place.mean_low, place.mean_high, place.n
        );
    }
    if let Some(heading) = summary(&all(|row| row.heading_deg)) {
        let n_walking = seen.iter().filter(|row| row.motion == Some(MotionClass::Walk.label())).count();
        text +=
            &format!("  heading  {:.0}   chance 90   given to {} of {n_walking} walking\n", heading.median, heading.n);
    }
    let bodies = |of: fn(&Row) -> Option<Body>, rows: &[&&Row]| -> [f64; 3] {
        let bodies: Vec<Body> = rows.iter().filter_map(|row| of(row)).collect();
        let mean_of = |part: fn(&Body) -> f64| mean(&bodies.iter().map(part).collect::<Vec<_>>());
        [1e3 * mean_of(|b| b.plain_m), 1e3 * mean_of(|b| b.better_m), 100.0 * mean_of(|b| b.within)]
    };
    let kinds: [Kind; 3] =
        [("network", |row| row.body), ("mean pose", |row| row.mean_body), ("mean of its motion", |row| row.class_body)];
    if seen.iter().any(|row| row.body.is_some()) {
        let parts = kinds.map(|(name, of)| {
            let [plain, better, within] = bodies(of, &seen);
            format!("{name} {plain:.0} / {better:.0}, PCK@20 {within:.0} %")
        });
        text += &format!("  body     {}\n", parts.join("   "));
        let postures = seen.iter().filter_map(|row| row.posture_right);
        let pelvis = summary(&all(|row| row.pelvis_m)).map_or(f64::NAN, |one| one.median);
        text += &format!("  posture  {:.0} % right   pelvis {:.2} m off (median)\n", share(postures), pelvis);
        for class in MotionClass::ALL.map(MotionClass::label) {
            let own: Vec<&&Row> = seen.iter().copied().filter(|row| row.motion == Some(class)).collect();
            let median = |of: fn(&Row) -> Option<f64>| median(own.iter().filter_map(|row| of(row)));
            if !own.is_empty() {
                let [body, mean, by_class] = kinds.map(|(_, of)| bodies(of, &own)[1]);
                text += &format!(
                    "    {class:<8} n = {:<4} place {:.2} (centre {:.2})   body {body:.0} (mean {mean:.0}, its motion {by_class:.0})\n",
                    own.len(),
                    median(|row| row.root_m),
                    median(|row| row.centre_m),
                );
            }
        }
    }
    let mut confusion: BTreeMap<usize, [usize; 3]> = BTreeMap::new();
    for row in rows {
        if let Some(count) = row.count {
            confusion.entry(row.n_people.min(2)).or_default()[count.min(2)] += 1;
        }
    }
    let lines: Vec<String> =
        confusion.iter().map(|(truth, [none, one, more])| format!("{truth}: {none} {one} {more}")).collect();
    text += &format!("  count    truth: answers 0, 1, 2+ — {}\n", lines.join("   "));
    let mut reasons: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for row in rows {
        for reason in &row.refusals {
            *reasons.entry((row.n_people, word(reason))).or_default() += 1;
        }
    }
    for n_people in 0..=3 {
        let n = rows.iter().filter(|row| row.n_people == n_people).count();
        let of: Vec<String> = reasons
            .iter()
            .filter(|((people, _), _)| *people == n_people)
            .map(|((_, word), times)| format!("{word} {:.0} %", 100.0 * *times as f64 / n as f64))
            .collect();
        if n > 0 {
            let shown = share(rows.iter().filter(|row| row.n_people == n_people).map(|row| row.refusals.is_empty()));
            text += &format!("  refused  {n_people} people: shown {shown:.0} %; {}\n", of.join(", "));
        }
    }
    text
}

fn after_watching<'a>(watched: impl Iterator<Item = &'a Watched> + Clone) -> String {
    let raw: Vec<f64> = watched.clone().filter_map(|one| one.raw_m).collect();
    let filtered: Vec<f64> = watched.clone().filter_map(|one| one.filtered_m).collect();
    let n = watched.clone().count();
    if n == 0 || filtered.is_empty() {
        return String::new();
    }
    let one_track = share(watched.clone().map(|one| one.n_tracks == 1));
    let postures = [false, true].map(|is_still| {
        let of = watched.clone().filter(move |one| one.filtered_m.is_some() && one.is_still == is_still);
        let told: Vec<bool> = of.clone().filter_map(|one| one.posture_right).collect();
        let right = told.iter().filter(|right| **right).count();
        format!("right of {right} of {} ({} without one)", told.len(), of.count() - told.len())
    });
    let [moving, still] = postures;
    let [low, high] = median_interval(&filtered);
    format!(
        "  after 5 s with the tracker: {:.2} m [{low:.2}, {high:.2}] (single looks that are shown {:.2}); somebody is followed \
         in {} of {n} rooms, exactly one in {one_track:.0} %\n           their posture {moving}; of those who are still {still}\n",
        median(filtered.iter().copied()),
        median(raw.into_iter()),
        filtered.len()
    )
}

/// The 95 % interval of a median, whatever the distribution: two of the values themselves (Conover, Practical Nonparametric
/// Statistics, 1999, section 3.2). `values` is not empty.
fn median_interval(values: &[f64]) -> [f64; 2] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    [-0.98, 0.98].map(|z| sorted[((n / 2.0 + z * n.sqrt()).max(0.0) as usize).min(sorted.len() - 1)])
}

fn word(reason: &Unsupported) -> &'static str {
    match reason {
        Unsupported::NoGeometry { .. } => "no geometry",
        Unsupported::FewLinks { .. } => "few links",
        Unsupported::LowRate { .. } => "low rate",
        Unsupported::Gap { .. } => "gaps",
        Unsupported::Faint { .. } => "faint",
        Unsupported::Uncertain { .. } => "uncertain",
        Unsupported::Strange { too_far: true } => "strange",
        Unsupported::Strange { too_far: false } => "too plain",
        Unsupported::Untaught { .. } => "untaught",
        Unsupported::Still => "still",
        Unsupported::Crowd => "crowd",
        Unsupported::NoRoom => "no room",
        Unsupported::Broken => "broken",
    }
}

/// Per cent; NaN of nothing.
fn share(of: impl Iterator<Item = bool>) -> f64 {
    let (mut yes, mut all) = (0_u32, 0_u32);
    for one in of {
        yes += u32::from(one);
        all += 1;
    }
    100.0 * f64::from(yes) / f64::from(all)
}

fn median(of: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = of.collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() { f64::NAN } else { percentile(&sorted, 0.5) }
}
