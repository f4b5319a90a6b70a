//! How well tracks follow people whose true places are known: CLEAR-MOT, identity and HOTA figures.
//!
//! CLEAR-MOT after Bernardin and Stiefelhagen (EURASIP J. Image Video Proc. 2008), IDF1 after Ristani et al. (ECCV
//! Workshops 2016), HOTA after Luiten et al. (IJCV 129, 2021) with the similarity `1 - distance / reach`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::assign::{Costs, assign};

/// Somebody somewhere: a number that stays with them, and metres.
pub type Spot = (u64, [f64; 2]);

/// A moment: true people, and tracks that claim to be people. Numbers of the two have nothing to do with each other; one
/// number appears at most once on each side (of repeated ones the first counts).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    pub truth: Vec<Spot>,
    pub tracks: Vec<Spot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    /// True people, summed over the moments.
    pub n_truth: u64,
    pub n_tracks: u64,
    pub n_matches: u64,
    pub n_missed: u64,
    pub n_false: u64,
    /// A person taken over by another track than before.
    pub n_switches: u64,
    /// Sum over matches, metres.
    pub distance_m: f64,
    /// Truth that the best one-to-one pairing of whole tracks and people covers.
    pub n_identity_matches: u64,
    pub hota: Option<f64>,
}

impl Score {
    /// 1 - (missed + false + switches) / truth; negative when there are more faults than people. `None` without people.
    pub fn mota(&self) -> Option<f64> {
        let faults = (self.n_missed + self.n_false + self.n_switches) as f64;
        (self.n_truth > 0).then(|| 1.0 - faults / self.n_truth as f64)
    }

    /// Mean distance of matches, metres: lower is better.
    pub fn motp_m(&self) -> Option<f64> {
        (self.n_matches > 0).then(|| self.distance_m / self.n_matches as f64)
    }

    pub fn idf1(&self) -> Option<f64> {
        let all = self.n_truth + self.n_tracks;
        (all > 0).then(|| 2.0 * self.n_identity_matches as f64 / all as f64)
    }
}

/// Scores moments in the order of time. A track matches a person when it is at most `reach_m` away.
pub fn score(moments: &[Moment], reach_m: f64) -> Score {
    let moments: Vec<Moment> = moments.iter().map(sound).collect();
    let mut score = clear(&moments, reach_m);
    score.n_identity_matches = identity_matches(&moments, reach_m);
    score.hota = hota(&moments, reach_m);
    score
}

/// Without repeated numbers and places that are none.
fn sound(moment: &Moment) -> Moment {
    let once = |spots: &[Spot]| {
        let mut known = BTreeSet::new();
        let finite = spots.iter().filter(|(_, place)| place.iter().all(|value| value.is_finite()));
        finite.filter(|(id, _)| known.insert(*id)).copied().collect()
    };
    Moment { truth: once(&moment.truth), tracks: once(&moment.tracks) }
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn clear(moments: &[Moment], reach_m: f64) -> Score {
    let mut score = Score::default();
    // The track that each person was matched with last.
    let mut last: BTreeMap<u64, u64> = BTreeMap::new();
    for moment in moments {
        let (truth, tracks) = (&moment.truth, &moment.tracks);
        score.n_truth += truth.len() as u64;
        score.n_tracks += tracks.len() as u64;
        let mut track_of: Vec<Option<usize>> = vec![None; truth.len()];
        // Who was matched stays matched while it is near enough.
        for (person, (id, place)) in truth.iter().enumerate() {
            let Some(before) = last.get(id) else { continue };
            let same = tracks.iter().position(|(track, _)| track == before);
            track_of[person] = same.filter(|&track| distance(*place, tracks[track].1) <= reach_m);
        }
        // Two people can have had one track last, at different times: the first of them keeps it.
        let mut kept = BTreeSet::new();
        for track in &mut track_of {
            *track = track.filter(|track| kept.insert(*track));
        }
        let people: Vec<usize> = (0..truth.len()).filter(|&person| track_of[person].is_none()).collect();
        let free: Vec<usize> = (0..tracks.len()).filter(|track| !track_of.contains(&Some(*track))).collect();
        let mut costs = Costs::new(people.len(), free.len());
        for (row, &person) in people.iter().enumerate() {
            for (column, &track) in free.iter().enumerate() {
                let apart = distance(truth[person].1, tracks[track].1);
                if apart <= reach_m {
                    costs.set(row, column, apart);
                }
            }
        }
        for (row, column) in assign(&costs).into_iter().enumerate() {
            track_of[people[row]] = column.map(|column| free[column]);
        }
        for (person, track) in track_of.iter().enumerate() {
            let Some(track) = *track else {
                score.n_missed += 1;
                continue;
            };
            score.n_matches += 1;
            score.distance_m += distance(truth[person].1, tracks[track].1);
            let before = last.insert(truth[person].0, tracks[track].0);
            score.n_switches += u64::from(before.is_some_and(|before| before != tracks[track].0));
        }
        score.n_false += (tracks.len() - track_of.iter().flatten().count()) as u64;
    }
    score
}

/// Numbers to places in a list.
fn places(moments: &[Moment], of: impl Fn(&Moment) -> &Vec<Spot>) -> BTreeMap<u64, usize> {
    let ids: BTreeSet<u64> = moments.iter().flat_map(|moment| of(moment).iter().map(|(id, _)| *id)).collect();
    ids.into_iter().enumerate().map(|(place, id)| (id, place)).collect()
}

fn identity_matches(moments: &[Moment], reach_m: f64) -> u64 {
    let people = places(moments, |moment| &moment.truth);
    let tracks = places(moments, |moment| &moment.tracks);
    let mut together = vec![vec![0u64; tracks.len()]; people.len()];
    for moment in moments {
        for (person, place) in &moment.truth {
            for (track, there) in &moment.tracks {
                if distance(*place, *there) <= reach_m {
                    together[people[person]][tracks[track]] += 1;
                }
            }
        }
    }
    let mut costs = Costs::new(people.len(), tracks.len());
    for (row, of_person) in together.iter().enumerate() {
        for (column, &n) in of_person.iter().enumerate() {
            costs.set(row, column, -(n as f64));
        }
    }
    let pairs = assign(&costs).into_iter().enumerate();
    pairs.filter_map(|(row, column)| Some(together[row][column?])).sum()
}

/// Mean over 19 thresholds of the root of detection accuracy times association accuracy. `None` without anybody.
fn hota(moments: &[Moment], reach_m: f64) -> Option<f64> {
    let people = places(moments, |moment| &moment.truth);
    let tracks = places(moments, |moment| &moment.tracks);
    if people.is_empty() && tracks.is_empty() {
        return None;
    }
    let n_of = |ids: &BTreeMap<u64, usize>, of: &dyn Fn(&Moment) -> &Vec<Spot>| {
        let mut n = vec![0.0; ids.len()];
        moments.iter().flat_map(|moment| of(moment).iter()).for_each(|(id, _)| n[ids[id]] += 1.0);
        n
    };
    let n_person = n_of(&people, &|moment| &moment.truth);
    let n_track = n_of(&tracks, &|moment| &moment.tracks);
    let similarity = |a: [f64; 2], b: [f64; 2]| (1.0 - distance(a, b) / reach_m).max(0.0);

    // How much whole tracks and people overlap, with each other's alternatives discounted.
    let mut overlap = vec![vec![0.0; tracks.len()]; people.len()];
    for moment in moments {
        let all: Vec<Vec<f64>> = moment
            .truth
            .iter()
            .map(|(_, place)| moment.tracks.iter().map(|(_, there)| similarity(*place, *there)).collect())
            .collect();
        let of_track: Vec<f64> =
            (0..moment.tracks.len()).map(|track| all.iter().map(|row: &Vec<f64>| row[track]).sum()).collect();
        for (row, (person, _)) in all.iter().zip(&moment.truth) {
            let of_person: f64 = row.iter().sum();
            for (track, (track_id, _)) in moment.tracks.iter().enumerate() {
                let union = of_person + of_track[track] - row[track];
                if union > f64::EPSILON {
                    overlap[people[person]][tracks[track_id]] += row[track] / union;
                }
            }
        }
    }
    let aligned = |person: usize, track: usize| {
        overlap[person][track] / (n_person[person] + n_track[track] - overlap[person][track])
    };
    const THRESHOLDS: usize = 19;
    let mut n_matched = [0.0; THRESHOLDS];
    let mut together = vec![vec![[0.0; THRESHOLDS]; tracks.len()]; people.len()];
    for moment in moments {
        let mut costs = Costs::new(moment.truth.len(), moment.tracks.len());
        for (row, (person, place)) in moment.truth.iter().enumerate() {
            for (column, (track, there)) in moment.tracks.iter().enumerate() {
                costs.set(row, column, -aligned(people[person], tracks[track]) * similarity(*place, *there));
            }
        }
        for (row, column) in assign(&costs).into_iter().enumerate() {
            let Some(column) = column else { continue };
            let ((person, place), (track, there)) = (moment.truth[row], moment.tracks[column]);
            for threshold in 0..THRESHOLDS {
                let wanted = 0.05 * (threshold + 1) as f64;
                if similarity(place, there) >= wanted - f64::EPSILON {
                    n_matched[threshold] += 1.0;
                    together[people[&person]][tracks[&track]][threshold] += 1.0;
                }
            }
        }
    }
    let (n_truth, n_tracks): (f64, f64) = (n_person.iter().sum(), n_track.iter().sum());
    let at = |threshold: usize| {
        let matched: f64 = n_matched[threshold];
        let mut associated = 0.0;
        for (person, row) in together.iter().enumerate() {
            for (track, cell) in row.iter().enumerate() {
                let n: f64 = cell[threshold];
                associated += n * n / (n_person[person] + n_track[track] - n).max(1.0);
            }
        }
        let detection = matched / (n_truth + n_tracks - matched).max(1.0);
        (detection * associated / matched.max(1.0)).sqrt()
    };
    Some((0..THRESHOLDS).map(at).sum::<f64>() / THRESHOLDS as f64)
}
