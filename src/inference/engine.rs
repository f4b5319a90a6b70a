//! Which engine runs the networks here, and why.

use std::path::PathBuf;

use serde::Serialize;

use super::native;

/// Which engine to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The native one where it is found, else the built-in one.
    #[default]
    Auto,
    Native,
    BuiltIn,
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

/// How many threads one network gets in ONNX Runtime.
///
/// On two virtual cores two threads took longer than one for every network (spec of the vision models, section 4);
/// networks that do not wait for each other run side by side instead.
const DEFAULT_THREADS: usize = 1;

/// Name of the built-in engine.
pub const BUILT_IN: &str = "tract";
const NATIVE: &str = "ONNX Runtime";

/// Of the crate that is compiled in (`Cargo.toml`).
const TRACT_VERSION: &str = "0.23";

impl EngineInfo {
    /// The native engine where it is wanted and found, else the built-in one.
    pub(super) fn choose(choice: EngineChoice, n_threads: Option<usize>) -> Self {
        if choice == EngineChoice::BuiltIn {
            return Self::built_in(None);
        }
        match native::library() {
            Ok(library) => Self {
                name: NATIVE,
                version: library.version.clone(),
                n_threads: n_threads.unwrap_or_else(default_threads),
                accelerator: library.accelerator,
                library: Some(library.path.clone()),
                why_not_native: None,
            },
            Err(reason) => Self::built_in(Some(reason.clone())),
        }
    }

    fn built_in(why_not_native: Option<String>) -> Self {
        let version = String::from(TRACT_VERSION);
        Self { name: BUILT_IN, version, n_threads: 1, accelerator: None, library: None, why_not_native }
    }

    /// The native library, if that is what runs.
    pub(super) fn native(&self) -> Option<&'static native::Library> {
        if self.name == NATIVE { native::library().as_ref().ok() } else { None }
    }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(DEFAULT_THREADS)
}
