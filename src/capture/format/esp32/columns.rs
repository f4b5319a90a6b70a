//! Which column of an ESP32 CSV line holds what: told by a header line, else by the number of columns.

use std::sync::LazyLock;

/// ESP32-CSI-Tool (layout A).
const TOOL: &[u8] =
    b"type,role,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,not_sounding,aggregation,stbc,fec_coding,\
sgi,noise_floor,ampdu_cnt,channel,secondary_channel,local_timestamp,ant,sig_len,rx_state,real_time_set,real_timestamp,\
len,data";
/// esp-csi `csi_recv` and `csi_recv_router` on the classic chips (layout B).
const CLASSIC: &[u8] = b"type,id,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,not_sounding,aggregation,stbc,\
fec_coding,sgi,noise_floor,ampdu_cnt,channel,secondary_channel,local_timestamp,ant,sig_len,rx_state,len,first_word,\
data";
/// esp-csi on C5, C6 and C61 and the esp-crab master (layout C). The esp-crab slave has `ant` where this has `sig_len`,
/// which is not read. Newer firmware prints the packet format, not the reception state, in the column after it.
const NEWER: &[u8] = b"type,seq,mac,rssi,rate,noise_floor,fft_gain,agc_gain,channel,local_timestamp,sig_len,rx_format,\
len,first_word,data";
/// esp-csi `console_test` and its `esp_csi_tool` (layout D); "taget" is their spelling.
const CONSOLE: &[u8] = b"type,sequence,timestamp,taget_seq,taget,mac,rssi,rate,sig_mode,mcs,bandwidth,smoothing,\
not_sounding,aggregation,stbc,fec_coding,sgi,noise_floor,ampdu_cnt,channel,secondary_channel,local_timestamp,ant,\
sig_len,rx_state,agc_gain,fft_gain,len,first_word,data";
/// Layout D before the gain columns were added.
const CONSOLE_WITHOUT_GAIN: &[u8] = b"type,sequence,timestamp,taget_seq,taget,mac,rssi,rate,sig_mode,mcs,bandwidth,\
smoothing,not_sounding,aggregation,stbc,fec_coding,sgi,noise_floor,ampdu_cnt,channel,secondary_channel,\
local_timestamp,ant,sig_len,rx_state,len,first_word,data";

static KNOWN: LazyLock<Vec<Columns>> = LazyLock::new(|| {
    [TOOL, CLASSIC, NEWER, CONSOLE, CONSOLE_WITHOUT_GAIN].into_iter().filter_map(Columns::from_header).collect()
});

/// Which radio generation prints the line; it decides the order of subcarriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// ESP32, S2, S3, C3.
    Classic,
    /// C5, C6, C61.
    Newer,
}

/// Column numbers by meaning, counted from the column that says `CSI_DATA`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    /// Columns before the payload.
    pub n: usize,
    pub family: Family,
    pub mac: usize,
    pub rssi: usize,
    pub channel: usize,
    pub local_timestamp: usize,
    pub len: usize,
    pub sequence: Option<usize>,
    /// Milliseconds of the device's log clock on the wire; a date in files that the vendor's tool saved.
    pub timestamp: Option<usize>,
    pub noise_floor: Option<usize>,
    pub agc_gain: Option<usize>,
    pub rx_state: Option<usize>,
    pub first_word: Option<usize>,
    pub sig_mode: Option<usize>,
    pub bandwidth: Option<usize>,
    pub stbc: Option<usize>,
    pub secondary_channel: Option<usize>,
}

impl Columns {
    /// Reads a header line; `None` when the line is none or lacks a column without which there is no frame.
    pub(super) fn from_header(line: &[u8]) -> Option<Self> {
        // A log prefix may stand before the header as it may before a record.
        let start = memchr::memmem::find(line, b"type,")?;
        let names: Vec<&[u8]> = line[start..].split(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect();
        let n = names.iter().position(|name| matches!(*name, b"data" | b"CSI_DATA"))?;
        let names = &names[..n];
        let find = |wanted: &[&[u8]]| names.iter().position(|name| wanted.contains(name));
        let sig_mode = find(&[b"sig_mode"]);
        Some(Self {
            n,
            family: if sig_mode.is_some() { Family::Classic } else { Family::Newer },
            mac: find(&[b"mac"])?,
            rssi: find(&[b"rssi"])?,
            channel: find(&[b"channel", b"channel_primary"])?,
            local_timestamp: find(&[b"local_timestamp"])?,
            len: find(&[b"len"])?,
            sequence: find(&[b"seq", b"id", b"sequence"]),
            timestamp: find(&[b"timestamp"]),
            noise_floor: find(&[b"noise_floor"]),
            agc_gain: find(&[b"agc_gain"]),
            rx_state: find(&[b"rx_state"]),
            first_word: find(&[b"first_word", b"first_word_invalid"]),
            sig_mode,
            bandwidth: find(&[b"bandwidth", b"cwb"]),
            stbc: find(&[b"stbc"]),
            secondary_channel: find(&[b"secondary_channel", b"channel_secondary"]),
        })
    }

    /// The columns of a line with `n` of them before the payload: those of the last header where they fit,
    /// for one stream may carry the lines of several firmwares.
    pub(super) fn choose(header: Option<&Self>, n: usize) -> Option<&Self> {
        header.filter(|columns| columns.n == n).or_else(|| KNOWN.iter().find(|columns| columns.n == n))
    }
}
