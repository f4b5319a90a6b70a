//! Numbers as people read them: with their unit, with no more digits than the data carries, and "no data" for nothing.

use crate::types::{Span, Timestamp};

pub const NO_DATA: &str = "no data";

pub fn rate(hz: Option<f32>) -> String {
    match hz {
        Some(hz) if hz >= 100.0 => format!("{hz:.0} Hz"),
        Some(hz) => format!("{hz:.1} Hz"),
        None => NO_DATA.to_owned(),
    }
}

pub fn percent(share: Option<f32>) -> String {
    match share {
        Some(share) if share > 0.0 && share < 0.001 => "<0.1 %".to_owned(),
        Some(share) => format!("{:.1} %", share * 100.0),
        None => NO_DATA.to_owned(),
    }
}

pub fn latency(secs: Option<f32>) -> String {
    match secs {
        Some(secs) if secs >= 1.0 => format!("{secs:.1} s"),
        Some(secs) => format!("{:.0} ms", secs * 1e3),
        None => NO_DATA.to_owned(),
    }
}

/// A large count with thin groups of three.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.2} GB", n as f64 / 1e9),
    }
}

/// `0:07`, `12:34`, `1:02:03`; whole seconds.
pub fn duration(secs: f64) -> String {
    let secs = secs.max(0.0) as u64;
    let (h, m, s) = (secs / 3600, secs / 60 % 60, secs % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// As [`duration`], with tenths.
pub fn position(secs: f64) -> String {
    let sign = if secs < -0.05 { "−" } else { "" };
    let tenths = (secs.abs() * 10.0).round() as u64;
    let (m, s, t) = (tenths / 600, tenths / 10 % 60, tenths % 10);
    format!("{sign}{m}:{s:02}.{t}")
}

/// How long ago, for "last seen".
pub fn age(secs: f64) -> String {
    if secs < 0.95 {
        "now".to_owned()
    } else if secs < 60.0 {
        format!("{secs:.0} s ago")
    } else {
        format!("{} ago", duration(secs))
    }
}

/// Date and time for wall-clock stamps (UTC), elapsed time for others.
pub fn stamp(t: Timestamp, origin: Option<Span>) -> String {
    if !t.is_wall_clock() {
        return position(t.secs_since(origin.map_or(Timestamp::ZERO, |span| span.start)));
    }
    match jiff::Timestamp::from_nanosecond(i128::from(t.0)) {
        Ok(stamp) => stamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => NO_DATA.to_owned(),
    }
}

/// A tick label with just the decimals that tell it from the next tick.
pub fn tick(v: f32, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{v:.decimals$}").replace('-', "−");
    // A rounded small negative number is no "−0".
    if text.trim_start_matches('−').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('−').to_owned()
    } else {
        text
    }
}

/// A value of a plot with about three digits.
pub fn value(v: f32) -> String {
    let size = v.abs();
    let text = match size {
        _ if !v.is_finite() => return NO_DATA.to_owned(),
        _ if size >= 100.0 => format!("{v:.0}"),
        _ if size >= 10.0 => format!("{v:.1}"),
        _ if size >= 0.01 || size == 0.0 => format!("{v:.2}"),
        _ => format!("{v:.1e}"),
    };
    text.replace('-', "−")
}
