//! The window as a PNG file: asked from the window system, written when the picture has come.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use egui::ColorImage;

/// A picture that has been asked for.
pub struct Pending {
    picture: Receiver<Arc<ColorImage>>,
}

pub fn request(ctx: &egui::Context) -> Pending {
    let (sender, picture) = channel();
    let repaint = ctx.clone();
    ctx.request_screenshot(move |image| {
        // The receiver is gone when the window has closed: then nobody wants the picture.
        sender.send(image).ok();
        repaint.request_repaint();
    });
    Pending { picture }
}

impl Pending {
    /// Writes the picture when it has come; `None` while it has not.
    pub fn finish(&self, folder: Option<&Path>) -> Option<Result<PathBuf, String>> {
        let image = self.picture.try_recv().ok()?;
        Some(write(&image, folder))
    }
}

fn write(picture: &ColorImage, folder: Option<&Path>) -> Result<PathBuf, String> {
    let folder = folder.map(ToOwned::to_owned).or_else(pictures).unwrap_or_else(|| PathBuf::from("."));
    let path = free_name(&folder, &jiff::Zoned::now().strftime("corporeal-%Y%m%d-%H%M%S").to_string());
    let [width, height] = picture.size;
    let pixels: Vec<u8> = picture.pixels.iter().flat_map(|c| [c.r(), c.g(), c.b()]).collect();
    let saved = image::RgbImage::from_raw(width as u32, height as u32, pixels)
        .ok_or_else(|| "the picture has no size".to_owned())
        .and_then(|image| image.save(&path).map_err(|error| error.to_string()));
    match saved {
        Ok(()) => Ok(path),
        Err(error) => {
            Err(format!("cannot save the screenshot — check that the folder can be written: {error} ({path:?})"))
        }
    }
}

fn free_name(folder: &Path, stem: &str) -> PathBuf {
    let numbered = (2..100).map(|n| folder.join(format!("{stem}-{n}.png")));
    let plain = folder.join(format!("{stem}.png"));
    std::iter::once(plain.clone()).chain(numbered).find(|path| !path.exists()).unwrap_or(plain)
}

fn pictures() -> Option<PathBuf> {
    let dirs = directories::UserDirs::new()?;
    Some(dirs.picture_dir().unwrap_or(dirs.home_dir()).to_owned())
}
