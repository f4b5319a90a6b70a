//! One binary for all tests that go through the front door.

mod app;
mod app_bodies;
mod atheros;
mod cli;
mod clock;
mod detect;
mod engine;
mod esp32;
mod export;
mod feeding;
mod feitcsi;
mod golden;
mod intel5300;
mod layering;
mod nexmon;
mod pcap;
mod picoscenes;
mod quality;
mod recording;
mod render;
mod render_mesh;
mod ruview;
mod signal;
mod signal_stream;
mod simulate;
mod sources;
