//! Any bytes as a photo: a sentence, or an upright picture within its limits, the same each time.
//!
//! With small limits, so that an input costs little; the checks are the same ones.
#![no_main]

use corporeal::photo::{self, Limits};

const LIMITS: Limits = Limits {
    max_file_bytes: 1 << 20,
    max_side_px: 1024,
    max_pixels: 1 << 18,
    max_decode_bytes: 8 << 20,
    long_side_px: 64,
    min_side_px: 4,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let loaded = match photo::load_bytes(bytes, &LIMITS) {
        Ok(loaded) => loaded,
        Err(error) => {
            let said = error.to_string();
            return assert!(said.contains(" — "), "no advice in: {said}");
        }
    };
    let photo = &loaded.photo;
    let (long, short) = (photo.width.max(photo.height), photo.width.min(photo.height));
    assert!(long <= LIMITS.long_side_px && short >= LIMITS.min_side_px, "{} x {} px", photo.width, photo.height);
    assert_eq!(photo.rgb().len(), (photo.width * photo.height * 3) as usize);
    assert!(photo.focal.is_none_or(|focal| focal.px.is_finite() && focal.px > 0.0), "{:?}", photo.focal);
    assert_eq!(photo::load_bytes(bytes, &LIMITS).ok().as_ref(), Some(&loaded), "another picture the second time");
});
