//! The developer's verbs: `cargo xtask VERB`.
//!
//! Checks that no linter makes (which room may see which, which host names may be spelled), and the sequence that
//! continuous integration runs. Nothing here is part of the product.

mod arrows;
mod fuzz;
mod hosts;
mod step;
mod weed;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use step::{Counting, Tally};

/// What `testkit` reads the combination of database and place of bytes from.
const STORAGE: &str = "RELIQUARY_TEST_STORAGE";
/// The combinations beside the default, SQLite and the local disk, on which every test runs; and the test binaries that
/// run on each. What has a rule or a protocol in it runs where everything is another; where one half is as it is there and
/// the other as in the default, the scenarios of all formats do.
const COMBINATIONS: &[(&str, &[&str])] = &[
    (
        "postgres+s3",
        &[
            "scenarios",
            "api",
            "attacks",
            "growth",
            "sources",
            "npm",
            "pypi",
            "maven",
            "nuget",
            "generic",
            "swift",
            "ruby",
            "cargo",
        ],
    ),
    ("postgres+disk", &["scenarios"]),
    ("sqlite+s3", &["scenarios"]),
];

const USAGE: &str = "\
cargo xtask VERB

  arrows   which room may depend on which, who may use sqlx, object_store and reqwest, licences
  hosts    no file spells the host name of a registry that this project must not spell
  check    formatting, lints, arrows, hosts, documentation
  test     all tests of the workspace on SQLite and the local disk; the scenarios of all formats also on PostgreSQL, on
           S3 and on both, and there the API, the attacks and what each format has of its own too. The contract tests of
           `store` and `blobs` run on every kind anyway. Installs what `weed` does, if it is not there
  weed     the S3-compatible server of the tests, into target/tools; needs Python 3 with venv
  e2e      real clients against the real binary
  bench    Reliquary beside nginx and Verdaccio; what follows is for bench/run.sh
  fuzz     the parsers over inputs that are made for it, [--seconds N] [TARGET ...]; needs cargo-fuzz
  ci       check, test and e2e; ends with one line of totals
";

fn main() -> ExitCode {
    let verb = std::env::args().nth(1).unwrap_or_default();
    let root = workspace();
    let mut tally = Tally::default();
    match verb.as_str() {
        "arrows" => tally.check("arrows", arrows::check(&root)),
        "hosts" => tally.check("hosts", hosts::check(&root)),
        "check" => check(&root, &mut tally),
        "test" => test(&root, &mut tally),
        "weed" => weed::install(&root, &mut tally),
        "e2e" => e2e(&root, &mut tally),
        "bench" => bench(&root, &mut tally),
        "fuzz" => {
            let arguments: Vec<String> = std::env::args().skip(2).collect();
            fuzz::run(&root, &arguments, &mut tally);
        }
        "ci" => {
            check(&root, &mut tally);
            test(&root, &mut tally);
            e2e(&root, &mut tally);
        }
        _ => {
            step::say(USAGE);
            return ExitCode::from(2);
        }
    }
    tally.finish()
}

/// The folder above this package.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments);
    command
}

fn check(root: &Path, tally: &mut Tally) {
    tally.run(
        "formatting",
        cargo(root, &["fmt", "--all", "--check"]),
        Counting::AsOne,
    );
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    tally.run("lints", cargo(root, &lints), Counting::AsOne);
    tally.check("arrows", arrows::check(root));
    tally.check("hosts", hosts::check(root));
    let mut documentation = cargo(
        root,
        &[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
            "--locked",
        ],
    );
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    tally.run("documentation", documentation, Counting::AsOne);
}

fn test(root: &Path, tally: &mut Tally) {
    weed::install(root, tally);
    // Not nextest: it gives each test a process of its own, and the contract suite one database server to a process.
    let tests = ["test", "--workspace", "--locked", "--no-fail-fast"];
    tally.run("tests", cargo(root, &tests), Counting::EverySummary);
    for (storage, binaries) in COMBINATIONS {
        // Of the workspace, though they are of a few crates: with the features of all crates nothing is built again.
        let mut tests = cargo(root, &["test", "--locked", "--no-fail-fast", "--workspace"]);
        for binary in *binaries {
            tests.args(["--test", binary]);
        }
        // Most of the time is spent waiting for servers.
        tests.args(["--", "--test-threads=4"]).env(STORAGE, storage);
        let name = format!("tests on {storage}");
        tally.run(&name, tests, Counting::EverySummary);
    }
}

fn e2e(root: &Path, tally: &mut Tally) {
    let script = root.join("e2e/run.sh");
    if !script.is_file() {
        step::say("e2e: there is no e2e/run.sh\n");
        return;
    }
    let build = cargo(
        root,
        &["build", "--locked", "--release", "--package", "reliquary"],
    );
    // The stories about several nodes want an object store too.
    weed::install(root, tally);
    if tally.run("the binary", build, Counting::AsOne) {
        let mut command = Command::new(script);
        command.current_dir(root);
        tally.run("real clients", command, Counting::LastSummary);
    }
}

fn bench(root: &Path, tally: &mut Tally) {
    let mut command = Command::new(root.join("bench/run.sh"));
    command.current_dir(root).args(std::env::args().skip(2));
    tally.run("benchmarks", command, Counting::AsOne);
}
