//! The network that sees people by radio: read when the first window could be judged, shared by the pipeline and by jobs.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::inference::{Models, Options, RadioPose, Role};
use crate::pose::{Description, NetworkInputs, PoseWindow, Reading};
use crate::types::Detection;

/// One network for everybody who holds a clone. Without [`RadioNetwork::installed`] there is none.
#[derive(Clone, Default)]
pub struct RadioNetwork(Option<Arc<Mutex<State>>>);

#[derive(Default)]
enum State {
    /// Not asked for yet, or to be read anew.
    #[default]
    Unread,
    Ready(Arc<Loaded>),
    Failed(String),
}

/// A network that is ready to run.
pub struct Loaded {
    models: Models,
    network: RadioPose,
    /// Name, version and engine, for the screen.
    pub label: String,
}

impl RadioNetwork {
    /// What is installed with the program or in the user's models folder; nothing is read yet.
    pub fn installed() -> Self {
        Self(Some(Arc::default()))
    }

    /// The next window is judged by what is installed then.
    pub fn reload(&self) {
        if let Some(state) = &self.0 {
            *state.lock().unwrap_or_else(PoisonError::into_inner) = State::Unread;
        }
    }

    /// Reads the network the first time (some 0.2 s); says why there is none.
    pub fn get(&self) -> Result<Arc<Loaded>, String> {
        let Some(state) = &self.0 else { return Err("people are not looked for here".to_owned()) };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Unread = *state {
            *state = match Loaded::read(None) {
                Ok(loaded) => State::Ready(Arc::new(loaded)),
                Err(why) => State::Failed(why),
            };
        }
        match &*state {
            State::Ready(loaded) => Ok(Arc::clone(loaded)),
            State::Failed(why) => Err(why.clone()),
            State::Unread => Err("the network has not been read".to_owned()),
        }
    }
}

impl Loaded {
    /// What is installed, or what lies in a folder with a `models.toml` of its own.
    pub fn read(folder: Option<&Path>) -> Result<Self, String> {
        let options = Options { folders: folder.map(|folder| vec![folder.to_owned()]), ..Options::default() };
        let models = Models::with(&options).map_err(|error| error.to_string())?;
        let network = RadioPose::load(&models).map_err(|error| error.to_string())?;
        let info = models.info().into_iter().find(|info| info.role == Role::RadioPose);
        let entry = info.and_then(|info| info.entry);
        let name = entry.map_or_else(String::new, |entry| format!("{} {} · ", entry.name, entry.version));
        let label = format!("{name}{}", models.engine().name);
        Ok(Self { models, network, label })
    }

    pub fn description(&self) -> &Description {
        self.network.description()
    }

    /// What the network sees in a window, and what it says of one person even where it cannot tell their place.
    pub fn look(&self, window: &PoseWindow) -> Result<(Reading, Option<Detection>), String> {
        let (answers, features) = self.run(&window.inputs)?;
        let description = self.network.description();
        Ok((window.read(&answers, &features, description), window.lone(&answers, description)))
    }

    /// The bare numbers: answers, then features.
    pub fn run(&self, inputs: &NetworkInputs) -> Result<(Vec<f32>, Vec<f32>), String> {
        self.network.run(&self.models, inputs).map_err(|error| error.to_string())
    }

    /// Median of the last runs, milliseconds.
    pub fn latency_ms(&self) -> Option<f32> {
        let info = self.models.info().into_iter().find(|info| info.role == Role::RadioPose)?;
        info.latency_secs.map(|secs| 1e3 * secs as f32)
    }
}
