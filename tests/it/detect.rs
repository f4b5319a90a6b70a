//! Formats are told by content: every real file is taken for what it is, and nothing else is taken for a recording.

use corporeal::capture::format::{self, DETECT_LEN, Format};

use crate::feeding::{noise, shared_files};

fn detected(bytes: &[u8]) -> Option<Format> {
    format::detect(&bytes[..bytes.len().min(DETECT_LEN)])
}

/// The formats whose files are told from their own and all others' here.
const LENGTH_FRAMED: [Format; 4] = [Format::Intel5300, Format::Atheros, Format::PicoScenes, Format::FeitCsi];

#[test]
fn every_real_file_is_taken_for_what_it_is() {
    // Folder, ending, number of files, format.
    for (folder, ending, n_expected, format) in [
        ("csikit/intel", ".dat", 2, Format::Intel5300),
        // The ending says nothing: these are not Intel 5300 logs.
        ("csikit/intel", ".csi", 4, Format::PicoScenes),
        ("csikit/pico", ".csi", 4, Format::PicoScenes),
        ("csikit/feitcsi", ".csi", 10, Format::FeitCsi),
        ("csikit-history/intel", ".dat", 40, Format::Intel5300),
        ("csikit-history/atheros", ".dat", 1, Format::Atheros),
        ("csikit-data/Internal/Atheros", ".dat", 1, Format::Atheros),
    ] {
        let mut n_found = 0;
        for (name, bytes) in shared_files(folder) {
            // Overwritten by a script's text from its beginning on.
            if !name.ends_with(ending) || name == "csi2.dat" {
                continue;
            }
            assert_eq!(detected(&bytes), Some(format), "{name}");
            n_found += 1;
        }
        assert!(n_found == n_expected || n_found == 0, "{folder}: {n_found} files");
    }
}

#[test]
fn a_short_beginning_is_enough() {
    // As little as one record's head.
    for (folder, ending, len) in [
        ("csikit/intel", ".dat", 23),
        ("csikit/intel", ".csi", 8),
        ("csikit/pico", ".csi", 8),
        ("csikit/feitcsi", ".csi", 96),
        ("csikit-history/atheros", ".dat", 28),
    ] {
        for (name, bytes) in shared_files(folder) {
            if !name.ends_with(ending) {
                continue;
            }
            let expected = detected(&bytes);
            assert!(expected.is_some(), "{name}");
            for cut in [len, len + 1, 400, 1_000, 5_000] {
                assert_eq!(detected(&bytes[..cut]), expected, "the first {cut} bytes of {name}");
            }
            for cut in 0..len.min(8) {
                assert_eq!(detected(&bytes[..cut]), None, "the first {cut} bytes of {name}");
            }
        }
    }
}

#[test]
fn files_of_other_formats_are_not_taken_for_length_framed_logs() {
    for folder in ["csikit/esp32", "csikit/nexmon", "csikit-history/pi", "csikit-data/Internal/Broadcom", "ruview"] {
        for (name, bytes) in shared_files(folder) {
            let found = detected(&bytes);
            assert!(!LENGTH_FRAMED.iter().any(|&format| found == Some(format)), "{name} is taken for {found:?}");
        }
    }
}

#[test]
fn what_is_no_recording_is_not_taken_for_one() {
    let text = "Dear reader,\n\nthis is a letter and no recording; it has commas, numbers (1, 2, 3) and lines.\n";
    for (name, bytes) in [
        ("nothing", vec![]),
        ("one byte", vec![0xFF]),
        ("text", text.repeat(50).into_bytes()),
        ("PNG", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".as_slice(), &noise(2_000)].concat()),
        ("zip", [b"PK\x03\x04".as_slice(), &noise(2_000)].concat()),
        ("zeros", vec![0; 4_096]),
        ("ones", vec![0xFF; 4_096]),
        ("noise", noise(DETECT_LEN)),
    ] {
        assert_eq!(detected(&bytes), None, "{name}");
        for start in 0..bytes.len().min(64) {
            assert_eq!(detected(&bytes[start..]), None, "{name} from byte {start}");
        }
    }
    for folder in ["geotec", "espectre", "fition"] {
        for (name, bytes) in shared_files(folder) {
            if !name.ends_with(".pcap") {
                assert_eq!(detected(&bytes), None, "{name}");
            }
        }
    }
    for (name, bytes) in shared_files("csikit-history/intel/heartrate") {
        if name == "csi2.dat" {
            assert_eq!(detected(&bytes), None, "{name} begins with a script");
        }
    }
}
