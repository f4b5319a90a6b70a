//! `models.toml`: for every weight file what it is, where it comes from, what it may be used for and what it scored.
//!
//! Text in, checked entries out. No file is opened here.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::Role;
use super::tensor::Port;

/// What the numbers of a depth model mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthConvention {
    /// Inverse depth up to scale and shift, larger is nearer: MiDaS and Depth-Anything as published.
    #[default]
    Inverse,
    /// Metres along the camera's axis: the metric variants of Depth-Anything.
    Metres,
}

/// One `[[model]]` of the manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub role: Role,
    pub name: String,
    /// Below the folder of the manifest, with forward slashes; absolute only in a user's own manifest.
    pub file: String,
    /// Registry, package and path inside it.
    pub origin: String,
    /// Version of the package.
    pub version: String,
    pub licence: String,
    /// Of the file's bytes, lower-case hexadecimal.
    pub sha256: String,
    #[serde(default)]
    pub inputs: Vec<Port>,
    #[serde(default)]
    pub outputs: Vec<Port>,
    /// The script that made the file, below `models/`.
    pub made_by: String,
    /// Figure, data and caveat; a line each.
    #[serde(default)]
    pub scores: Vec<String>,
    /// Must be shown wherever the model's word is shown.
    #[serde(default)]
    pub advisory: Option<String>,
    /// Of the role `depth` only.
    #[serde(default)]
    pub depth: DepthConvention,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this file's form: 1.
    pub version: u32,
    #[serde(rename = "model", default)]
    pub models: Vec<Entry>,
    #[serde(rename = "detector", default)]
    pub detectors: Vec<Detector>,
}

/// What looks at the radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectorKind {
    Presence,
    Breathing,
    Masking,
    Falls,
    Activity,
    Pose,
    Tracking,
}

/// One `[[detector]]` of the manifest: what is known of a detector whose code is part of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    pub kind: DetectorKind,
    /// What it does, in a few words.
    pub name: String,
    /// What it was fitted or set on, and where it is calibrated.
    pub fitted_on: String,
    /// Figure, data and caveat; a line each, taken from `tested`.
    #[serde(default)]
    pub scores: Vec<String>,
    /// The record of its tests, below the folder of the manifest.
    pub tested: String,
}

impl Manifest {
    /// Reads and checks a manifest; the error says in one line what is wrong with it.
    ///
    /// Two entries for one role, paths that leave the folder, and hashes that are none are refused.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| first_line(&error.to_string()))?;
        if manifest.version != 1 {
            return Err(format!("version {} is not known, this program reads version 1", manifest.version));
        }
        for (at, entry) in manifest.models.iter().enumerate() {
            let key = entry.role.key();
            if manifest.models[..at].iter().any(|earlier| earlier.role == entry.role) {
                return Err(format!("two entries for the role {key}"));
            }
            let path = Path::new(&entry.file);
            let leaves = path.components().any(|part| matches!(part, Component::ParentDir));
            if entry.file.is_empty() || leaves {
                return Err(format!("the file of the role {key} lies outside the folder"));
            }
            if entry.sha256.len() != 64 || !entry.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(format!("the sha256 of the role {key} is not 64 lower-case hexadecimal digits"));
            }
            if entry.role.is_network() && entry.inputs.len() != 1 {
                return Err(format!("the role {key} needs exactly one input"));
            }
        }
        for (at, detector) in manifest.detectors.iter().enumerate() {
            if manifest.detectors[..at].iter().any(|earlier| earlier.kind == detector.kind) {
                return Err(format!("two entries for the detector {:?}", detector.kind));
            }
        }
        Ok(manifest)
    }

    pub fn entry(&self, role: Role) -> Option<&Entry> {
        self.models.iter().find(|entry| entry.role == role)
    }
}

/// The parser's message without the quoted source.
fn first_line(message: &str) -> String {
    let lines: Vec<&str> = message.lines().filter(|line| !line.trim().is_empty()).collect();
    match (lines.first(), lines.last()) {
        (Some(first), Some(last)) if lines.len() > 1 => format!("{first}: {last}"),
        (Some(first), _) => (*first).to_string(),
        _ => String::from("not TOML"),
    }
}
