//! SKELETON
use super::{Context, Decoder, Format, Likeness, Step};

pub fn looks_like_jsonl(_head: &[u8]) -> Likeness {
    Likeness::No
}

#[derive(Default)]
pub struct RuviewJsonl {}

impl Decoder for RuviewJsonl {
    fn format(&self) -> Format {
        Format::RuviewJsonl
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}

/// Decodes one ADR-018 datagram (UDP payload).
pub fn datagram(_payload: &[u8], _context: &Context) -> Option<Step> {
    None
}
