//! The binary: the environment is read here and nowhere else.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use server::cli::Cli;
use server::config::Environment;

fn main() -> ExitCode {
    tune_allocator();
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

/// Large documents come and go on many threads. As the system's allocator is set, each thread keeps a heap of its own and
/// what was once large stays in it, so a busy hour would never be given back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "mallopt has no safe form; no thread exists yet that could allocate meanwhile"
)]
fn tune_allocator() {
    const LARGE_BYTES: libc::c_int = 256 << 10;
    const ARENAS: libc::c_int = 2;
    // SAFETY: numbers in, a number out; it only sets fields of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn tune_allocator() {}
