//! ESP32 serial CSV through the front door: real files, every layout and table row, damaged and chopped input.

mod orders;

use corporeal::capture::format::esp32::{Esp32Csv, looks_like};
use corporeal::capture::format::{self, Context, Decoder, Format, Likeness, Step};
use corporeal::types::{
    Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, NodeId, Other, SkipReason, Tally, Timestamp,
};
use proptest::prelude::*;

use super::feeding::decode_in_chunks;
use super::golden;

const MAC: [u8; 6] = [0x1a, 0x00, 0x5e, 0x00, 0x53, 0xff];

fn decode(text: impl AsRef<[u8]>) -> (Vec<CsiFrame>, Tally) {
    golden::decode_bytes(&mut Esp32Csv::default(), text.as_ref())
}

#[track_caller]
fn one_frame(text: impl AsRef<[u8]>) -> CsiFrame {
    let (mut frames, tally) = decode(text);
    assert_eq!(frames.len(), 1, "{tally:?}");
    frames.remove(0)
}

/// Imaginary part `i`, real part `100 - i`, for the i-th subcarrier, within a byte.
fn numbers(n_values: usize, separator: &str) -> String {
    let value = |at: usize| if at.is_multiple_of(2) { at / 2 % 100 } else { 100 - at / 2 % 100 };
    (0..n_values).map(|at| value(at).to_string()).collect::<Vec<_>>().join(separator)
}

#[derive(Clone, Copy)]
struct Radio {
    sig_mode: u8,
    bandwidth: u8,
    stbc: u8,
    channel: u16,
    secondary: u8,
    first_word: u8,
}

const PLAIN: Radio = Radio { sig_mode: 0, bandwidth: 0, stbc: 0, channel: 6, secondary: 0, first_word: 0 };

fn layout_a(radio: Radio, n_values: usize) -> String {
    let Radio { sig_mode, bandwidth, stbc, channel, secondary, .. } = radio;
    format!(
        "CSI_DATA,AP,1A:00:5E:00:53:FF,-61,11,{sig_mode},7,{bandwidth},1,1,0,{stbc},0,0,-94,0,{channel},{secondary},\
         4000000123,0,90,0,1,17.5,{n_values},[{} ]\n",
        numbers(n_values, " ")
    )
}

fn layout_b(radio: Radio, n_values: usize) -> String {
    let Radio { sig_mode, bandwidth, stbc, channel, secondary, first_word } = radio;
    format!(
        "CSI_DATA,41,1a:00:5e:00:53:ff,-61,11,{sig_mode},7,{bandwidth},1,1,0,{stbc},0,0,-94,0,{channel},{secondary},\
         4000000123,0,90,0,{n_values},{first_word},\"[{}]\"\n",
        numbers(n_values, ",")
    )
}

fn layout_c(channel: u16, n_values: usize) -> String {
    format!(
        "CSI_DATA,41,1a:00:5e:00:53:ff,-61,11,161,22,5,{channel},4000000123,47,2,{n_values},0,\"[{}]\"\n",
        numbers(n_values, ",")
    )
}

fn layout_d(radio: Radio, n_values: usize, timestamp: &str) -> String {
    let Radio { sig_mode, bandwidth, stbc, channel, secondary, first_word } = radio;
    format!(
        "CSI_DATA,41,{timestamp},3,train,1a:00:5e:00:53:ff,-61,11,{sig_mode},7,{bandwidth},1,1,0,{stbc},0,0,-94,0,\
         {channel},{secondary},4000000123,0,90,0,33,-4,{n_values},{first_word},\"[{}]\"\n",
        numbers(n_values, ",")
    )
}

#[track_caller]
fn check_common_fields(frame: &CsiFrame) {
    assert_eq!((frame.link.tx, frame.link.rx), (NodeId::Mac(MAC), NodeId::Source(1)));
    assert_eq!(frame.rssi_dbm, Some(-61.0));
    assert!(matches!(frame.noise_dbm, Some(-94.0 | -95.0)));
    assert_eq!(frame.device_time, Some(DeviceTime::from_micros_u32(4_000_000_123)));
    assert_eq!((frame.n_rx, frame.n_tx, frame.n_records), (1, 1, 1));
    assert_eq!(frame.values.len(), frame.n_subcarriers());
    assert_eq!((frame.values[3].re, frame.values[3].im), (97.0, 3.0));
}

#[track_caller]
fn check_file(file: &str, n_lines: u64, n_frames: u64, n_bad_count: u64, n_length_mismatch: u64) {
    let Some((frames, tally)) = golden::decode_shared(file) else { return };
    assert_eq!(tally.n_frames, n_frames);
    assert_eq!(tally.n_frames + tally.n_skipped() + tally.n_others(), n_lines);
    assert_eq!(tally.skipped.get(&SkipReason::BadValueCount).copied().unwrap_or(0), n_bad_count);
    assert_eq!(tally.n_skipped(), n_bad_count);
    assert_eq!(tally.flagged.get(&FrameFlags::LENGTH_MISMATCH.0).copied().unwrap_or(0), n_length_mismatch);
    assert_eq!(tally.flagged.len(), usize::from(n_length_mismatch > 0), "no other flag: {:?}", tally.flagged);
    assert!(frames.iter().all(|frame| frame.n_subcarriers() == 64 && frame.subcarriers.invalid == [0, 1]));

    let bytes = std::fs::read(golden::shared_csi(file).expect("it was there")).expect("the file is readable");
    for chunk_len in [7, 1000] {
        assert_eq!(decode_in_chunks(Format::Esp32Csv, &bytes, chunk_len), (frames.clone(), tally.clone()));
    }
}

#[test]
fn every_line_of_the_real_files_is_a_frame_or_a_count() {
    check_file("csikit/esp32/example_100hz_pitraffic.csv", 835, 833, 1, 0);
    check_file("csikit/esp32/example_fast_100hz_pitraffic.csv", 1090, 1089, 0, 1);
    check_file("csikit/esp32/example_fast2_100hz_pitraffic.csv", 1600, 1599, 0, 2);
    check_file("csikit/esp32/example_data.csv", 61, 60, 0, 60);
    check_file("esp32-csi-tool/python_utils/example_csi.csv", 13, 13, 0, 12);
}

#[track_caller]
fn check_golden(key: &str, rssi_dbm: f32, noise_dbm: f32, micros: u32, centre_mhz: u16) {
    let Some(golden) = golden::golden(key) else { return };
    let file = golden["file"].as_str().expect("a path");
    let (frames, _) = golden::decode_shared(file).expect("the file lies beside golden.json");
    let first = &frames[0];
    let values = |range: std::ops::Range<usize>| first.values[range].iter().map(|z| (z.re, z.im)).collect::<Vec<_>>();
    assert_eq!(values(0..5), golden::pairs(&golden["first5_re_odd_im_even"]));
    assert_eq!(values(2..7), golden::pairs(&golden["k2_6"]));
    assert_eq!((first.rssi_dbm, first.noise_dbm), (Some(rssi_dbm), Some(noise_dbm)));
    assert_eq!(first.device_time, Some(DeviceTime::from_micros_u32(micros)));
    assert_eq!(first.channel, Channel { centre_mhz, bandwidth_mhz: 20 });
    assert_eq!(first.host_time, None, "the device's own seconds are no host time");
    let mac = golden["rec0_cols"][2].as_str().expect("a MAC").to_lowercase();
    assert_eq!(first.link.tx.to_string(), mac);
}

#[test]
fn first_records_equal_the_golden_values() {
    check_golden("esp32_csi_tool", -52.0, -98.0, 7_313, 2447);
    check_golden("esp32_csi_tool_384", -77.0, -97.0, 2_504_852, 2437);
}

#[test]
fn the_nulls_of_a_real_40_mhz_setting_lie_where_the_table_says() {
    let Some((frames, _)) = golden::decode_shared("esp32-csi-tool/python_utils/example_csi.csv") else { return };
    for frame in frames {
        assert_eq!(frame.channel, Channel { centre_mhz: 2422, bandwidth_mhz: 40 });
        let power = |k: i16| {
            let at = frame.subcarriers.index.iter().position(|index| *index == k).expect("in the layout");
            frame.values[at].norm_sqr()
        };
        // A legacy packet in the lower half of the pair: 26 subcarriers on each side of its own carrier at -32, which
        // leak into one more at either edge. Nothing else is filled (the first two are the chip's garbage).
        assert!((-62..=-1).all(|k| (power(k) == 0.0) != (-59..=-5).contains(&k)));
        assert!(power(-59) < power(-58) / 4.0 && power(-5) < power(-6) / 4.0);
        assert!(power(-32) < power(-33) / 2.0 && power(-32) < power(-31) / 2.0);
    }
}

#[test]
fn layout_a_is_read_without_a_header() {
    let frame = one_frame(layout_a(PLAIN, 128));
    check_common_fields(&frame);
    assert_eq!((frame.sequence, frame.agc, frame.hardware), (None, None, Hardware::Esp32));
    assert_eq!(frame.subcarriers.invalid, [0, 1], "the tool never says so, the chip always does it");
    assert_eq!(frame.flags, FrameFlags::default());
}

#[test]
fn layout_b_is_read_without_a_header() {
    let frame = one_frame(layout_b(PLAIN, 128));
    check_common_fields(&frame);
    assert_eq!((frame.sequence, frame.agc, frame.hardware), (Some(41), None, Hardware::Esp32));
    assert!(frame.subcarriers.invalid.is_empty());
    assert_eq!(frame.flags, FrameFlags::default());
}

#[test]
fn layout_c_is_read_without_a_header() {
    let frame = one_frame(layout_c(6, 128));
    check_common_fields(&frame);
    assert_eq!((frame.sequence, frame.agc, frame.hardware), (Some(41), Some(5), Hardware::Esp32C6));
    assert_eq!(frame.noise_dbm, Some(-95.0), "161 is -95 printed without a sign");
    assert_eq!(frame.flags, FrameFlags::default(), "its last state column is the packet format");
}

#[test]
fn the_esp_crab_slave_is_read_as_layout_c() {
    let header = "type,id,mac,rssi,rate,noise_floor,fft_gain,agc_gain,channel,local_timestamp,ant,rx_state,len,\
                  first_word,data\n";
    let frame = one_frame(format!("{header}{}", layout_c(6, 128)));
    check_common_fields(&frame);
    assert_eq!(frame.flags, FrameFlags::RX_ERROR, "this header names the column");
}

#[test]
fn layout_d_is_read_without_a_header() {
    let frame = one_frame(layout_d(PLAIN, 128, "81234"));
    check_common_fields(&frame);
    assert_eq!((frame.sequence, frame.agc, frame.hardware), (Some(41), Some(33), Hardware::Esp32));
    assert_eq!(frame.host_time, None, "the log clock is no wall clock");
    let without_gain = layout_d(PLAIN, 128, "81234").replace(",33,-4,", ",");
    check_common_fields(&one_frame(without_gain));
}

#[test]
fn a_header_line_decides_where_columns_lie() {
    let text = format!(
        "I (412) csi_recv: type,len,mac,channel,rssi,local_timestamp,data\nCSI_DATA,128,1a:00:5e:00:53:ff,6,-61,\
         4000000123,\"[{}]\"\n",
        numbers(128, ",")
    );
    let frame = one_frame(text);
    assert_eq!((frame.link.tx, frame.rssi_dbm, frame.noise_dbm), (NodeId::Mac(MAC), Some(-61.0), None));
}

#[test]
fn layouts_may_change_from_line_to_line() {
    let header = "type,role,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,not_sounding,aggregation,stbc,fec_coding,\
                  sgi,noise_floor,ampdu_cnt,channel,secondary_channel,local_timestamp,ant,sig_len,rx_state,\
                  real_time_set,real_timestamp,len,CSI_DATA\n";
    let lines = [layout_b(PLAIN, 128), layout_a(PLAIN, 128), layout_c(6, 114), layout_d(PLAIN, 256, "1")];
    let (frames, tally) = decode(format!("{header}{}", lines.concat()));
    assert_eq!(frames.iter().map(CsiFrame::n_subcarriers).collect::<Vec<_>>(), [64, 64, 57, 128]);
    assert_eq!((tally.n_frames, tally.n_skipped(), tally.n_others()), (4, 0, 1));
}

#[test]
fn an_invalid_first_word_is_marked_and_kept() {
    let frame = one_frame(layout_b(Radio { first_word: 1, ..PLAIN }, 128));
    assert_eq!((frame.flags, frame.subcarriers.invalid.as_slice()), (FrameFlags::FIRST_WORD_INVALID, &[0, 1][..]));
    assert_eq!((frame.values[1].re, frame.values[1].im), (99.0, 1.0));
}

#[test]
fn the_centre_is_that_of_both_halves() {
    let centre = |channel, secondary, bandwidth| {
        let radio = Radio { channel, secondary, bandwidth, sig_mode: bandwidth, ..PLAIN };
        let Channel { centre_mhz, bandwidth_mhz } = one_frame(layout_b(radio, 128)).channel;
        (centre_mhz, bandwidth_mhz)
    };
    assert_eq!(centre(1, 0, 0), (2412, 20));
    assert_eq!(centre(14, 0, 0), (2484, 20));
    assert_eq!(centre(6, 1, 1), (2447, 40));
    assert_eq!(centre(6, 2, 1), (2427, 40));
    assert_eq!(centre(6, 1, 0), (2447, 40), "a 20 MHz packet in a 40 MHz setting keeps its place");
    assert_eq!(centre(36, 0, 0), (5180, 20));
    assert_eq!(centre(0, 0, 0), (0, 20));
    assert_eq!(one_frame(layout_c(36, 234)).channel, Channel { centre_mhz: 5190, bandwidth_mhz: 40 });
    assert_eq!(one_frame(layout_c(153, 234)).channel, Channel { centre_mhz: 5755, bandwidth_mhz: 40 });
}

#[test]
fn host_stamps_are_read_where_a_tool_wrote_them() {
    let stamped = |stamp: &str| one_frame(layout_a(PLAIN, 128).replace(" ]", &format!(" ],{stamp}"))).host_time;
    let expected = Some(Timestamp(1_714_564_800_250_000_000));
    assert_eq!(stamped("1714564800.25"), expected);
    assert_eq!(stamped("1714564800250"), expected);
    assert_eq!(stamped("1714564800250000"), expected);
    assert_eq!(stamped("1714564800250000000"), expected);
    assert_eq!(stamped("2024-05-01 12:00:00.250000"), expected);
    assert_eq!(stamped("17.5"), None, "an uptime is no date");
    assert_eq!(stamped("1714564800250.5"), None, "a fraction belongs to seconds");
    assert_eq!(stamped("soon"), None);
    assert_eq!(one_frame(layout_d(PLAIN, 128, "2024-05-01 12:00:00.250")).host_time, expected);
}

#[test]
fn arrival_goes_before_any_stamp_in_the_line() {
    let context = Context { receiver: NodeId::Source(4), arrival: Some(Timestamp(9)) };
    let line = layout_a(PLAIN, 128).replace(" ]", " ],1714564800.25");
    let Step::Frame { frame, .. } = Esp32Csv::default().step(line.as_bytes(), &context) else { panic!("a frame") };
    assert_eq!((frame.host_time, frame.link.rx), (Some(Timestamp(9)), NodeId::Source(4)));
}

#[track_caller]
fn check_skipped(text: impl AsRef<[u8]>, reason: SkipReason) {
    let (frames, tally) = decode(text.as_ref());
    let expected = Tally { n_bytes: tally.n_bytes, skipped: [(reason, 1)].into(), ..Tally::default() };
    assert_eq!((frames.len(), tally), (0, expected), "{:.90}", String::from_utf8_lossy(text.as_ref()));
}

#[test]
fn bad_lines_are_counted_by_reason() {
    let good = layout_b(PLAIN, 128);
    check_skipped(layout_b(PLAIN, 127), SkipReason::BadValueCount);
    check_skipped(good.replace(&numbers(128, ","), ""), SkipReason::BadValueCount);
    check_skipped(good.replace("[0,", "[zero,"), SkipReason::BadNumber);
    check_skipped(good.replace("[0,", "[0,,"), SkipReason::BadNumber);
    check_skipped(good.replace("[0,", "[40000,"), SkipReason::BadNumber);
    check_skipped(good.replace("[0,", "[0-1,"), SkipReason::BadNumber);
    check_skipped(good.replace("[0,", "[99999999999999999999,"), SkipReason::BadNumber);
    check_skipped(good.replace("-61", "loud"), SkipReason::BadNumber);
    check_skipped(good.replace("-61", ""), SkipReason::BadNumber);
    check_skipped(good.replace("1a:00", "1a:0"), SkipReason::BadHeader);
    check_skipped(good.replace("1a:00", "1a-zz"), SkipReason::BadHeader);
    check_skipped(good.replace("CSI_DATA,41,", "CSI_DATA,"), SkipReason::BadHeader);
    check_skipped(good.replace("CSI_DATA,", &format!("CSI_DATA,{}", ",".repeat(100))), SkipReason::BadHeader);
    check_skipped(good.replace("]\"", ""), SkipReason::BadLine);
    check_skipped(&good[..40], SkipReason::CutTail);
    check_skipped("CSI_DATA,\n", SkipReason::BadLine);
    check_skipped(b"\xff\xfe\x80\x00 noise\n", SkipReason::BadLine);
    check_skipped(b"a\x00", SkipReason::TrailingBytes);
    check_skipped("ab", SkipReason::TrailingBytes);
}

#[test]
fn a_length_that_disagrees_is_flagged() {
    let line = layout_b(PLAIN, 128).replace(",128,0,", ",4294967295,0,");
    assert_eq!(one_frame(line).flags, FrameFlags::LENGTH_MISMATCH);
}

#[test]
fn firmware_that_scales_for_gain_may_exceed_a_byte() {
    assert_eq!(one_frame(layout_b(PLAIN, 128).replace("[0,100", "[-300,260")).values[0].im, -300.0);
}

#[test]
fn an_empty_input_gives_nothing() {
    assert_eq!(decode(""), (Vec::new(), Tally::default()));
    assert_eq!(decode("\r\n\n").1, Tally { n_bytes: 3, ..Tally::default() });
}

#[test]
fn logs_between_and_before_records_do_no_harm() {
    let good = layout_b(PLAIN, 128);
    let text =
        format!("ets Jul 29 2019 12:21:46\r\n\x1b[0;32mI (31) boot: ok\x1b[0m\r\n\nI (9) wifi: {good}{good}\r\n");
    let (frames, tally) = decode(text);
    assert_eq!((frames.len(), tally.n_others(), tally.n_skipped()), (2, 2, 0));
    assert_eq!(tally.others[&Other::TextLine], 2);
}

#[test]
fn a_record_that_is_cut_by_the_next_does_not_take_it_along() {
    let good = layout_b(PLAIN, 128);
    for cut in [12, 60, 120, 300] {
        let (frames, tally) = decode(format!("{}{good}", &good[..cut]));
        assert_eq!((frames.len(), tally.n_skipped()), (1, 1), "cut at {cut}: {tally:?}");
    }
    let (frames, tally) = decode(format!("{}{good}", good.trim_end()));
    assert_eq!((frames.len(), tally.n_skipped()), (2, 0), "only the newline was lost");
}

#[test]
fn an_unterminated_last_line_is_a_frame_when_it_is_whole_and_counted_when_it_is_cut() {
    let good = layout_b(PLAIN, 128);
    one_frame(good.trim_end());
    one_frame(good.trim_end_matches(['\n', '"']));
    check_skipped(&good[..good.len() / 2], SkipReason::CutTail);
}

#[test]
fn a_line_without_end_is_given_up_once() {
    let good = layout_b(PLAIN, 128);
    let text = format!("{}\n{good}", "x".repeat(1_000_000));
    let (frames, tally) = decode(&text);
    assert_eq!((frames.len(), tally.skipped.clone()), (1, [(SkipReason::LengthTooLarge, 1)].into()));
    assert_eq!(decode_in_chunks(Format::Esp32Csv, text.as_bytes(), 4096), (frames, tally));
}

#[test]
fn frames_of_one_layout_share_their_table() {
    let (frames, _) = decode(layout_b(PLAIN, 128).repeat(3));
    assert!(std::sync::Arc::ptr_eq(&frames[0].subcarriers, &frames[2].subcarriers));
    assert_eq!(frames[0].stream(), frames[2].stream());
}

fn mixed_text() -> String {
    let good = layout_b(PLAIN, 128);
    [
        "boot\r\n".to_owned(),
        layout_a(PLAIN, 128),
        good[..200].to_owned(),
        good.replace('\n', "\r\n"),
        layout_c(6, 490),
        "\n".to_owned(),
        layout_b(PLAIN, 127),
        good[..300].to_owned(),
    ]
    .concat()
}

#[test]
fn any_chunking_gives_the_same_frames() {
    let text = mixed_text();
    let whole = decode(&text);
    assert_eq!(whole.0.len(), 3);
    for chunk_len in [1, 2, 7, 100, 479, 4096] {
        assert_eq!(decode_in_chunks(Format::Esp32Csv, text.as_bytes(), chunk_len), whole, "chunks of {chunk_len}");
    }
}

#[test]
fn the_format_is_recognised_by_content() {
    let header = b"type,seq,mac,rssi,rate,noise_floor,fft_gain,agc_gain,channel,local_timestamp,sig_len,len,data\n";
    assert_eq!(looks_like(layout_d(PLAIN, 128, "7").as_bytes()), Likeness::Certain);
    assert_eq!(
        looks_like(format!("rst:0x1 (POWERON)\nI (3) a: {}", layout_a(PLAIN, 128)).as_bytes()),
        Likeness::Certain
    );
    assert_eq!(looks_like(header), Likeness::Certain);
    assert_eq!(looks_like(b"type,colour,price,data\n"), Likeness::No);
    assert_eq!(looks_like(b""), Likeness::No);
    assert_eq!(format::detect(layout_c(6, 128).as_bytes()), Some(Format::Esp32Csv));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_every_step_makes_progress(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        chunk_len in 1_usize..64,
    ) {
        let whole = decode(&bytes);
        prop_assert_eq!(decode_in_chunks(Format::Esp32Csv, &bytes, chunk_len), whole);
    }

    #[test]
    fn damaged_records_do_not_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        chunk_len in 1_usize..64,
    ) {
        let mut bytes = mixed_text().into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let whole = decode(&bytes);
        prop_assert_eq!(decode_in_chunks(Format::Esp32Csv, &bytes, chunk_len), whole);
    }
}
