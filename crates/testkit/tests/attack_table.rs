//! The table of attacks in `docs/attacks.md` tells the truth: a line for each attack, and in it every test whose name
//! begins with its id, or why there is none.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Set, to anything, to write the names of the tests into the table instead of comparing them.
const RENEW: &str = "RELIQUARY_RENEW_ATTACKS";

/// What stands in a line instead of tests.
const NOT_YET: &str = "not yet:";

/// The tests of each id.
type Tests = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The names of functions in the tests and sources below a folder.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
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

/// The ids that a test's name begins with: `p01_f_npm_2_...` has P01 and F-npm-2. What is no sentence behind them is no
/// test's name.
fn ids(name: &str) -> Vec<String> {
    let words: Vec<&str> = name
        .strip_prefix("test_")
        .unwrap_or(name)
        .split('_')
        .collect();
    let (mut ids, mut rest) = (Vec::new(), words.as_slice());
    loop {
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        let is_format =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        rest = match rest {
            ["f", format, number, rest @ ..] if is_format(format) && is_number(number) => {
                ids.push(format!("F-{format}-{number}"));
                rest
            }
            [id, rest @ ..] if id.len() == 3 && is_format(&id[..1]) && is_number(&id[1..]) => {
                ids.push(id.to_ascii_uppercase());
                rest
            }
            _ => break,
        };
    }
    if rest.len() < 3 {
        ids.clear();
    }
    ids
}

/// Every test that names an attack, by the attack.
fn tests() -> Tests {
    let mut names = BTreeSet::new();
    for folder in ["crates", "xtask", "e2e"] {
        functions(&root().join(folder), &mut names);
    }
    let mut tests = Tests::new();
    for name in names {
        for id in ids(&name) {
            tests.entry(id).or_default().insert(name.clone());
        }
    }
    tests
}

/// A line of the table: `- **P01** dot segments: ` and the rest.
fn row(line: &str) -> Option<(&str, &str, &str)> {
    let (id, rest) = line.strip_prefix("- **")?.split_once("** ")?;
    let end = rest
        .find(": `")
        .or_else(|| rest.find(&format!(": {NOT_YET}")));
    let (title, rest) = rest.split_at(end.unwrap_or(rest.len()));
    Some((id, title, rest.strip_prefix(": ").unwrap_or_default()))
}

/// The names that stand in a line.
fn names_in(line: &str) -> BTreeSet<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

/// The line in which the tests of an id stand: its own, or that of its format.
fn line_of<'i>(id: &'i str, lines: &BTreeSet<&str>) -> Option<&'i str> {
    let of_format = || id.starts_with("F-").then(|| id.rsplit_once('-').unwrap().0);
    Some(id)
        .filter(|id| lines.contains(id))
        .or_else(|| of_format().filter(|id| lines.contains(id)))
}

#[test]
fn every_line_of_the_table_names_its_tests_or_says_why_there_is_none() {
    let path = root().join("docs/attacks.md");
    let table = fs::read_to_string(&path).unwrap();
    let mut faults = Vec::new();
    let mut lines = BTreeSet::new();
    for (id, ..) in table.lines().filter_map(row) {
        if !lines.insert(id) {
            faults.push(format!("{id} has two lines"));
        }
    }
    assert!(
        lines.len() > 150,
        "the table was read: {} lines",
        lines.len()
    );
    let mut expected: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let tests = tests();
    for (id, names) in &tests {
        match line_of(id, &lines) {
            Some(line) => expected.entry(line).or_default().extend(names.clone()),
            None => faults.push(format!("{id} has no line, and tests: {names:?}")),
        }
    }
    let mut renewed = String::new();
    for line in table.lines() {
        let written = match row(line) {
            Some((id, title, rest)) => match expected.get(id) {
                Some(names) => {
                    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                    format!("- **{id}** {title}: {}", names.join(", "))
                }
                None if rest
                    .strip_prefix(NOT_YET)
                    .is_some_and(|why| !why.trim().is_empty()) =>
                {
                    line.to_owned()
                }
                None => {
                    faults.push(format!("{id} has neither a test nor a reason why not"));
                    line.to_owned()
                }
            },
            None => line.to_owned(),
        };
        if written != line {
            let (id, ..) = row(line).unwrap();
            let (before, after) = (names_in(line), names_in(&written));
            let (new, gone): (Vec<_>, Vec<_>) = (
                after.difference(&before).collect(),
                before.difference(&after).collect(),
            );
            faults.push(format!(
                "{id} is out of date: it lacks {new:?}, and {gone:?} are no tests of it"
            ));
        }
        renewed.push_str(&written);
        renewed.push('\n');
    }
    if std::env::var_os(RENEW).is_some() {
        fs::write(&path, renewed).unwrap();
        return;
    }
    assert!(
        faults.is_empty(),
        "{}\nThe names can be written anew by:\n  {RENEW}=1 cargo test -p reliquary-testkit --test attack_table",
        faults.join("\n")
    );
}

#[test]
fn ids_are_what_a_name_begins_with() {
    for (name, expected) in [
        ("p01_dot_segments_are_refused", &["P01"][..]),
        ("test_i01_killed_in_mid_write", &["I01"]),
        ("p01_f_npm_2_s13_x_y_z", &["P01", "F-npm-2", "S13"]),
        ("f_py_1_equal_names_become_one", &["F-py-1"]),
        ("u32_at", &[]),
        ("find_p01_in_a_name", &[]),
        ("f_is_a_letter_here", &[]),
    ] {
        assert_eq!(ids(name), expected, "{name}");
    }
}
