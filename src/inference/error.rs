//! What can go wrong with weights and engines, in words that say what to do next.

use std::path::PathBuf;

use super::Role;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no folder with models was found — install Corporeal again, or set CORPOREAL_MODELS to the folder that holds models.toml"
    )]
    NoFolder,
    #[error("models.toml cannot be read ({reason}) — restore it, or take your changes back: {path:?}")]
    Manifest { reason: String, path: PathBuf },
    #[error("the model for {} is not installed — {}", role.label(), role.how_to_install())]
    NotInstalled { role: Role },
    #[error("the file of the model for {} is missing — restore it, or install Corporeal again: {path:?}", role.label())]
    Missing { role: Role, path: PathBuf },
    #[error(
        "the model for {} is damaged or was exchanged: its SHA-256 is {found}, models.toml says {expected} — restore the file, \
         or write the new value into models.toml if you exchanged it on purpose: {path:?}",
        role.label()
    )]
    WrongHash { role: Role, expected: String, found: String, path: PathBuf },
    #[error("the model for {} has the wrong shape: {reason} — use a file with the shapes that models.toml lists: {path:?}", role.label())]
    WrongShape { role: Role, reason: String, path: PathBuf },
    #[error("the model for {} cannot be loaded by {engine} ({reason}) — the file is damaged or needs another engine: {path:?}", role.label())]
    Load { role: Role, engine: &'static str, reason: String, path: PathBuf },
    #[error(
        "the network failed while running ({reason}) — try again with a smaller photo, or with CORPOREAL_ONNXRUNTIME=none"
    )]
    Run { reason: String },
    #[error(
        "the model for {} answers with {reason} — {file} is damaged or made for something else: put another in its place",
        role.label()
    )]
    BadAnswer { role: Role, reason: String, file: String },
    #[error("the file cannot be read ({source}): {path:?}")]
    Io { source: std::io::Error, path: PathBuf },
}
