//! The loaded networks, by role: loaded when first asked for, measured at each run, swapped when their files change.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::engine::{EngineChoice, EngineInfo};
use super::folder::{self, Folder, Stamp, Weight};
use super::manifest::{DepthConvention, Entry};
use super::session::Session;
use super::tensor::{ElementType, Tensor};
use super::{Error, Role};

/// How to open models; the default is what the program does.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folders with a `models.toml`, the first wins; `None` takes the usual ones.
    pub folders: Option<Vec<PathBuf>>,
    pub engine: EngineChoice,
    /// Threads within one network; `None` takes what measured best. The built-in engine always uses one.
    pub n_threads: Option<usize>,
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

impl Models {
    /// The models of this installation, on the best engine.
    pub fn open() -> Result<Self, Error> {
        Self::with(&Options::default())
    }

    /// Fails where no folder has a manifest, or one has a broken one.
    pub fn with(options: &Options) -> Result<Self, Error> {
        let paths = options.folders.clone().unwrap_or_else(folder::default_folders);
        let folders = open_folders(&paths)?;
        let engine = EngineInfo::choose(options.engine, options.n_threads);
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
            runs_on: session.map(Session::runs_on),
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

    /// The error for outputs of this role's model that nothing can be made of.
    pub(super) fn bad_answer(&self, role: Role, reason: String) -> Error {
        match self.session(role) {
            Ok(session) => session.bad_answer(reason),
            Err(error) => error,
        }
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
