//! Corporeal sees people without cameras: it reads, records, replays and judges WiFi channel state information.
//!
//! `ARCHITECTURE.md` is the map. Layers import downwards only: `types`, `config`; then the pure modules; then I/O;
//! then `engine`; then `app` and `cli`.

pub mod app;
pub mod capture;
pub mod cli;
pub mod engine;
pub mod export;
pub mod render;
pub mod signal;
pub mod simulate;
pub mod types;
