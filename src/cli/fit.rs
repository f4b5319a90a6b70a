//! `fit`: photos of one person to a measured body, without a window.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::out;
use crate::engine::studio::{
    self, BodyFormat, Entry, ExportOptions, Library, PhotoView, PoseChoice, QualityView, Remark,
};
use crate::types::{
    FocalLength, FocalSource, Known, Measurement, Sex, parse_age_years, parse_height_m, parse_sex, parse_weight_kg,
};

/// Fits a body to one or more photos of the same person; nothing leaves this machine.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples:
  corporeal fit front.jpg --height 1.78
  corporeal fit front.jpg side.jpg --height 5'11\\\" --weight 72 --sex f -o body.glb --csv body.csv
  corporeal fit *.jpg --each --sheet sheet.png        every photo is another person")]
pub struct Options {
    /// Photos: JPEG, PNG, WebP or TIFF; a folder stands for the photos in it.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// Stature: 1.78, 178 cm or 5'11". Helps more than anything else.
    #[arg(long, value_parser = parse_height_m, allow_negative_numbers = true)]
    height: Option<f64>,
    /// Kilograms, or as 158 lb.
    #[arg(long, value_parser = parse_weight_kg, allow_negative_numbers = true)]
    weight: Option<f64>,
    #[arg(long, value_parser = parse_sex)]
    sex: Option<Sex>,
    /// Years.
    #[arg(long, value_parser = parse_age_years, allow_negative_numbers = true)]
    age: Option<f64>,
    /// Focal length of all photos: millimetres of a 35 mm camera (28), or pixels (1500px).
    #[arg(long, value_parser = parse_focal, allow_negative_numbers = true)]
    focal: Option<Focal>,
    /// Which person, when a photo shows several: 1 is the largest.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    person: u16,
    /// Fits every photo on its own, as different people.
    #[arg(long)]
    each: bool,
    /// Where the body goes: .glb, .gltf, .obj or .ply; with --each a folder.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Bones per vertex in .glb and .gltf: 8, or 4 for programs that read no more (the error is told).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(4..=8))]
    influences: u8,
    /// Writes the measurements as CSV.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Prints everything as JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Draws a contact sheet: photo, landmarks, outline and body.
    #[arg(long)]
    sheet: Option<PathBuf>,
    /// Replaces files that exist.
    #[arg(long)]
    force: bool,
}

impl Options {
    /// Every photo on its own, figures on the terminal, no files.
    pub fn report_on(photos: Vec<PathBuf>) -> Self {
        Self { photos, each: true, ..Self::default() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Focal {
    Millimetres35(f64),
    Pixels(f64),
}

fn parse_focal(text: &str) -> Result<Focal, String> {
    let text = text.trim().to_lowercase();
    let (digits, pixels) = match text.strip_suffix("px") {
        Some(digits) => (digits, true),
        None => (text.strip_suffix("mm").unwrap_or(&text), false),
    };
    match digits.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 && pixels => Ok(Focal::Pixels(value)),
        Ok(value) if (5.0..=2000.0).contains(&value) => Ok(Focal::Millimetres35(value)),
        _ => Err("write the 35 mm equivalent in millimetres (28), or pixels of the photo (1500px)".into()),
    }
}

/// One fitted body, for JSON.
#[derive(Serialize)]
struct Report<'a> {
    provenance: &'static str,
    photos: Vec<PhotoReport<'a>>,
    known: Known,
    body: Option<BodyReport<'a>>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct PhotoReport<'a> {
    label: &'a str,
    focal: Option<FocalLength>,
    people: Vec<String>,
    chosen: Option<usize>,
    remarks: &'a [Remark],
}

#[derive(Serialize)]
struct BodyReport<'a> {
    phenotype: &'a crate::types::Phenotype,
    measurements: &'a [Measurement],
    quality: Option<&'a QualityView>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let paths = photos(&options.photos)?;
    check_targets(options)?;
    let known = Known { height_m: options.height, weight_kg: options.weight, sex: options.sex, age_years: options.age };
    let mut library = Library::default();
    let views = look_at(options, &mut library, &paths)?;
    let groups: Vec<Vec<PhotoView>> =
        if options.each { views.into_iter().map(|view| vec![view]).collect() } else { vec![views] };
    let mut reports = Vec::new();
    let mut rows = Vec::new();
    let mut n_failed = 0;
    for (number, group) in groups.iter().enumerate() {
        let fitted = fit_one(&mut library, number as u64 + 1, group, known);
        if let Err(why) = &fitted {
            n_failed += 1;
            if !options.json {
                tell_photos(group)?;
            }
            if groups.len() > 1 {
                eprintln!("{}: {why}", group.first().map_or("", |view| view.label.as_str()));
            }
        }
        rows.extend(group.iter().map(|view| (view.clone(), fitted.as_ref().ok().cloned())));
        if let Ok(entry) = &fitted {
            if !options.json {
                tell_photos(group)?;
                out::line(studio::figures::table(entry))?;
            }
            write_files(options, &mut library, entry, group)?;
        }
        reports.push((group, fitted));
    }
    if let Some(path) = &options.sheet {
        studio::write_sheet(&rows, path).map_err(anyhow::Error::msg)?;
        eprintln!("contact sheet: {}", path.display());
    }
    if options.json {
        let reports: Vec<Report<'_>> = reports.iter().map(|(group, fitted)| report(group, known, fitted)).collect();
        out::line(serde_json::to_string_pretty(&reports)?)?;
    }
    if let [(_, Err(why))] = &reports[..] {
        anyhow::bail!("{why}");
    }
    anyhow::ensure!(n_failed == 0, "{n_failed} of {} photos gave no body — see above for what to do", groups.len());
    Ok(())
}

/// Whether everything that is asked for can be written, before the work is done.
fn check_targets(options: &Options) -> anyhow::Result<()> {
    if let Some(output) = &options.output {
        if options.each {
            anyhow::ensure!(
                output.is_dir() || !output.exists(),
                "with --each the bodies go to a folder, and this is a file — choose another name: {output:?}"
            );
        } else {
            studio::format_of(output).map_err(anyhow::Error::msg)?;
            check_target(output, options.force)?;
        }
    }
    if let Some(csv) = &options.csv {
        check_target(csv, options.force)?;
    }
    if let Some(sheet) = &options.sheet {
        let is_png = sheet.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        anyhow::ensure!(is_png, "a contact sheet is a PNG file — end its name in .png: {sheet:?}");
        check_target(sheet, options.force)?;
    }
    Ok(())
}

fn check_target(path: &Path, force: bool) -> anyhow::Result<()> {
    anyhow::ensure!(!path.is_dir(), "this is a folder — name a file in it: {path:?}");
    anyhow::ensure!(force || !path.exists(), "the file exists already — choose another name or add --force: {path:?}");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    anyhow::ensure!(folder.is_none_or(Path::is_dir), "no such folder — make it first, or choose another: {path:?}");
    Ok(())
}

/// Folders become the photos in them.
fn photos(given: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for path in given {
        if path.is_dir() {
            paths.extend(crate::photo::photos_in_folder(path)?);
        } else {
            paths.push(path.clone());
        }
    }
    anyhow::ensure!(!paths.is_empty(), "no photos in there — give JPEG, PNG, WebP or TIFF files");
    Ok(paths)
}

fn look_at(options: &Options, library: &mut Library, paths: &[PathBuf]) -> anyhow::Result<Vec<PhotoView>> {
    let mut views = Vec::new();
    for (number, path) in paths.iter().enumerate() {
        let label = studio::file_name(path);
        let read = studio::read_photo(path).and_then(|(photo, remarks)| {
            let mut view = studio::photo_view(number as u64 + 1, label.clone(), photo, remarks);
            if let (Some(focal), Some(photo)) = (options.focal, &view.photo) {
                view.focal = Some(focal_px(focal, photo.width, photo.height)?);
            }
            studio::look_at(library, view, &mut |_, _| true)
        });
        match read {
            Ok(Some(mut view)) => {
                choose_person(&mut view, options.person.into());
                views.push(view);
            }
            Ok(None) => {}
            Err(why) if paths.len() > 1 => {
                let (text, advice) = why.split_once(" — ").unwrap_or((&why, "leave it out"));
                views.push(PhotoView {
                    remarks: vec![Remark::warning(text, advice)],
                    state: studio::PhotoState::Failed(why),
                    ..PhotoView::reading(number as u64 + 1, label)
                });
            }
            Err(why) => anyhow::bail!(why),
        }
    }
    Ok(views)
}

/// `asked_for` counts from 1; where there are not so many people, the last is taken and the result flagged.
fn choose_person(view: &mut PhotoView, asked_for: usize) {
    let n_people = view.observation.as_ref().map_or(0, |observation| observation.people.len());
    if n_people == 0 || asked_for <= 1 {
        return;
    }
    view.person = Some(asked_for.min(n_people) - 1);
    studio::choose(view);
    if asked_for > n_people {
        view.remarks.push(Remark::warning(
            format!("Person {asked_for} was asked for, the photo shows {n_people}: number {n_people} is measured"),
            "choose one that is there with --person",
        ));
    }
}

/// 36 mm of film along the long side of the photo.
fn focal_px(focal: Focal, width: u32, height: u32) -> Result<FocalLength, String> {
    let px = match focal {
        Focal::Pixels(px) => px,
        Focal::Millimetres35(mm) => f64::from(width.max(height)) * mm / 36.0,
    };
    let focal = FocalLength { px, relative_sigma: 0.02, from: FocalSource::User };
    if focal.is_plausible(width, height) {
        Ok(focal)
    } else {
        Err(format!(
            "no lens has a focal length of {px:.0} px for a photo of {width} x {height} px — give the 35 mm equivalent in \
             millimetres (28), or leave --focal out"
        ))
    }
}

fn fit_one(library: &mut Library, id: u64, group: &[PhotoView], known: Known) -> Result<Entry, String> {
    match studio::fit_photos(library, id, group, known, &mut |_| true)? {
        Some(entry) => Ok(entry),
        None => Err("stopped".into()),
    }
}

fn tell_photos(group: &[PhotoView]) -> anyhow::Result<()> {
    for view in group {
        out::line(format_args!("{} · REPLAY", view.label))?;
        if let Some(observation) = &view.observation
            && observation.people.len() > 1
        {
            let n_people = observation.people.len();
            out::line(format_args!("  {n_people} people; --person N chooses another"))?;
            for line in studio::people(observation) {
                out::line(format_args!("    {line}"))?;
            }
        }
        for remark in &view.remarks {
            out::line(studio::figures::remark(remark))?;
        }
    }
    Ok(())
}

fn write_files(options: &Options, library: &mut Library, entry: &Entry, group: &[PhotoView]) -> anyhow::Result<()> {
    let export = ExportOptions {
        format: None,
        max_influences: if options.influences < 8 { 4 } else { 8 },
        pose: PoseChoice::APose,
    };
    if let Some(output) = &options.output {
        let path = if options.each {
            std::fs::create_dir_all(output)?;
            let name = group.first().map_or("body", |view| view.label.as_str());
            // With the photo's own ending, so that a.jpg and a.png do not share one.
            let path = output.join(format!("{name}.glb"));
            anyhow::ensure!(
                options.force || !path.exists(),
                "the file exists already — choose another folder or add --force: {path:?}"
            );
            path
        } else {
            output.clone()
        };
        let said = studio::write_body(library, entry, &path, export).map_err(anyhow::Error::msg)?;
        eprintln!("{said}");
    }
    if let Some(path) = &options.csv {
        let export = ExportOptions { format: Some(BodyFormat::MeasurementsCsv), ..export };
        let said = studio::write_body(library, entry, path, export).map_err(anyhow::Error::msg)?;
        eprintln!("{said}");
    }
    Ok(())
}

fn report<'a>(group: &'a [PhotoView], known: Known, fitted: &'a Result<Entry, String>) -> Report<'a> {
    let photos = group.iter().map(|view| PhotoReport {
        label: &view.label,
        focal: view.focal,
        people: view.observation.as_ref().map(|observation| studio::people(observation)).unwrap_or_default(),
        chosen: view.person.map(|person| person + 1),
        remarks: &view.remarks,
    });
    let body = fitted.as_ref().ok().and_then(|entry| {
        let phenotype = entry.phenotype.as_ref()?;
        Some(BodyReport { phenotype, measurements: &entry.fitted, quality: entry.quality.as_ref() })
    });
    Report {
        provenance: "replay",
        photos: photos.collect(),
        known,
        body,
        error: fitted.as_ref().err().map(String::as_str),
    }
}
