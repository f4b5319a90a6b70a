//! The fast engine: a native ONNX Runtime, loaded from an absolute path when one is found.
//!
//! The library can be loaded once per process (it is process-wide by design); everything else is per session.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::ep::ExecutionProvider;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorElementType, TensorRef, ValueType};

use super::Error;
use super::library::{self, Wish};
use super::tensor::{ElementType, Elements, Model, Port, Tensor};

/// Has to be set before the library is loaded, as `main` does: from 1.29 on the official libraries write down which program
/// runs on what machine, and send it to their maker. Switching that off in the loaded library comes too late for the first
/// event.
pub const NO_TELEMETRY_VARIABLE: &str = "ORT_DISABLE_TELEMETRY";

/// The library that this process loaded.
pub struct Library {
    environment: Environment,
    pub path: PathBuf,
    /// As the library reports itself, for example `1.32.0`.
    pub version: String,
    /// Name of the provider to try before the processor; `None` where the library has none for this machine.
    pub accelerator: Option<&'static str>,
}

/// The library, or why there is none. The first call looks for it; the answer stays.
pub fn library() -> &'static Result<Library, String> {
    static LIBRARY: OnceLock<Result<Library, String>> = OnceLock::new();
    LIBRARY.get_or_init(|| match library::wish() {
        Wish::None => Err(format!("{} is \"none\"", library::LIBRARY_VARIABLE)),
        Wish::Exactly(path) => load(&path).map_err(|reason| format!("{}: {reason}", library::LIBRARY_VARIABLE)),
        Wish::Any(paths) => {
            let mut refused = Vec::new();
            for path in &paths {
                match load(path) {
                    Ok(library) => return Ok(library),
                    Err(reason) => refused.push(reason),
                }
            }
            Err(if refused.is_empty() { String::from("no ONNX Runtime library was found") } else { refused.join("; ") })
        }
    })
}

/// `ort` refuses libraries that are older than the interface it was built for.
fn load(path: &Path) -> Result<Library, String> {
    if !path.is_absolute() || !path.is_file() {
        return Err(format!("not an absolute path to a file: {path:?}"));
    }
    let builder = ort::init_from(path).map_err(|error| error.to_string())?;
    let environment =
        builder.with_name("corporeal").with_telemetry(false).build().map_err(|error| error.to_string())?;
    let version = version_of(path);
    Ok(Library { environment, path: path.to_path_buf(), version, accelerator: accelerator() })
}

/// The build string has no version in every release; the file's name mostly has.
fn version_of(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let from_name: Vec<&str> =
        name.split('.').filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())).collect();
    if from_name.len() >= 2 {
        return from_name.join(".");
    }
    let info = ort::info();
    let tail = info.split("git-branch=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    let tail = tail.trim_start_matches("rel-");
    if tail.starts_with(|c: char| c.is_ascii_digit()) {
        tail.to_string()
    } else {
        format!("1.{} or later", ort::MINOR_VERSION)
    }
}

fn accelerator() -> Option<&'static str> {
    let has = |available: ort::Result<bool>| available.unwrap_or(false);
    if has(ort::ep::CUDA::is_available()) {
        Some(ort::ep::CUDA::NAME)
    } else if has(ort::ep::DirectML::is_available()) {
        Some(ort::ep::DirectML::NAME)
    } else if has(ort::ep::CoreML::is_available()) {
        Some(ort::ep::CoreML::NAME)
    } else {
        None
    }
}

fn dispatch(name: &str) -> Option<ort::ep::ExecutionProviderDispatch> {
    let dispatch = match name {
        ort::ep::CUDA::NAME => ort::ep::CUDA::default().build(),
        ort::ep::DirectML::NAME => ort::ep::DirectML::default().build(),
        ort::ep::CoreML::NAME => ort::ep::CoreML::default().build(),
        _ => return None,
    };
    Some(dispatch.error_on_failure())
}

/// One network in ONNX Runtime. On a graphics card where that works; a failure there moves it to the processor for good.
pub struct NativeModel {
    library: &'static Library,
    session: Session,
    n_threads: usize,
    /// Kept only while a graphics card runs it, to build the processor's session from.
    fallback: Option<Vec<u8>>,
    provider: &'static str,
}

const CPU: &str = "CPUExecutionProvider";

impl NativeModel {
    pub fn load(library: &'static Library, bytes: &[u8], n_threads: usize) -> Result<Self, String> {
        if let Some(name) = library.accelerator
            && let Some(dispatch) = dispatch(name)
            && let Ok(session) = session(library, bytes, n_threads, Some(dispatch))
        {
            return Ok(Self { library, session, n_threads, fallback: Some(bytes.to_vec()), provider: name });
        }
        let session = session(library, bytes, n_threads, None)?;
        Ok(Self { library, session, n_threads, fallback: None, provider: CPU })
    }

    pub fn ports(&self) -> Result<(Vec<Port>, Vec<Port>), String> {
        let ports = |outlets: &[ort::value::Outlet]| outlets.iter().map(port).collect::<Result<Vec<_>, _>>();
        Ok((ports(self.session.inputs())?, ports(self.session.outputs())?))
    }

    fn run_once(&mut self, input: &Tensor) -> ort::Result<Vec<Tensor>> {
        let outputs = match &input.elements {
            Elements::Float32(elements) => self
                .session
                .run(ort::inputs![TensorRef::from_array_view((input.shape.clone(), elements.as_slice()))?])?,
            Elements::Int32(elements) => self
                .session
                .run(ort::inputs![TensorRef::from_array_view((input.shape.clone(), elements.as_slice()))?])?,
        };
        outputs
            .values()
            .map(|value| match value.try_extract_tensor::<f32>() {
                Ok((shape, elements)) => {
                    Ok(Tensor { shape: sizes(shape), elements: Elements::Float32(elements.to_vec()) })
                }
                Err(_) => {
                    let (shape, elements) = value.try_extract_tensor::<i32>()?;
                    Ok(Tensor { shape: sizes(shape), elements: Elements::Int32(elements.to_vec()) })
                }
            })
            .collect()
    }
}

impl Model for NativeModel {
    fn run(&mut self, input: Tensor) -> Result<Vec<Tensor>, Error> {
        let failed = |error: ort::Error| Error::Run { reason: error.to_string() };
        match self.run_once(&input) {
            Ok(outputs) => Ok(outputs),
            Err(error) => {
                // Out of memory on the card, a lost device: what the processor can do is still worth having.
                let Some(bytes) = self.fallback.take() else { return Err(failed(error)) };
                self.session =
                    session(self.library, &bytes, self.n_threads, None).map_err(|reason| Error::Run { reason })?;
                self.provider = CPU;
                self.run_once(&input).map_err(failed)
            }
        }
    }

    fn runs_on(&self) -> &'static str {
        self.provider
    }
}

fn session(
    library: &'static Library,
    bytes: &[u8],
    n_threads: usize,
    provider: Option<ort::ep::ExecutionProviderDispatch>,
) -> Result<Session, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut builder = Session::builder(&library.environment).map_err(|error| text(&error))?;
    if let Some(provider) = provider {
        builder = builder.with_execution_providers([provider]).map_err(|error| text(&error))?;
    }
    builder
        .with_optimization_level(GraphOptimizationLevel::Level3)
        .map_err(|error| text(&error))?
        .with_intra_threads(n_threads)
        .map_err(|error| text(&error))?
        .with_intra_op_spinning(false)
        .map_err(|error| text(&error))?
        .commit_from_memory(bytes)
        .map_err(|error| text(&error))
}

fn port(outlet: &ort::value::Outlet) -> Result<Port, String> {
    let ValueType::Tensor { ty, shape, .. } = outlet.dtype() else {
        return Err(format!("{} is not a tensor", outlet.name()));
    };
    let element = match ty {
        TensorElementType::Float32 => ElementType::Float32,
        TensorElementType::Int32 => ElementType::Int32,
        other => return Err(format!("{} has elements of type {other}", outlet.name())),
    };
    Ok(Port { name: outlet.name().to_string(), element, shape: shape.to_vec() })
}

fn sizes(shape: &[i64]) -> Vec<usize> {
    shape.iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect()
}
