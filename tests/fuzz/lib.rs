//! The pure modules of Corporeal under its own name, and what every fuzz target asks of a decoder.
//!
//! The program's crate brings a window system and a GPU along; building those under the address sanitizer takes
//! longer than the fuzzing. The decoders need none of it, so they are included here by path: the same source files,
//! and `use corporeal::...` in a target means what it means everywhere else.

#[path = "../../src/types/mod.rs"]
pub mod types;

#[path = "../../src/capture"]
pub mod capture {
    pub mod format;
    pub mod recording;
}

#[path = "../../src/photo/mod.rs"]
pub mod photo;

pub mod chunked;
