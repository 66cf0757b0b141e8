//! The buffer between those who log and the file that lines end in.
//!
//! A line is put into memory; one thread writes what has gathered. If the file takes no more and the buffer is full, lines are
//! dropped and counted rather than requests held up. At most a hundredth of a second of lines is lost if the process is killed.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

const MOST_BYTES: usize = 4 << 20;
/// How long lines gather before they are written together.
const GATHER: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    dropped_lines: u64,
    is_closed: bool,
}

#[derive(Default)]
struct Shared {
    gathered: Mutex<Gathered>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // A panic while holding the lock leaves bytes that are still good.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The buffer and its thread. Dropping it writes out what is left.
pub struct LogSink {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl LogSink {
    /// Starts the thread that writes to `file`.
    pub fn start(file: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .stack_size(128 << 10)
            .spawn({
                let shared = Arc::clone(&shared);
                move || write_out(&shared, file)
            });
        // Without a thread there are no lines, which is better than no server.
        Self {
            shared,
            thread: thread.ok(),
        }
    }

    /// Where lines are put.
    #[must_use]
    pub fn writer(&self) -> LogWriter {
        LogWriter(Arc::clone(&self.shared))
    }
}

impl Drop for LogSink {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

fn write_out(shared: &Shared, mut file: impl Write) {
    let mut spare = Vec::new();
    loop {
        let mut gathered = shared.lock();
        while gathered.bytes.is_empty() && !gathered.is_closed {
            gathered = shared
                .changed
                .wait(gathered)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if !gathered.is_closed {
            let waited = shared.changed.wait_timeout(gathered, GATHER);
            gathered = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        mem::swap(&mut gathered.bytes, &mut spare);
        let (dropped_lines, is_closed) =
            (mem::take(&mut gathered.dropped_lines), gathered.is_closed);
        drop(gathered);
        // Nobody is left to be told that the log cannot be written.
        let _ = file.write_all(&spare).and_then(|()| file.flush());
        if dropped_lines > 0 {
            let _ = writeln!(
                file,
                "{dropped_lines} log lines were dropped: the log is not read fast enough"
            );
        }
        spare.clear();
        spare.shrink_to(64 << 10);
        if is_closed {
            return;
        }
    }
}

/// Puts lines into the buffer. The formatter hands over whole lines.
#[derive(Clone)]
pub struct LogWriter(Arc<Shared>);

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut gathered = self.0.lock();
        if gathered.bytes.len() + bytes.len() > MOST_BYTES {
            gathered.dropped_lines += 1;
            return Ok(bytes.len());
        }
        let was_empty = gathered.bytes.is_empty();
        gathered.bytes.extend_from_slice(bytes);
        drop(gathered);
        if was_empty {
            self.0.changed.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A file that takes nothing until it is told to.
    struct Stuck {
        go: mpsc::Receiver<()>,
        taken: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.go.recv();
            self.taken.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn d01_a_stuck_log_drops_lines_and_holds_nobody_up() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (release, go) = mpsc::channel();
        let sink = LogSink::start(Stuck {
            go,
            taken: Arc::clone(&taken),
        });
        let mut writer = sink.writer();
        let line = vec![b'x'; 64 << 10];
        for _ in 0..300 {
            writer.write_all(&line).unwrap();
        }
        drop(release);
        drop(sink);
        let taken = taken.lock().unwrap();
        assert!(taken.len() < 2 * MOST_BYTES + 1000, "{}", taken.len());
        assert!(String::from_utf8_lossy(&taken).contains("log lines were dropped"));
    }

    #[test]
    fn dropping_the_sink_writes_what_is_left() {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (release, go) = mpsc::channel();
        drop(release);
        let sink = LogSink::start(Stuck {
            go,
            taken: Arc::clone(&taken),
        });
        sink.writer().write_all(b"one\n").unwrap();
        sink.writer().write_all(b"two\n").unwrap();
        drop(sink);
        assert_eq!(*taken.lock().unwrap(), b"one\ntwo\n");
    }
}
