//! SKELETON
use super::{Context, Decoder, Format, Likeness, Step};

pub fn looks_like(_head: &[u8]) -> Likeness {
    Likeness::No
}

#[derive(Default)]
pub struct Intel5300 {}

impl Decoder for Intel5300 {
    fn format(&self) -> Format {
        Format::Intel5300
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}
