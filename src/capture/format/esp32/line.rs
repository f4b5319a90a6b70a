//! One `CSI_DATA` record, from its bytes to plain fields and numbers; knows nothing of subcarriers.
//!
//! Written for speed: whole numbers are read from bytes, and nothing is allocated.

use super::columns::{Columns, Family};
use crate::types::{NANOS_PER_SEC, SkipReason, Timestamp};

/// What a record begins with.
pub(super) const MARK: &[u8] = b"CSI_DATA,";

/// More columns than any layout has; a line with more is no record.
const MAX_COLUMNS: usize = 40;

/// The header of one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub family: Family,
    pub mac: [u8; 6],
    pub sequence: Option<u32>,
    pub rssi_dbm: Option<i8>,
    pub noise_dbm: Option<i8>,
    pub agc: Option<u8>,
    pub channel: u16,
    pub device_micros: u32,
    /// How many values the record says it has.
    pub len: i64,
    pub rx_state: i64,
    /// Whether the firmware says that the first four values are garbage; `None` where it has no such column.
    pub first_word_invalid: Option<bool>,
    pub sig_mode: i64,
    pub bandwidth: i64,
    pub stbc: i64,
    pub secondary_channel: i64,
    pub host_time: Option<Timestamp>,
    /// Where the payload ends in the record; a host's stamp, or the next record of a broken line, may follow.
    pub end: usize,
}

/// Where the first record of a line begins.
pub(super) fn find_mark(line: &[u8]) -> Option<usize> {
    if line.starts_with(MARK) { Some(0) } else { memchr::memmem::find(line, MARK) }
}

/// Reads a record that begins with [`MARK`]; its payload goes into `values`, in wire order.
pub(super) fn parse(record: &[u8], header: Option<&Columns>, values: &mut Vec<i16>) -> Result<Fields, SkipReason> {
    let mut cells = Cells { record, ends: [0; MAX_COLUMNS], n: 0 };
    let mut open = None;
    for (at, byte) in record.iter().enumerate() {
        match byte {
            b',' => {
                *cells.ends.get_mut(cells.n).ok_or(SkipReason::BadHeader)? = at;
                cells.n += 1;
            }
            b'[' => {
                open = Some(at);
                break;
            }
            _ => {}
        }
    }
    let Some(open) = open else { return Err(without_list(&cells, header)) };
    let columns = Columns::choose(header, cells.n).ok_or(SkipReason::BadHeader)?;
    let end = open + read_values(&record[open..], values)?;

    let after = record[end..].trim_ascii();
    let after = after.strip_prefix(b"\"").unwrap_or(after);
    let host_time = match after.strip_prefix(b",") {
        Some(stamp) => read_stamp(stamp.trim_ascii()),
        None => columns.timestamp.and_then(|column| read_date(cells.get(column))),
    };
    Ok(Fields {
        family: columns.family,
        mac: read_mac(cells.get(columns.mac)).ok_or(SkipReason::BadHeader)?,
        // Printed with %d: numbers past 2^31 come out negative.
        sequence: columns.sequence.and_then(|column| read_int(cells.get(column))).map(|n| n as u32),
        rssi_dbm: dbm(cells.int(columns.rssi)?),
        noise_dbm: cells.maybe_int(columns.noise_floor)?.and_then(dbm),
        agc: cells.maybe_int(columns.agc_gain)?.and_then(|gain| u8::try_from(gain).ok()),
        channel: u16::try_from(cells.int(columns.channel)?).unwrap_or(0),
        device_micros: cells.int(columns.local_timestamp)? as u32,
        len: cells.int(columns.len)?,
        rx_state: cells.maybe_int(columns.rx_state)?.unwrap_or(0),
        first_word_invalid: cells.maybe_int(columns.first_word)?.map(|flag| flag != 0),
        sig_mode: cells.maybe_int(columns.sig_mode)?.unwrap_or(0),
        bandwidth: cells.maybe_int(columns.bandwidth)?.unwrap_or(0),
        stbc: cells.maybe_int(columns.stbc)?.unwrap_or(0),
        secondary_channel: cells.maybe_int(columns.secondary_channel)?.unwrap_or(0),
        host_time,
        end,
    })
}

/// The columns before the payload, by the commas that end them.
struct Cells<'a> {
    record: &'a [u8],
    ends: [usize; MAX_COLUMNS],
    n: usize,
}

impl<'a> Cells<'a> {
    fn get(&self, column: usize) -> &'a [u8] {
        let start = match column.checked_sub(1) {
            Some(before) => self.ends.get(before).map_or(0, |end| end + 1),
            None => 0,
        };
        let end = self.ends.get(column).copied().unwrap_or(0);
        self.record.get(start..end).unwrap_or_default()
    }

    fn int(&self, column: usize) -> Result<i64, SkipReason> {
        read_int(self.get(column)).ok_or(SkipReason::BadNumber)
    }

    fn maybe_int(&self, column: Option<usize>) -> Result<Option<i64>, SkipReason> {
        column.map(|column| self.int(column)).transpose()
    }
}

/// Why a record without a list of numbers cannot be read: some builds of the vendor's tool print base64, in an order
/// that we have never seen; else the line was cut.
fn without_list(cells: &Cells, header: Option<&Columns>) -> SkipReason {
    let start = cells.n.checked_sub(1).and_then(|last| cells.ends.get(last)).map_or(0, |end| end + 1);
    let payload = cells.record.get(start..).unwrap_or_default().trim_ascii();
    let payload = payload.strip_prefix(b"\"").unwrap_or(payload);
    let payload = payload.strip_suffix(b"\"").unwrap_or(payload);
    let is_base64 = payload.len() >= 64
        && payload.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    if is_base64 && Columns::choose(header, cells.n).is_some() {
        SkipReason::UnknownLayout
    } else {
        SkipReason::BadLine
    }
}

/// Reads `[1,-2 …]` and says where it ends. Spaces, commas or both separate; anything else is a damaged line.
///
/// Numbers may exceed a byte: firmware with gain compensation prints scaled values.
fn read_values(list: &[u8], values: &mut Vec<i16>) -> Result<usize, SkipReason> {
    values.clear();
    let mut at = 1; // past the bracket
    loop {
        let mut byte = *list.get(at).ok_or(SkipReason::BadLine)?;
        while byte == b' ' {
            at += 1;
            byte = *list.get(at).ok_or(SkipReason::BadLine)?;
        }
        if byte == b']' {
            return Ok(at + 1);
        }
        let is_negative = byte == b'-';
        if is_negative {
            at += 1;
        }
        let first_digit = at;
        let mut magnitude = 0_i32;
        while let Some(digit) = list.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            magnitude = (magnitude * 10 + i32::from(digit)).min(1 << 20);
            at += 1;
        }
        let separator = *list.get(at).ok_or(SkipReason::BadLine)?;
        if at == first_digit || !matches!(separator, b' ' | b',' | b']') {
            return Err(SkipReason::BadNumber);
        }
        let value = if is_negative { -magnitude } else { magnitude };
        values.push(i16::try_from(value).map_err(|_| SkipReason::BadNumber)?);
        if separator == b',' {
            at += 1;
        }
    }
}

fn read_int(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let (is_negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    Some(if is_negative { -value } else { value })
}

fn read_mac(text: &[u8]) -> Option<[u8; 6]> {
    let text = text.trim_ascii();
    if text.len() != 17 {
        return None;
    }
    let mut mac = [0; 6];
    for (octet, digits) in mac.iter_mut().zip(text.chunks(3)) {
        let (&[high, low], rest) = digits.split_first_chunk::<2>()?;
        if !matches!(rest, [] | [b':'] | [b'-']) {
            return None;
        }
        let value = char::from(high).to_digit(16)? * 16 + char::from(low).to_digit(16)?;
        *octet = u8::try_from(value).ok()?;
    }
    Some(mac)
}

/// A signed byte of the radio; some firmware prints it unsigned (161 for -95). `None` outside a byte.
fn dbm(value: i64) -> Option<i8> {
    match value {
        -128..=127 => i8::try_from(value).ok(),
        128..=255 => i8::try_from(value - 256).ok(),
        _ => None,
    }
}

/// The largest number that is taken for seconds since 1970: the year 5138.
const MAX_SECS: i64 = 99_999_999_999;

/// A host's stamp after the payload: seconds, milli-, micro- or nanoseconds since 1970, or a date.
/// `None` when it can be no date, so that an uptime is never taken for one.
fn read_stamp(text: &[u8]) -> Option<Timestamp> {
    let Some(dot) = text.iter().position(|byte| *byte == b'.') else {
        let Some(number) = read_int(text) else { return read_date(text) };
        // 10^11 ms is the year 1973; the finer units follow in the same steps.
        let nanos_per_unit = match number {
            ..=MAX_SECS => NANOS_PER_SEC,
            100_000_000_000..=99_999_999_999_999 => 1_000_000,
            100_000_000_000_000..=99_999_999_999_999_999 => 1_000,
            _ => 1,
        };
        return wall_clock(Timestamp(number.saturating_mul(nanos_per_unit)));
    };
    let (Some(secs), Some(fraction)) = (read_int(&text[..dot]), text.get(dot + 1..)) else { return read_date(text) };
    if secs > MAX_SECS {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(9)];
    let digits = u32::try_from(fraction.len()).ok()?;
    let nanos = if fraction.is_empty() { 0 } else { read_int(fraction)? * 10_i64.pow(9 - digits) };
    wall_clock(Timestamp(secs.saturating_mul(NANOS_PER_SEC)).plus_nanos(nanos))
}

/// `2024-05-01 12:00:00.25`. Without a zone on the wire it is read as UTC: differences are right, the hour may not be.
fn read_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let date: jiff::civil::DateTime = text.trim_matches('"').parse().ok()?;
    let stamp = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    wall_clock(Timestamp(i64::try_from(stamp.as_nanosecond()).ok()?))
}

fn wall_clock(stamp: Timestamp) -> Option<Timestamp> {
    Some(stamp).filter(|stamp| stamp.is_wall_clock())
}
