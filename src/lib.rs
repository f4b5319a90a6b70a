//! Corporeal sees people without cameras: it reads, records, replays and judges WiFi channel state information.
//!
//! `ARCHITECTURE.md` is the map. Layers import downwards only: `types`, `config`; then the pure modules; then I/O;
//! then `engine`; then `app` and `cli`.

pub mod app;
pub mod body;
pub mod capture;
pub mod cli;
pub mod engine;
pub mod export;
pub mod inference;
pub mod photo;
pub mod pose;
pub mod render;
pub mod scan;
pub mod signal;
pub mod simulate;
pub mod types;
