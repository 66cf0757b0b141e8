//! `cargo xtask fuzz [--seconds N] [TARGET ...]`: runs the targets of `fuzz/` one after the other, each for a while.
//!
//! It needs cargo-fuzz (`cargo install --locked cargo-fuzz`) and no nightly compiler: without a sanitizer the stable one
//! will do. A short run over changed inputs is also among the tests, see `crates/formats/src/fuzzing.rs`.

use std::fs;
use std::path::Path;

use crate::cargo;
use crate::step::{Counting, Tally};

const SECONDS: u32 = 60;
const MOST_INPUT_BYTES: u32 = 64 << 10;

/// Runs what the arguments name, or every target.
pub(crate) fn run(root: &Path, arguments: &[String], tally: &mut Tally) {
    let (seconds, named) = match read(arguments) {
        Ok(read) => read,
        Err(complaint) => return tally.check("fuzz", Ok(vec![complaint])),
    };
    let known = match targets(root) {
        Ok(known) => known,
        Err(error) => return tally.check("fuzz", Err(error)),
    };
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        let complaint = format!(
            "there is no target {unknown}; targets are {}",
            known.join(", ")
        );
        return tally.check("fuzz", Ok(vec![complaint]));
    }
    if let Err(error) = share_versions(root) {
        return tally.check("fuzz", Err(error));
    }
    for target in if named.is_empty() { known } else { named } {
        fuzz(root, &target, seconds, tally);
    }
}

fn read(arguments: &[String]) -> Result<(u32, Vec<String>), String> {
    let (mut seconds, mut named) = (SECONDS, Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let value = arguments.next().and_then(|value| value.parse().ok());
            seconds = value.ok_or("--seconds needs a number")?;
        } else {
            named.push(argument.clone());
        }
    }
    Ok((seconds, named))
}

/// The names of the files with targets.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some(path.file_stem()?.to_str()?.to_owned())
        })
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// What is fuzzed stands on the same versions of its dependencies as what is shipped.
fn share_versions(root: &Path) -> Result<(), String> {
    fs::copy(root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"))
        .map(drop)
        .map_err(|error| format!("Cargo.lock could not be copied into fuzz/: {error}"))
}

fn fuzz(root: &Path, target: &str, seconds: u32, tally: &mut Tally) {
    let (found, seeds) = (
        format!("fuzz/corpus/{target}"),
        format!("fuzz/seeds/{target}"),
    );
    if let Err(error) = fs::create_dir_all(root.join(&found)) {
        return tally.check("fuzz", Err(format!("{found}: {error}")));
    }
    let (time, length) = (
        format!("-max_total_time={seconds}"),
        format!("-max_len={MOST_INPUT_BYTES}"),
    );
    let command = cargo(
        root,
        &[
            "fuzz",
            "run",
            "-s",
            "none",
            target,
            &found,
            &seeds,
            "--",
            &time,
            &length,
            "-timeout=10",
        ],
    );
    tally.run(&format!("fuzz {target}"), command, Counting::AsOne);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_a_time_and_targets() {
        let read = |arguments: &[&str]| {
            let owned: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            read(&owned)
        };
        assert_eq!(read(&[]), Ok((SECONDS, vec![])));
        assert_eq!(
            read(&["pom", "--seconds", "5"]),
            Ok((5, vec!["pom".to_owned()]))
        );
        assert!(read(&["--seconds"]).is_err());
        assert!(read(&["--seconds", "x"]).is_err());
    }

    #[test]
    fn targets_are_found_by_their_files() {
        let found = targets(&crate::workspace()).unwrap();
        assert!(found.iter().any(|name| name == "pom"), "{found:?}");
    }
}
