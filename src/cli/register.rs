//! `register`: a scan to the body that lies on it, and how far off it is.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::out;
use crate::body::measure;
use crate::body::register::{self, Convergence, Distances, Registration};
use crate::engine::studio::{BodyModel, SharedModel, figures, scan_sentence};
use crate::export::body_info::{BodyInfo, QualityFigure};
use crate::export::gltf::{self, Influences, SkinnedBody};
use crate::export::mesh_file::{self, UvMap};
use crate::export::{self, measurements};
use crate::scan::{self, LengthUnit, Scan, UpAxis};
use crate::types::{Known, Measurement, Sex, parse_age_years, parse_height_m, parse_sex};

/// Lays a body on a scan of a person: measurements, a skinned body and the distance between the two.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal register scan.ply
  corporeal register scan.obj --unit mm --height 1.78 -o body.glb
  corporeal register scan.stl -o errors.ply           how far the scan lies outside the body, vertex by vertex")]
pub struct Options {
    /// A mesh of one person, roughly upright: OBJ, PLY, STL, GLB or glTF.
    scan: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Stature: 1.78, 178 cm or 5'11". Needed when the scan is cut off.
    #[arg(long, value_parser = parse_height_m)]
    height: Option<f64>,
    /// f or m.
    #[arg(long, value_parser = parse_sex)]
    sex: Option<Sex>,
    /// Years.
    #[arg(long, value_parser = parse_age_years)]
    age: Option<f64>,
    /// Where the body goes: .glb, .gltf (skinned), .obj, .ply (as it stands; .ply with the error in mm as quality),
    /// .csv or .json (measurements).
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Bones per vertex in .glb and .gltf: 8, or 4 for programs that read no more (the error is told).
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(4..=8))]
    influences: u8,
    /// Prints everything as JSON.
    #[arg(long)]
    json: bool,
    /// Replaces a file that exists.
    #[arg(long)]
    force: bool,
}

/// What is told of a mesh file instead of guessed.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Reading {
    /// Unit of the file: m, dm, cm, mm or in; guessed from the size otherwise.
    #[arg(long, value_parser = parse_unit)]
    unit: Option<LengthUnit>,
    /// Axis from the feet to the head: x, y, z, -x, -y or -z; guessed otherwise.
    #[arg(long, value_parser = parse_up, allow_hyphen_values = true)]
    up: Option<UpAxis>,
}

fn parse_unit(text: &str) -> Result<LengthUnit, String> {
    Ok(match text.to_lowercase().as_str() {
        "m" | "metres" | "meters" => LengthUnit::Metres,
        "dm" | "decimetres" => LengthUnit::Decimetres,
        "cm" | "centimetres" | "centimeters" => LengthUnit::Centimetres,
        "mm" | "millimetres" | "millimeters" => LengthUnit::Millimetres,
        "in" | "inch" | "inches" => LengthUnit::Inches,
        _ => return Err("write m, dm, cm, mm or in".into()),
    })
}

fn parse_up(text: &str) -> Result<UpAxis, String> {
    Ok(match text.to_lowercase().trim_start_matches('+') {
        "x" => UpAxis::X,
        "y" => UpAxis::Y,
        "z" => UpAxis::Z,
        "-x" => UpAxis::MinusX,
        "-y" => UpAxis::MinusY,
        "-z" => UpAxis::MinusZ,
        _ => return Err("write x, y, z, -x, -y or -z".into()),
    })
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(path) = &options.output {
        anyhow::ensure!(
            options.force || !path.exists(),
            "the file exists already — choose another name or add --force: {path:?}"
        );
    }
    let model = SharedModel::default().get().map_err(anyhow::Error::msg)?;
    let known = Known { height_m: options.height, weight_kg: None, sex: options.sex, age_years: options.age };
    let laid = Laid::on(&model, &options.scan, options.reading, known)?;
    if options.json {
        out::line(serde_json::to_string_pretty(&laid.to_json(&model))?)?;
    } else {
        out::line(laid.to_text())?;
    }
    if let Some(path) = &options.output {
        laid.write(&model, path, if options.influences < 8 { Influences::Four } else { Influences::Eight })?;
        eprintln!("written: {}", path.display());
    }
    Ok(())
}

/// A scan with the body on it.
pub struct Laid {
    name: String,
    pub scan: Scan,
    /// The scan has the body model's own vertices.
    pub same_topology: bool,
    pub registration: Registration,
    pub measurements: Vec<Measurement>,
}

impl Laid {
    pub fn on(model: &BodyModel, path: &Path, reading: Reading, known: Known) -> anyhow::Result<Self> {
        let scan = scan::open(path, &scan::Options { unit: reading.unit, up: reading.up })?;
        let exact = register::recognise(&model.anny, &scan.mesh);
        let registration = match &exact {
            Some(mesh) => register::to_topology(&model.anny, mesh, &mut |_| true)?,
            None => register::to_scan(&model.anny, &scan.mesh, known, &mut |_| true)?,
        };
        let reference = model.anny.reference_mesh(&registration.phenotype);
        let values = measure::values(&model.plan, &reference.vertices, &reference.bones);
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            scan,
            same_topology: exact.is_some(),
            registration,
            measurements: values.map(|values| measure::of_mesh(&values)).unwrap_or_default(),
        })
    }

    /// How the measurements came about, in a sentence.
    pub fn method(&self) -> String {
        let left = self.registration.statistics.body_to_mesh;
        if self.same_topology {
            format!(
                "the body model's own mesh: measured exactly (the model reproduces it within {:.2} mm on average)",
                left.mean_m * 1e3
            )
        } else {
            format!(
                "registered first: measured on the body that fits the scan best ({:.1} mm off on average)",
                self.registration.statistics.mesh_to_body.mean_m * 1e3
            )
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!("{}: {}\n", self.name, scan_sentence(&self.scan.info));
        text += &format!("  {}\n", self.method());
        let statistics = &self.registration.statistics;
        let line = |d: &Distances| {
            format!(
                "mean {:.1} mm, median {:.1}, 95 % within {:.1}, at most {:.1}",
                d.mean_m * 1e3,
                d.median_m * 1e3,
                d.p95_m * 1e3,
                d.max_m * 1e3
            )
        };
        text += &format!("  body to scan   {}\n", line(&statistics.body_to_mesh));
        text += &format!("  scan to body   {}\n", line(&statistics.mesh_to_body));
        text += &format!("  of the body, {:.0} % has a counterpart in the scan\n", statistics.coverage * 100.0);
        if self.registration.convergence == Convergence::StepsUsedUp {
            text += "  ! it was still moving when its steps were used up\n";
        }
        text + &self.table()
    }

    pub fn table(&self) -> String {
        let row = |m: &Measurement| format!("  {:<18} {}", m.kind.label(), figures::value(m));
        self.measurements.iter().map(row).collect::<Vec<_>>().join("\n")
    }

    pub fn to_json(&self, model: &BodyModel) -> Value {
        let mut value = self.info(model).to_json();
        value["file"] = json!(self.name);
        value["scan"] = json!(self.scan.info);
        value["same_topology"] = json!(self.same_topology);
        value["method"] = json!(self.method());
        value["registration"] = json!({
            "convergence": self.registration.convergence,
            "statistics": self.registration.statistics,
        });
        value
    }

    fn info(&self, model: &BodyModel) -> BodyInfo {
        let phenotype = self.registration.phenotype.clone();
        let local_changes = phenotype
            .local_changes
            .iter()
            .filter_map(|(index, value)| Some((model.labels.get(usize::from(*index))?.clone(), *value)))
            .collect();
        let figure = |name: &str, value: f64, unit: &str| QualityFigure { name: name.into(), value, unit: unit.into() };
        let statistics = &self.registration.statistics;
        let mut flags = Vec::new();
        if self.registration.convergence == Convergence::StepsUsedUp {
            flags.push("The registration was still moving when its steps were used up".to_owned());
        }
        if !self.same_topology && statistics.coverage < 0.7 {
            flags.push("Much of the body is not in the scan: what was not scanned rests on the model".to_owned());
        }
        BodyInfo {
            provenance: if self.same_topology { "a mesh of the body model" } else { "registered to a scan" }.into(),
            phenotype,
            local_changes,
            measurements: self.measurements.clone(),
            quality: vec![
                figure("body_to_scan_mean", statistics.body_to_mesh.mean_m * 1e3, "mm"),
                figure("scan_to_body_mean", statistics.mesh_to_body.mean_m * 1e3, "mm"),
                figure("scan_to_body_p95", statistics.mesh_to_body.p95_m * 1e3, "mm"),
                figure("coverage", statistics.coverage, "1"),
            ],
            flags,
        }
    }

    fn write(&self, model: &BodyModel, path: &Path, influences: Influences) -> anyhow::Result<()> {
        let info = self.info(model);
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        let mut comments = vec![info.provenance.clone()];
        comments.extend(export::body_info::LICENCES.iter().map(|line| (*line).to_owned()));
        let mesh = &self.registration.mesh;
        let bytes = match extension.as_str() {
            "glb" | "gltf" => {
                let shape = model.anny.shape(&self.registration.phenotype);
                let body = SkinnedBody::new(&model.anny, &shape, &self.registration.pose);
                let document = gltf::document(&body, &info, gltf::Options { influences, ..Default::default() })?;
                eprintln!(
                    "{} influences per vertex: at most {:.2} mm off in this pose",
                    influences.n(),
                    document.cut.largest_error_m * 1e3
                );
                if extension == "gltf" {
                    let buffer = path.with_extension("bin");
                    let name = buffer.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    let (json, bin) = document.gltf(&name)?;
                    export::save(&buffer, &bin)?;
                    json
                } else {
                    document.glb()
                }
            }
            "obj" => {
                let uv = UvMap { coordinates: &model.anny.uv, triangles: &model.anny.face_uv };
                mesh_file::obj(mesh, Some(uv), &comments)
            }
            "ply" => {
                comments
                    .push("quality: how far the scan lies outside the body, mm; NaN where it has nothing near".into());
                let error_mm: Vec<f32> = self.registration.per_vertex_error_m.iter().map(|e| e * 1e3).collect();
                mesh_file::ply(mesh, Some(&error_mm), &comments)
            }
            "csv" => measurements::csv(&info)?,
            "json" => measurements::json(&info)?,
            _ => anyhow::bail!(
                "cannot tell the format — end the name in .glb, .gltf, .obj, .ply, .csv or .json: {path:?}"
            ),
        };
        export::save(path, &bytes)?;
        Ok(())
    }
}
