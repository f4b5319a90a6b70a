//! What people say of events: kept per recording, taken back step by step, and read again when the recording is opened.
//!
//! A verdict names its event by kind, transmitter and first moment, because the number of a source, and with it an event's
//! id, may differ from one session to the next. Files are named by the recording's own first bytes, so that a recording
//! that was moved or renamed keeps its verdicts, and one that lies on a read-only disk can have some.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attach::file_name;
use crate::analytics::fall::{Labelled, RoomEvidence};
use crate::capture::SourceId;
use crate::export;
use crate::types::{Event, EventKind, EventVerdict, NodeId, Span, Timestamp, ZoneId};

/// Of the file's form.
const VERSION: u32 = 1;
/// What a recording is recognised by: its first bytes hold headers, addresses and times.
const N_KEY_BYTES: u64 = 64 * 1024;
/// More steps back than anybody takes.
const MAX_HISTORY: usize = 1_000;

/// One verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub kind: EventKind,
    /// `Unknown` for what no link has told.
    pub tx: NodeId,
    #[serde(default)]
    pub zone: Option<ZoneId>,
    pub span: Span,
    pub verdict: EventVerdict,
    /// What the links saw, to learn from; `None` where nothing stood out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<RoomEvidence>,
}

impl Judged {
    fn is_of(&self, place: &Place) -> bool {
        (self.kind, self.tx, self.zone, self.span.start) == *place
    }

    /// Whether somebody fell; `None` where the verdict does not say.
    pub fn is_fall(&self) -> Option<bool> {
        match (self.kind, self.verdict) {
            (_, EventVerdict::MissedFall) | (EventKind::Fall, EventVerdict::Confirmed) => Some(true),
            (EventKind::Fall, EventVerdict::FalseAlarm) | (EventKind::Movement, EventVerdict::Confirmed) => Some(false),
            _ => None,
        }
    }
}

type Place = (EventKind, NodeId, Option<ZoneId>, Timestamp);

fn place_of(event: &Event) -> Place {
    (event.kind, tx_of(event), event.zone, event.span.start)
}

/// Who sent what the event was seen by.
fn tx_of(event: &Event) -> NodeId {
    event.link.map_or(NodeId::Unknown, |link| link.tx)
}

/// The verdicts on what is open, as a snapshot carries them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerdictsView {
    of_places: BTreeMap<Place, EventVerdict>,
    /// Falls that people marked where no detector told anything.
    pub missed: Vec<Span>,
    /// Labels for a refit whose movement was seen: falls, and movement that was none.
    pub n_falls: usize,
    pub n_others: usize,
    pub can_undo: bool,
    pub can_redo: bool,
    /// Whether they are written to disk.
    pub is_kept: bool,
}

impl VerdictsView {
    pub fn of(&self, event: &Event) -> Option<EventVerdict> {
        self.of_places.get(&place_of(event)).copied()
    }
}

/// Of one open recording.
struct Sheet {
    source: SourceId,
    path: PathBuf,
    /// Where it is kept; `None` keeps it for the session only.
    file: Option<PathBuf>,
    judged: Vec<Judged>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    /// The name it had; for people who look into the folder.
    recording: String,
    verdicts: Vec<Judged>,
}

/// A verdict before and after.
#[derive(Clone)]
struct Change {
    source: SourceId,
    place: Place,
    before: Option<Judged>,
    after: Option<Judged>,
}

#[derive(Default)]
pub struct Verdicts {
    folder: Option<PathBuf>,
    sheets: Vec<Sheet>,
    done: Vec<Change>,
    undone: Vec<Change>,
    view: Arc<VerdictsView>,
}

impl Verdicts {
    /// `folder` is where verdicts are kept; `None` forgets them at the end of the session.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, ..Self::default() }
    }

    pub fn view(&self) -> Arc<VerdictsView> {
        Arc::clone(&self.view)
    }

    /// Takes up a recording with what is kept of it. An error says why that cannot be used.
    pub fn open(&mut self, source: SourceId, path: &Path) -> Result<(), String> {
        let key = self.folder.as_ref().and_then(|folder| Some(folder.join(format!("{}.json", key(path)?))));
        let (judged, error) = match key.as_deref().map(read) {
            Some(Ok(judged)) => (judged, None),
            Some(Err(why)) => (Vec::new(), Some(why)),
            None => (Vec::new(), None),
        };
        // What cannot be read is not written over.
        let file = key.filter(|_| error.is_none());
        self.sheets.push(Sheet { source, path: path.to_owned(), file, judged });
        self.renew();
        error.map_or(Ok(()), Err)
    }

    pub fn close(&mut self, source: SourceId) {
        self.sheets.retain(|sheet| sheet.source != source);
        self.done.retain(|change| change.source != source);
        self.undone.retain(|change| change.source != source);
        self.renew();
    }

    /// Says something of an event, or takes back what was said.
    pub fn judge(
        &mut self,
        source: SourceId,
        event: &Event,
        verdict: Option<EventVerdict>,
        evidence: Option<RoomEvidence>,
    ) -> Result<(), String> {
        let (kind, tx, zone, span) = (event.kind, tx_of(event), event.zone, event.span);
        let after = verdict.map(|verdict| Judged { kind, tx, zone, span, verdict, evidence });
        self.change(source, place_of(event), after)
    }

    /// Marks a fall where nothing was told.
    pub fn mark_fall(&mut self, source: SourceId, span: Span, evidence: Option<RoomEvidence>) -> Result<(), String> {
        let (kind, tx, verdict) = (EventKind::Fall, NodeId::Unknown, EventVerdict::MissedFall);
        self.change(
            source,
            (kind, tx, None, span.start),
            Some(Judged { kind, tx, zone: None, span, verdict, evidence }),
        )
    }

    fn change(&mut self, source: SourceId, place: Place, after: Option<Judged>) -> Result<(), String> {
        let Some(sheet) = self.sheets.iter().find(|sheet| sheet.source == source) else { return Ok(()) };
        let before = sheet.judged.iter().find(|judged| judged.is_of(&place)).cloned();
        if before == after {
            return Ok(());
        }
        self.undone.clear();
        if self.done.len() >= MAX_HISTORY {
            self.done.remove(0);
        }
        self.done.push(Change { source, place, before, after: after.clone() });
        self.put(source, &place, after)
    }

    pub fn undo(&mut self) -> Result<(), String> {
        let Some(change) = self.done.pop() else { return Ok(()) };
        self.undone.push(change.clone());
        self.put(change.source, &change.place, change.before)
    }

    pub fn redo(&mut self) -> Result<(), String> {
        let Some(change) = self.undone.pop() else { return Ok(()) };
        self.done.push(change.clone());
        self.put(change.source, &change.place, change.after)
    }

    fn put(&mut self, source: SourceId, place: &Place, judged: Option<Judged>) -> Result<(), String> {
        let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.source == source) else { return Ok(()) };
        sheet.judged.retain(|known| !known.is_of(place));
        sheet.judged.extend(judged);
        sheet.judged.sort_by_key(|judged| (judged.span.start, judged.kind, judged.tx));
        let written = sheet.write();
        self.renew();
        written
    }

    /// What can be learned from: the verdicts on what is open, and those kept of other recordings.
    pub fn labelled(&self) -> Vec<Labelled> {
        let open: Vec<&PathBuf> = self.sheets.iter().filter_map(|sheet| sheet.file.as_ref()).collect();
        let mut judged: Vec<Judged> = self.sheets.iter().flat_map(|sheet| sheet.judged.iter().cloned()).collect();
        let folder = self.folder.as_deref().and_then(|folder| std::fs::read_dir(folder).ok());
        let mut files: Vec<PathBuf> = folder.into_iter().flatten().flatten().map(|file| file.path()).collect();
        // In an order that does not depend on the disk.
        files.sort();
        for file in files.iter().filter(|file| !open.contains(file)) {
            // Other files, and damaged ones, of which their own recording tells.
            judged.extend(read(file).unwrap_or_default());
        }
        let label = |judged: Judged| Some(Labelled { is_fall: judged.is_fall()?, evidence: judged.evidence? });
        judged.into_iter().filter_map(label).collect()
    }

    fn renew(&mut self) {
        let all = || self.sheets.iter().flat_map(|sheet| &sheet.judged);
        let can_teach = |judged: &&Judged| judged.evidence.is_some();
        let n = |is_fall: bool| all().filter(can_teach).filter(|judged| judged.is_fall() == Some(is_fall)).count();
        let by_hand = all().filter(|judged| judged.tx == NodeId::Unknown && judged.verdict == EventVerdict::MissedFall);
        self.view = Arc::new(VerdictsView {
            of_places: all()
                .map(|judged| ((judged.kind, judged.tx, judged.zone, judged.span.start), judged.verdict))
                .collect(),
            missed: by_hand.map(|judged| judged.span).collect(),
            n_falls: n(true),
            n_others: n(false),
            can_undo: !self.done.is_empty(),
            can_redo: !self.undone.is_empty(),
            is_kept: !self.sheets.is_empty() && self.sheets.iter().all(|sheet| sheet.file.is_some()),
        });
    }
}

impl Sheet {
    fn write(&self) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let stored = Stored { version: VERSION, recording: file_name(&self.path), verdicts: self.judged.clone() };
        let text = serde_json::to_vec_pretty(&stored).map_err(|error| error.to_string())?;
        let failed = |why: String| format!("the verdict is not kept on disk — {why}");
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        export::save(file, &text).map(drop).map_err(|error| failed(error.to_string()))
    }
}

/// Of the recording's first bytes; `None` where it cannot be read, which the reader of recordings reports.
fn key(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(N_KEY_BYTES).read_to_end(&mut bytes).ok()?;
    Some(crate::inference::sha256(&bytes))
}

fn read(file: &Path) -> Result<Vec<Judged>, String> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(format!("verdicts on this recording cannot be read, new ones are not kept — {error}"));
        }
    };
    let damaged = |why: String| {
        format!("verdicts on this recording are damaged, new ones are not kept — move the file away ({why}): {file:?}")
    };
    let stored: Stored = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    if stored.version != VERSION {
        return Err(damaged(format!("version {} is not known", stored.version)));
    }
    Ok(stored.verdicts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::fall::LinkEvidence;
    use crate::types::{Confidence, EventId, LinkId, Severity};

    fn event(kind: EventKind, secs: f64, receiver: u16) -> Event {
        let start = Timestamp::from_secs_f64(secs);
        let link = LinkId { tx: NodeId::Number(7), rx: NodeId::Source(receiver) };
        Event {
            id: EventId::of(kind, link, start),
            kind,
            severity: Severity::Alert,
            span: Span::new(start, start.plus_secs(2.0)),
            link: Some(link),
            zone: None,
            track: None,
            confidence: Confidence::clamped(0.7),
            stages: Vec::new(),
            revision: 0,
        }
    }

    fn evidence() -> RoomEvidence {
        let (peak, link) = (Timestamp(7), LinkId::default());
        let span = Span::new(peak, peak);
        let seen = LinkEvidence { link, peak, span, contrast_db: 20.0, features: vec![1.0], background: vec![2.0] };
        RoomEvidence { links: vec![seen] }
    }

    #[test]
    fn verdicts_come_back_with_the_recording_wherever_it_lies_and_can_be_taken_back() {
        let dir = tempfile::tempdir().expect("a folder");
        let (first, second) = (dir.path().join("a.pcap"), dir.path().join("b.pcap"));
        std::fs::write(&first, "some frames").expect("written");
        let folder = dir.path().join("verdicts");
        let mut verdicts = Verdicts::new(Some(folder.clone()));
        verdicts.open(1, &first).expect("nothing is kept yet");
        let fall = event(EventKind::Fall, 12.0, 1);
        verdicts.judge(1, &fall, Some(EventVerdict::FalseAlarm), Some(evidence())).expect("written");
        verdicts.mark_fall(1, Span::new(Timestamp(5), Timestamp(9)), Some(evidence())).expect("written");
        assert_eq!((verdicts.view().n_falls, verdicts.view().n_others), (1, 1));

        // Moved, and opened as the third source of another session.
        std::fs::rename(&first, &second).expect("moved");
        let mut later = Verdicts::new(Some(folder));
        later.open(3, &second).expect("read");
        assert_eq!(later.view().of(&event(EventKind::Fall, 12.0, 3)), Some(EventVerdict::FalseAlarm));
        assert_eq!(later.view().of(&event(EventKind::Fall, 13.0, 3)), None);
        assert_eq!(later.view().missed.len(), 1);
        let truths = |verdicts: &Verdicts| verdicts.labelled().iter().map(|one| one.is_fall).collect::<Vec<_>>();
        assert_eq!(truths(&later), [true, false]);
        later.close(3);
        assert_eq!(truths(&later), [true, false], "kept verdicts of closed recordings teach as well");

        verdicts.undo().expect("written");
        verdicts.undo().expect("written");
        assert!(verdicts.view().of(&fall).is_none() && !verdicts.view().can_undo);
        verdicts.redo().expect("written");
        assert_eq!(verdicts.view().of(&fall), Some(EventVerdict::FalseAlarm));
    }

    #[test]
    fn a_damaged_file_is_said_and_not_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let recording = dir.path().join("a.pcap");
        std::fs::write(&recording, "some frames").expect("written");
        let folder = dir.path().join("verdicts");
        std::fs::create_dir(&folder).expect("made");
        let file = folder.join(format!("{}.json", key(&recording).expect("readable")));
        std::fs::write(&file, "{ torn").expect("written");
        let mut verdicts = Verdicts::new(Some(folder));
        let said = verdicts.open(1, &recording).expect_err("it is damaged");
        assert!(said.contains("move the file away"), "{said}");
        verdicts.judge(1, &event(EventKind::Fall, 1.0, 1), Some(EventVerdict::Unsure), None).expect("for the session");
        assert_eq!(std::fs::read_to_string(&file).expect("still there"), "{ torn");
        assert!(!verdicts.view().is_kept);
    }
}
