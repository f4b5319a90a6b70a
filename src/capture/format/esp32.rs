//! SKELETON
use super::{Context, Decoder, Format, Likeness, Step};

pub fn looks_like(_head: &[u8]) -> Likeness {
    Likeness::No
}

#[derive(Default)]
pub struct Esp32Csv {}

impl Decoder for Esp32Csv {
    fn format(&self) -> Format {
        Format::Esp32Csv
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}
