//! The log of a process under test, in memory.

use std::io;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ::server::config::{Log, LogFormat};
use ::server::logging;

/// Every line that this process has logged since the first call of [`Captured::start`].
#[derive(Debug, Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

/// A process has one log.
static LOG: LazyLock<Captured> = LazyLock::new(|| {
    let captured = Captured::default();
    let writer = captured.clone();
    let settings = Log {
        format: LogFormat::Json,
        level: "debug".to_owned(),
        access: true,
    };
    let subscriber =
        logging::subscriber(&settings, move || writer.clone()).expect("the level is one");
    tracing::subscriber::set_global_default(subscriber).expect("nothing else in a test logs");
    captured
});

impl Captured {
    /// Logs of this process go to memory from now on: as JSON, debug lines included.
    #[must_use]
    pub fn start() -> Self {
        LOG.clone()
    }

    /// What was logged so far.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
