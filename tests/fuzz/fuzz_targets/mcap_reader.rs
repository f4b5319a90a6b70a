//! Any bytes as a recording: reading, seeking and checking must neither panic nor take memory that the input merely claims.
#![no_main]

use std::io::Cursor;

use corporeal::capture::recording::RecordingReader;
use corporeal::chunked;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = RecordingReader::new(Cursor::new(bytes)) else { return };
    while let Ok(Some(recorded)) = reader.next_recorded() {
        chunked::check_frame(&recorded.frame);
    }
    if let Some(span) = reader.span() {
        reader.seek(span.end);
        reader.next().ok();
    }
    reader.verify().ok();
    reader.warning();
});
