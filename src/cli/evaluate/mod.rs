//! `evaluate`: how good the program is, measured here and now.

mod body;
mod conduct;
mod doppler;
mod mesh;
mod photos;
mod statistics;
mod table;
mod tracking;

use clap::Subcommand;

/// Measures how good estimates are against cases whose truth is known.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Body(body::Options),
    Doppler(doppler::Options),
    Mesh(mesh::Options),
    Photos(photos::Options),
    Tracking(tracking::Options),
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    match &options.what {
        What::Body(options) => body::run(options),
        What::Doppler(options) => doppler::run(options),
        What::Mesh(options) => mesh::run(options),
        What::Photos(options) => photos::run(options),
        What::Tracking(options) => tracking::run(options),
    }
}
