//! The layers of ARCHITECTURE.md: imports point down only.

use std::path::{Path, PathBuf};

/// Each module with its layer.
const LAYERS: [(&str, u8); 16] = [
    ("types", 0),
    ("signal", 1),
    ("simulate", 1),
    ("analytics", 1),
    ("body", 1),
    ("pose", 1),
    ("tracking", 1),
    ("capture", 2),
    ("render", 2),
    ("export", 2),
    ("photo", 2),
    ("inference", 2),
    ("scan", 2),
    ("engine", 3),
    ("app", 4),
    ("cli", 4),
];

/// Sideways imports that ARCHITECTURE.md names and gives a reason for.
const ALLOWED: [(&str, &str); 3] = [("analytics", "signal"), ("cli", "app"), ("pose", "signal")];

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn imports_point_down_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut n_imports = 0;
    for file in &files {
        let relative = file.strip_prefix(&src).expect("found under src");
        let first = relative.components().next().expect("not empty").as_os_str().to_string_lossy().into_owned();
        if relative.components().count() == 1 {
            continue; // lib.rs and main.rs see everything
        }
        let own =
            layer(&first).unwrap_or_else(|| panic!("ARCHITECTURE.md and this test do not know the module {first}"));
        let text = std::fs::read_to_string(file).expect("source is text");
        for (at, _) in text.match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let imported: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(other) = layer(&imported) else { continue };
            n_imports += 1;
            let allowed = other < own || imported == first || ALLOWED.contains(&(first.as_str(), imported.as_str()));
            if !allowed {
                wrong.push(format!("{} imports {imported}", relative.display()));
            }
        }
    }
    assert!(n_imports > 20, "the test found next to no imports: it no longer reads the source rightly");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_engine_spawns_threads() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let spawning: Vec<_> = files
        .iter()
        .filter(|file| !file.starts_with(src.join("engine")))
        .filter(|file| {
            let text = std::fs::read_to_string(file).expect("source is text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            product.contains("thread::spawn") || product.contains("thread::Builder")
        })
        .collect();
    assert!(spawning.is_empty(), "{spawning:?}");
}
