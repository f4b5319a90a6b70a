//! From a file to what is seen in it: reading, networks, the chosen person's outline, and remarks.

use std::path::Path;
use std::sync::Arc;

use super::library::Library;
use super::work::{Desk, News};
use super::{ModelView, ModelsView, PhotoId, PhotoState, PhotoView};
use crate::body::evidence;
use crate::body::silhouette::{self, Outline, OutlinePoint};
use crate::inference::{self, ModelState, Models};
use crate::photo::{self, Limits};
use crate::types::{FocalLength, Observation, Photo, Remark};

/// Spread over the whole outline; the fit needs no more.
const N_OUTLINE_POINTS: usize = 260;

/// A photo with everything that was seen in it; `None` when `go_on` said stop.
///
/// `go_on` hears what is being done and the share done, 0..=1.
pub fn look_at(
    library: &mut Library,
    mut view: PhotoView,
    go_on: &mut dyn FnMut(&str, f32) -> bool,
) -> Result<Option<PhotoView>, String> {
    let Some(photo) = view.photo.clone() else { return Err("the photo has no pixels".into()) };
    library.model.warm();
    let models = library.models()?;
    // A newer model that was dropped in is used from the next photo on.
    models.reload().map_err(|error| error.to_string())?;
    let observed = inference::observe(models, &photo, go_on).map_err(|error| error.to_string())?;
    let Some(observation) = observed else { return Ok(None) };
    view.person = (!observation.people.is_empty()).then_some(0);
    view.observation = Some(Arc::new(observation));
    choose(&mut view);
    view.state = PhotoState::Ready;
    Ok(Some(view))
}

/// Takes the outline of the chosen person and says what is to be said of the photo.
pub fn choose(view: &mut PhotoView) {
    let Some(observation) = &view.observation else { return };
    let person = view.person.and_then(|person| observation.people.get(person));
    let contour =
        person.and_then(|person| person.mask.as_ref()).map(|mask| silhouette::outline(mask, N_OUTLINE_POINTS));
    view.contour = Arc::new(contour.unwrap_or_default());
    view.outline = lines(&view.contour);
    view.remarks.retain(|remark| view.file_remarks.contains(remark));
    let size = view.photo.as_ref().map_or((0, 0), |photo| (photo.width, photo.height));
    view.remarks.extend(evidence::remarks(observation, view.person, size));
}

/// The outline as lines for drawing: a loop that is whole ends where it begins, one that a border cuts off stays open there.
fn lines(outline: &Outline) -> Arc<[Vec<[f32; 2]>]> {
    let mut lines = Vec::new();
    for points in outline.points.chunk_by(|a, b| a.loop_idx == b.loop_idx) {
        let is_near = |a: &OutlinePoint, b: &OutlinePoint| a.position.distance(b.position) < 2.0 * outline.step_px;
        let closes =
            points.first().zip(points.last()).filter(|(first, last)| is_near(last, first)).map(|(first, _)| first);
        for line in points.chunk_by(is_near) {
            lines.push(line.iter().map(|point| point.position.as_vec2().to_array()).collect::<Vec<_>>());
        }
        if let (Some(first), Some(line)) = (closes, lines.last_mut()) {
            line.push(first.position.as_vec2().to_array());
        }
    }
    lines.into()
}

/// A photo that has been read and not been looked at yet.
pub fn photo_view(id: PhotoId, label: String, photo: Arc<Photo>, file_remarks: Vec<Remark>) -> PhotoView {
    PhotoView {
        state: PhotoState::Looking("waiting".into()),
        focal: Some(photo.focal.unwrap_or_else(|| FocalLength::assumed(photo.width, photo.height))),
        photo: Some(photo),
        remarks: file_remarks.clone(),
        file_remarks,
        ..PhotoView::reading(id, label)
    }
}

/// Reads a photo; remarks say what is odd about the file.
pub fn read_photo(path: &Path) -> Result<(Arc<Photo>, Vec<Remark>), String> {
    let loaded = photo::load_file(path, &Limits::default()).map_err(|error| error.to_string())?;
    let remarks = loaded
        .warnings
        .iter()
        .map(|warning| Remark { serious: false, text: warning.to_string(), advice: None })
        .collect();
    Ok((Arc::new(loaded.photo), remarks))
}

pub fn read(library: &mut Library, id: PhotoId, path: &Path, desk: &Desk<'_>) {
    match read_photo(path) {
        Ok((photo, remarks)) => {
            let view = photo_view(id, super::bodies::file_name(path), photo, remarks);
            desk.tell(News::Photo { view: Box::new(view.clone()) });
            look(library, view, desk);
        }
        Err(why) => {
            desk.tell(News::PhotoFailed { id, why: why.clone() });
            desk.fail(why);
        }
    }
}

pub fn look(library: &mut Library, view: PhotoView, desk: &Desk<'_>) {
    let id = view.id;
    let mut go_on = |what: &str, progress: f32| {
        desk.tell(News::PhotoLooking { id, what: what.to_owned() });
        desk.progress(progress)
    };
    match look_at(library, view, &mut go_on) {
        Ok(Some(view)) => desk.tell(News::Photo { view: Box::new(view) }),
        Ok(None) => desk.tell(News::PhotoFailed { id, why: "stopped — remove the photo and add it again".into() }),
        Err(why) => {
            desk.tell(News::PhotoFailed { id, why: why.clone() });
            desk.fail(why);
        }
    }
    tell_models(library, desk);
}

/// The outline of another person in a photo that has been looked at.
pub fn outline(mut view: PhotoView, desk: &Desk<'_>) {
    choose(&mut view);
    desk.tell(News::Photo { view: Box::new(view) });
}

pub fn reload(library: &mut Library, desk: &Desk<'_>) {
    match library.models() {
        Ok(models) => {
            if let Err(error) = models.reload() {
                desk.fail(error.to_string());
            }
        }
        Err(why) => desk.fail(why),
    }
    tell_models(library, desk);
}

fn tell_models(library: &mut Library, desk: &Desk<'_>) {
    desk.tell(News::Models(match library.models() {
        Ok(models) => models_view(models),
        Err(why) => ModelsView { error: Some(why), ..ModelsView::default() },
    }));
}

/// What is known of the engine and of every model.
pub fn models_view(models: &Models) -> ModelsView {
    let engine = models.engine();
    let on = engine.accelerator.map_or_else(String::new, |name| format!(", {name}"));
    ModelsView {
        engine: format!("{} {}{on}", engine.name, engine.version),
        n_threads: engine.n_threads,
        models: models.info().iter().filter(|info| info.role.is_network()).map(model_view).collect(),
        error: None,
    }
}

fn model_view(info: &inference::ModelInfo) -> ModelView {
    ModelView {
        role: info.role.label().to_owned(),
        name: info.entry.as_ref().map(|entry| format!("{} {}", entry.name, entry.version)),
        latency_ms: info.latency_secs.map(|secs| (secs * 1e3) as f32),
        note: match &info.state {
            ModelState::Refused(why) => Some(why.clone()),
            _ => info.entry.as_ref().and_then(|entry| entry.advisory.clone()),
        },
    }
}

/// Everybody in a photo, for lists and messages: the largest first.
pub fn people(observation: &Observation) -> Vec<String> {
    let people = observation.people.iter().enumerate();
    people
        .map(|(i, person)| {
            let bounds = person.bounds;
            format!(
                "{}: {:.0} x {:.0} px at {:.0}, {:.0} (score {:.2})",
                i + 1,
                bounds.width(),
                bounds.height(),
                bounds.left,
                bounds.top,
                person.score
            )
        })
        .collect()
}
