//! The system's file dialogs without waiting for them: their future is asked once a frame.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use super::studio::{Folders, extension, incoming};
use crate::engine::studio::{BodyId, ExportOptions};

/// What files are asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// Recordings, photos, scans.
    Open,
    Photos,
    Scans,
    /// A folder of photos to work through.
    BatchFolder,
    SaveBody {
        body: BodyId,
        options: ExportOptions,
    },
    SaveSheet,
    /// A table of one's own recordings, or arrays of a data set.
    EvaluationFile,
    EvaluationFolder,
    /// Another version of a network.
    EvaluationModels,
    /// Writes a text that is ready.
    SaveText {
        name: String,
        extension: &'static str,
        text: String,
    },
}

type Answer = Option<Vec<PathBuf>>;

/// An open dialog.
pub struct Dialog {
    pub purpose: Purpose,
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

/// Wakes the window when the dialog has an answer.
struct Repaint(egui::Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

impl Dialog {
    /// `name` is what a file to save is called unless somebody changes it, without its extension.
    pub fn new(purpose: Purpose, last: Option<&Path>, folders: &Folders, name: &str) -> Self {
        let (title, folder) = match &purpose {
            Purpose::Open => ("Open recordings, photos or scans", last),
            Purpose::Photos => ("Add photos", folders.photos.as_deref()),
            Purpose::Scans => ("Open scans", folders.scans.as_deref()),
            Purpose::BatchFolder => ("Choose a folder of photos", folders.batch.as_deref()),
            Purpose::SaveBody { .. } => ("Export body", folders.export.as_deref()),
            Purpose::SaveSheet => ("Export contact sheet", folders.export.as_deref()),
            Purpose::EvaluationFile => ("Choose labelled recordings", last),
            Purpose::EvaluationFolder => ("Choose a folder of labelled recordings", last),
            Purpose::EvaluationModels => ("Choose a folder with a models.toml", last),
            Purpose::SaveText { .. } => ("Save", folders.export.as_deref()),
        };
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title);
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        let future: Pin<Box<dyn Future<Output = Answer>>> = match &purpose {
            Purpose::Open => many(dialog.pick_files()),
            Purpose::Photos => many(dialog.add_filter("Photos", incoming::PHOTO_EXTENSIONS).pick_files()),
            Purpose::Scans => many(dialog.add_filter("Scans", incoming::SCAN_EXTENSIONS).pick_files()),
            Purpose::BatchFolder => one(dialog.pick_folder()),
            Purpose::EvaluationFile => {
                one(dialog.add_filter("Labels, arrays, recordings", &["csv", "npz", "mcap"]).pick_file())
            }
            Purpose::EvaluationFolder | Purpose::EvaluationModels => one(dialog.pick_folder()),
            Purpose::SaveText { extension, .. } => {
                let dialog = dialog.add_filter(extension.to_uppercase(), &[*extension]);
                one(dialog.set_file_name(format!("{name}.{extension}")).save_file())
            }
            Purpose::SaveBody { options, .. } => {
                let extension = options.format.map_or("glb", extension);
                let dialog = dialog.add_filter(extension.to_uppercase(), &[extension]);
                one(dialog.set_file_name(format!("{name}.{extension}")).save_file())
            }
            Purpose::SaveSheet => {
                one(dialog.add_filter("PNG", &["png"]).set_file_name(format!("{name}.png")).save_file())
            }
        };
        Self { purpose, future }
    }

    /// `None` while the dialog is open.
    pub fn poll(&mut self, ctx: &egui::Context) -> Option<Answer> {
        let waker = Waker::from(Arc::new(Repaint(ctx.clone())));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

fn many(files: impl Future<Output = Option<Vec<rfd::FileHandle>>> + 'static) -> Pin<Box<dyn Future<Output = Answer>>> {
    Box::pin(async move { Some(files.await?.into_iter().map(|file| file.path().to_owned()).collect()) })
}

fn one(file: impl Future<Output = Option<rfd::FileHandle>> + 'static) -> Pin<Box<dyn Future<Output = Answer>>> {
    Box::pin(async move { Some(vec![file.await?.path().to_owned()]) })
}
