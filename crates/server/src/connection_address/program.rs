//! Running a program of the host for a bounded time, in an empty folder, with bounded output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::config::Environment;

const MOST_OUTPUT_BYTES: u64 = 64 << 10;
const PAUSE_MS: u64 = 5;

/// A program that will not run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It is not on `PATH`.
    NotInstalled,
    /// It could not be started, or did not end in time.
    Failed(String),
}

/// The file that a name on `PATH` stands for.
pub(super) fn find(program: &str, environment: &Environment) -> Option<PathBuf> {
    let path = environment.get("PATH")?;
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| {
            fs::metadata(file).is_ok_and(|metadata| {
                metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
            })
        })
}

/// What a program wrote, standard output before standard error, whatever its exit status.
pub(super) fn output(
    program: &str,
    arguments: &[&str],
    variables: &BTreeMap<String, OsString>,
    folder: &Path,
    environment: &Environment,
    timeout: Duration,
) -> Result<String, NoAnswer> {
    let file = find(program, environment).ok_or(NoAnswer::NotInstalled)?;
    let failed =
        |error: std::io::Error| NoAnswer::Failed(format!("{program} could not be run: {error}"));
    // Files and not pipes: a grandchild that keeps a pipe open cannot hold us.
    let written = [folder.join(".stdout"), folder.join(".stderr")];
    // Our own settings may hold secrets and are none of its business.
    let inherited = environment
        .iter()
        .filter(|(name, _)| !name.starts_with("RELIQUARY_"));
    let mut child = Command::new(file)
        .args(arguments)
        .env_clear()
        .envs(inherited)
        .envs(variables)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(&written[0]).map_err(failed)?)
        .stderr(File::create(&written[1]).map_err(failed)?)
        .spawn()
        .map_err(failed)?;
    let deadline = Instant::now() + timeout;
    while child.try_wait().map_err(failed)?.is_none() {
        if Instant::now() >= deadline {
            child.kill().and_then(|()| child.wait()).map_err(failed)?;
            return Err(NoAnswer::Failed(format!(
                "{program} gave no answer in {} s",
                timeout.as_secs_f32()
            )));
        }
        std::thread::sleep(Duration::from_millis(PAUSE_MS));
    }
    let mut bytes = Vec::new();
    for path in written {
        File::open(path)
            .and_then(|file| file.take(MOST_OUTPUT_BYTES).read_to_end(&mut bytes))
            .map_err(failed)?;
        bytes.push(b'\n');
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
