//! What is known of the detectors that look at the radio: what they were fitted on and what they scored, as the manifest of
//! the models folder tells it.

use std::sync::Arc;

use crate::inference::{self, Detector};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detectors {
    pub known: Vec<Detector>,
    /// Why the manifest cannot be read, and what to do.
    pub error: Option<String>,
}

/// Reads the manifests of all models folders: small files, once at the start.
pub fn read() -> Arc<Detectors> {
    Arc::new(match inference::detectors() {
        Ok(known) => Detectors { known, error: None },
        Err(error) => Detectors { known: Vec::new(), error: Some(error.to_string()) },
    })
}
