//! Who is who after people met: each pair that came close has a probability of having been mixed up.
//!
//! A pair is a hidden Markov model of two states, straight and exchanged. Nearness moves probability between them, by how
//! nearly the other pairing fitted; what is read of the bodies afterwards tells which state it is.

use super::person::Person;
use super::profile::Reading;

/// Sure enough to exchange names.
const EXCHANGE_ABOVE: f64 = 0.75;
/// Sure enough to forget the meeting.
const SETTLED_BELOW: f64 = 0.03;
/// ... once they are this far apart, m.
const APART_M: f64 = 1.5;
/// A meeting that nothing has settled in this time is left as it is, and the doubt stays with the names, s.
const MAX_SECS: f64 = 60.0;
/// No single reading moves the log odds by more.
const MAX_EVIDENCE: f64 = 2.0;

#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub a: u64,
    pub b: u64,
    /// Probability that the names are exchanged.
    pub exchanged: f64,
    pub apart_secs: f64,
}

impl Pair {
    /// `evidence`: logarithm of how much likelier what was seen is with names exchanged.
    fn weigh(&mut self, evidence: f64) {
        if evidence.is_finite() {
            let evidence = evidence.clamp(-MAX_EVIDENCE, MAX_EVIDENCE);
            let odds = self.exchanged / (1.0 - self.exchanged).max(1e-9) * evidence.exp();
            self.exchanged = (odds / (1.0 + odds)).clamp(1e-6, 1.0 - 1e-6);
        }
    }
}

/// All meetings that are not settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Meetings(Vec<Pair>);

impl Meetings {
    /// Lets a pair of bodies be mixed up with a probability, now.
    pub fn mix(&mut self, a: u64, b: u64, probability: f64) {
        let (a, b) = (a.min(b), a.max(b));
        let probability = probability.clamp(0.0, 0.5);
        match self.0.iter_mut().find(|pair| (pair.a, pair.b) == (a, b)) {
            Some(pair) => {
                pair.exchanged = pair.exchanged * (1.0 - probability) + (1.0 - pair.exchanged) * probability;
                pair.apart_secs = 0.0;
            }
            None if probability > 1e-3 => self.0.push(Pair { a, b, exchanged: probability, apart_secs: 0.0 }),
            None => {}
        }
    }

    /// Whether a body's name is in doubt, so that nothing may be learnt under it.
    pub fn is_open(&self, body: u64) -> bool {
        self.0.iter().any(|pair| (pair.a == body || pair.b == body) && pair.exchanged > SETTLED_BELOW)
    }

    /// Probability that a body still has its own name.
    pub fn certainty(&self, body: u64) -> f64 {
        let of_body = self.0.iter().filter(|pair| pair.a == body || pair.b == body);
        of_body.map(|pair| 1.0 - pair.exchanged).product()
    }

    /// Weighs what was read of the bodies; `share` of each reading is news.
    pub fn weigh(&mut self, people: &[Person], readings: &[(u64, Reading)], share: f64) {
        for pair in &mut self.0 {
            let of = |body: u64| {
                let person = people.iter().find(|person| person.body == body)?;
                let reading = readings.iter().find(|(read, _)| *read == body).map(|(_, reading)| reading);
                Some((&person.identity.profile, reading))
            };
            let (Some((profile_a, reading_a)), Some((profile_b, reading_b))) = (of(pair.a), of(pair.b)) else {
                continue;
            };
            let towards_exchange =
                |reading: Option<&Reading>, own: &super::profile::Profile, other: &super::profile::Profile| {
                    reading.map_or(0.0, |reading| other.log_ratio(reading) - own.log_ratio(reading))
                };
            let evidence =
                towards_exchange(reading_a, profile_a, profile_b) + towards_exchange(reading_b, profile_b, profile_a);
            pair.weigh(evidence * share);
        }
    }

    /// Weighs what a newcomer showed, who is taken for one of two people on one spot.
    pub fn weigh_newcomer(&mut self, people: &[Person], taken_for: &Person, newcomer: &Person) {
        for pair in &mut self.0 {
            let other = match taken_for.body {
                body if body == pair.a => pair.b,
                body if body == pair.b => pair.a,
                _ => continue,
            };
            let Some(other) = people.iter().find(|person| person.body == other) else { continue };
            let shown = &newcomer.identity.profile;
            let evidence = other.identity.profile.log_ratio_of(shown) - taken_for.identity.profile.log_ratio_of(shown);
            pair.weigh(evidence);
        }
    }

    /// Exchanges names where that is likelier by far, and forgets meetings that are settled. Returns the exchanges made.
    pub fn settle(&mut self, people: &mut [Person], secs: f64) -> u64 {
        let mut n_exchanged = 0;
        self.0.retain_mut(|pair| {
            let place = |body: u64| people.iter().position(|person| person.body == body);
            let (Some(a), Some(b)) = (place(pair.a), place(pair.b)) else {
                // One of the two is gone: the other keeps the doubt.
                if let Some(left) = place(pair.a).or(place(pair.b)) {
                    people[left].identity.certainty *= 1.0 - pair.exchanged;
                }
                return false;
            };
            if people[a].distance_m(&people[b]) > APART_M {
                pair.apart_secs += secs;
            }
            if pair.exchanged > EXCHANGE_ABOVE {
                exchange(people, a, b);
                pair.exchanged = 1.0 - pair.exchanged;
                n_exchanged += 1;
            }
            let over = pair.apart_secs > 0.0 && pair.exchanged < SETTLED_BELOW;
            let given_up = pair.apart_secs > MAX_SECS;
            if over || given_up {
                for place in [a, b] {
                    people[place].identity.certainty *= 1.0 - pair.exchanged;
                }
            }
            !(over || given_up)
        });
        n_exchanged
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

fn exchange(people: &mut [Person], a: usize, b: usize) {
    let (low, high) = (a.min(b), a.max(b));
    let (head, tail) = people.split_at_mut(high);
    if let (Some(one), Some(other)) = (head.get_mut(low), tail.first_mut()) {
        std::mem::swap(&mut one.identity, &mut other.identity);
        std::mem::swap(&mut one.open, &mut other.open);
    }
}
