//! What is computed once of each record, before anything is learned from it.

use super::super::super::burst::{self, Burst, MIN_CONTRAST_DB};
use super::super::super::clean::{Clean, Level, RATE_HZ, clean, clean_to};
use super::super::super::fall::evidence::mean;
use super::super::super::fall::features::features;
use super::super::super::series::AmplitudeSeries;
use super::super::super::{masking, spectrogram};
use super::super::controls;

/// What is computed once of each record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    pub features: Vec<f64>,
    /// The same with the level of the packets kept, as a [`fall::Room`](super::super::super::fall::Room) takes them; empty
    /// where only clean amplitudes were given.
    pub with_level: Vec<f64>,
    pub picture: Vec<f32>,
    pub picture_without_burst: Vec<f32>,
    pub quiet: Vec<f64>,
    pub timing: Vec<f64>,
    pub contrast_db: f64,
    pub masked: bool,
    /// Longest stretch without packets, and length of the record.
    pub longest_gap_secs: f64,
    pub secs: f64,
}

/// Records are looked at for this long; a longer one is cut around nothing and must be cut by its labels.
pub const MAX_SECS: f64 = 10.0;

/// Computes a record's sheet; `None` where it is too short to judge (under 3.8 s) or holds no channel.
pub fn sheet(series: &AmplitudeSeries) -> Option<Sheet> {
    let series = series.between(0.0, MAX_SECS);
    let moved = clean_to(&series, Level::Kept)?;
    let with_level = burst::find(&moved).map(|burst| features(&moved, &burst)).unwrap_or_default();
    Some(Sheet { with_level, ..sheet_of(&clean(&series)?)? })
}

/// The same from amplitudes that are clean already.
pub fn sheet_of(clean: &Clean) -> Option<Sheet> {
    sheet_at(clean, clean, &burst::find(clean)?)
}

/// Links whose strongest movement peaks farther than this from the room's were looking at something else, samples.
const APART: usize = 75;
/// Around the room's peak they are asked again, samples to both sides.
const AROUND: usize = 50;

/// One sheet of all links of a room that were recorded together: where the link that saw most has its peak, features and
/// pictures of all that saw an event there are averaged; so are the inputs of the controls. `None` where no link holds a
/// channel.
pub fn room_sheet(links: &[AmplitudeSeries]) -> Option<Sheet> {
    let both = |series: &AmplitudeSeries| {
        let series = series.between(0.0, MAX_SECS);
        let moved = clean_to(&series, Level::Kept)?;
        let burst = burst::find(&moved)?;
        Some(Seen { still: clean(&series)?, moved, burst })
    };
    let mut seen: Vec<Seen> = links.iter().filter_map(both).collect();
    let leader = seen.iter().max_by(|a, b| a.burst.contrast_db.total_cmp(&b.burst.contrast_db))?;
    let (peak, most_db) = (leader.burst.peak, leader.burst.contrast_db);
    for link in &mut seen {
        if link.burst.peak.abs_diff(peak) > APART {
            let around = peak.saturating_sub(AROUND)..peak + AROUND;
            link.burst = burst::find_within(&link.moved, around).unwrap_or_default();
        }
    }
    seen.retain(|link| link.burst.is_event() || link.burst.contrast_db == most_db);
    let sheets: Vec<Sheet> = seen.iter().filter_map(|link| sheet_at(&link.moved, &link.still, &link.burst)).collect();
    let n_masked = sheets.iter().filter(|sheet| sheet.masked).count();
    let leader = sheets.iter().max_by(|a, b| a.contrast_db.total_cmp(&b.contrast_db))?;
    Some(Sheet {
        with_level: mean(sheets.iter().map(|sheet| sheet.features.as_slice())),
        features: mean(sheets.iter().map(|sheet| sheet.features.as_slice())),
        picture: mean(sheets.iter().map(|sheet| sheet.picture.as_slice())),
        picture_without_burst: mean(sheets.iter().map(|sheet| sheet.picture_without_burst.as_slice())),
        quiet: mean(sheets.iter().map(|sheet| sheet.quiet.as_slice())),
        timing: leader.timing.clone(),
        contrast_db: leader.contrast_db,
        masked: 2 * n_masked > sheets.len(),
        longest_gap_secs: sheets.iter().map(|sheet| sheet.longest_gap_secs).fold(f64::INFINITY, f64::min),
        secs: leader.secs,
    })
}

/// One link of a room.
struct Seen {
    /// With its level, in which most of the movement is.
    moved: Clean,
    /// Without, in which a machine is looked for and controls see no movement.
    still: Clean,
    burst: Burst,
}

fn sheet_at(moved: &Clean, still: &Clean, burst: &Burst) -> Option<Sheet> {
    Some(Sheet {
        features: features(moved, burst),
        with_level: Vec::new(),
        picture: spectrogram::crop(moved)?,
        picture_without_burst: spectrogram::crop_without_burst(moved)?,
        quiet: controls::quiet(still),
        timing: controls::timing(Some(burst)),
        contrast_db: burst.contrast_db,
        masked: masking::judge(still).is_some_and(|masking| masking.masked),
        longest_gap_secs: still.longest_gap_secs(0..still.len()),
        secs: still.len() as f64 / RATE_HZ,
    })
}

/// Whether a record holds an event at all.
pub fn is_event(sheet: &Sheet) -> bool {
    sheet.contrast_db >= MIN_CONTRAST_DB
}
