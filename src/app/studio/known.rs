//! What people type for height, weight and age, in the units they think in; figures that no person has are refused with a sentence.
//!
//! Pure.

/// What the fit takes (`body::fit`): newborns measure about half a metre, the tallest people alive 2.5 m.
const HEIGHT_M: (f64, f64) = (0.4, 2.6);
/// What the fit takes.
const WEIGHT_KG: (f64, f64) = (2.0, 400.0);
/// The oldest person on record lived 122 years (Jeanne Calment).
const AGE_YEARS: (f64, f64) = (0.0, 123.0);
/// Body mass indices outside of this are more often a slip of the finger than a person.
const USUAL_BMI: (f64, f64) = (11.0, 60.0);

const FOOT_M: f64 = 0.304_8;
const INCH_M: f64 = 0.025_4;
const POUND_KG: f64 = 0.453_592_37;
const STONE_KG: f64 = 14.0 * POUND_KG;

/// Metres from `1.78`, `1.78 m`, `178`, `178 cm`, `1 m 78`, `5'11"`, `5 ft 11 in` or `71 in`; `Ok(None)` for nothing.
pub fn height_m(text: &str) -> Result<Option<f64>, String> {
    let Some(parts) = parts(text) else {
        return Err("Write the height like 1.78 m, 178 cm or 5'11\"".to_owned());
    };
    let metres = match parts.as_slice() {
        [] => return Ok(None),
        [(value, unit)] => match unit.as_str() {
            "m" | "metre" | "metres" | "meter" | "meters" => *value,
            "cm" | "centimetres" | "centimeters" => value / 100.0,
            "mm" => value / 1000.0,
            "'" | "ft" | "foot" | "feet" => value * FOOT_M,
            "\"" | "''" | "in" | "inch" | "inches" => value * INCH_M,
            "" if *value < 3.0 => *value,
            "" if *value < 9.0 => {
                let (feet, inches) = (value.trunc(), ((value.fract() * 10.0).round()).min(11.0));
                return Err(format!(
                    "Is {value} feet? Write {feet:.0}'{inches:.0}\" for feet and inches, or metres such as 1.78 m"
                ));
            }
            "" => value / 100.0,
            _ => return Err("Write the height like 1.78 m, 178 cm or 5'11\"".to_owned()),
        },
        [(feet, unit), (inches, rest)] if matches!(unit.as_str(), "'" | "ft" | "foot" | "feet") => {
            if !matches!(rest.as_str(), "" | "\"" | "''" | "in" | "inch" | "inches") || *inches >= 12.0 {
                return Err("Write feet and inches like 5'11\"".to_owned());
            }
            feet * FOOT_M + inches * INCH_M
        }
        [(metres, unit), (centimetres, rest)] if unit == "m" && matches!(rest.as_str(), "" | "cm") => {
            metres + centimetres / 100.0
        }
        _ => return Err("Write the height like 1.78 m, 178 cm or 5'11\"".to_owned()),
    };
    if metres < HEIGHT_M.0 {
        return Err(format!("{metres:.2} m is shorter than a newborn child: check the number and its unit"));
    }
    if metres > HEIGHT_M.1 {
        return Err(format!("{metres:.2} m is taller than anybody alive: check the number and its unit"));
    }
    Ok(Some(metres))
}

/// Kilograms from `72`, `72 kg`, `160 lb` or `11 st 4`; `Ok(None)` for nothing.
pub fn weight_kg(text: &str) -> Result<Option<f64>, String> {
    const HOW: &str = "Write the weight like 72 kg, 160 lb or 11 st 4";
    let Some(parts) = parts(text) else { return Err(HOW.to_owned()) };
    let kilograms = match parts.as_slice() {
        [] => return Ok(None),
        [(value, unit)] => match unit.as_str() {
            "" | "kg" | "kilo" | "kilos" => *value,
            "g" => value / 1000.0,
            "lb" | "lbs" | "pound" | "pounds" => value * POUND_KG,
            "st" | "stone" => value * STONE_KG,
            _ => return Err(HOW.to_owned()),
        },
        [(stones, unit), (pounds, rest)]
            if matches!(unit.as_str(), "st" | "stone") && matches!(rest.as_str(), "" | "lb" | "lbs") =>
        {
            stones * STONE_KG + pounds * POUND_KG
        }
        _ => return Err(HOW.to_owned()),
    };
    if kilograms < WEIGHT_KG.0 {
        return Err(format!("{kilograms:.1} kg is lighter than the body model goes: check the number and its unit"));
    }
    if kilograms > WEIGHT_KG.1 {
        return Err(format!("{kilograms:.0} kg is heavier than the body model goes: check the number and its unit"));
    }
    Ok(Some(kilograms))
}

/// Years from `34`, `34 years` or `18 months`; `Ok(None)` for nothing.
pub fn age_years(text: &str) -> Result<Option<f64>, String> {
    const HOW: &str = "Write the age in years, such as 34, or 18 months";
    let Some(parts) = parts(text) else { return Err(HOW.to_owned()) };
    let years = match parts.as_slice() {
        [] => return Ok(None),
        [(value, unit)] => match unit.as_str() {
            "" | "y" | "year" | "years" => *value,
            "m" | "month" | "months" => value / 12.0,
            _ => return Err(HOW.to_owned()),
        },
        _ => return Err(HOW.to_owned()),
    };
    if years >= AGE_YEARS.0 && years < AGE_YEARS.1 {
        Ok(Some(years))
    } else {
        Err(format!("Nobody on record has lived {years:.0} years: check the age"))
    }
}

/// What is odd about height and weight together, though each is possible.
pub fn oddity(height_m: Option<f64>, weight_kg: Option<f64>) -> Option<String> {
    let bmi = weight_kg? / height_m?.powi(2);
    // Small children have other proportions.
    (height_m? > 1.2 && !(USUAL_BMI.0..=USUAL_BMI.1).contains(&bmi))
        .then(|| format!("Height and weight together give a body mass index of {bmi:.0}: check both"))
}

/// Numbers with the unit after each, in small letters; `None` where no number begins.
fn parts(text: &str) -> Option<Vec<(f64, String)>> {
    let text = text.trim().to_lowercase();
    let text: String = text
        .chars()
        .map(|c| match c {
            ',' => '.',
            '′' | '’' | '‘' | '`' => '\'',
            '″' | '”' | '“' => '"',
            other => other,
        })
        .collect();
    let mut rest = text.as_str();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let value: f64 = rest[..number_end].parse().ok()?;
        rest = &rest[number_end..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit: String = rest[..unit_end].chars().filter(|c| !c.is_whitespace()).collect();
        parts.push((value, unit));
        rest = &rest[unit_end..];
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_read_in_the_units_people_think_in() {
        for (text, metres) in [
            ("1.78", 1.78),
            ("1,78 m", 1.78),
            ("178", 1.78),
            ("178 cm", 1.78),
            ("1m78", 1.78),
            ("5'11\"", 1.8034),
            ("5′ 11″", 1.8034),
            ("5'11", 1.8034),
            ("5 ft 11 in", 1.8034),
            ("6 feet", 1.8288),
            ("71 in", 1.8034),
            ("0.5", 0.5),
        ] {
            let read = height_m(text).ok().flatten();
            assert!(read.is_some_and(|read| (read - metres).abs() < 1e-6), "{text}: {read:?}");
        }
        assert_eq!(height_m("  "), Ok(None));
    }

    #[test]
    fn figures_that_nobody_has_are_refused_with_a_sentence() {
        for (answer, words) in [
            (height_m("5.9"), "Is 5.9 feet? Write 5'9\""),
            (height_m("17.8"), "shorter than a newborn"),
            (height_m("17.8 m"), "taller than anybody alive"),
            (height_m("1780"), "taller than anybody alive"),
            (height_m("tall"), "like 1.78 m, 178 cm or 5'11\""),
            (height_m("5'13\""), "5'11\""),
            (height_m("1.2.3"), "like 1.78 m"),
            (height_m("-3"), "like 1.78 m"),
            (weight_kg("0.2"), "lighter than the body model"),
            (weight_kg("900 kg"), "heavier than the body model"),
            (age_years("240"), "240 years"),
            (age_years("old"), "such as 34"),
        ] {
            assert!(answer.as_ref().is_err_and(|said| said.contains(words)), "{words}: {answer:?}");
        }
        assert!(oddity(Some(1.78), Some(720.0)).is_some() && oddity(Some(1.78), Some(72.0)).is_none());
    }

    #[test]
    fn weights_and_ages_are_read_too() {
        for (read, expected) in [
            (weight_kg("72"), 72.0),
            (weight_kg("160 lb"), 72.574_779_2),
            (weight_kg("11 st 4"), 71.667_594_46),
            (age_years("34"), 34.0),
            (age_years("18 months"), 1.5),
        ] {
            assert!(read.clone().is_ok_and(|read| read.is_some_and(|read| (read - expected).abs() < 1e-6)), "{read:?}");
        }
    }
}
