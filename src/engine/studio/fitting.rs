//! From photos that have been looked at to a fitted body with its measurements, quality and place in each photo.

use std::sync::Arc;
use std::time::Instant;

use bevy_math::Vec3;

use super::bodies::Entry;
use super::library::{BodyModel, Library};
use super::work::{Desk, News};
use super::{BodyId, BodyOrigin, InPhoto, PhotoState, PhotoView, QualityView, Remark, WorkView};
use crate::body::fit::{self, Convergence, Fit, FitError, FitInput, FitOptions, FitProgress, FitStage, FitView};
use crate::body::{evidence, measure};
use crate::types::{Known, Mesh, Provenance};

/// Fits one body to photos of one person; `None` when `go_on` said stop.
///
/// Photos in which nobody was found are left out; an error says what to do when nothing remains.
pub fn fit_photos(
    library: &mut Library,
    id: BodyId,
    photos: &[PhotoView],
    known: Known,
    go_on: &mut dyn FnMut(&FitProgress<'_>) -> bool,
) -> Result<Option<Entry>, String> {
    let model = library.model.get()?;
    let (mut usable, views): (Vec<&PhotoView>, Vec<FitView>) =
        photos.iter().filter_map(|photo| Some((photo, seen(photo)?))).unzip();
    let mut input = FitInput { views, known };
    if input.views.is_empty() {
        return Err(no_person(photos));
    }
    let options = FitOptions::default();
    let started = Instant::now();
    let outliers = match fit::outliers(&model.anny, &input, &options, go_on) {
        Ok(outliers) => outliers,
        Err(FitError::Cancelled) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let left_out: Vec<Remark> = outliers.iter().filter_map(|i| Some(disagrees(usable.get(*i)?))).collect();
    for i in outliers.into_iter().rev() {
        usable.remove(i);
        input.views.remove(i);
    }
    let fit = match fit::fit(&model.anny, &input, &options, go_on) {
        Ok(fit) => fit,
        Err(FitError::Cancelled) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let fit_secs = started.elapsed().as_secs_f32();
    let mut entry = entry(id, &model, &usable, &fit, known, fit_secs);
    if let Some(quality) = &mut entry.quality {
        quality.remarks.splice(0..0, left_out);
    }
    entry.make_view(&model);
    Ok(Some(entry))
}

/// What a photo shows of its chosen person; `None` where nobody is.
fn seen(photo: &PhotoView) -> Option<FitView> {
    let observation = photo.observation.as_ref()?;
    let person = observation.people.get(photo.person?)?;
    let size = photo.photo.as_ref().map(|photo| (photo.width, photo.height))?;
    let mut view = evidence::view(size, photo.focal?, person, &photo.contour.points);
    view.depth = observation.depth.as_ref().and_then(|map| evidence::depth(map, &view, size));
    Some(view)
}

fn disagrees(photo: &PhotoView) -> Remark {
    Remark {
        serious: true,
        text: format!("{} shows another body than the other photos and was left out", photo.label),
        advice: Some("use photos of one person; look at its landmarks and outline".to_owned()),
    }
}

fn no_person(photos: &[PhotoView]) -> String {
    let failed = photos.iter().find_map(|photo| match &photo.state {
        PhotoState::Failed(why) => Some(why.clone()),
        _ => None,
    });
    let remark = || {
        let serious = photos.iter().flat_map(|photo| &photo.remarks).find(|remark| remark.serious)?;
        Some(match &serious.advice {
            Some(advice) => format!("{} — {advice}", serious.text),
            None => serious.text.clone(),
        })
    };
    failed.or_else(remark).unwrap_or_else(|| "No person was found — add a photo that shows one".into())
}

fn entry(id: BodyId, model: &BodyModel, photos: &[&PhotoView], fit: &Fit, known: Known, fit_secs: f32) -> Entry {
    let shape = model.anny.shape(&fit.phenotype);
    let reference = model.anny.posed(&shape, &model.anny.reference_pose());
    let values = measure::values(&model.plan, &reference.vertices, &reference.bones);
    let measurements = values.and_then(|values| {
        let axes = &fit.posterior.axes;
        let gradient = measure::gradient(&model.anny, &model.plan, &fit.phenotype, &values, axes)?;
        Some(measure::with_sigmas(&values, &gradient, &fit.posterior))
    });
    let in_photos = photos.iter().enumerate().filter_map(|(i, photo)| {
        let posed = model.anny.posed(&shape, fit.poses.get(i)?);
        Some(InPhoto {
            photo: photo.id,
            mesh: model.anny.mesh(&posed.vertices),
            focal_px: *fit.focal_px.get(i)?,
            reprojection_px: fit.quality.reprojection_rms_px.get(i).map(|px| *px as f32),
            overlap: fit.quality.silhouette_iou.get(i).copied().flatten().map(|overlap| overlap as f32),
        })
    });
    let name = photos.first().map_or_else(|| format!("Body {id}"), |photo| photo.label.clone());
    let origin = BodyOrigin::Fitted(photos.iter().map(|photo| photo.id).collect());
    Entry {
        phenotype: Some(fit.phenotype.clone()),
        original: Some(fit.phenotype.clone()),
        captured: fit.poses.clone().into(),
        fitted: measurements.unwrap_or_default().into(),
        quality: Some(quality(fit, known, fit_secs)),
        sigma_m: fit.quality.vertex_error_mm.iter().map(|mm| mm / 1e3).collect(),
        in_photos: in_photos.collect(),
        ..Entry::empty(id, name, origin, Provenance::Replay)
    }
}

fn quality(fit: &Fit, known: Known, fit_secs: f32) -> QualityView {
    let quality = &fit.quality;
    let n_views = quality.reprojection_rms_px.len().max(1) as f64;
    let overlaps: Vec<f64> = quality.silhouette_iou.iter().copied().flatten().collect();
    let overlap = (!overlaps.is_empty()).then(|| (overlaps.iter().sum::<f64>() / overlaps.len() as f64) as f32);
    let errors = &quality.vertex_error_mm;
    QualityView {
        converged: match fit.convergence {
            Convergence::Converged => Ok(()),
            Convergence::NotConverged(why) => Err(why.message().to_owned()),
        },
        reprojection_px: (quality.reprojection_rms_px.iter().map(|px| px * px).sum::<f64>() / n_views).sqrt() as f32,
        overlap,
        expected_error_mm: errors.iter().sum::<f32>() / errors.len().max(1) as f32,
        plausibility: quality.plausibility as f32,
        remarks: quality.flags.iter().map(|flag| flag_remark(*flag, known, overlap)).chain(clothes(fit)).collect(),
        fit_secs,
    }
}

/// How far clothes were taken to hang off the body, when that is more than the thickness of tight ones.
fn clothes(fit: &Fit) -> Option<Remark> {
    const TIGHT_CM: f64 = 0.5;
    let each = fit.cloth_px.iter().zip(&fit.focal_px).zip(&fit.poses).filter_map(|((cloth_px, focal_px), pose)| {
        let cm_per_px = 100.0 * pose.root_translation_m.y / focal_px;
        cloth_px.map(|part| part.map(|px| px * cm_per_px))
    });
    let [trunk_cm, limbs_cm] = each.reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])])?;
    (trunk_cm.max(limbs_cm) > TIGHT_CM).then(|| {
        let text =
            format!("Clothes are taken to hang {trunk_cm:.1} cm off the trunk and {limbs_cm:.1} cm off the limbs");
        Remark::note(text, "wear tight clothes, girths rest on this")
    })
}

/// Covering less than this of the outline together, the body is not the one in the photo.
const MIN_OVERLAP: f32 = 0.7;

fn flag_remark(flag: fit::Flag, known: Known, overlap: Option<f32>) -> Remark {
    use fit::Flag::{Child, HeightDisagrees, HighResidual, Implausible, OutlineDisagrees, ViewsDisagree};
    let (text, advice) = match flag.advice().split_once(": ") {
        Some((text, advice)) => (text.to_owned(), Some(advice.to_owned())),
        None => (flag.advice().to_owned(), None),
    };
    let serious = match flag {
        HighResidual | Implausible | HeightDisagrees | ViewsDisagree => true,
        OutlineDisagrees => overlap.is_some_and(|overlap| overlap < MIN_OVERLAP),
        // Without any scale a child is most often an adult whose proportions were misread.
        Child => known.height_m.is_none() && known.age_years.is_none(),
        _ => false,
    };
    Remark { serious, text, advice }
}

/// The studio's job.
pub fn fit(library: &mut Library, id: BodyId, photos: &[PhotoView], known: Known, desk: &Desk<'_>) {
    let model = library.model.get();
    let mut shown = Instant::now();
    let mut go_on = |progress: &FitProgress<'_>| {
        // A preview costs a posed body; more than twenty a second nobody sees.
        let preview = (shown.elapsed().as_millis() >= 50)
            .then(|| {
                shown = Instant::now();
                preview(model.as_ref().ok()?, progress)
            })
            .flatten();
        desk.tell(News::Work(Box::new(WorkView {
            job: desk.job,
            label: super::work::FITTING.into(),
            stages: FitStage::ALL.iter().map(|stage| stage.label()).collect(),
            stage: progress.stage as usize,
            progress: Some(progress.fraction as f32),
            figure: progress.rms_px.is_finite().then(|| format!("{:.1} px", progress.rms_px)),
            preview,
        })));
        desk.goes_on()
    };
    match fit_photos(library, id, photos, known, &mut go_on) {
        Ok(Some(entry)) => desk.tell(News::Body { name: "Fit body", entry: Box::new(entry) }),
        Ok(None) => {}
        Err(why) => desk.fail(why),
    }
}

/// The body so far as in the first photo, feet on the floor.
fn preview(model: &BodyModel, progress: &FitProgress<'_>) -> Option<Mesh> {
    let posed = model.anny.posed(&model.anny.shape(progress.phenotype), progress.poses.first()?);
    let root = posed.bones.first()?.head.as_vec3();
    let lowest = posed.vertices.iter().map(|v| v.z).fold(f32::INFINITY, f32::min);
    let to_stage = Vec3::new(-root.x, -root.y, -lowest);
    let positions: Arc<[Vec3]> = posed.vertices.iter().map(|v| *v + to_stage).collect();
    Some(Mesh { positions, triangles: Arc::clone(&model.anny.faces) })
}
