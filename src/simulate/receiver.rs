//! What radios do to a channel before anybody sees it, and what their clocks say.

use super::dice::{Dice, Purpose};
use super::grid::{RadioFormat, Tones};
use super::ladder::{Ladder, turn};
use super::scene::{Scene, StaticChannel};
use super::{SimulatorSpec, scene::Link};
use crate::types::{Complex32, DeviceTime};

/// Gain steps that the automatic control takes, dB around the usual gain.
const GAIN_STEPS_DB: [i8; 4] = [0, -3, 2, 5];
/// What a transmitter sends with, dBm: a usual setting of access points and of the ESP32.
const TRANSMIT_DBM: f32 = 15.0;
/// Thermal noise at room temperature, and what a receiver adds to it.
const THERMAL_DBM_PER_HZ: f32 = -174.0;
const NOISE_FIGURE_DB: f32 = 6.0;
/// Ripple of the filters over the band: amplitude share and phase, radians.
const RIPPLE: f32 = 0.12;

/// One link's hardware.
pub(super) struct Radio {
    /// Static channels, `[format][rx]`.
    pub(super) channels: Vec<Vec<StaticChannel>>,
    /// What each chain's filter does to each value, `[format][rx][value]`; the chain's phase is in it.
    filters: Vec<Vec<Vec<Complex32>>>,
    snr_db: f32,
    /// Standard deviation of the noise per part, in units of the channel, by format.
    noise: Vec<f32>,
    usual_gain: Vec<f32>,
    /// What a channel of amplitude one is received with, dBm, by format.
    unit_dbm: Vec<f32>,
    gain_period_secs: f64,
    gain_offset_secs: f64,
    link_idx: u64,
    seed: u64,
}

/// What the radio reports beside the channel.
pub(super) struct Report {
    pub(super) rssi_dbm: f32,
    pub(super) chain_dbm: [f32; 3],
    pub(super) noise_dbm: f32,
    pub(super) agc: u8,
    pub(super) saturated: bool,
}

impl Radio {
    pub(super) fn new(spec: &SimulatorSpec, scene: &Scene, link_idx: usize, link: Link) -> Self {
        let mut dice = Dice::new(spec.seed, Purpose::Link, link_idx as u64, 0);
        let from = scene.transmitters[link.tx];
        let snr_db = dice.between(spec.snr_db[0], spec.snr_db[1]);
        let mut radio = Self {
            channels: Vec::new(),
            filters: Vec::new(),
            snr_db,
            noise: Vec::new(),
            usual_gain: Vec::new(),
            unit_dbm: Vec::new(),
            gain_period_secs: f64::from(dice.between(6.0, 14.0)),
            gain_offset_secs: f64::from(dice.between(0.0, 14.0)),
            link_idx: link_idx as u64,
            seed: spec.seed,
        };
        // Chains are the receiver's, whichever transmitter it hears.
        let mut dice = Dice::new(spec.seed, Purpose::Chains, link.rx as u64, 0);
        let shapes: Vec<[f32; 4]> =
            scene.receivers[link.rx].iter().map(|_| std::array::from_fn(|_| dice.unit())).collect();
        for tones in &scene.tones {
            let channels: Vec<_> =
                scene.receivers[link.rx].iter().map(|&to| scene.static_channel(tones, from, to)).collect();
            let whole: Vec<Ladder> = channels.iter().map(StaticChannel::whole).collect();
            let parts = whole.iter().flat_map(|ladder| ladder.values(tones));
            let peak = parts.map(Complex32::norm).fold(f32::MIN_POSITIVE, f32::max);
            let n = channels.len().max(1) as f32;
            let power = whole.iter().map(|ladder| ladder.mean_power(tones)).sum::<f32>() / n;
            // Friis: a wave of wavelength λ loses (λ / 4π d)², of which 1 / d is in the channel.
            let unit_dbm = TRANSMIT_DBM + 20.0 * (tones.wavelength_m() / (4.0 * std::f32::consts::PI)).log10();
            let bandwidth_hz = f32::from(tones.channel.bandwidth_mhz) * 1e6;
            let thermal_dbm = THERMAL_DBM_PER_HZ + 10.0 * bandwidth_hz.log10() + NOISE_FIGURE_DB;
            let thermal = 10f32.powf((thermal_dbm - unit_dbm) / 10.0);
            radio.noise.push(((power / 10f32.powf(snr_db / 10.0) + thermal) / 2.0).sqrt());
            radio.usual_gain.push(tones.format.scale().1 / peak);
            radio.unit_dbm.push(unit_dbm);
            radio.filters.push(shapes.iter().map(|shape| filter(tones, shape)).collect());
            radio.channels.push(channels);
        }
        radio
    }

    /// Turns the true channel of one packet, one ladder per antenna, into what the radio reports: values `[rx][tone]`.
    pub(super) fn receive(
        &self,
        ladders: &[Ladder],
        tones: &Tones,
        format_idx: usize,
        ideal: bool,
        secs: f64,
        dice: &mut Dice,
    ) -> (Vec<Complex32>, Report) {
        // The scene has as many formats as the radio was made for.
        let (noise, usual_gain, unit_dbm) =
            (self.noise[format_idx], self.usual_gain[format_idx], self.unit_dbm[format_idx]);
        let mut chain_dbm = [f32::NEG_INFINITY; 3];
        let mut power = 0.0;
        for (ladder, chain_dbm) in ladders.iter().zip(&mut chain_dbm) {
            let own = ladder.mean_power(tones);
            power += own;
            *chain_dbm = unit_dbm + 10.0 * own.max(1e-20).log10();
        }
        let rssi_dbm = unit_dbm + 10.0 * (power / ladders.len().max(1) as f32).max(1e-20).log10();
        let step_db = if ideal { 0 } else { self.gain_step_db(secs) };
        let gain = usual_gain * 10f32.powf(f32::from(step_db) / 20.0);
        let mut values = Vec::with_capacity(ladders.len() * tones.rungs.len());
        let mut saturated = false;
        if ideal {
            values.extend(ladders.iter().flat_map(|ladder| ladder.values(tones)).map(|value| value * gain));
        } else {
            let limit = tones.format.scale().0;
            let common = turn(f64::from(dice.unit()));
            let wobble = Wobble::of(tones.format);
            let slope = wobble.delay_secs * f64::from(dice.normal());
            let gain = gain * 10f32.powf(wobble.level_db * dice.normal() / 20.0);
            let turns = slopes(tones, slope, common);
            for (ladder, filter) in ladders.iter().zip(&self.filters[format_idx]) {
                let chain = ladder.values(tones).zip(&tones.rungs).zip(filter);
                values.extend(chain.map(|((value, rung), filter)| {
                    let Some(turned) = rung.and_then(|rung| turns.get(usize::from(rung))) else {
                        return Complex32::ZERO;
                    };
                    let noise = Complex32::new(dice.normal(), dice.normal()) * noise;
                    let exact = (value * turned * filter + noise) * gain;
                    let whole = Complex32::new(exact.re.round(), exact.im.round());
                    if whole.re.abs() > limit || whole.im.abs() > limit {
                        saturated = true;
                    }
                    Complex32::new(whole.re.clamp(-limit - 1.0, limit), whole.im.clamp(-limit - 1.0, limit))
                }));
            }
        }
        let report = Report {
            rssi_dbm: rssi_dbm.round(),
            chain_dbm: chain_dbm.map(f32::round),
            noise_dbm: (rssi_dbm - self.snr_db).round(),
            agc: (30 + step_db) as u8,
            saturated,
        };
        (values, report)
    }

    fn gain_step_db(&self, secs: f64) -> i8 {
        let period = ((secs + self.gain_offset_secs) / self.gain_period_secs).floor() as i64;
        let mut dice = Dice::new(self.seed, Purpose::Gain, self.link_idx, period as u64);
        GAIN_STEPS_DB[(dice.unit() * GAIN_STEPS_DB.len() as f32) as usize % GAIN_STEPS_DB.len()]
    }
}

/// What differs from packet to packet though the air does not.
#[derive(Clone, Copy)]
struct Wobble {
    /// Standard deviation of when sampling starts.
    delay_secs: f64,
    /// Standard deviation of the level.
    level_db: f32,
}

impl Wobble {
    /// Measured on real records by fitting phase, delay and gain of every packet to the mean channel of one antenna:
    /// Intel 5300 15 ns and 0.3 dB (`csikit-history/intel/brushteeth_159716*.dat`); ESP32 1.0 to 1.6 ns and 1.0 to 1.7 dB,
    /// with locked gain 0.2 dB (`csikit/esp32/*100hz*.csv`, `espectre/baseline`); Nexmon 65 to 71 ns and 0.1 to 0.3 dB
    /// (`fition/raw/nm_*`). In all of them the common phase is uniform. Others were not measured: between those.
    fn of(format: RadioFormat) -> Self {
        let (delay_secs, level_db) = match format {
            // 1.5 radians over 40 MHz.
            RadioFormat::Plain => (6e-9, 0.0),
            RadioFormat::Esp32Legacy | RadioFormat::Esp32Ht20 | RadioFormat::Esp32C6 => (1.3e-9, 1.2),
            RadioFormat::Intel5300Ht20 | RadioFormat::Intel5300Ht40 => (15e-9, 0.3),
            RadioFormat::Nexmon20 | RadioFormat::Nexmon40 | RadioFormat::Nexmon80 => (68e-9, 0.2),
            _ => (15e-9, 0.3),
        };
        Self { delay_secs, level_db }
    }
}

/// A chain's phase and the gentle waves of its filters over the band.
fn filter(tones: &Tones, shape: &[f32; 4]) -> Vec<Complex32> {
    let plain = tones.format == RadioFormat::Plain;
    let chain = turn(f64::from(shape[0]));
    let ripple = if plain { 0.0 } else { RIPPLE };
    let wave = |place: f32, offset: f32, waves: f32| ((place * waves + offset) * std::f32::consts::TAU).sin();
    tones
        .rungs
        .iter()
        .map(|rung| {
            let place = rung.and_then(|rung| tones.places.get(usize::from(rung))).copied().unwrap_or(0.0);
            let size = 1.0 + ripple * wave(place, shape[1], 0.5 + 0.5 * shape[3]);
            let phase = ripple * wave(place, shape[2], 0.6);
            chain * Complex32::from_polar(size, phase)
        })
        .collect()
}

/// The turn of every rung under a delay in cycles per hertz and a common phase.
fn slopes(tones: &Tones, cycles_per_hz: f64, common: Complex32) -> Vec<Complex32> {
    let hz_per_rung = tones.rung_per_m * super::grid::LIGHT_M_PER_S;
    let first_hz = tones.first_per_m * super::grid::LIGHT_M_PER_S;
    let step = turn(cycles_per_hz * hz_per_rung);
    let mut value = common * turn(cycles_per_hz * first_hz);
    (0..tones.n_padded)
        .map(|_| {
            let present = value;
            value *= step;
            present
        })
        .collect()
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
