//! Device clocks to host time: one [`ClockAligner`] per receiver puts its frames on the axis that all share.
//!
//! A device's counter is even but starts anywhere, runs a little wrong, wraps and is reset; the host's clock is shared
//! but sees frames late by a varying time, and is set now and then. The result takes the evenness of the one and the
//! axis of the other. Nothing is made up: without a device clock it is the host's time, without a host time the
//! device's elapsed time from zero, and frames whose stamps stand still share one time and are counted.

mod envelope;

use crate::types::{ClockHealth, CsiFrame, DeviceTime, Timestamp};
use envelope::Envelope;

/// Device and host may disagree by this much about the time between two frames before one of them has been set.
/// Longer than a busy computer keeps a frame waiting, shorter than any reboot.
const JUMP_NANOS: i64 = 500_000_000;
/// Allowance for a slow or fast device clock over long silences. Crystals keep within 100 ppm.
const JUMP_PPM: i64 = 200;
/// Frames may come out of order by this much; further back is a reset.
const REORDER_NANOS: i64 = 50_000_000;
/// Without a host time, a counter that falls is taken for wrapped when this or less went by, else for reset.
const MAX_SILENT_WRAP_NANOS: i64 = 60_000_000_000;
/// A device stamp that repeats for longer than this on the host's clock is stuck.
const STUCK_NANOS: i64 = 20_000_000;
/// Corrections are worked in over time, at most this share of it, so that intervals stay true to 2 %.
const SLEW_DIVISOR: i64 = 50;
/// Corrections larger than this are made at once.
const MAX_SLEW_NANOS: i64 = 50_000_000;

/// Aligns the frames of one receiver, in the order of their arrival. Constant work per frame.
///
/// Times ascend strictly as long as any stamp moves. They never lie after the arrival, and before it by the fitted
/// delay. When the host's clock is set back, the axis goes on as if it had not been; when it is set forward, the axis
/// follows within some seconds.
#[derive(Clone, Debug, Default)]
pub struct ClockAligner {
    envelope: Option<Envelope>,
    last_device: Option<DeviceTime>,
    last_host: Option<Timestamp>,
    last_output: Option<Timestamp>,
    /// When the frame with the last device stamp arrived, its first one if the stamp repeats; host's axis.
    device_arrival: Option<Timestamp>,
    /// Device time without wraps and resets, nanoseconds since the first frame.
    elapsed: i64,
    /// A step as between frames that follow each other: of device time or, without one, of host time.
    usual_step: i64,
    /// Added to host stamps, because the host's clock was set back.
    host_shift: i64,
    /// What is added to `elapsed`; follows the envelope slowly.
    offset: i64,
    health: ClockHealth,
}

/// What a frame's device stamp says about the time since the frame before.
enum DeviceStep {
    Advance(i64),
    /// Stamped before its predecessor by a little.
    Back(i64),
    Still,
    Reset,
}

impl ClockAligner {
    pub fn align_frame(&mut self, frame: &CsiFrame) -> Timestamp {
        self.align(frame.device_time, frame.host_time)
    }

    /// The frame's time on the host's axis.
    pub fn align(&mut self, device: Option<DeviceTime>, host: Option<Timestamp>) -> Timestamp {
        let stands_still = device == self.last_device && host == self.last_host;
        if let (true, Some(last)) = (stands_still, self.last_output) {
            self.health.n_repeats += 1;
            return last;
        }
        let host_step = host.zip(self.last_host).map(|(now, before)| now.since(before));
        let host_fell = host_step.is_some_and(|step| step < 0);
        if host_fell {
            self.health.n_host_steps_back += 1;
        }
        let output = match device {
            Some(stamp) => self.by_device(stamp, host, host_step),
            None => self.by_host(host, host_step),
        };
        let output = self.last_output.map_or(output, |last| output.max(last.plus_nanos(1)));
        self.last_output = Some(output);
        self.last_device = device.or(self.last_device);
        self.last_host = host.or(self.last_host);
        output
    }

    /// Offset, drift and jitter as fitted so far, and counts since the beginning.
    pub fn health(&self) -> ClockHealth {
        let fitted = self.envelope.as_ref();
        ClockHealth {
            drift_ppm: fitted.and_then(Envelope::drift_ppm),
            jitter_nanos: fitted.map_or(0, Envelope::jitter_nanos),
            ..self.health
        }
    }

    fn by_host(&mut self, host: Option<Timestamp>, host_step: Option<i64>) -> Timestamp {
        let Some(host) = host else {
            return self.last_output.unwrap_or(Timestamp::ZERO);
        };
        match host_step {
            Some(step) if step < -JUMP_NANOS => {
                self.host_shift = self.host_shift.saturating_add(self.usual_step.saturating_sub(step));
            }
            Some(step) if step > 0 => {
                // Host steps are uneven: their running mean over some eight frames.
                self.usual_step += (step.min(JUMP_NANOS) - self.usual_step) / 8;
            }
            _ => {}
        }
        host.plus_nanos(self.host_shift)
    }

    fn by_device(&mut self, stamp: DeviceTime, host: Option<Timestamp>, host_step: Option<i64>) -> Timestamp {
        let host_fell = host_step.is_some_and(|step| step < 0);
        let arrival = host.map(|host| host.plus_nanos(self.host_shift));
        // The host's clock says nothing about a stretch in which it was set back.
        let waited = arrival.zip(self.device_arrival).filter(|_| !host_fell).map(|(now, then)| now.since(then));
        let mut restarts = false;
        let mut step = 0;
        if let Some(before) = self.last_device {
            match self.device_step(before, stamp, waited.filter(|waited| *waited >= 0)) {
                DeviceStep::Advance(nanos) => {
                    step = nanos;
                    self.usual_step = nanos.min(JUMP_NANOS);
                }
                DeviceStep::Back(nanos) => step = -nanos,
                DeviceStep::Still => {
                    // A stuck clock is as good as none.
                    if waited.is_some_and(|waited| waited > STUCK_NANOS) {
                        return self.by_host(host, host_step);
                    }
                }
                DeviceStep::Reset => {
                    self.health.n_resets += 1;
                    step = waited.filter(|waited| *waited >= 0).unwrap_or(self.usual_step);
                    restarts = true;
                }
            }
        }
        self.elapsed = self.elapsed.saturating_add(step);
        let elapsed = self.elapsed;
        let is_new = self.last_device != Some(stamp);
        let Some(host) = host else {
            self.device_arrival = self.device_arrival.filter(|_| !is_new);
            return Timestamp(elapsed).plus_nanos(self.offset);
        };
        let mut arrival = host.plus_nanos(self.host_shift);
        let seen = arrival.since(Timestamp(elapsed));
        let envelope = self.envelope.get_or_insert_with(|| {
            self.offset = seen;
            Envelope::new(elapsed, seen)
        });
        let fitted = envelope.offset_at(elapsed);
        if host_fell && seen < fitted.saturating_sub(JUMP_NANOS) {
            // The device went on as ever, so its time tells by how much the host's clock was set.
            let usual = fitted.saturating_add(envelope.usual_delay_nanos());
            self.host_shift = self.host_shift.saturating_add(usual.saturating_sub(seen));
            arrival = host.plus_nanos(self.host_shift);
            restarts = true;
        }
        if is_new {
            self.device_arrival = Some(arrival);
        }
        let seen = arrival.since(Timestamp(elapsed));
        if restarts {
            envelope.restart(elapsed, seen.saturating_sub(envelope.usual_delay_nanos()));
        } else {
            envelope.add(elapsed, seen);
        }
        let wanted = envelope.offset_at(elapsed);
        let error = wanted.saturating_sub(self.offset);
        let most = step.max(0) / SLEW_DIVISOR;
        self.offset = if error.saturating_abs() > MAX_SLEW_NANOS {
            wanted
        } else {
            self.offset.saturating_add(error.clamp(-most, most))
        };
        let output = Timestamp(elapsed).plus_nanos(self.offset).min(arrival);
        self.health.offset_nanos = output.0.saturating_sub(i64::try_from(stamp.nanos).unwrap_or(i64::MAX));
        output
    }

    /// Tells wraps from resets, by the host's clock where there is one.
    fn device_step(&mut self, before: DeviceTime, now: DeviceTime, host_step: Option<i64>) -> DeviceStep {
        let plain = i128::from(now.nanos) - i128::from(before.nanos);
        if plain == 0 && host_step.is_none_or(|step| step < JUMP_NANOS) {
            return DeviceStep::Still;
        }
        let period = now.wraps_at_nanos.filter(|period| *period > now.nanos.max(before.nanos)).map(i128::from);
        let Some(host_step) = host_step else {
            let wrapped = period.map(|period| plain + period);
            return match wrapped {
                _ if plain >= 0 => advance(plain),
                _ if plain >= -i128::from(REORDER_NANOS) => DeviceStep::Back(-plain as i64),
                Some(wrapped) if wrapped <= i128::from(MAX_SILENT_WRAP_NANOS) => {
                    self.health.n_wraps += 1;
                    advance(wrapped)
                }
                _ => DeviceStep::Reset,
            };
        };
        let tolerance = i128::from(JUMP_NANOS + host_step / 1_000_000 * JUMP_PPM);
        let host_step = i128::from(host_step);
        if let Some(period) = period {
            // Silences may be longer than the counter's period.
            let n_wraps = (host_step - plain + period / 2).div_euclid(period).max(0);
            let wrapped = plain + n_wraps * period;
            if n_wraps > 0 && (wrapped - host_step).abs() <= tolerance {
                self.health.n_wraps = self.health.n_wraps.saturating_add(n_wraps.try_into().unwrap_or(u32::MAX));
                return advance(wrapped);
            }
        }
        match plain {
            0 => DeviceStep::Still,
            _ if plain < -i128::from(REORDER_NANOS) => DeviceStep::Reset,
            _ if plain < 0 => DeviceStep::Back(-plain as i64),
            // The device claims more time than the host saw: it was set. Less time is a late arrival, or the host's
            // clock was set forward, which shows only when it lasts.
            _ if plain > host_step + tolerance => DeviceStep::Reset,
            _ => advance(plain),
        }
    }
}

fn advance(nanos: i128) -> DeviceStep {
    i64::try_from(nanos).map_or(DeviceStep::Reset, DeviceStep::Advance)
}
