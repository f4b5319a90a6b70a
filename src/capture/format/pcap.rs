//! SKELETON
use super::{Context, Decoder, Format, Likeness, Step};

pub fn looks_like_pcap(_head: &[u8]) -> Likeness {
    Likeness::No
}
pub fn looks_like_pcapng(_head: &[u8]) -> Likeness {
    Likeness::No
}

#[derive(Default)]
pub struct Pcap {}

impl Decoder for Pcap {
    fn format(&self) -> Format {
        Format::Pcap
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}

#[derive(Default)]
pub struct PcapNg {}

impl Decoder for PcapNg {
    fn format(&self) -> Format {
        Format::PcapNg
    }
    fn step(&mut self, _bytes: &[u8], _context: &Context) -> Step {
        Step::NeedMore
    }
}
