//! The program: everything is in the library.

use std::process::ExitCode;

use corporeal::types::wipe::Wiping;

/// Recordings are read into fresh memory; the system's allocator gives it back to the kernel and asks for it again, which
/// takes longer than decoding (`tests/bench/decode_file.rs`). What held pixels of a photo is cleared before it is freed.
#[global_allocator]
static ALLOCATOR: Wiping<mimalloc::MiMalloc> = Wiping(mimalloc::MiMalloc);

fn main() -> ExitCode {
    // SAFETY: no other thread runs yet that could read the environment meanwhile.
    unsafe { std::env::set_var(corporeal::inference::NO_TELEMETRY_VARIABLE, "1") };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("CORPOREAL_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error")),
        )
        .init();
    match corporeal::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if corporeal::cli::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
