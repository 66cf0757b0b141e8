//! `reliquary fsck` and `reliquary sweep`: what they print, and how far they are.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use catalog::{FoundPlace, InspectionProgress, InspectionReport, SweepReport};
use indicatif::{HumanBytes, ProgressBar};
use serde_json::{Value, json};

use crate::start_error::StartError;

/// A line on standard error, if that is a terminal.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
    what: Mutex<&'static str>,
}

impl ProgressLine {
    /// Begins.
    #[must_use]
    pub fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            what: Mutex::new(""),
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn what(&self) -> std::sync::MutexGuard<'_, &'static str> {
        self.what
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl InspectionProgress for ProgressLine {
    fn begin(&self, what: &'static str) {
        *self.what() = what;
        self.bar.set_position(0);
        self.bar.set_message(what);
    }

    fn advance(&self, by: u64) {
        self.bar.inc(by);
        let (what, so_far) = (*self.what(), self.bar.position());
        self.bar.set_message(match what {
            "bytes" | "sizes" => format!("{what}: {}", HumanBytes(so_far)),
            _ => format!("{what}: {so_far}"),
        });
    }
}

/// What is left to be repaired.
#[must_use]
pub fn unrepaired(report: &InspectionReport) -> usize {
    let findings = report.findings.iter();
    findings.filter(|finding| !finding.is_repaired).count()
}

/// Prints what a check found.
///
/// # Errors
/// The output cannot be written.
pub fn print(
    report: &InspectionReport,
    as_json: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let text = match as_json {
        true => render_json(report).to_string() + "\n",
        false => render_text(report),
    };
    let written = output.write_all(text.as_bytes());
    let written = written.and_then(|()| output.flush());
    written.map_err(|error| StartError::because("the output cannot be written", error))
}

fn render_text(report: &InspectionReport) -> String {
    let mut text = String::new();
    let put = |text: &mut String, line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("a string takes everything");
    };
    for finding in &report.findings {
        put(
            &mut text,
            format_args!("{}: {}", finding.kind.as_str(), finding.detail),
        );
        if let Some(sha256) = finding.sha256 {
            put(&mut text, format_args!(" (SHA-256 {sha256})"));
        }
        text.push('\n');
        for place in &finding.places {
            let whose = if place.is_own {
                "published here"
            } else {
                "from a public source"
            };
            put(&mut text, format_args!("  {place} [{whose}]\n"));
        }
        if let Some(outcome) = &finding.outcome {
            put(&mut text, format_args!("  {outcome}\n"));
        }
    }
    put(
        &mut text,
        format_args!(
            "checked {} log entries, {} versions, {} blobs in use ({} read); {} blobs ({}) wait for the sweep\n",
            report.changes,
            report.versions,
            report.referenced,
            HumanBytes(report.hashed_bytes),
            report.unreferenced,
            HumanBytes(report.unreferenced_bytes),
        ),
    );
    match (report.findings.len(), unrepaired(report)) {
        (0, _) => text.push_str("clean\n"),
        (found, 0) => put(&mut text, format_args!("{found} found, all repaired\n")),
        (found, left) => put(
            &mut text,
            format_args!("{found} found, {left} left as they are\n"),
        ),
    }
    text
}

fn render_json(report: &InspectionReport) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({
            "kind": finding.kind.as_str(),
            "sha256": finding.sha256.map(|sha256| sha256.to_hex()),
            "detail": finding.detail,
            "places": finding.places.iter().map(place_json).collect::<Vec<_>>(),
            "outcome": finding.outcome,
            "repaired": finding.is_repaired,
        })
    });
    json!({
        "findings": findings.collect::<Vec<_>>(),
        "changes": report.changes,
        "versions": report.versions,
        "referencedBlobs": report.referenced,
        "hashedBytes": report.hashed_bytes,
        "unreferencedBlobs": report.unreferenced,
        "unreferencedBytes": report.unreferenced_bytes,
    })
}

fn place_json(place: &FoundPlace) -> Value {
    json!({
        "domain": place.domain,
        "repository": place.repository,
        "format": place.format,
        "namespace": place.namespace,
        "package": place.package,
        "version": place.version,
        "asset": place.asset,
        "own": place.is_own,
        "role": place.role,
    })
}

/// Prints what a sweep found and did.
///
/// # Errors
/// The output cannot be written.
pub fn print_sweep(
    report: &SweepReport,
    dry_run: bool,
    as_json: bool,
    output: &mut impl Write,
) -> Result<(), StartError> {
    let text = if as_json {
        let shown = json!({
            "blobs": report.blobs,
            "unreferencedBlobs": report.unreferenced,
            "unreferencedBytes": report.unreferenced_bytes,
            "removedBlobs": report.removed,
            "removedBytes": report.removed_bytes,
            "staleUploads": report.stale_uploads,
            "dryRun": dry_run,
        });
        shown.to_string() + "\n"
    } else {
        let done = if dry_run {
            "would be removed now"
        } else {
            "were removed"
        };
        format!(
            "{} blobs, {} ({}) in no use; {} ({}) {done}; of dead uploads {} {done}\n",
            report.blobs,
            report.unreferenced,
            HumanBytes(report.unreferenced_bytes),
            report.removed,
            HumanBytes(report.removed_bytes),
            report.stale_uploads,
        )
    };
    let written = output.write_all(text.as_bytes());
    let written = written.and_then(|()| output.flush());
    written.map_err(|error| StartError::because("the output cannot be written", error))
}
