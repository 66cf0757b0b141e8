//! Log lines: text for people or JSON for machines, on standard error.
//!
//! Callers' text is always a field, and fields are escaped, so that one event stays one line. Lines go through a
//! bounded buffer ([`LogSink`]), so that a slow terminal or a full pipe slows no request.

mod line;
mod sink;

use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Format, JsonFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{Log, LogFormat};
use crate::start_error::StartError;

use line::OneLine;
pub(crate) use line::push_on_one_line;
pub use sink::LogSink;

/// What turns events into lines.
///
/// # Errors
/// The level cannot be read.
pub fn subscriber<W>(
    log: &Log,
    writer: W,
) -> Result<impl Subscriber + Send + Sync + use<W>, StartError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&log.level).map_err(|error| {
        StartError::because(format!("log.level = {:?} cannot be used", log.level), error)
    })?;
    let lines = fmt::layer()
        .with_writer(writer)
        .with_ansi(false)
        .log_internal_errors(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => lines
            .event_format(OneLine(Format::default().with_ansi(false)))
            .boxed(),
        LogFormat::Json => {
            let json = Format::default()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            lines
                .fmt_fields(JsonFields::new())
                .event_format(OneLine(json))
                .boxed()
        }
    };
    Ok(Registry::default().with(lines.with_filter(filter)))
}

/// Makes this process log to standard error, panics included. Dropping what is returned writes out what is left.
///
/// # Errors
/// The level cannot be read, or the process already logs elsewhere.
pub fn start(log: &Log) -> Result<LogSink, StartError> {
    let sink = LogSink::start(std::io::stderr());
    tracing::subscriber::set_global_default(subscriber(log, sink.writer())?)
        .map_err(|error| StartError::because("logging cannot be set up", error))?;
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, message_text = panic.payload_as_str(), "a panic");
    }));
    Ok(sink)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(format: LogFormat, log: impl FnOnce()) -> Vec<String> {
        let memory = Memory::default();
        let writer = memory.clone();
        let settings = Log {
            format,
            level: "info".to_owned(),
            access: true,
        };
        tracing::subscriber::with_default(
            subscriber(&settings, move || writer.clone()).unwrap(),
            log,
        );
        let bytes = memory.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect()
    }

    const HOSTILE: &str = "a\nERROR forged\r\n\u{1b}[31mred\u{0}\u{202e}\"quoted\"";

    #[test]
    fn o02_hostile_text_stays_in_one_line_and_one_field() {
        let log = || {
            let span = tracing::error_span!("request", request_id = "id-1");
            span.in_scope(|| tracing::info!(path = HOSTILE, error = %HOSTILE, "request"));
        };
        let text = lines_of(LogFormat::Text, log);
        assert_eq!(text.len(), 1, "{text:?}");
        assert!(text[0].contains("id-1"));
        assert!(
            !text[0].contains(['\u{1b}', '\u{0}', '\r', '\u{202e}']),
            "{text:?}"
        );
        let json = lines_of(LogFormat::Json, log);
        assert_eq!(json.len(), 1, "{json:?}");
        let line: serde_json::Value = serde_json::from_str(&json[0]).unwrap();
        assert_eq!(line["path"], HOSTILE);
        assert_eq!(line["span"]["request_id"], "id-1");
        assert!(!json[0].contains(['\u{1b}', '\u{202e}']), "{json:?}");
    }

    #[test]
    fn the_level_is_obeyed() {
        assert_eq!(
            lines_of(LogFormat::Text, || tracing::debug!("quiet")),
            Vec::<String>::new()
        );
        assert_eq!(
            lines_of(LogFormat::Text, || tracing::info!("loud")).len(),
            1
        );
    }
}
