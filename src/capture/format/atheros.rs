//! SKELETON
use super::{Context, Decoder, Format, Likeness, Step};

pub fn looks_like(_head: &[u8]) -> Likeness {
    Likeness::No
}

#[derive(Default)]
pub struct Atheros {}

impl Decoder for Atheros {
    fn format(&self) -> Format {
        Format::Atheros
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}
