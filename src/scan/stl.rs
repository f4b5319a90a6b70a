//! STL, text or binary, to clean binary, which is what `three-d-asset` is given.
//!
//! Its reader takes every file that begins with "solid" for text (many binary ones do), reads one solid only, and gives
//! up at a coordinate that is not finite.

use super::{Error, Format, MAX_TRIANGLES, Soup, read_with_asset_crate};

const HEADER_BYTES: usize = 84;
const FACET_BYTES: usize = 50;

/// A binary STL has exactly as many bytes as its count of facets says; other formats do so only by a freak of chance.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    n_facets(bytes).is_some_and(|n| n > 0 && bytes.len() as u64 == HEADER_BYTES as u64 + n * FACET_BYTES as u64)
}

/// "solid", and a facet soon after.
pub(super) fn is_text(text: &[u8]) -> bool {
    let start = &text[..text.len().min(4096)];
    start.len() > 5
        && start[..5].eq_ignore_ascii_case(b"solid")
        && start.windows(5).skip(5).any(|window| window.eq_ignore_ascii_case(b"facet"))
}

fn n_facets(bytes: &[u8]) -> Option<u64> {
    let count = bytes.get(80..HEADER_BYTES)?;
    Some(u64::from(u32::from_le_bytes([count[0], count[1], count[2], count[3]])))
}

pub(super) fn read(bytes: &[u8]) -> Result<Soup, Error> {
    let mut facets = Vec::new();
    let mut n_bad = 0;
    let mut add = |corners: &[f32; 9]| {
        if corners.iter().all(|x| x.is_finite()) {
            facets.extend_from_slice(&[0; 12]);
            corners.iter().for_each(|x| facets.extend_from_slice(&x.to_le_bytes()));
            facets.extend_from_slice(&[0; 2]);
        } else {
            n_bad += 1;
        }
        facets.len() <= MAX_TRIANGLES * FACET_BYTES
    };
    if is_binary(bytes) {
        read_binary(bytes, &mut add)?
    } else {
        read_text(bytes, &mut add)?
    }
    if facets.is_empty() {
        return Err(Error::Empty { format: Format::Stl });
    }
    let mut clean = vec![0; 80];
    clean.extend_from_slice(&((facets.len() / FACET_BYTES) as u32).to_le_bytes());
    clean.append(&mut facets);
    let mut soup = read_with_asset_crate("scan.stl", vec![("scan.stl".to_owned(), clean)], Format::Stl)?;
    soup.n_bad_triangles = n_bad;
    Ok(soup)
}

fn read_binary(bytes: &[u8], add: &mut impl FnMut(&[f32; 9]) -> bool) -> Result<(), Error> {
    for facet in bytes[HEADER_BYTES..].chunks_exact(FACET_BYTES) {
        let corners = std::array::from_fn(|i| {
            let at = 12 + 4 * i;
            f32::from_le_bytes([facet[at], facet[at + 1], facet[at + 2], facet[at + 3]])
        });
        if !add(&corners) {
            return Err(Error::TooManyTriangles);
        }
    }
    Ok(())
}

/// Any number of solids; only the words "vertex" and "endloop" matter.
fn read_text(bytes: &[u8], add: &mut impl FnMut(&[f32; 9]) -> bool) -> Result<(), Error> {
    let damaged = |what: &str| Error::Damaged { format: Format::Stl, what: what.to_owned() };
    // The name of the solid may follow it, however long.
    let end = &bytes[bytes.len().saturating_sub(4096)..];
    if !end.windows(8).any(|window| window.eq_ignore_ascii_case(b"endsolid")) {
        return Err(Error::Truncated { format: Format::Stl, what: "\"endsolid\" is missing".to_owned() });
    }
    let mut corners = [0.0; 9];
    let mut n_corners = 0;
    for line in bytes.split(|&byte| byte == b'\n') {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(keyword) = words.next() else { continue };
        if keyword.eq_ignore_ascii_case(b"vertex") {
            if n_corners == 3 {
                return Err(damaged("a facet has more than three corners"));
            }
            for k in 0..3 {
                let word = words.next().and_then(|word| str::from_utf8(word).ok());
                let x = word.and_then(|word| word.parse().ok()).ok_or_else(|| damaged("a corner is not a number"))?;
                corners[n_corners * 3 + k] = x;
            }
            n_corners += 1;
        } else if keyword.eq_ignore_ascii_case(b"endloop") {
            if n_corners != 3 {
                return Err(damaged("a facet has fewer than three corners"));
            }
            n_corners = 0;
            if !add(&corners) {
                return Err(Error::TooManyTriangles);
            }
        }
    }
    if n_corners == 0 { Ok(()) } else { Err(damaged("a facet does not end")) }
}
