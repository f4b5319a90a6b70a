//! The order of subcarriers: every row of the vendor's tables, the guesses, and what is left alone.

use corporeal::types::{CsiFrame, FrameFlags, Hardware, LtfField, SkipReason};

use super::{PLAIN, Radio, decode, layout_a, layout_b, layout_c, layout_d, one_frame};

type Runs<'a> = &'a [(i16, i16)];

#[track_caller]
fn check_order(frame: &CsiFrame, is_guess: bool, fields: &[(LtfField, Runs)]) {
    let run = |runs: Runs| runs.iter().flat_map(|&(first, last)| first..=last).collect::<Vec<i16>>();
    let expected: Vec<_> = fields.iter().map(|(field, runs)| (*field, run(runs))).collect();
    let actual: Vec<_> =
        frame.subcarriers.ranges().map(|(field, range)| (field, frame.subcarriers.index[range].to_vec())).collect();
    assert_eq!(actual, expected);
    assert_eq!(frame.flags.contains(FrameFlags::GUESSED_LAYOUT), is_guess);
    assert_eq!(frame.values.len(), frame.n_subcarriers());
}

const LLTF: LtfField = LtfField::Lltf;
const HT: LtfField = LtfField::HtLtf;
const HT2: LtfField = LtfField::StbcHtLtf2;

#[test]
fn every_row_of_the_classic_table_has_its_order() {
    let full: Runs = &[(0, 31), (-32, -1)];
    let wide: Runs = &[(0, 63), (-64, -1)];
    let stbc: Runs = &[(0, 60), (-60, -1)];
    let (above, below): (Runs, Runs) = (&[(-64, -1)], &[(0, 63)]);
    type Row<'a> = (u8, u8, u8, u8, usize, &'a [(LtfField, Runs<'a>)]);
    let rows: [Row<'_>; 13] = [
        (0, 0, 0, 0, 128, &[(LLTF, full)]),
        (0, 1, 0, 0, 256, &[(LLTF, full), (HT, full)]),
        (0, 1, 0, 1, 384, &[(LLTF, full), (HT, full), (HT2, full)]),
        (2, 0, 0, 0, 128, &[(LLTF, below)]),
        (2, 1, 0, 0, 256, &[(LLTF, below), (HT, below)]),
        (2, 1, 0, 1, 380, &[(LLTF, below), (HT, &[(0, 62)]), (HT2, &[(0, 62)])]),
        (2, 1, 1, 0, 384, &[(LLTF, below), (HT, wide)]),
        (2, 1, 1, 1, 612, &[(LLTF, below), (HT, stbc), (HT2, stbc)]),
        (1, 0, 0, 0, 128, &[(LLTF, above)]),
        (1, 1, 0, 0, 256, &[(LLTF, above), (HT, above)]),
        (1, 1, 0, 1, 376, &[(LLTF, above), (HT, &[(-62, -1)]), (HT2, &[(-62, -1)])]),
        (1, 1, 1, 0, 384, &[(LLTF, above), (HT, wide)]),
        (1, 1, 1, 1, 612, &[(LLTF, above), (HT, stbc), (HT2, stbc)]),
    ];
    for (secondary, sig_mode, bandwidth, stbc, n_values, fields) in rows {
        let radio = Radio { sig_mode, bandwidth, stbc, secondary, ..PLAIN };
        for line in [layout_a(radio, n_values), layout_b(radio, n_values), layout_d(radio, n_values, "7")] {
            let frame = one_frame(line);
            check_order(&frame, false, fields);
            assert_eq!(frame.subcarriers.spacing_hz, 312_500.0);
            assert!(!frame.flags.contains(FrameFlags::LENGTH_MISMATCH));
        }
        // Firmware that prints the first field only: the value count is right, the header is not.
        let lltf_only = layout_b(radio, 128).replace(",128,0,", &format!(",{n_values},0,"));
        let frame = one_frame(lltf_only);
        check_order(&frame, false, &fields[..1]);
        assert_eq!(frame.flags.contains(FrameFlags::LENGTH_MISMATCH), n_values != 128);
    }
}

#[test]
fn every_row_of_the_newer_table_has_its_order() {
    let unnamed = LtfField::Unnamed;
    type Row<'a> = (usize, f32, u16, &'a [(LtfField, Runs<'a>)]);
    let rows: [Row<'_>; 5] = [
        (128, 312_500.0, 20, &[(unnamed, &[(-32, 31)])]),
        (256, 312_500.0, 40, &[(unnamed, &[(-64, 63)])]),
        (114, 312_500.0, 20, &[(HT, &[(0, 28), (-28, -1)])]),
        (234, 312_500.0, 40, &[(HT, &[(0, 58), (-58, -1)])]),
        (490, 78_125.0, 20, &[(unnamed, &[(0, 122), (-122, -1)])]),
    ];
    for (n_values, spacing_hz, bandwidth_mhz, fields) in rows {
        let frame = one_frame(layout_c(6, n_values));
        check_order(&frame, false, fields);
        assert_eq!((frame.subcarriers.spacing_hz, frame.channel.bandwidth_mhz), (spacing_hz, bandwidth_mhz));
    }
}

#[test]
fn values_whose_order_is_unknown_are_counted() {
    let base64 = format!("{}\n", "AAECAwQF+/z9/v8A".repeat(16));
    let layout_d = layout_d(PLAIN, 128, "7");
    let columns = &layout_d[..layout_d.find('[').expect("a list")];
    for line in [
        layout_c(6, 106),
        layout_b(PLAIN, 106),
        layout_b(PLAIN, 2),
        layout_c(6, 130),
        layout_b(PLAIN, 20_000),
        format!("{}{base64}", columns.trim_end_matches('"')),
    ] {
        let (frames, tally) = decode(&line);
        assert_eq!((frames.len(), tally.skipped.get(&SkipReason::UnknownLayout)), (0, Some(&1)), "{line:.120}");
    }
}

#[test]
fn an_order_that_only_the_count_tells_is_flagged_as_guessed() {
    let full: Runs = &[(0, 31), (-32, -1)];
    check_order(&one_frame(layout_b(PLAIN, 256)), true, &[(LLTF, full), (HT, full)]);
    let odd_channel = Radio { secondary: 7, ..PLAIN };
    check_order(&one_frame(layout_b(odd_channel, 128)), true, &[(LLTF, full)]);
    // esp-radar prints 52 values of the legacy field and 56 of each HT field, without the nulls.
    let lltf: Runs = &[(1, 26), (-26, -1)];
    let ht: Runs = &[(1, 28), (-28, -1)];
    check_order(&one_frame(layout_d(PLAIN, 104, "7")), true, &[(LLTF, lltf)]);
    check_order(&one_frame(layout_d(PLAIN, 216, "7")), true, &[(LLTF, lltf), (HT, ht)]);
    let below = Radio { secondary: 2, ..PLAIN };
    check_order(&one_frame(layout_d(below, 104, "7")), true, &[(LLTF, &[(6, 31), (33, 58)])]);
    let newer = one_frame(layout_b(PLAIN, 114));
    check_order(&newer, true, &[(HT, &[(0, 28), (-28, -1)])]);
    assert_eq!(newer.hardware, Hardware::Esp32C6);
}
