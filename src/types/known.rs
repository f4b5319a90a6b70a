//! What the user knows of the person, and how people write a height or a weight.

use serde::{Deserialize, Serialize};

/// Every figure that is given helps the fit, and none is overruled silently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    /// Stature, metres.
    pub height_m: Option<f64>,
    pub weight_kg: Option<f64>,
    pub sex: Option<Sex>,
    pub age_years: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
}

/// Statures that the fit takes (`body::fit`): small newborns to the tallest people alive, rounded outwards.
const HEIGHT_RANGE_M: (f64, f64) = (0.4, 2.6);
/// Weights that the fit takes, rounded outwards likewise.
const WEIGHT_RANGE_KG: (f64, f64) = (2.0, 400.0);
const METRES_PER_INCH: f64 = 0.0254;
const KG_PER_POUND: f64 = 0.453_592_37;

/// Reads a stature: `1.78`, `1.78 m`, `178`, `178 cm`, `5'11"`, `5 ft 11 in`, `70 in`. Metres.
///
/// A bare number up to 3 is taken for metres, one from 30 on for centimetres; between them it is asked for.
pub fn parse_height_m(text: &str) -> Result<f64, String> {
    let text = text.trim().to_lowercase().replace(',', ".").replace(['’', '′'], "'").replace(['”', '″'], "\"");
    let help = "write the height as 1.78 m, 178 cm or 5'11\"";
    let height_m = if let Some((feet, inches)) = text.split_once('\'').or_else(|| text.split_once("ft")) {
        let inches = inches.trim().trim_end_matches('"').trim_end_matches("in").trim();
        let feet = number(feet).ok_or_else(|| format!("not a height — {help}"))?;
        let inches = if inches.is_empty() { Some(0.0) } else { number(inches) };
        let inches = inches.filter(|inches| *inches < 12.0).ok_or_else(|| format!("not a height — {help}"))?;
        (feet * 12.0 + inches) * METRES_PER_INCH
    } else if let Some(inches) = text.strip_suffix("in").or_else(|| text.strip_suffix('"')) {
        number(inches).ok_or_else(|| format!("not a height — {help}"))? * METRES_PER_INCH
    } else if let Some(cm) = text.strip_suffix("cm") {
        number(cm).ok_or_else(|| format!("not a height — {help}"))? / 100.0
    } else if let Some(m) = text.strip_suffix('m') {
        number(m).ok_or_else(|| format!("not a height — {help}"))?
    } else {
        match number(&text).ok_or_else(|| format!("not a height — {help}"))? {
            m if m <= 3.0 => m,
            cm if cm >= 30.0 => cm / 100.0,
            feet => return Err(format!("is {feet} in feet? — {help}")),
        }
    };
    check_height_m(height_m)
}

/// The same height, or a sentence that says why nobody is that tall.
pub fn check_height_m(height_m: f64) -> Result<f64, String> {
    let (low, high) = HEIGHT_RANGE_M;
    if (low..=high).contains(&height_m) {
        Ok(height_m)
    } else {
        Err(format!("a height of {height_m:.2} m is outside {low} to {high} m — check the figure and its unit"))
    }
}

/// Reads a weight: `72`, `72 kg`, `158 lb`. Kilograms.
pub fn parse_weight_kg(text: &str) -> Result<f64, String> {
    let text = text.trim().to_lowercase().replace(',', ".");
    let pounds = text.strip_suffix("lbs").or_else(|| text.strip_suffix("lb"));
    let value = match pounds {
        Some(pounds) => number(pounds).map(|pounds| pounds * KG_PER_POUND),
        None => number(text.strip_suffix("kg").unwrap_or(&text)),
    };
    let kg = value.ok_or("not a weight — write it as 72 kg or 158 lb")?;
    check_weight_kg(kg)
}

/// The same weight, or a sentence that says why nobody is that heavy.
pub fn check_weight_kg(kg: f64) -> Result<f64, String> {
    let (low, high) = WEIGHT_RANGE_KG;
    if (low..=high).contains(&kg) {
        Ok(kg)
    } else {
        Err(format!("a weight of {kg:.0} kg is outside {low} to {high} kg — check the figure and its unit"))
    }
}

/// Reads an age in years, 0 to 120.
pub fn parse_age_years(text: &str) -> Result<f64, String> {
    let years = number(&text.trim().to_lowercase().replace(',', ".")).ok_or("not an age — write it in years, as 34")?;
    if (0.0..=120.0).contains(&years) { Ok(years) } else { Err("an age is 0 to 120 years — check the figure".into()) }
}

/// Reads a sex as people abbreviate it.
pub fn parse_sex(text: &str) -> Result<Sex, String> {
    match text.trim().to_lowercase().as_str() {
        "f" | "female" | "w" | "woman" => Ok(Sex::Female),
        "m" | "male" | "man" => Ok(Sex::Male),
        _ => Err("write f or m; leave it out when it is not known".into()),
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_height(text: &str, expected: Option<f64>) {
        match (parse_height_m(text), expected) {
            (Ok(height_m), Some(expected)) => assert!((height_m - expected).abs() < 5e-4, "{text}: {height_m}"),
            (Err(_), None) => {}
            (result, expected) => panic!("{text}: {result:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn heights_are_read_as_people_write_them() {
        check_height("1.78", Some(1.78));
        check_height("1,78 m", Some(1.78));
        check_height("178", Some(1.78));
        check_height("178cm", Some(1.78));
        check_height("5'11\"", Some(1.8034));
        check_height("5’11", Some(1.8034));
        check_height("5 ft 11 in", Some(1.8034));
        check_height("6'", Some(1.8288));
        check_height("70 in", Some(1.778));
        check_height("5.9", None);
        check_height("17.8", None);
        check_height("5'13\"", None);
        check_height("3.4 m", None);
        check_height("0", None);
        check_height("-1.7", None);
        check_height("NaN", None);
        check_height("tall", None);
        check_height("", None);
    }

    #[test]
    fn weights_and_ages_are_read_with_their_limits() {
        assert_eq!(parse_weight_kg("72 kg"), Ok(72.0));
        assert!((parse_weight_kg("158 lb").unwrap() - 71.67).abs() < 0.01);
        assert!(parse_weight_kg("7200").is_err());
        assert_eq!(parse_age_years("34"), Ok(34.0));
        assert!(parse_age_years("340").is_err());
    }
}
