//! The binary: the environment is read here and nowhere else.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use server::cli::Cli;
use server::config::Environment;

/// The system's allocator took a tenth of the time of a small reply, and kept what was once large.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A variable whose name is not text cannot be one of ours.
    let environment: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .collect();
    match server::commands::run(cli, environment, &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even that cannot be written, the exit status still tells.
            let _ = writeln!(std::io::stderr(), "reliquary: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
