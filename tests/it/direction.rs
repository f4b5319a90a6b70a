//! Whether a recording tells approach from retreat: movers whose truth is known, and what has no direction.

use corporeal::signal::direction::{Direction, DirectionEvidence, DirectionMeter};
use corporeal::types::{Complex32, Timestamp};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

const RATE_HZ: f64 = 100.0;
const N_BINS: usize = 20;

/// Ten minutes of two chains on which something moves at about 8 Hz, now this way, now that; `mix` makes the channel of its turn.
fn evidence(noise: f32, mix: impl Fn(Complex32, &mut SmallRng) -> Complex32) -> Option<DirectionEvidence> {
    let mut rng = SmallRng::seed_from_u64(3);
    let mut meter = DirectionMeter::new(RATE_HZ, 2);
    let (mut phase, mut hz) = (0.0f64, 8.0);
    for i in 0..60_000 {
        if i % 150 == 0 {
            hz = rng.random_range(5.0..12.0) * if rng.random::<bool>() { 1.0 } else { -1.0 };
        }
        phase = (phase + hz / RATE_HZ).fract();
        let turn = Complex32::cis((phase * std::f64::consts::TAU) as f32);
        let row: Vec<Complex32> = (0..2 * N_BINS)
            .map(|column| {
                let own = Complex32::cis(0.3 * column as f32);
                let blur = Complex32::new(rng.random_range(-noise..noise), rng.random_range(-noise..noise));
                own * (1.0 + 0.1 * mix(turn, &mut rng) + blur)
            })
            .collect();
        meter.push(Timestamp::from_secs_f64(f64::from(i) / RATE_HZ), &row);
    }
    meter.evidence()
}

#[test]
fn a_mover_with_phase_has_a_direction() {
    let found = evidence(0.02, |turn, _| turn).expect("it moves");
    assert_eq!(found.direction(), Direction::Shown, "{found:?}");
    assert!(found.side_db > 6.0 && found.agreement.0 > 0.8, "{found:?}");
    assert!(found.persistence.is_some_and(|p| p > 0.2), "a direction is kept for 1.5 s: {found:?}");
}

#[test]
fn amplitudes_alone_have_none() {
    let found = evidence(0.02, |turn, _| Complex32::new(turn.re, 0.0)).expect("it moves");
    assert_eq!(found.direction(), Direction::NotShown, "{found:?}");
    assert!(found.side_db < 2.0, "{found:?}");
}

#[test]
fn phases_that_carry_nothing_have_none() {
    let found =
        evidence(0.02, |turn, rng| Complex32::new(turn.re, turn.im * if rng.random::<bool>() { 1.0 } else { -1.0 }));
    assert!(found.is_none_or(|found| found.direction() == Direction::NotShown), "{found:?}");
}

#[test]
fn where_nothing_moves_nothing_is_said() {
    assert_eq!(evidence(0.02, |_, _| Complex32::ZERO), None);
}
