//! What is computed once of each record, before anything is learned from it.

use super::super::super::burst::{self, Burst, MIN_CONTRAST_DB};
use super::super::super::clean::{Clean, RATE_HZ, clean};
use super::super::super::fall::evidence::mean;
use super::super::super::fall::features::features;
use super::super::super::series::AmplitudeSeries;
use super::super::super::{masking, spectrogram};
use super::super::controls;

/// What is computed once of each record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    pub features: Vec<f64>,
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
    let clean = clean(&series.between(0.0, MAX_SECS))?;
    sheet_of(&clean)
}

/// The same from amplitudes that are clean already.
pub fn sheet_of(clean: &Clean) -> Option<Sheet> {
    sheet_at(clean, &burst::find(clean)?)
}

/// Links whose strongest movement peaks farther than this from the room's were looking at something else, samples.
const APART: usize = 75;
/// Around the room's peak they are asked again, samples to both sides.
const AROUND: usize = 50;

/// One sheet of all links of a room that were recorded together: where the link that saw most has its peak, features and
/// pictures of all that saw an event there are averaged; so are the inputs of the controls. `None` where no link holds a
/// channel.
pub fn room_sheet(links: &[AmplitudeSeries]) -> Option<Sheet> {
    let cleans: Vec<Clean> = links.iter().filter_map(|series| clean(&series.between(0.0, MAX_SECS))).collect();
    let mut bursts: Vec<(&Clean, Burst)> =
        cleans.iter().filter_map(|clean| Some((clean, burst::find(clean)?))).collect();
    let leader = bursts.iter().max_by(|a, b| a.1.contrast_db.total_cmp(&b.1.contrast_db))?;
    let (peak, most_db) = (leader.1.peak, leader.1.contrast_db);
    for (clean, burst) in &mut bursts {
        if burst.peak.abs_diff(peak) > APART {
            *burst = burst::find_within(clean, peak.saturating_sub(AROUND)..peak + AROUND).unwrap_or_default();
        }
    }
    bursts.retain(|(_, burst)| burst.is_event() || burst.contrast_db == most_db);
    let sheets: Vec<Sheet> = bursts.iter().filter_map(|(clean, burst)| sheet_at(clean, burst)).collect();
    let n_masked = sheets.iter().filter(|sheet| sheet.masked).count();
    let leader = sheets.iter().max_by(|a, b| a.contrast_db.total_cmp(&b.contrast_db))?;
    Some(Sheet {
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

fn sheet_at(clean: &Clean, burst: &Burst) -> Option<Sheet> {
    Some(Sheet {
        features: features(clean, burst),
        picture: spectrogram::crop(clean)?,
        picture_without_burst: spectrogram::crop_without_burst(clean)?,
        quiet: controls::quiet(clean),
        timing: controls::timing(Some(burst)),
        contrast_db: burst.contrast_db,
        masked: masking::judge(clean).is_some_and(|masking| masking.masked),
        longest_gap_secs: clean.longest_gap_secs(0..clean.len()),
        secs: clean.len() as f64 / RATE_HZ,
    })
}

/// Whether a record holds an event at all.
pub fn is_event(sheet: &Sheet) -> bool {
    sheet.contrast_db >= MIN_CONTRAST_DB
}
