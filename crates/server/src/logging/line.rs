//! One event, one line: whatever characters its fields hold.
//!
//! `tracing`'s own formats escape what is recorded as text, but not what is recorded by `Display`, as errors are.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// A format whose lines hold no control character and nothing that turns the reading direction.
///
/// Such a character becomes `\uXXXX`, which JSON reads back as the character itself.
pub(super) struct OneLine<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for OneLine<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(256);
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        write_on_one_line(line.trim_end_matches('\n'), &mut writer)?;
        writer.write_char('\n')
    }
}

fn write_on_one_line(line: &str, to: &mut impl fmt::Write) -> fmt::Result {
    let mut rest = line;
    while let Some(at) = rest.find(is_disturbing) {
        let (before, after) = rest.split_at(at);
        to.write_str(before)?;
        let mut characters = after.chars();
        if let Some(disturbing) = characters.next() {
            write!(to, "\\u{:04x}", u32::from(disturbing))?;
        }
        rest = characters.as_str();
    }
    to.write_str(rest)
}

/// Appends JSON as one line, as log lines are written.
pub(crate) fn push_on_one_line(json: &str, line: &mut Vec<u8>) {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    if json.as_bytes().iter().all(is_plain) {
        line.extend_from_slice(json.as_bytes());
        return;
    }
    let mut text = String::with_capacity(json.len() + 64);
    write_on_one_line(json, &mut text).expect("writing to a string does not fail");
    line.extend_from_slice(text.as_bytes());
}

/// Control characters, line and paragraph separators, bidirectional overrides and isolates, zero-width characters.
/// All of them have four digits.
fn is_disturbing(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
