//! What radios do to a channel before anybody sees it, and what their clocks say.

use super::dice::{Dice, Purpose};
use super::scene::{Scene, StaticChannel, turn};
use super::{SimulatorSpec, scene::Link};
use crate::types::{Complex32, DeviceTime};

/// Where the strongest tone of the empty room lies on the converter's scale of 127 at usual gain.
const USUAL_PEAK: f32 = 52.0;
/// Gain steps that the automatic control takes, dB around the usual gain.
const GAIN_STEPS_DB: [i8; 4] = [0, -3, 2, 5];
/// Standard deviation of the delay slope, radians over the whole band: sampling starts a little early or late.
const SLOPE_RAD: f32 = 1.5;
/// Power of the transmitter less the loss of the first metre at 5.2 GHz, dBm.
const RSSI_AT_1_M_DBM: f32 = 15.0 - 46.7;

/// One link's hardware.
pub(super) struct Radio {
    /// One per receive antenna.
    pub(super) channels: Vec<StaticChannel>,
    chain_phase: Vec<Complex32>,
    snr_db: f32,
    noise: f32,
    usual_gain: f32,
    gain_period_secs: f64,
    gain_offset_secs: f64,
    link_idx: u64,
    seed: u64,
}

/// What the radio reports beside the channel.
pub(super) struct Report {
    pub(super) rssi_dbm: f32,
    pub(super) noise_dbm: f32,
    pub(super) agc: u8,
    pub(super) saturated: bool,
}

impl Radio {
    pub(super) fn new(spec: &SimulatorSpec, scene: &Scene, link_idx: usize, link: Link) -> Self {
        let mut dice = Dice::new(spec.seed, Purpose::Link, link_idx as u64, 0);
        let from = scene.transmitters[link.tx];
        let channels: Vec<_> = scene.receivers[link.rx].iter().map(|&to| scene.static_channel(from, to)).collect();
        let whole = |channel: &StaticChannel| -> Vec<Complex32> {
            channel.direct.iter().zip(&channel.echoes).map(|(direct, echoes)| direct + echoes).collect()
        };
        let peak = channels.iter().flat_map(whole).map(Complex32::norm).fold(f32::MIN_POSITIVE, f32::max);
        let power = channels.iter().map(|channel| scene.mean_power(whole(channel).into_iter())).sum::<f32>()
            / channels.len().max(1) as f32;
        let snr_db = dice.between(20.0, 25.0);
        Self {
            chain_phase: channels.iter().map(|_| turn(f64::from(dice.unit()))).collect(),
            snr_db,
            noise: (power / 10f32.powf(snr_db / 10.0) / 2.0).sqrt(),
            usual_gain: USUAL_PEAK / peak,
            gain_period_secs: f64::from(dice.between(6.0, 14.0)),
            gain_offset_secs: f64::from(dice.between(0.0, 14.0)),
            link_idx: link_idx as u64,
            seed: spec.seed,
            channels,
        }
    }

    /// Turns the true channel of one packet into what the radio reports, in place. `values` is `[rx][tone]`.
    pub(super) fn receive(
        &self,
        values: &mut [Complex32],
        scene: &Scene,
        ideal: bool,
        secs: f64,
        dice: &mut Dice,
    ) -> Report {
        let n_tones = scene.live.len();
        let n_live = scene.live.iter().filter(|live| **live).count() * self.channels.len();
        for chain in values.chunks_exact_mut(n_tones) {
            for (value, live) in chain.iter_mut().zip(&scene.live) {
                if !live {
                    *value = Complex32::ZERO;
                }
            }
        }
        let power = values.iter().map(Complex32::norm_sqr).sum::<f32>() / n_live.max(1) as f32;
        let rssi_dbm = RSSI_AT_1_M_DBM + 10.0 * power.max(1e-12).log10();
        let step_db = if ideal { 0 } else { self.gain_step_db(secs) };
        let gain = self.usual_gain * 10f32.powf(f32::from(step_db) / 20.0);

        let mut saturated = false;
        if ideal {
            values.iter_mut().for_each(|value| *value *= gain);
        } else {
            let common = turn(f64::from(dice.unit()));
            let slope = f64::from(SLOPE_RAD * dice.normal()) / std::f64::consts::TAU;
            let per_tone = turn(slope / n_tones as f64);
            for (chain, phase) in values.chunks_exact_mut(n_tones).zip(&self.chain_phase) {
                let mut turned = common * phase * turn(-slope / 2.0);
                for (value, live) in chain.iter_mut().zip(&scene.live) {
                    if *live {
                        let noise = Complex32::new(dice.normal(), dice.normal()) * self.noise;
                        let exact = (*value * turned + noise) * gain;
                        *value = Complex32::new(exact.re.round(), exact.im.round());
                        if value.re.abs() > 127.0 || value.im.abs() > 127.0 {
                            saturated = true;
                            *value = Complex32::new(value.re.clamp(-128.0, 127.0), value.im.clamp(-128.0, 127.0));
                        }
                    }
                    turned *= per_tone;
                }
            }
        }
        Report {
            rssi_dbm: rssi_dbm.round(),
            noise_dbm: (rssi_dbm - self.snr_db).round(),
            agc: (30 + step_db) as u8,
            saturated,
        }
    }

    fn gain_step_db(&self, secs: f64) -> i8 {
        let period = ((secs + self.gain_offset_secs) / self.gain_period_secs).floor() as i64;
        let mut dice = Dice::new(self.seed, Purpose::Gain, self.link_idx, period as u64);
        GAIN_STEPS_DB[(dice.unit() * GAIN_STEPS_DB.len() as f32) as usize % GAIN_STEPS_DB.len()]
    }
}

/// A receiver's 32-bit microsecond counter.
pub(super) struct DeviceClock {
    offset_micros: f64,
    pub(super) drift_ppm: f32,
    reset_secs: Option<f64>,
}

impl DeviceClock {
    pub(super) fn new(spec: &SimulatorSpec, receiver_idx: usize) -> Self {
        let mut dice = Dice::new(spec.seed, Purpose::Clock, receiver_idx as u64, 0);
        Self {
            offset_micros: f64::from(dice.unit()) * f64::from(u32::MAX),
            drift_ppm: dice.between(-spec.max_drift_ppm, spec.max_drift_ppm),
            reset_secs: spec.faults.clock_reset_secs.filter(|_| receiver_idx == 0).map(f64::from),
        }
    }

    pub(super) fn read(&self, secs: f64) -> DeviceTime {
        let micros_per_sec = 1e6 + f64::from(self.drift_ppm);
        let micros = match self.reset_secs {
            Some(reset) if secs >= reset => (secs - reset) * micros_per_sec,
            _ => self.offset_micros + secs * micros_per_sec,
        };
        DeviceTime::from_micros_u32((micros as u64 & u64::from(u32::MAX)) as u32)
    }
}
