//! Steps of a verb: running them, showing what they say, and adding up what they counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

/// How the output of a step counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// The step is one check.
    AsOne,
    /// Every line of totals of the test harness counts, one for each binary.
    EverySummary,
    /// Only the last line of totals counts.
    LastSummary,
}

/// Totals of one or more steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Tests and checks that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Those that were not run.
    pub(crate) skipped: u64,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Totals so far, and the steps that failed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    totals: Totals,
    failures: Vec<String>,
}

/// Prints a text.
pub(crate) fn say(text: &str) {
    // If nobody listens, there is nothing to do about it.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

impl Tally {
    /// A check of our own: nothing to complain about, or complaints.
    pub(crate) fn check(&mut self, name: &str, complaints: Result<Vec<String>, String>) {
        let complaints = complaints.unwrap_or_else(|failure| vec![failure]);
        if complaints.is_empty() {
            self.totals.passed += 1;
            say(&format!("{name}: ok\n"));
            return;
        }
        self.totals.failed += 1;
        self.failures.push(name.to_owned());
        say(&format!(
            "{name}: {} complaints\n  {}\n",
            complaints.len(),
            complaints.join("\n  ")
        ));
    }

    /// Runs a program, shows its output, and tells whether it succeeded.
    pub(crate) fn run(&mut self, name: &str, mut command: Command, counting: Counting) -> bool {
        say(&format!("== {name}\n"));
        let began = Instant::now();
        let (succeeded, summaries) = match follow(&mut command, counting) {
            Ok(followed) => followed,
            Err(error) => {
                say(&format!(
                    "{name}: {:?} could not be run: {error}\n",
                    command.get_program()
                ));
                (false, Vec::new())
            }
        };
        say(&format!("== {name}: {} s\n", began.elapsed().as_secs()));
        let mut totals = Totals::default();
        match counting {
            Counting::AsOne => totals.passed = u64::from(succeeded),
            Counting::EverySummary => summaries.iter().for_each(|summary| totals.add(*summary)),
            Counting::LastSummary => totals = summaries.last().copied().unwrap_or_default(),
        }
        if !succeeded && totals.failed == 0 {
            totals.failed = 1;
        }
        if totals.failed > 0 {
            self.failures.push(name.to_owned());
        }
        self.totals.add(totals);
        succeeded
    }

    /// Prints the totals; their line is the last one.
    pub(crate) fn finish(self) -> ExitCode {
        if !self.failures.is_empty() {
            say(&format!("failed: {}\n", self.failures.join(", ")));
        }
        let Totals {
            passed,
            failed,
            skipped,
        } = self.totals;
        say(&format!(
            "{passed} passed, {failed} failed, {skipped} skipped\n"
        ));
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Shows both outputs of a program as they come, and collects the lines of totals in them.
fn follow(command: &mut Command, counting: Counting) -> std::io::Result<(bool, Vec<Totals>)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (sender, lines) = mpsc::channel::<String>();
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for output in outputs.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
    }
    drop(sender);
    let mut summaries = Vec::new();
    for line in lines {
        say(&format!("{line}\n"));
        // A test may print totals of its own; those of the harness say what they are.
        let counts = !matches!(counting, Counting::EverySummary) || is_of_harness(&line);
        summaries.extend(read_summary(&line).filter(|_| counts));
    }
    Ok((child.wait()?.success(), summaries))
}

fn is_of_harness(line: &str) -> bool {
    without_colours(line).trim().starts_with("test result:")
}

/// The totals in a line, if it is one of totals: of cargo's test harness, of nextest, of pytest, or of this program.
fn read_summary(line: &str) -> Option<Totals> {
    let plain = without_colours(line);
    let plain = plain.trim().trim_matches('=').trim();
    let is_harness = plain.starts_with("test result:");
    let is_nextest = plain.starts_with("Summary [");
    let is_list = plain.starts_with(|c: char| c.is_ascii_digit());
    if !is_harness && !is_nextest && !is_list {
        return None;
    }
    let words: Vec<&str> = plain
        .split([' ', ',', ';', ':'])
        .filter(|word| !word.is_empty())
        .collect();
    let mut totals = Totals::default();
    let mut counts = 0;
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else {
            continue;
        };
        let total = match pair[1] {
            "passed" | "xfailed" => &mut totals.passed,
            "failed" | "error" | "errors" | "xpassed" => &mut totals.failed,
            "skipped" | "ignored" => &mut totals.skipped,
            _ => continue,
        };
        *total += number;
        counts += 1;
    }
    let is_only_counts = || {
        words
            .first()
            .is_some_and(|word| word.parse::<u64>().is_ok())
            && words.len() >= 2
    };
    (counts > 0 && (!is_list || is_only_counts())).then_some(totals)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64, skipped: u64) -> Option<Totals> {
        Some(Totals {
            passed,
            failed,
            skipped,
        })
    }

    #[test]
    fn totals_are_read_in_every_dialect() {
        let harness = "test result: ok. 66 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.09s";
        assert_eq!(read_summary(harness), totals(66, 1, 2));
        let nextest = "     Summary [   5.9s] 12 tests run: 9 passed (1 slow), 3 failed, 4 skipped";
        assert_eq!(read_summary(nextest), totals(9, 3, 4));
        assert_eq!(
            read_summary("==== 2 failed, 5 passed, 1 skipped, 1 error in 3.21s ===="),
            totals(5, 3, 1)
        );
        assert_eq!(
            read_summary("\u{1b}[32m5 passed\u{1b}[0m in 0.10s"),
            totals(5, 0, 0)
        );
        assert_eq!(
            read_summary("7 passed, 0 failed, 2 skipped"),
            totals(7, 0, 2)
        );
    }

    #[test]
    fn other_lines_are_no_totals() {
        for line in [
            "running 5 tests",
            "test a::b ... ok",
            "12 files",
            "it says 5 passed",
            "",
        ] {
            assert_eq!(read_summary(line), None, "{line}");
        }
    }

    #[test]
    fn a_step_that_fails_without_counting_is_one_failure() {
        let mut tally = Tally::default();
        let mut command = Command::new("sh");
        command.args(["-c", "echo '3 passed, 0 failed, 1 skipped' >&2; exit 1"]);
        assert!(!tally.run("step", command, Counting::LastSummary));
        assert_eq!(
            tally.totals,
            Totals {
                passed: 3,
                failed: 1,
                skipped: 1
            }
        );
        let mut command = Command::new("sh");
        let lines = "echo '9 passed, 0 failed, 0 skipped'; echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        command.args(["-c", lines]);
        assert!(tally.run("harness", command, Counting::EverySummary));
        assert_eq!(tally.totals.passed, 3 + 2);
        assert!(!tally.run("gone", Command::new("/nowhere/at/all"), Counting::AsOne));
        assert_eq!(tally.failures, ["step", "gone"]);
    }
}
