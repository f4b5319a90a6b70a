//! Landmarks, outline and what the user knows to measurements, an Anny phenotype, a pose and a mesh.
//!
//! Pure: no clock, no I/O, no threads. The model's arrays come in as bytes.

pub mod silhouette;
