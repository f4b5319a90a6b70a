//! The system's file dialog without waiting for it: its future is asked once a frame.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

type Answer = Option<Vec<PathBuf>>;

/// An open dialog.
pub struct OpenDialog {
    future: Pin<Box<dyn Future<Output = Answer>>>,
}

/// Wakes the window when the dialog has an answer.
struct Repaint(egui::Context);

impl Wake for Repaint {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

impl OpenDialog {
    pub fn new(folder: Option<&Path>) -> Self {
        let mut dialog = rfd::AsyncFileDialog::new().set_title("Open recordings");
        if let Some(folder) = folder {
            dialog = dialog.set_directory(folder);
        }
        let future = dialog.pick_files();
        Self {
            future: Box::pin(
                async move { Some(future.await?.into_iter().map(|file| file.path().to_owned()).collect()) },
            ),
        }
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
