//! What a recording says of itself beside its frames: place, radios, software, provenance, notes and checksum.
//!
//! Pure: turns into the string table that the container carries, and back. Unknown or damaged entries are left empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Hardware, Provenance, Site, Span, Timestamp};

/// Name of the metadata record in the container; also the container's profile.
pub const METADATA_NAME: &str = "corporeal";

/// How the checksum is made, in the file itself, so that anybody can check it.
const CHECKSUM_METHOD: &str = "SHA-256 over the data of all message records, in file order";

/// One of the session's sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedSource {
    pub id: u16,
    pub label: String,
    /// As it was while recording.
    pub provenance: Provenance,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordingInfo {
    pub site: Site,
    /// Program and version that recorded it.
    pub software: String,
    /// The least direct of all sources, as it was while recording; `None` before the first frame.
    pub provenance: Option<Provenance>,
    pub notes: String,
    pub hardware: Vec<Hardware>,
    pub started_at: Option<Timestamp>,
    pub sources: Vec<RecordedSource>,
    /// Written when the recording is closed.
    pub n_frames: Option<u64>,
    /// Hexadecimal SHA-256 over the data of all messages in file order; written when the recording is closed.
    pub content_sha256: Option<String>,
}

impl RecordingInfo {
    /// Software named after this build; everything else empty.
    pub fn of_this_program() -> Self {
        Self { software: format!("Corporeal {}", env!("CARGO_PKG_VERSION")), ..Self::default() }
    }

    pub fn to_table(&self) -> BTreeMap<String, String> {
        let mut table = BTreeMap::new();
        let mut put = |key: &str, value: String| {
            table.insert(key.to_owned(), value);
        };
        put("format", "1".to_owned());
        put("software", self.software.clone());
        put("notes", self.notes.clone());
        put("site", json(&self.site));
        put("hardware", json(&self.hardware));
        put("sources", json(&self.sources));
        if let Some(provenance) = self.provenance {
            put("provenance", provenance.label().to_owned());
        }
        if let Some(started_at) = self.started_at {
            put("started_at_nanos", started_at.0.to_string());
            if let Ok(date) = jiff::Timestamp::from_nanosecond(i128::from(started_at.0)) {
                put("started_at", date.to_string());
            }
        }
        if let Some(n_frames) = self.n_frames {
            put("n_frames", n_frames.to_string());
        }
        if let Some(sha256) = &self.content_sha256 {
            put("content_sha256", sha256.clone());
            put("content_sha256_method", CHECKSUM_METHOD.to_owned());
        }
        table
    }

    pub fn from_table(table: &BTreeMap<String, String>) -> Self {
        let text = |key: &str| table.get(key).cloned();
        Self {
            site: parsed(table, "site").unwrap_or_default(),
            software: text("software").unwrap_or_default(),
            provenance: text("provenance").and_then(|label| provenance_from_label(&label)),
            notes: text("notes").unwrap_or_default(),
            hardware: parsed(table, "hardware").unwrap_or_default(),
            started_at: parsed(table, "started_at_nanos").map(Timestamp),
            sources: parsed(table, "sources").unwrap_or_default(),
            n_frames: parsed(table, "n_frames"),
            content_sha256: text("content_sha256"),
        }
    }

    /// Takes note of a source and of how direct it is; what was known of its number is replaced.
    pub fn add_source(&mut self, source: &RecordedSource) {
        match self.sources.iter_mut().find(|known| known.id == source.id) {
            Some(known) => known.clone_from(source),
            None => self.sources.push(source.clone()),
        }
        self.provenance = self.provenance.max(Some(source.provenance));
    }
}

/// What came out when a recording was closed.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingSummary {
    pub n_frames: u64,
    pub n_bytes: u64,
    /// First to last frame; `None` where nothing was recorded.
    pub span: Option<Span>,
    pub content_sha256: String,
}

impl RecordedSource {
    /// The entries that stand beside a channel of this source.
    pub fn to_table(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("source_id".to_owned(), self.id.to_string()),
            ("source".to_owned(), self.label.clone()),
            ("provenance".to_owned(), self.provenance.label().to_owned()),
        ])
    }

    pub fn from_table(table: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            id: parsed(table, "source_id")?,
            label: table.get("source")?.clone(),
            provenance: provenance_from_label(table.get("provenance")?)?,
        })
    }
}

fn provenance_from_label(label: &str) -> Option<Provenance> {
    [Provenance::Live, Provenance::Replay, Provenance::Simulated]
        .into_iter()
        .find(|provenance| provenance.label() == label)
}

/// Empty where a value has no JSON form; none of ours is such.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parsed<T: for<'a> Deserialize<'a>>(table: &BTreeMap<String, String>, key: &str) -> Option<T> {
    serde_json::from_str(table.get(key)?).ok()
}

/// A checksum as people write it.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
