//! A picture from the clipboard as a photo of the studio.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::engine::studio::StudioCommand;
use crate::photo;

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
    let bytes = Zeroizing::new(bytes);
    add(width, height, &bytes)
}

fn add(width: usize, height: usize, rgba: &[u8]) -> Result<StudioCommand, String> {
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else { return Err(EMPTY.to_owned()) };
    let loaded = photo::from_clipboard_rgba(width, height, rgba, &photo::Limits::default());
    let photo = loaded.map_err(|error| error.to_string())?.photo;
    Ok(StudioCommand::AddPhoto { label: "Clipboard".to_owned(), photo: Arc::new(photo) })
}
