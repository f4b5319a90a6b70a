//! Evaluations as jobs: started and cancelled by commands, on a thread of their own, their reports kept for the window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::{Error, Report, Task, name_of};
use crate::engine::attach::panic_text;

/// More than anybody compares; the oldest leave first.
const MAX_KEPT: usize = 20;

/// An evaluation that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Of the job, for cancelling.
    pub id: u64,
    pub task: Task,
    pub state: State,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// What is being done, and how much is done (0..=1) where that is known.
    Running {
        step: String,
        progress: Option<f32>,
    },
    Done(Arc<Report>),
    /// Why, and what to do.
    Failed(String),
}

impl Evaluation {
    /// For lists: what, and on which recordings.
    pub fn label(&self) -> String {
        let name = self.task.data().map_or_else(|| "simulated".to_owned(), name_of);
        format!("{} · {name}", self.task.label())
    }

    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }
}

/// What the thread of an evaluation tells.
pub(in crate::engine) enum Told {
    Step { step: String, progress: Option<f32> },
    Done(Result<Report, String>),
    Cancelled,
}

/// All evaluations of the session.
#[derive(Default)]
pub(in crate::engine) struct Evaluations(Arc<Vec<Evaluation>>);

impl Evaluations {
    pub fn list(&self) -> Arc<Vec<Evaluation>> {
        Arc::clone(&self.0)
    }

    pub fn begin(&mut self, id: u64, task: Task) {
        let list = Arc::make_mut(&mut self.0);
        if list.len() >= MAX_KEPT
            && let Some(at) = list.iter().position(|one| !one.is_running())
        {
            list.remove(at);
        }
        list.push(Evaluation { id, task, state: State::Running { step: "starting".to_owned(), progress: None } });
    }

    /// Takes the news of a thread; `true` when it has ended.
    pub fn tell(&mut self, id: u64, told: Told) -> bool {
        let list = Arc::make_mut(&mut self.0);
        let Some(at) = list.iter().position(|one| one.id == id) else { return !matches!(told, Told::Step { .. }) };
        let one = &mut list[at];
        match told {
            Told::Step { step, progress } => {
                one.state = State::Running { step, progress };
                return false;
            }
            Told::Done(Ok(report)) => one.state = State::Done(Arc::new(report)),
            Told::Done(Err(why)) => one.state = State::Failed(why),
            Told::Cancelled => drop(list.remove(at)),
        }
        true
    }

    /// Removes one that has ended.
    pub fn forget(&mut self, id: u64) {
        Arc::make_mut(&mut self.0).retain(|one| one.id != id || one.is_running());
    }
}

/// Starts the thread of an evaluation; `say` gets its news until it has ended.
pub(in crate::engine) fn spawn(
    task: Task,
    cancel: Arc<AtomicBool>,
    say: impl Fn(Told) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("jobs".into()).spawn(move || {
        let mut go_on = |progress: Option<f32>, step: &str| {
            say(Told::Step { step: step.to_owned(), progress });
            !cancel.load(Ordering::Relaxed)
        };
        let told = match catch_unwind(AssertUnwindSafe(|| super::run(&task, &mut go_on))) {
            Ok(Ok(report)) => Told::Done(Ok(report)),
            Ok(Err(Error::Cancelled)) => Told::Cancelled,
            Ok(Err(error)) => Told::Done(Err(error.to_string())),
            Err(panic) => Told::Done(Err(panic_text(panic.as_ref()))),
        };
        say(told);
    })
}
