//! Any bytes as an Atheros log: whole and in pieces, as a file, a port or a socket would give them, with the same result.
#![no_main]

use corporeal::capture::format::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| corporeal::chunked::check(Format::Atheros, bytes));
