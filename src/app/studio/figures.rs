//! Measurements as people read them: in their unit, with their spread, and with no more digits than the spread supports.
//!
//! Pure.

use serde::{Deserialize, Serialize};

use crate::types::{Measurement, MeasurementKind, MeasurementUnit};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Units {
    #[default]
    Centimetres,
    Inches,
}

/// How many inches, pounds are in a metre, a kilogram (exact by definition: 0.0254 m, 0.45359237 kg).
const INCHES_PER_M: f64 = 1.0 / 0.025_4;
const POUNDS_PER_KG: f64 = 1.0 / 0.453_592_37;

/// What a figure of this unit is multiplied by for the screen, and the unit's sign there.
fn on_screen(unit: MeasurementUnit, units: Units) -> (f64, &'static str) {
    match (unit, units) {
        (MeasurementUnit::Metres, Units::Centimetres) => (100.0, "cm"),
        (MeasurementUnit::Metres, Units::Inches) => (INCHES_PER_M, "in"),
        (MeasurementUnit::CubicMetres, _) => (1000.0, "L"),
        (MeasurementUnit::Kilograms, Units::Centimetres) => (1.0, "kg"),
        (MeasurementUnit::Kilograms, Units::Inches) => (POUNDS_PER_KG, "lb"),
        (MeasurementUnit::KilogramsPerSquareMetre, _) => (1.0, "kg/m²"),
    }
}

/// Tenths at most: a tape says no more. Whole units once the spread is two of them.
fn decimals(sigma: Option<f64>) -> usize {
    if sigma.is_some_and(|sigma| sigma >= 2.0) { 0 } else { 1 }
}

/// `84.2 cm ± 1.1`; without the spread where none is known.
pub fn measurement(figure: &Measurement, units: Units) -> String {
    value(figure.kind.unit(), figure.value, figure.sigma, units)
}

pub fn value(unit: MeasurementUnit, value: f64, sigma: Option<f64>, units: Units) -> String {
    let (factor, sign) = on_screen(unit, units);
    let (value, sigma) = (value * factor, sigma.map(|sigma| sigma * factor).filter(|sigma| sigma.is_finite()));
    if !value.is_finite() {
        return crate::app::format::NO_DATA.to_owned();
    }
    let decimals = decimals(sigma);
    let text = format!("{value:.decimals$} {sign}");
    match sigma {
        // A spread that rounds to nothing is still one.
        Some(sigma) => format!("{text} ± {:.decimals$}", sigma.max(0.1)),
        None => text,
    }
}

/// `+1.3 cm`, `−0.4 cm`.
pub fn difference(kind: MeasurementKind, difference: f64, sigma: Option<f64>, units: Units) -> String {
    let (factor, sign) = on_screen(kind.unit(), units);
    let difference = difference * factor;
    if !difference.is_finite() {
        return crate::app::format::NO_DATA.to_owned();
    }
    let decimals = decimals(sigma.map(|sigma| sigma * factor));
    let text = format!("{:.decimals$}", difference.abs());
    let zero = text.chars().all(|c| c == '0' || c == '.');
    let direction = if zero {
        ""
    } else if difference < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{direction}{text} {sign}")
}

/// `7.3 mm`; whole millimetres from ten on.
pub fn millimetres(metres: f32) -> String {
    let mm = metres * 1000.0;
    if !mm.is_finite() {
        return crate::app::format::NO_DATA.to_owned();
    }
    let whole = mm.abs() >= 9.95 || mm == 0.0;
    let text = if whole { format!("{:.0}", mm.abs()) } else { format!("{:.1}", mm.abs()) };
    let sign = if mm < 0.0 { "−" } else { "" };
    format!("{sign}{text} mm")
}

/// A round figure at or above `value`, for the end of a colour scale.
pub fn round_up(value: f32) -> f32 {
    if !(value > 0.0 && value.is_finite()) {
        return 0.001;
    }
    let decade = 10f32.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * decade).find(|round| *round >= value * 0.999).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Evidence;

    #[track_caller]
    fn check(kind: MeasurementKind, value: f64, sigma: Option<f64>, units: Units, expected: &str) {
        assert_eq!(measurement(&Measurement { kind, value, sigma, evidence: Evidence::Photo }, units), expected);
    }

    #[test]
    fn figures_carry_their_unit_and_spread_and_no_more_digits() {
        use MeasurementKind::{BodyMassIndex, Height, Mass, Volume, Waist};
        let (cm, inches) = (Units::Centimetres, Units::Inches);
        check(Waist, 0.842, Some(0.011), cm, "84.2 cm ± 1.1");
        check(Waist, 0.842, Some(0.034), cm, "84 cm ± 3");
        check(Waist, 0.842, Some(0.0), cm, "84.2 cm ± 0.1");
        check(Waist, 0.842, None, cm, "84.2 cm");
        check(Waist, 0.842, Some(0.011), inches, "33.1 in ± 0.4");
        check(Height, f64::NAN, None, cm, "no data");
        check(Mass, 72.34, Some(2.6), cm, "72 kg ± 3");
        check(Mass, 72.34, Some(0.6), inches, "159.5 lb ± 1.3");
        check(Volume, 0.071_25, Some(0.000_4), cm, "71.2 L ± 0.4");
        check(BodyMassIndex, 23.14, Some(0.5), inches, "23.1 kg/m² ± 0.5");
        assert_eq!(difference(Waist, -0.013, None, cm), "−1.3 cm");
        assert_eq!(difference(Waist, 0.0001, None, cm), "0.0 cm");
        assert_eq!(millimetres(-0.0123), "−12 mm");
        assert_eq!((round_up(0.0071), round_up(0.02), round_up(0.0)), (0.008, 0.02, 0.001));
    }
}
