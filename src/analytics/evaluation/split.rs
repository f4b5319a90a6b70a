//! Which records are learned from and which are tested on.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

/// What is known of a labelled record beside its signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// File or part of a file.
    pub name: String,
    pub class: String,
    pub person: String,
    pub room: String,
    /// One sitting without a change of set-up.
    pub session: String,
    pub device: String,
}

/// What is unseen in the tested records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// A person not learned from, in a room that was.
    PersonInRoom,
    Person,
    Room,
    Session,
    Device,
    /// Rooms drawn by chance: those of the session [`TRAINING`] on one side, all others on the other.
    SimulatedRooms,
    /// Nothing: records of one session on both sides. Never a claim; it shows what sessions give away.
    Random,
}

impl Split {
    pub const ALL: [Self; 6] =
        [Self::PersonInRoom, Self::Person, Self::Room, Self::Session, Self::Device, Self::Random];

    pub fn label(self) -> &'static str {
        match self {
            Self::PersonInRoom => "new person, same room",
            Self::Person => "new person",
            Self::Room => "new room",
            Self::Session => "new session",
            Self::Device => "new device",
            Self::SimulatedRooms => "rooms never learned from (simulated)",
            Self::Random => "random (never a claim)",
        }
    }
}

/// The session of simulated records that are learned from.
pub const TRAINING: &str = "training";

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What is left out.
    pub name: String,
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

/// Parts of a random split.
const N_RANDOM: usize = 5;

/// The folds of a split, or why there is none. Folds whose training or test part lacks positives or negatives are left out.
pub fn folds(labels: &[Label], positive: &str, split: Split, seed: u64) -> Result<Vec<Fold>, String> {
    let key = |label: &Label| -> String {
        match split {
            Split::PersonInRoom | Split::Person => label.person.clone(),
            Split::Room => label.room.clone(),
            Split::Session => label.session.clone(),
            Split::Device => label.device.clone(),
            Split::SimulatedRooms | Split::Random => String::new(),
        }
    };
    let all: Vec<usize> = (0..labels.len()).collect();
    let mut folds = Vec::new();
    if split == Split::SimulatedRooms {
        let is_training = |at: &usize| labels.get(*at).is_some_and(|label| label.session == TRAINING);
        let (train, test) = all.iter().partition(|at| is_training(at));
        folds.push(Fold { name: "simulated rooms".to_owned(), train, test });
    } else if split == Split::Random {
        let part = random_parts(labels, seed);
        for k in 0..N_RANDOM {
            let (test, train) = all.iter().partition(|at| part.get(**at) == Some(&k));
            folds.push(Fold { name: format!("part {}", k + 1), train, test });
        }
    } else {
        let mut keys: Vec<String> = labels.iter().map(key).collect();
        keys.sort();
        keys.dedup();
        if keys.len() < 2 {
            return Err(format!("all records are of one {}", noun(split)));
        }
        for left_out in keys {
            let room_of: Vec<&str> =
                labels.iter().filter(|label| key(label) == left_out).map(|label| label.room.as_str()).collect();
            let is_test = |at: &usize| labels.get(*at).is_some_and(|label| key(label) == left_out);
            let same_room = |at: &usize| labels.get(*at).is_some_and(|label| room_of.contains(&label.room.as_str()));
            let (test, mut train): (Vec<usize>, Vec<usize>) = all.iter().partition(|at| is_test(at));
            if split == Split::PersonInRoom {
                train.retain(same_room);
            }
            folds.push(Fold { name: left_out, train, test });
        }
    }
    folds.retain(|fold| [&fold.train, &fold.test].into_iter().all(|part| has_both(labels, part, positive)));
    if folds.is_empty() {
        return Err(format!("no {} holds both {positive} and other records, and leaves both", noun(split)));
    }
    Ok(folds)
}

fn noun(split: Split) -> &'static str {
    match split {
        Split::PersonInRoom => "person with company in the room",
        Split::Person => "person",
        Split::Room => "room",
        Split::Session => "session",
        Split::Device => "device",
        Split::SimulatedRooms | Split::Random => "part",
    }
}

fn has_both(labels: &[Label], part: &[usize], positive: &str) -> bool {
    let classes = || part.iter().filter_map(|at| labels.get(*at)).map(|label| label.class == positive);
    classes().any(|p| p) && classes().any(|p| !p)
}

/// A number per record such that each person's records of a class spread evenly.
fn random_parts(labels: &[Label], seed: u64) -> Vec<usize> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut order: Vec<(String, u64, usize)> = labels
        .iter()
        .enumerate()
        .map(|(at, label)| (format!("{}\u{0}{}", label.person, label.class), dice.next_u64(), at))
        .collect();
    order.sort();
    let mut parts = vec![0; labels.len()];
    for (rank, (_, _, at)) in order.into_iter().enumerate() {
        if let Some(part) = parts.get_mut(at) {
            *part = rank % N_RANDOM;
        }
    }
    parts
}

/// Blocks of consecutive records of each class, for choices inside the training part when it holds one person only.
pub fn blocks(labels: &[Label], part: &[usize], n_blocks: usize) -> Vec<usize> {
    let class = |at: &usize| labels.get(*at).map_or("", |label| label.class.as_str());
    part.iter()
        .enumerate()
        .map(|(place, at)| {
            let before = part.iter().take(place).filter(|other| class(other) == class(at)).count();
            let of_class = part.iter().filter(|other| class(other) == class(at)).count();
            before * n_blocks / of_class.max(1)
        })
        .collect()
}
