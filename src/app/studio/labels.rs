//! The model's 254 local changes in people's words: which part of the body, what of it, and which side.
//!
//! The model's own labels follow MakeHuman's targets, e.g. `l-lowerarm-scale-depth-incr` or `measure-neck-circ-incr`. Pure.

/// Parts of the body, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Torso,
    Chest,
    Belly,
    Arms,
    Legs,
    Feet,
    Neck,
    Head,
    Eyes,
    Nose,
    Mouth,
    Cheeks,
    Ears,
}

impl Part {
    pub const ALL: [Self; 13] = [
        Self::Torso,
        Self::Chest,
        Self::Belly,
        Self::Arms,
        Self::Legs,
        Self::Feet,
        Self::Neck,
        Self::Head,
        Self::Eyes,
        Self::Nose,
        Self::Mouth,
        Self::Cheeks,
        Self::Ears,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Torso => "Torso and shoulders",
            Self::Chest => "Chest",
            Self::Belly => "Belly, waist and hips",
            Self::Arms => "Arms and hands",
            Self::Legs => "Legs",
            Self::Feet => "Feet",
            Self::Neck => "Neck",
            Self::Head => "Head and forehead",
            Self::Eyes => "Eyes and eyebrows",
            Self::Nose => "Nose",
            Self::Mouth => "Mouth and chin",
            Self::Cheeks => "Cheeks",
            Self::Ears => "Ears",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// One local change as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Place in the model's list.
    pub index: u16,
    pub part: Part,
    pub side: Option<Side>,
    /// Without the side, e.g. "Lower arm depth".
    pub name: String,
    /// The place of the same change on the other side.
    pub twin: Option<u16>,
}

impl Change {
    /// With the side, e.g. "Left lower arm depth".
    pub fn full_name(&self) -> String {
        let side = match self.side {
            Some(Side::Left) => "Left ",
            Some(Side::Right) => "Right ",
            None => return self.name.clone(),
        };
        format!("{side}{}", lower_first(&self.name))
    }
}

/// All changes by part, then by name, left before right.
pub fn changes(labels: &[String]) -> Vec<Change> {
    let mut changes: Vec<Change> =
        labels.iter().enumerate().map(|(index, label)| change(index as u16, label)).collect();
    let twins: Vec<Option<u16>> = labels
        .iter()
        .map(|label| {
            let other = match label.split_at_checked(2)? {
                ("l-", rest) => format!("r-{rest}"),
                ("r-", rest) => format!("l-{rest}"),
                _ => return None,
            };
            labels.iter().position(|label| *label == other).map(|index| index as u16)
        })
        .collect();
    for change in &mut changes {
        change.twin = twins[usize::from(change.index)];
    }
    changes.sort_by(|a, b| {
        let key = |c: &Change| (c.part, c.side == Some(Side::Right));
        key(a).0.cmp(&key(b).0).then_with(|| a.name.cmp(&b.name)).then(key(a).1.cmp(&key(b).1))
    });
    changes
}

fn change(index: u16, label: &str) -> Change {
    let (side, base) = match label.split_at_checked(2) {
        Some(("l-", rest)) => (Some(Side::Left), rest),
        Some(("r-", rest)) => (Some(Side::Right), rest),
        _ => (None, label),
    };
    let base = base.strip_prefix("measure-").unwrap_or(base);
    let base = base.strip_suffix("-incr").unwrap_or(base);
    Change { index, part: part(base), side, name: name(base), twin: None }
}

fn part(base: &str) -> Part {
    match base.split('-').next().unwrap_or(base) {
        "upperarm" | "lowerarm" | "hand" | "wrist" => Part::Arms,
        "upperleg" | "upperlegs" | "lowerleg" | "lowerlegs" | "leg" | "calf" | "knee" | "thigh" => Part::Legs,
        "foot" | "ankle" => Part::Feet,
        "breast" | "bust" | "underbust" | "frontchest" => Part::Chest,
        "hip" | "hips" | "buttocks" | "stomach" | "pelvis" | "bulge" | "waist" | "waisttohip" => Part::Belly,
        "neck" => Part::Neck,
        "head" | "forehead" => Part::Head,
        "eye" | "eyebrows" => Part::Eyes,
        "nose" => Part::Nose,
        "mouth" | "chin" => Part::Mouth,
        "cheek" => Part::Cheeks,
        "ear" => Part::Ears,
        _ => Part::Torso,
    }
}

fn name(base: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for token in base.split('-') {
        let word = match token {
            "upperarm" => "upper arm",
            "lowerarm" => "lower arm",
            "upperleg" => "upper leg",
            "upperlegs" => "upper legs",
            "lowerleg" => "lower leg",
            "lowerlegs" => "lower legs",
            "frontchest" => "front chest",
            "underbust" => "under bust",
            "napetowaist" => "nape to waist",
            "waisttohip" => "waist to hip",
            "cupidsbow" => "cupid's bow",
            "lowerlip" => "lower lip",
            "upperlip" => "upper lip",
            "eyefold" => "eye fold",
            "vshape" => "V shape",
            "septumangle" => "septum angle",
            "bulge" => "crotch bulge",
            "circ" => "girth",
            "dist" => "distance",
            "horiz" => "width",
            "vert" if matches!(part(base), Part::Head | Part::Nose | Part::Mouth | Part::Ears | Part::Neck) => "height",
            "vert" => "length",
            "depth" => "depth",
            // "scale-depth" is a depth.
            "scale" if base.ends_with("scale") => "size",
            "scale" => continue,
            "trans" => "position",
            "rot" => "turn",
            "ext" => "outer end",
            "incr" | "uncompress" => continue,
            other => other,
        };
        words.push(word);
    }
    upper_first(&words.join(" "))
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_words_and_find_their_twin() {
        let labels: Vec<String> = [
            "r-lowerarm-scale-depth-incr",
            "l-lowerarm-scale-depth-incr",
            "measure-waist-circ-incr",
            "nose-trans-up",
            "torso-vshape-incr",
            "l-foot-scale-incr",
        ]
        .map(ToOwned::to_owned)
        .to_vec();
        let listed: Vec<_> = changes(&labels).into_iter().map(|c| (c.part, c.full_name(), c.index, c.twin)).collect();
        let expected = [
            (Part::Torso, "Torso V shape", 4, None),
            (Part::Belly, "Waist girth", 2, None),
            (Part::Arms, "Left lower arm depth", 1, Some(0)),
            (Part::Arms, "Right lower arm depth", 0, Some(1)),
            (Part::Feet, "Left foot size", 5, None),
            (Part::Nose, "Nose position up", 3, None),
        ];
        assert_eq!(listed, expected.map(|(part, name, index, twin)| (part, name.to_owned(), index, twin)));
    }
}
