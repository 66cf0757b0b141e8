//! The table of attacks in `docs/attacks.md` tells the truth: every test it names exists, every other line says why.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// The names of functions in the tests and sources below a folder.
fn functions(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            // What is built or fetched is not ours.
            if name != "target" && !name.starts_with('.') {
                functions(&path, found);
            }
            continue;
        }
        let keyword = match path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => "fn ",
            Some("py") => "def ",
            _ => continue,
        };
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, rest)) = line.split_once(keyword) else {
                continue;
            };
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            found.insert(rest.chars().take_while(|c| is_name(*c)).collect());
        }
    }
}

#[test]
fn every_line_of_the_table_names_tests_that_exist_or_says_why_there_is_none() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut known = HashSet::new();
    for folder in ["crates", "xtask", "e2e"] {
        functions(&root.join(folder), &mut known);
    }
    let table = fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let (mut lines, mut faults) = (0, Vec::new());
    for line in table.lines() {
        let Some(item) = line.strip_prefix("- **") else {
            continue;
        };
        lines += 1;
        let (id, rest) = item.split_once("** ").unwrap();
        if let Some((_, reason)) = rest.split_once(": not yet:") {
            if reason.trim().is_empty() {
                faults.push(format!("{id} says no reason"));
            }
            continue;
        }
        let names: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            faults.push(format!("{id} names neither a test nor a reason"));
        }
        let test_id = id.to_ascii_lowercase().replace('-', "_");
        for name in names {
            if !known.contains(name) {
                faults.push(format!("{id}: there is no test {name}"));
            } else if !format!("_{name}").contains(&format!("_{test_id}_")) {
                faults.push(format!("{id}: the name of {name} does not carry the id"));
            }
        }
    }
    assert!(lines > 150, "the table was read: {lines} lines");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
