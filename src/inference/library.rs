//! Where a native ONNX Runtime may lie on this machine: absolute paths only, most wanted first.
//!
//! Looks at names of files; loads nothing and starts nothing.

use std::path::{Path, PathBuf};

/// Names an absolute path, or `none` to stay with the built-in engine.
pub const LIBRARY_VARIABLE: &str = "CORPOREAL_ONNXRUNTIME";

/// What the user wishes, or else the places to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The built-in engine, and nothing else.
    None,
    /// This file, and no other.
    Exactly(PathBuf),
    /// Whatever is found.
    Any(Vec<PathBuf>),
}

/// Reads the environment and lists candidates.
pub fn wish() -> Wish {
    match std::env::var_os(LIBRARY_VARIABLE) {
        Some(value) if value == "none" => Wish::None,
        Some(value) if !value.is_empty() => Wish::Exactly(PathBuf::from(value)),
        _ => Wish::Any(candidates()),
    }
}

/// Beside the program, in the usual folders for libraries, in the `onnxruntime` package of a Python.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(own) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        folders.extend([
            own.to_path_buf(),
            own.join("lib"),
            own.join("../lib"),
            own.join("../lib/corporeal"),
            own.join("../Frameworks"),
        ]);
    }
    folders.extend(system_folders());
    for site in python_site_packages() {
        folders.push(site.join("onnxruntime/capi"));
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        for path in libraries_in(&folder) {
            let path = path.canonicalize().unwrap_or(path);
            if path.is_absolute() && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

fn system_folders() -> Vec<PathBuf> {
    if cfg!(windows) {
        return Vec::new(); // Windows' own copy in System32 is old; only what lies beside the program counts.
    }
    let mut folders: Vec<PathBuf> =
        ["/usr/local/lib", "/usr/lib", "/usr/lib64", "/opt/onnxruntime/lib", "/opt/homebrew/lib"]
            .map(PathBuf::from)
            .to_vec();
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    folders.push(Path::new("/usr/lib").join(&triple));
    folders.push(Path::new("/usr/local/lib").join(triple));
    folders
}

/// `site-packages` of active environments, of every Python on the path, and of the user.
fn python_site_packages() -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        roots.extend(std::env::var_os(variable).map(PathBuf::from));
    }
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    if let Some(home) = &home {
        roots.push(home.join(".local"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    roots.extend(std::env::split_paths(&path).filter_map(|bin| Some(bin.parent()?.to_path_buf())));
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(|| Some(home?.join(".pyenv")));
    if let Some(pyenv) = pyenv {
        roots.extend(sorted_entries(&pyenv.join("versions")).into_iter().rev());
    }
    let mut sites = Vec::new();
    for root in roots.iter().filter(|root| root.is_absolute()) {
        sites.push(root.join("Lib/site-packages"));
        for lib in [root.join("lib"), root.join("lib64")] {
            let pythons = sorted_entries(&lib).into_iter().filter(|path| name_of(path).starts_with("python3"));
            for python in pythons {
                sites.extend([python.join("site-packages"), python.join("dist-packages")]);
            }
        }
    }
    sites
}

/// The library itself, not its provider plug-ins; the plain name before versioned ones, new versions before old.
fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = sorted_entries(folder).into_iter().filter(|path| is_library(name_of(path))).collect();
    found.sort_by_key(|path| (name_of(path).len() > plain_name().len(), std::cmp::Reverse(version_of(name_of(path)))));
    found
}

fn plain_name() -> String {
    format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

fn is_library(name: &str) -> bool {
    let plain = plain_name();
    if name == plain {
        return true;
    }
    let versioned = |rest: &str| rest.starts_with('.') && rest.bytes().any(|byte| byte.is_ascii_digit());
    if cfg!(target_os = "macos") {
        return name.strip_prefix("libonnxruntime").and_then(|rest| rest.strip_suffix(".dylib")).is_some_and(versioned);
    }
    name.strip_prefix(plain.as_str()).is_some_and(versioned)
}

/// The numbers in a file name, so that 1.32.0 comes after 1.9.1.
fn version_of(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// What a folder holds, by name; nothing where it cannot be read.
fn sorted_entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
