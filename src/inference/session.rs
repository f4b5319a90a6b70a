//! One loaded network: read, checked against its entry, run, and timed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Error;
use super::engine::EngineInfo;
use super::folder::Weight;
use super::manifest::Entry;
use super::native::NativeModel;
use super::pure::PureModel;
use super::tensor::{Model, Port, Tensor};

/// Runs that the latency is the median of.
const N_LATENCIES: usize = 31;

/// One loaded model. Whoever holds it keeps it, also when a newer one takes its place.
pub struct Session {
    model: Mutex<Box<dyn Model>>,
    pub input: Port,
    pub entry: Entry,
    pub load: Duration,
    runs_on: Mutex<&'static str>,
    latencies: Mutex<(u64, VecDeque<Duration>)>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("file", &self.entry.file)
            .field("runs_on", &self.runs_on())
            .finish_non_exhaustive()
    }
}

impl Session {
    pub fn load(weight: &Weight, engine: &EngineInfo) -> Result<Self, Error> {
        let start = Instant::now();
        let role = weight.entry.role;
        if !role.is_network() {
            return Err(Error::NotInstalled { role });
        }
        let bytes = weight.read()?;
        let failed = |reason| Error::Load { role, engine: engine.name, reason, path: weight.path.clone() };
        let (model, (inputs, outputs)): (Box<dyn Model>, _) = match engine.native() {
            Some(library) => {
                let model = NativeModel::load(library, &bytes, engine.n_threads).map_err(failed)?;
                let ports = model.ports().map_err(failed)?;
                (Box::new(model), ports)
            }
            None => {
                let model = PureModel::load(&bytes).map_err(failed)?;
                let ports = model.ports();
                (Box::new(model), ports)
            }
        };
        let input = agreed(weight, inputs, &outputs)?;
        let runs_on = Mutex::new(model.runs_on());
        let (entry, load, latencies) = (weight.entry.clone(), start.elapsed(), Mutex::default());
        Ok(Self { model: Mutex::new(model), input, entry, load, runs_on, latencies })
    }

    pub fn run(&self, input: Tensor) -> Result<Vec<Tensor>, Error> {
        if !self.input.accepts(input.element_type(), &input.shape) {
            let reason = format!("{} wants {:?}, got {:?}", self.entry.file, self.input.shape, input.shape);
            return Err(Error::Run { reason });
        }
        let mut model = self.model.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now();
        let outputs = model.run(input)?;
        let taken = start.elapsed();
        *self.runs_on.lock().unwrap_or_else(PoisonError::into_inner) = model.runs_on();
        drop(model);
        if outputs.iter().any(|output| output.floats().iter().any(|value| value.is_nan())) {
            return Err(self.bad_answer("values that are not numbers"));
        }
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.0 += 1;
        latencies.1.push_back(taken);
        if latencies.1.len() > N_LATENCIES {
            latencies.1.pop_front();
        }
        Ok(outputs)
    }

    /// For outputs that nothing can be made of.
    pub fn bad_answer(&self, reason: impl Into<String>) -> Error {
        Error::BadAnswer { role: self.entry.role, reason: reason.into(), file: self.entry.file.clone() }
    }

    /// What the last run ran on; does not wait for one that goes on.
    pub fn runs_on(&self) -> &'static str {
        *self.runs_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many runs there were, and the median of the last of them in seconds.
    pub fn latency(&self) -> (u64, Option<f64>) {
        let latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<Duration> = latencies.1.iter().copied().collect();
        sorted.sort();
        (latencies.0, sorted.get(sorted.len() / 2).map(Duration::as_secs_f64))
    }
}

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
