//! A picture from the clipboard as a photo of the studio.

use std::sync::Arc;

use crate::engine::studio::StudioCommand;
use crate::types::Photo;

const EMPTY: &str = "the clipboard holds no picture — copy one first, or drop a file here";

/// Asks the system's clipboard for a picture.
pub fn from_clipboard() -> Result<StudioCommand, String> {
    let mut clipboard = arboard::Clipboard::new().map_err(|error| format!("the clipboard cannot be read: {error}"))?;
    let picture = clipboard.get_image().map_err(|_| EMPTY.to_owned())?;
    add(picture.width, picture.height, &picture.bytes)
}

/// A picture that the window system has pasted.
pub fn from_picture(picture: &egui::ColorImage) -> Result<StudioCommand, String> {
    let [width, height] = picture.size;
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(|pixel| pixel.to_srgba_unmultiplied()).collect();
    add(width, height, &bytes)
}

fn add(width: usize, height: usize, rgba: &[u8]) -> Result<StudioCommand, String> {
    let rgb: Vec<u8> = rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    let photo = Photo::new(width as u32, height as u32, rgb, None).ok_or_else(|| EMPTY.to_owned())?;
    Ok(StudioCommand::AddPhoto { label: "Clipboard".to_owned(), photo: Arc::new(photo) })
}
