//! Finds records in a string of length-framed bytes, and the way back after damage.
//!
//! In: bytes, and a judge that reads one record's head. Out: the next sound record, or how much to step over and why.
//! It knows no format, and its answers do not depend on how the bytes were cut on their way here.

use super::Step;
use crate::types::{Other, SkipReason};

/// What a judge makes of the bytes at one position.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    /// Too few bytes to tell.
    TooShort,
    /// A record with every sign of being one, this many bytes long in all.
    Sound(usize),
    /// The length may be true, but nothing else vouches for it. Believed when the lengths from here on lead to a
    /// sound record or to the end of the input.
    Weak { len: usize, meaning: Meaning },
    /// No record begins here.
    Nonsense(SkipReason),
}

/// How a weak record is counted once it is believed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    WithoutCsi,
    Broken(SkipReason),
}

pub(super) enum Found<'a> {
    /// A whole sound record.
    Record(&'a [u8]),
    Step(Step),
}

/// Weak records in a row that are followed before they are disbelieved.
const MAX_HOPS: usize = 8;
/// How far ahead a weak record may send us; keeps [`Step::NeedMore`] bounded.
const MAX_LOOK_AHEAD: usize = 1 << 20;

/// Remembers whether the bytes at hand belong to a stretch that was already counted as lost.
#[derive(Clone, Default)]
pub(super) struct Sync {
    lost: bool,
}

impl Sync {
    pub fn next<'a>(&mut self, bytes: &'a [u8], judge: impl Fn(&[u8]) -> Head, ended: bool) -> Found<'a> {
        let step = match judge(bytes) {
            Head::TooShort => Step::NeedMore,
            Head::Sound(len) => match bytes.get(..len) {
                Some(record) => {
                    self.lost = false;
                    return Found::Record(record);
                }
                None => Step::NeedMore,
            },
            Head::Weak { len, meaning } if !self.lost => match leads_on(bytes, len, &judge, ended) {
                None => Step::NeedMore,
                Some(true) => match meaning {
                    Meaning::WithoutCsi => Step::Pass { used: len, other: Some(Other::WithoutCsi) },
                    Meaning::Broken(reason) => Step::Skip { used: len, reason },
                },
                Some(false) => self.search(bytes, judge, SkipReason::LostSync),
            },
            Head::Weak { .. } => self.search(bytes, judge, SkipReason::LostSync),
            Head::Nonsense(reason) => self.search(bytes, judge, reason),
        };
        Found::Step(step)
    }

    /// What the rest of the input is when no step can be made of it any more.
    pub fn tail(&self, rest: &[u8], judge: impl Fn(&[u8]) -> Head) -> Step {
        if self.lost && !matches!(judge(rest), Head::Sound(_)) {
            return Step::Pass { used: rest.len(), other: None };
        }
        let reason = if rest.len() <= 2 { SkipReason::TrailingBytes } else { SkipReason::CutTail };
        Step::Skip { used: rest.len(), reason }
    }

    /// Steps to the next sound record. A stretch counts once, however many calls it takes to cross it.
    fn search(&mut self, bytes: &[u8], judge: impl Fn(&[u8]) -> Head, reason: SkipReason) -> Step {
        let undecided =
            |at: &usize| !matches!(bytes.get(*at..).map(&judge), Some(Head::Weak { .. } | Head::Nonsense(_)));
        let used = (1..bytes.len()).find(undecided).unwrap_or(bytes.len());
        if std::mem::replace(&mut self.lost, true) {
            Step::Pass { used, other: None }
        } else {
            Step::Skip { used, reason }
        }
    }
}

/// Whether the lengths from a weak record on lead to a sound one; `None` until enough bytes are there.
/// A length that jumps over a sound record is a lie.
fn leads_on(bytes: &[u8], first_len: usize, judge: impl Fn(&[u8]) -> Head, ended: bool) -> Option<bool> {
    let is_sound_at = |at: usize| matches!(bytes.get(at..).map(&judge), Some(Head::Sound(_)));
    let (mut from, mut to) = (0, first_len);
    for _ in 0..MAX_HOPS {
        if to > MAX_LOOK_AHEAD || (from + 1..to.min(bytes.len())).any(is_sound_at) {
            return Some(false);
        }
        let Some(rest) = bytes.get(to..) else {
            return (ended && first_len <= bytes.len()).then_some(true);
        };
        match judge(rest) {
            Head::TooShort => return ended.then_some(true),
            Head::Sound(_) => return Some(true),
            Head::Weak { len, .. } => (from, to) = (to, to + len.max(1)),
            Head::Nonsense(_) => return Some(false),
        }
    }
    Some(false)
}

/// `N` bytes at a position; `None` past the end.
pub(super) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

pub(super) fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

pub(super) fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

pub(super) fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}

/// How many sound records (at most two) stand in a row at the front of `head`, each ending where the next begins.
/// Weak ones are stepped over; the last may be cut.
pub(super) fn n_in_a_row(head: &[u8], judge: impl Fn(&[u8]) -> Head) -> usize {
    const ENOUGH: usize = 2;
    let mut n_sound = 0;
    let mut at = 0;
    for _ in 0..ENOUGH + MAX_HOPS {
        match head.get(at..).map(&judge) {
            Some(Head::Sound(len)) => {
                n_sound += 1;
                at += len.max(1);
            }
            Some(Head::Weak { len, .. }) => at += len.max(1),
            Some(Head::Nonsense(_) | Head::TooShort) | None => break,
        }
        if n_sound >= ENOUGH {
            break;
        }
    }
    n_sound
}
