//! Which detection is of whom, when two people make one, and what is learned from a pair.

use super::super::assign::{Costs, assign};
use super::super::config::MAX_TRACKS;
use super::super::motion::Look;
use super::super::person::Person;
use super::super::profile::Reading;
use super::{Seen, Tracker};
use crate::types::Timestamp;

/// How likely names are mixed up in each second that two people make one detection.
const MIX_PER_SEC: f64 = 0.5;

impl Tracker {
    /// Pairs detections with people, present ones first, and lets both learn. Returns the body of each detection.
    pub(super) fn pair(&mut self, time: Timestamp, seen: &[Seen<'_>], secs: f64, share: f64) -> Vec<Option<u64>> {
        let mut body_of = vec![None; seen.len()];
        let present: Vec<usize> = (0..self.people.len()).filter(|&i| self.people[i].state.is_present()).collect();
        let births: Vec<usize> = (0..self.people.len()).filter(|&i| !self.people[i].state.is_present()).collect();
        let mut readings = Vec::new();
        for group in [&present, &births] {
            let free: Vec<usize> = (0..seen.len()).filter(|&one| body_of[one].is_none()).collect();
            let (costs, log_ratios) = self.costs(group, &free, seen);
            let pairing = assign_or_miss(&costs, group.len(), free.len());
            self.mix_neighbours(group, &costs, &pairing);
            let shared = self.shared(group, &free, &costs, &pairing);
            for (row, &at) in group.iter().enumerate() {
                let Some(column) = pairing[row] else {
                    match shared[row] {
                        Some(column) => self.see_shared(at, time, &seen[free[column]], secs),
                        None => self.people[at].miss(share, &self.config),
                    }
                    continue;
                };
                let one = &seen[free[column]];
                body_of[free[column]] = Some(self.people[at].body);
                if shared.contains(&Some(column)) {
                    self.see_shared(at, time, one, secs);
                    continue;
                }
                let person = &mut self.people[at];
                let ratio = log_ratios.get(row, column) * share.max(0.1);
                person.see(time, &one.look, one.detection, ratio, share, &self.config);
                readings.push((person.body, person.reading(one.detection)));
            }
        }
        self.learn(&readings, share);
        for (one, body) in seen.iter().zip(&mut body_of) {
            if body.is_none() && self.people.len() < MAX_TRACKS {
                let person = Person::new(self.next_body, time, &one.look, one.detection, &self.config);
                self.next_body += 1;
                *body = Some(person.body);
                self.people.push(person);
            }
        }
        body_of
    }

    /// Cost of each pair of a person and a free detection, below zero where the pair is likelier than a miss and clutter;
    /// and how much likelier the detection is with this person there.
    fn costs(&self, group: &[usize], free: &[usize], seen: &[Seen<'_>]) -> (Costs, Costs) {
        let mut costs = Costs::new(group.len(), free.len());
        let mut log_ratios = Costs::new(group.len(), free.len());
        let detected = self.config.detection_probability.clamp(0.01, 0.99);
        for (row, &at) in group.iter().enumerate() {
            let person = &self.people[at];
            for (column, &one) in free.iter().enumerate() {
                let one = &seen[one];
                let Some(innovation) = person.motion.innovation(&one.look, &self.config) else { continue };
                if innovation.distance2 > self.config.gate {
                    continue;
                }
                let ratio = detected.ln() + innovation.log_density - one.log_clutter;
                let body = if self.config.use_features {
                    person.identity.profile.log_ratio(&person.reading(one.detection)).clamp(-2.0, 2.0)
                } else {
                    0.0
                };
                costs.set(row, column, (1.0 - detected).ln() - ratio - body);
                log_ratios.set(row, column, ratio);
            }
        }
        (costs, log_ratios)
    }

    /// Two people whose detections could as well have been exchanged may have been.
    fn mix_neighbours(&mut self, group: &[usize], costs: &Costs, pairing: &[Option<usize>]) {
        for row in 0..group.len() {
            for other in row + 1..group.len() {
                let (Some(a), Some(b)) = (pairing[row], pairing[other]) else { continue };
                let dearer = costs.get(row, b) + costs.get(other, a) - costs.get(row, a) - costs.get(other, b);
                let (person, neighbour) = (&self.people[group[row]], &self.people[group[other]]);
                if dearer.is_finite() && person.state.is_present() && neighbour.state.is_present() {
                    self.meetings.mix(person.body, neighbour.body, 1.0 / (1.0 + dearer.max(0.0).exp()));
                }
            }
        }
    }

    /// For each person without a detection: the one of a neighbour that may stand for both.
    fn shared(&self, group: &[usize], free: &[usize], costs: &Costs, pairing: &[Option<usize>]) -> Vec<Option<usize>> {
        (0..group.len())
            .map(|row| {
                let person = &self.people[group[row]];
                if pairing[row].is_some()
                    || !person.state.is_present()
                    || person.shared_secs > self.config.shared_patience_secs
                {
                    return None;
                }
                let near = (0..free.len()).filter(|&column| {
                    let owner = pairing.iter().position(|taken| *taken == Some(column));
                    owner.is_some_and(|owner| {
                        let neighbour = &self.people[group[owner]];
                        let doubt = (0.5
                            * (person.motion.position_covariance() + neighbour.motion.position_covariance()).trace())
                        .sqrt();
                        neighbour.state.is_present()
                            && person.distance_m(neighbour) < self.config.merge_distance_m + doubt
                    })
                });
                near.filter(|&column| costs.get(row, column).is_finite())
                    .min_by(|a, b| costs.get(row, *a).total_cmp(&costs.get(row, *b)))
            })
            .collect()
    }

    fn see_shared(&mut self, at: usize, time: Timestamp, one: &Seen<'_>, secs: f64) {
        // Each of two people half of the merging distance away from their middle.
        let apart = 0.5 * self.config.merge_distance_m;
        let Some(look) = Look::new(&one.detection.pose.root, apart * apart) else { return };
        self.people[at].see_shared(time, &look, secs, &self.config);
        let body = self.people[at].body;
        let near: Vec<u64> = self
            .people
            .iter()
            .filter(|other| other.body != body && other.state.is_present())
            .filter(|other| other.distance_m(&self.people[at]) < 2.0 * self.config.merge_distance_m)
            .map(|other| other.body)
            .collect();
        for other in near {
            self.meetings.mix(body, other, 0.5 * (MIX_PER_SEC * secs).min(1.0));
        }
    }

    fn learn(&mut self, readings: &[(u64, Reading)], share: f64) {
        if !self.config.use_features {
            return;
        }
        self.meetings.weigh(&self.people, readings, share);
        for (body, reading) in readings {
            if reading.is_empty() || self.meetings.is_open(*body) {
                continue;
            }
            if let Some(person) = self.people.iter_mut().find(|person| person.body == *body) {
                person.identity.profile.learn(reading, share);
            }
        }
    }
}

/// Pairs where a pair is better than a miss.
fn assign_or_miss(costs: &Costs, n_rows: usize, n_columns: usize) -> Vec<Option<usize>> {
    // Each person may also take a column of their own that stands for "not seen" and costs nothing.
    let mut wide = Costs::new(n_rows, n_columns + n_rows);
    for row in 0..n_rows {
        for column in 0..n_columns {
            wide.set(row, column, costs.get(row, column));
        }
        wide.set(row, n_columns + row, 0.0);
    }
    assign(&wide).into_iter().map(|column| column.filter(|&column| column < n_columns)).collect()
}
