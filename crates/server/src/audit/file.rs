//! The files of audit records: one that is written, and those that were put aside when it had become large or old.
//!
//! `audit.jsonl` is the present one; `audit-20260101T120000.000Z.jsonl` was put aside at that instant. By name they are in
//! the order in which they were written. A record is whole in one file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::config::Audit;

const PRESENT: &str = "audit.jsonl";
/// The name of a file that is put aside, by the instant, in UTC.
const ASIDE: &str = "audit-%Y%m%dT%H%M%S.%3fZ.jsonl";

/// The files of one folder.
#[derive(Debug)]
pub(super) struct AuditFiles {
    folder: PathBuf,
    present: File,
    /// What is in the present file.
    size_bytes: u64,
    since: SystemTime,
    /// Lines that are to be written, with where each ends.
    pending: Vec<u8>,
    ends: Vec<usize>,
    max_bytes: u64,
    max_age: Duration,
    keep: usize,
    /// What the name of the last file put aside says, in milliseconds since the epoch.
    last_aside_ms: i64,
}

impl AuditFiles {
    /// Opens the folder, which is made if need be and is for its owner only, and goes on with the present file.
    pub(super) fn open(folder: &Path, settings: &Audit) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let (present, size_bytes, since) = open_present(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            present,
            size_bytes,
            since,
            pending: Vec::new(),
            ends: Vec::new(),
            max_bytes: settings.max_bytes,
            max_age: Duration::from_millis(settings.max_age_ms),
            keep: usize::try_from(settings.keep_files)
                .unwrap_or(usize::MAX)
                .max(1),
            last_aside_ms: names_aside(folder)?
                .last()
                .map_or(0, |name| instant_of(name)),
        })
    }

    /// Takes a line, which ends with a line feed. It is written by the next [`AuditFiles::flush`].
    pub(super) fn push(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.ends.push(self.pending.len());
    }

    /// Writes the lines that were pushed. After a failure none of those left is half written, and they stay to be
    /// written by another call.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.ends.is_empty() {
            self.put_aside_if_due()?;
            // At least one line, however long; then as many as there is room for.
            let room = self.max_bytes.saturating_sub(self.size_bytes);
            let fits = |end: &usize| *end as u64 <= room;
            let count = self.ends.iter().take_while(|end| fits(end)).count().max(1);
            let bytes = self.ends[count - 1];
            if let Err(error) = self.present.write_all(&self.pending[..bytes]) {
                // A part may have been written; the same lines come again.
                self.present.set_len(self.size_bytes).ok();
                return Err(error);
            }
            self.size_bytes += bytes as u64;
            self.pending.drain(..bytes);
            self.ends.drain(..count);
            for end in &mut self.ends {
                *end -= bytes;
            }
        }
        self.pending.shrink_to(1 << 20);
        self.ends.shrink_to(4096);
        Ok(())
    }

    /// Makes what was written survive a loss of power.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.present.sync_data()
    }

    fn put_aside_if_due(&mut self) -> io::Result<()> {
        let next_line = self.ends.first().copied().unwrap_or(0) as u64;
        let is_full = self.size_bytes + next_line > self.max_bytes;
        let is_old = self.since.elapsed().is_ok_and(|age| age >= self.max_age);
        if self.size_bytes == 0 || !(is_full || is_old) {
            return Ok(());
        }
        self.present.sync_data()?;
        let aside = self.next_name();
        match fs::rename(self.folder.join(PRESENT), aside) {
            // Someone else took it away, or the last attempt came no further.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        (self.present, self.size_bytes, self.since) = open_present(&self.folder)?;
        self.remove_oldest()
    }

    /// A name for the file that is put aside now: behind all there were, also when several come in one millisecond
    /// or the clock was set back.
    fn next_name(&mut self) -> PathBuf {
        let now = jiff::Timestamp::now().as_millisecond();
        self.last_aside_ms = now.max(self.last_aside_ms + 1);
        let instant = jiff::Timestamp::from_millisecond(self.last_aside_ms).unwrap_or_default();
        self.folder.join(instant.strftime(ASIDE).to_string())
    }

    fn remove_oldest(&self) -> io::Result<()> {
        let aside = names_aside(&self.folder)?;
        let surplus = (aside.len() + 1).saturating_sub(self.keep);
        for name in &aside[..surplus] {
            fs::remove_file(self.folder.join(name))?;
        }
        Ok(())
    }
}

/// The names of the files that were put aside, oldest first.
fn names_aside(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with("audit-") && name.ends_with(".jsonl") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// What the name of a file that was put aside says; 0 for a name of another form.
fn instant_of(name: &str) -> i64 {
    jiff::civil::DateTime::strptime(ASIDE, name)
        .and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC))
        .map_or(0, |at| at.timestamp().as_millisecond())
}

/// Opens the present file behind its last whole line, with its size and since when it is written.
fn open_present(folder: &Path) -> io::Result<(File, u64, SystemTime)> {
    let mut options = OpenOptions::new();
    let path = folder.join(PRESENT);
    let mut file = options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    let metadata = file.metadata()?;
    let mut size_bytes = metadata.len();
    if size_bytes > 0 {
        // What a crash left of a line must not become one with the next.
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
            size_bytes += 1;
        }
    }
    let since = metadata.created().or_else(|_| metadata.modified());
    let since = if size_bytes == 0 {
        SystemTime::now()
    } else {
        since.unwrap_or_else(|_| SystemTime::now())
    };
    Ok((file, size_bytes, since))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::Config;

    fn settings(max_bytes: u64, keep_files: u64) -> Audit {
        Audit {
            max_bytes,
            keep_files,
            ..Config::default().audit
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn text(folder: &Path) -> String {
        let read = |name: &String| fs::read_to_string(folder.join(name)).unwrap();
        names(folder).iter().map(read).collect()
    }

    fn write(files: &mut AuditFiles, lines: std::ops::Range<u32>) {
        for number in lines {
            files.push(format!("line {number:04}\n").as_bytes());
        }
        files.flush().unwrap();
    }

    #[test]
    fn lines_are_appended_across_restarts_for_the_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/audit");
        for range in [0..2, 2..3] {
            let mut files = AuditFiles::open(&folder, &settings(1000, 5)).unwrap();
            write(&mut files, range);
            files.sync().unwrap();
        }
        assert_eq!(text(&folder), "line 0000\nline 0001\nline 0002\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(PRESENT)), 0o600);
    }

    #[test]
    fn a_line_that_a_crash_cut_stays_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(PRESENT), "line 0000\nli").unwrap();
        let mut files = AuditFiles::open(place.path(), &settings(1000, 5)).unwrap();
        write(&mut files, 1..2);
        assert_eq!(text(place.path()), "line 0000\nli\nline 0001\n");
    }

    #[test]
    fn d08_files_are_put_aside_by_size_and_the_oldest_go() {
        let place = tempfile::tempdir().unwrap();
        // Three lines to a file.
        let mut files = AuditFiles::open(place.path(), &settings(35, 3)).unwrap();
        write(&mut files, 0..4);
        assert_eq!(names(place.path()).len(), 2);
        assert_eq!(text(place.path()).lines().count(), 4);
        write(&mut files, 4..20);
        let kept = names(place.path());
        assert_eq!(kept.len(), 3, "{kept:?}");
        assert_eq!(kept[2], PRESENT, "the present file is the last by name");
        let expected: String = (12..20).map(|n| format!("line {n:04}\n")).collect();
        assert_eq!(text(place.path()), expected);
        for name in kept {
            assert!(fs::metadata(place.path().join(name)).unwrap().len() <= 35);
        }
    }

    #[test]
    fn names_of_files_put_aside_only_grow() {
        let place = tempfile::tempdir().unwrap();
        let later = "audit-29990101T000000.000Z.jsonl";
        fs::write(place.path().join(later), "line 0000\n").unwrap();
        // The clock was set back, and the oldest goes at once.
        let mut files = AuditFiles::open(place.path(), &settings(10, 2)).unwrap();
        write(&mut files, 1..4);
        assert_eq!(
            names(place.path()),
            ["audit-29990101T000000.002Z.jsonl", PRESENT]
        );
        assert_eq!(text(place.path()), "line 0002\nline 0003\n");
        assert_eq!(instant_of("audit-x.jsonl"), 0);
    }

    #[test]
    fn a_line_that_is_longer_than_a_file_has_a_file_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let mut files = AuditFiles::open(place.path(), &settings(5, 10)).unwrap();
        write(&mut files, 0..3);
        assert_eq!(names(place.path()).len(), 3);
        assert_eq!(text(place.path()), "line 0000\nline 0001\nline 0002\n");
    }

    #[test]
    fn files_are_put_aside_by_age() {
        let place = tempfile::tempdir().unwrap();
        let mut files = AuditFiles::open(place.path(), &settings(1000, 5)).unwrap();
        write(&mut files, 0..1);
        files.since = SystemTime::now() - Duration::from_secs(90_000);
        write(&mut files, 1..2);
        assert_eq!(names(place.path()).len(), 2);
        assert_eq!(text(place.path()), "line 0000\nline 0001\n");
    }

    #[test]
    fn other_files_of_the_folder_are_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("notes.txt"), "mine").unwrap();
        let mut files = AuditFiles::open(place.path(), &settings(10, 1)).unwrap();
        write(&mut files, 0..5);
        assert_eq!(names(place.path()), [PRESENT, "notes.txt"]);
    }

    #[test]
    fn d03_lines_that_could_not_be_written_are_written_later_and_once() {
        let place = tempfile::tempdir().unwrap();
        let mut files = AuditFiles::open(place.path(), &settings(1000, 5)).unwrap();
        write(&mut files, 0..1);
        let writable = std::mem::replace(
            &mut files.present,
            File::open(place.path().join(PRESENT)).unwrap(),
        );
        files.push(b"line 0001\n");
        assert!(files.flush().is_err(), "the file is open for reading only");
        files.push(b"line 0002\n");
        assert!(files.flush().is_err());
        files.present = writable;
        files.flush().unwrap();
        assert_eq!(text(place.path()), "line 0000\nline 0001\nline 0002\n");
    }
}
