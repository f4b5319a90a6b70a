//! The loaded networks, by role: loaded when first asked for, measured at each run, swapped when their files change.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::folder::{self, Folder, Stamp, Weight};
use super::manifest::{DepthConvention, Entry};
use super::native::{self, NativeModel};
use super::pure::PureModel;
use super::tensor::{ElementType, Model, Port, Tensor};
use super::{Error, Role};

/// Which engine to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The native one where it is found, else the built-in one.
    #[default]
    Auto,
    Native,
    BuiltIn,
}

/// How to open models; the default is what the program does.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folders with a `models.toml`, the first wins; `None` takes the usual ones.
    pub folders: Option<Vec<PathBuf>>,
    pub engine: EngineChoice,
    /// Threads within one network; `None` takes what measured best. The built-in engine always uses one.
    pub n_threads: Option<usize>,
}

/// The engine that runs, for screen and reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EngineInfo {
    /// `ONNX Runtime` or `tract`.
    pub name: &'static str,
    pub version: String,
    /// Threads within one network.
    pub n_threads: usize,
    /// The graphics card's provider that is tried first, if any.
    pub accelerator: Option<&'static str>,
    /// Of the native library.
    pub library: Option<PathBuf>,
    /// Why it is not the native engine.
    pub why_not_native: Option<String>,
}

/// Where a model stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelState {
    NotInstalled,
    /// There, but nobody asked for it yet.
    NotLoaded,
    Loaded,
    /// Asked for and refused, with the message for the user.
    Refused(String),
}

/// What is known of one role's model, for screen and reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelInfo {
    pub role: Role,
    pub state: ModelState,
    pub entry: Option<Entry>,
    pub path: Option<PathBuf>,
    /// `ONNX Runtime`, a provider's name, or `tract`; `None` before it is loaded.
    pub runs_on: Option<&'static str>,
    pub load_secs: Option<f64>,
    /// Median of the last runs.
    pub latency_secs: Option<f64>,
    pub n_runs: u64,
}

/// How many threads one network gets in ONNX Runtime.
///
/// Measured with `cargo bench --bench inference` on two virtual cores; more than the machine has is never taken.
const DEFAULT_THREADS: usize = 1;

/// Runs that the latency is the median of.
const N_LATENCIES: usize = 31;

/// All models of this program. Cheap to open: files are read when a role is first asked for.
#[derive(Debug)]
pub struct Models {
    folders: Vec<Folder>,
    /// Where the folders came from, to look again at `reload`.
    paths: Vec<PathBuf>,
    engine: EngineInfo,
    slots: Vec<Mutex<Slot>>,
}

#[derive(Debug, Default)]
struct Slot {
    session: Option<Arc<Session>>,
    /// Of the file when it was loaded or refused.
    stamp: Option<Stamp>,
    refused: Option<String>,
}

/// One loaded model. Whoever holds it keeps it, also when a newer one takes its place.
struct Session {
    model: Mutex<Box<dyn Model>>,
    input: Port,
    entry: Entry,
    runs_on: &'static str,
    load: Duration,
    latencies: Mutex<(u64, VecDeque<Duration>)>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("file", &self.entry.file)
            .field("runs_on", &self.runs_on)
            .finish_non_exhaustive()
    }
}

impl Models {
    /// The models of this installation, on the best engine.
    pub fn open() -> Result<Self, Error> {
        Self::with(&Options::default())
    }

    /// Fails where no folder has a manifest, or one has a broken one.
    pub fn with(options: &Options) -> Result<Self, Error> {
        let paths = options.folders.clone().unwrap_or_else(folder::default_folders);
        let folders = open_folders(&paths)?;
        let engine = engine_info(options);
        Ok(Self { folders, paths, engine, slots: Role::ALL.iter().map(|_| Mutex::default()).collect() })
    }

    pub fn engine(&self) -> &EngineInfo {
        &self.engine
    }

    /// One entry per role, in the order of [`Role::ALL`].
    pub fn info(&self) -> Vec<ModelInfo> {
        Role::ALL.iter().map(|role| self.info_of(*role)).collect()
    }

    fn info_of(&self, role: Role) -> ModelInfo {
        let weight = folder::weight(&self.folders, role);
        let slot = self.slot(role);
        let session = slot.session.as_deref();
        let state = match (&weight, session, &slot.refused) {
            (_, _, Some(message)) => ModelState::Refused(message.clone()),
            (_, Some(_), _) => ModelState::Loaded,
            (Some(_), None, None) => ModelState::NotLoaded,
            (None, None, None) => ModelState::NotInstalled,
        };
        let (n_runs, latency_secs) = session.map_or((0, None), Session::latency);
        ModelInfo {
            role,
            state,
            path: weight.as_ref().map(|weight| weight.path.clone()),
            entry: weight.map(|weight| weight.entry),
            runs_on: session.map(|session| session.runs_on),
            load_secs: session.map(|session| session.load.as_secs_f64()),
            latency_secs,
            n_runs,
        }
    }

    /// Whether a file is named for the role; it is not opened.
    pub fn is_installed(&self, role: Role) -> bool {
        folder::weight(&self.folders, role).is_some()
    }

    /// The path of the role's file, once its content was held against its hash. For weights that are no networks.
    pub fn checked_bytes(&self, role: Role) -> Result<(PathBuf, Vec<u8>), Error> {
        let weight = folder::weight(&self.folders, role).ok_or(Error::NotInstalled { role })?;
        let bytes = weight.read()?;
        Ok((weight.path, bytes))
    }

    /// Loads the role's network, if it is not loaded yet.
    pub fn load(&self, role: Role) -> Result<(), Error> {
        self.session(role).map(drop)
    }

    /// Runs the role's network; loads it first where needed. Any number of threads may call this at once.
    ///
    /// The input must fit the network. Outputs come in the order of the file.
    pub fn run(&self, role: Role, input: Tensor) -> Result<Vec<Tensor>, Error> {
        self.session(role)?.run(input)
    }

    /// Runs the role's network on grey pictures, so that its latency is known. Free sizes are taken as those of an upright photo.
    pub fn exercise(&self, role: Role, n_runs: usize) -> Result<(), Error> {
        let session = self.session(role)?;
        let mut free = [512, 384].into_iter();
        let shape: Vec<usize> = session
            .input
            .shape
            .iter()
            .map(|size| usize::try_from(*size).unwrap_or_else(|_| free.next().unwrap_or(1)))
            .collect();
        let n: usize = shape.iter().product();
        for _ in 0..n_runs {
            session.run(match session.input.element {
                ElementType::Float32 => Tensor::float32(&shape, vec![0.5; n]),
                ElementType::Int32 => Tensor::int32(&shape, vec![128; n]),
            })?;
        }
        Ok(())
    }

    /// What the installed depth model gives, and the size of input that it wants: height and width, 0 where any will do.
    pub(super) fn depth_form(&self) -> Result<(DepthConvention, [usize; 2]), Error> {
        let session = self.session(Role::Depth)?;
        let size = |axis: usize| session.input.shape.get(axis).map_or(0, |size| usize::try_from(*size).unwrap_or(0));
        Ok((session.entry.depth, [size(2), size(3)]))
    }

    /// Looks at the files again; roles whose file or entry changed are loaded anew when next asked for.
    ///
    /// What runs at this moment goes on with what it has. Answers which roles changed. A broken manifest changes nothing.
    pub fn reload(&mut self) -> Result<Vec<Role>, Error> {
        let before = std::mem::take(&mut self.folders);
        let stale = before.iter().any(Folder::is_stale) || before.len() != self.paths.len();
        if stale {
            match open_folders(&self.paths) {
                Ok(folders) => self.folders = folders,
                Err(error) => {
                    self.folders = before;
                    return Err(error);
                }
            }
        } else {
            self.folders.clone_from(&before);
        }
        let mut changed = Vec::new();
        for role in Role::ALL {
            let (old, new) = (folder::weight(&before, role), folder::weight(&self.folders, role));
            let same_entry = match (&old, &new) {
                (Some(old), Some(new)) => old.entry == new.entry && old.path == new.path,
                (None, None) => true,
                _ => false,
            };
            let mut slot = self.slot(role);
            let touched = slot.session.is_some() || slot.refused.is_some();
            let same_file = !touched || new.as_ref().and_then(Weight::stamp) == slot.stamp;
            if !same_entry || !same_file {
                *slot = Slot::default();
                changed.push(role);
            }
        }
        Ok(changed)
    }

    fn session(&self, role: Role) -> Result<Arc<Session>, Error> {
        let mut slot = self.slot(role);
        if let Some(session) = &slot.session {
            return Ok(session.clone());
        }
        let weight = folder::weight(&self.folders, role).ok_or(Error::NotInstalled { role })?;
        slot.stamp = weight.stamp();
        match Session::load(&weight, &self.engine) {
            Ok(session) => {
                slot.refused = None;
                Ok(slot.session.insert(Arc::new(session)).clone())
            }
            Err(error) => {
                slot.refused = Some(error.to_string());
                Err(error)
            }
        }
    }

    fn slot(&self, role: Role) -> std::sync::MutexGuard<'_, Slot> {
        // A panic while loading leaves the slot empty, which is a good state to go on from.
        self.slots[role as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn load(weight: &Weight, engine: &EngineInfo) -> Result<Self, Error> {
        let start = Instant::now();
        let role = weight.entry.role;
        if !role.is_network() {
            return Err(Error::NotInstalled { role });
        }
        let bytes = weight.read()?;
        let failed = |reason| Error::Load { role, engine: engine.name, reason, path: weight.path.clone() };
        let (model, (inputs, outputs), runs_on): (Box<dyn Model>, _, _) = match native_library(engine) {
            Some(library) => {
                let model = NativeModel::load(library, &bytes, engine.n_threads).map_err(failed)?;
                let ports = model.ports().map_err(failed)?;
                let provider = model.provider;
                (Box::new(model), ports, provider)
            }
            None => {
                let model = PureModel::load(&bytes).map_err(failed)?;
                let ports = model.ports();
                (Box::new(model), ports, BUILT_IN)
            }
        };
        let input = agreed(weight, inputs, &outputs)?;
        let entry = weight.entry.clone();
        Ok(Self { model: Mutex::new(model), input, entry, runs_on, load: start.elapsed(), latencies: Mutex::default() })
    }

    fn run(&self, input: Tensor) -> Result<Vec<Tensor>, Error> {
        if !self.input.accepts(input.element_type(), &input.shape) {
            let reason = format!("{} wants {:?}, got {:?}", self.entry.file, self.input.shape, input.shape);
            return Err(Error::Run { reason });
        }
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        let outputs = model.run(input)?;
        let taken = start.elapsed();
        drop(model);
        if outputs.iter().any(|output| output.floats().iter().any(|value| value.is_nan())) {
            return Err(Error::Run { reason: format!("{} gave no numbers", self.entry.file) });
        }
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.0 += 1;
        latencies.1.push_back(taken);
        if latencies.1.len() > N_LATENCIES {
            latencies.1.pop_front();
        }
        Ok(outputs)
    }

    fn latency(&self) -> (u64, Option<f64>) {
        let latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<Duration> = latencies.1.iter().copied().collect();
        sorted.sort();
        (latencies.0, sorted.get(sorted.len() / 2).map(Duration::as_secs_f64))
    }
}

/// Name of the built-in engine.
const BUILT_IN: &str = "tract";
const NATIVE: &str = "ONNX Runtime";

/// Holds what the file says against what the manifest says; answers the one input.
fn agreed(weight: &Weight, inputs: Vec<Port>, outputs: &[Port]) -> Result<Port, Error> {
    let wrong = |reason| Error::WrongShape { role: weight.entry.role, reason, path: weight.path.clone() };
    let [input] =
        <[Port; 1]>::try_from(inputs).map_err(|inputs| wrong(format!("{} inputs instead of 1", inputs.len())))?;
    if weight.unlisted {
        return match input.shape.as_slice() {
            [1 | -1, 3, _, _] => Ok(input),
            other => Err(wrong(format!("a depth model takes [1, 3, height, width], this one takes {other:?}"))),
        };
    }
    let entry = &weight.entry;
    if entry.inputs.iter().any(|expected| !input.agrees(expected)) {
        return Err(wrong(format!("input {:?} instead of {:?}", input.shape, entry.inputs[0].shape)));
    }
    if outputs.len() != entry.outputs.len() {
        return Err(wrong(format!("{} outputs instead of {}", outputs.len(), entry.outputs.len())));
    }
    match outputs.iter().zip(&entry.outputs).find(|(output, expected)| !output.agrees(expected)) {
        Some((output, expected)) => {
            Err(wrong(format!("output {} is {:?} instead of {:?}", expected.name, output.shape, expected.shape)))
        }
        None => Ok(input),
    }
}

fn native_library(engine: &EngineInfo) -> Option<&'static native::Library> {
    if engine.name == NATIVE { native::library().as_ref().ok() } else { None }
}

fn engine_info(options: &Options) -> EngineInfo {
    let built_in = |why: Option<String>| EngineInfo {
        name: BUILT_IN,
        version: String::from("0.23"),
        n_threads: 1,
        accelerator: None,
        library: None,
        why_not_native: why,
    };
    if options.engine == EngineChoice::BuiltIn {
        return built_in(None);
    }
    match native::library() {
        Ok(library) => EngineInfo {
            name: NATIVE,
            version: library.version.clone(),
            n_threads: options.n_threads.unwrap_or_else(default_threads),
            accelerator: library.accelerator,
            library: Some(library.path.clone()),
            why_not_native: None,
        },
        Err(reason) => built_in(Some(reason.clone())),
    }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(DEFAULT_THREADS)
}

fn open_folders(paths: &[PathBuf]) -> Result<Vec<Folder>, Error> {
    let mut folders = Vec::new();
    for path in paths {
        folders.extend(Folder::open(path)?);
    }
    if folders.iter().all(|folder| folder.manifest.models.is_empty()) {
        return Err(Error::NoFolder);
    }
    Ok(folders)
}

/// Where users put their own models, for the window and for messages.
pub fn user_models_folder() -> Option<PathBuf> {
    folder::user_folder()
}
