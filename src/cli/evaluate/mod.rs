//! `evaluate`: how good the program is, measured here and now.

mod activity;
mod body;
mod conduct;
mod doppler;
mod falls;
mod masking;
mod mesh;
mod models;
mod photos;
mod pose;
mod pose_table;
mod presence;
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
    Activity(activity::Options),
    Body(body::Options),
    Doppler(doppler::Options),
    Falls(falls::Options),
    Masking(masking::Options),
    Mesh(mesh::Options),
    Models(models::Options),
    Photos(photos::Options),
    Pose(pose::Options),
    Presence(presence::Options),
    Tracking(tracking::Options),
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    match &options.what {
        What::Activity(options) => activity::run(options),
        What::Body(options) => body::run(options),
        What::Doppler(options) => doppler::run(options),
        What::Falls(options) => falls::run(options),
        What::Masking(options) => masking::run(options),
        What::Mesh(options) => mesh::run(options),
        What::Models(options) => models::run(options),
        What::Photos(options) => photos::run(options),
        What::Pose(options) => pose::run(options),
        What::Presence(options) => presence::run(options),
        What::Tracking(options) => tracking::run(options),
    }
}
