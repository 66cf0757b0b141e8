//! How far long work is, on the terminal of whoever waits for it. Nothing is drawn where standard error is none.

use std::sync::{Mutex, PoisonError};

use carriage::{Progress, Unit};
use indicatif::{ProgressBar, ProgressStyle};

const ROWS: &str = "{msg:20} {human_pos} rows  {elapsed}";
const ROWS_OF: &str = "{msg:20} [{bar:30}] {human_pos} of {human_len} rows  {elapsed}, {eta} left";
const BYTES_OF: &str =
    "{msg:20} [{bar:30}] {bytes} of {total_bytes}, {bytes_per_sec}  {elapsed}, {eta} left";

/// One bar, of the step at hand.
#[derive(Debug, Default)]
pub struct Bars {
    current: Mutex<Option<ProgressBar>>,
}

impl Bars {
    fn with(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        act(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, step: &'static str, total: u64, unit: Unit) {
        let (bar, template) = match (unit, total) {
            (Unit::Rows, 0) => (ProgressBar::no_length(), ROWS),
            (Unit::Rows, total) => (ProgressBar::new(total), ROWS_OF),
            (Unit::Bytes, total) => (ProgressBar::new(total), BYTES_OF),
        };
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.expect("the templates above are well formed"));
        bar.set_message(step);
        self.with(|current| *current = Some(bar));
    }

    fn advance(&self, by: u64) {
        self.with(|current| {
            if let Some(bar) = current {
                bar.inc(by);
            }
        });
    }

    fn end(&self) {
        self.with(|current| {
            if let Some(bar) = current.take() {
                bar.finish_and_clear();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_bar_can_be_drawn() {
        let bars = Bars::default();
        bars.advance(1);
        for (total, unit) in [
            (0, Unit::Rows),
            (5, Unit::Rows),
            (0, Unit::Bytes),
            (9, Unit::Bytes),
        ] {
            bars.begin("step", total, unit);
            bars.advance(3);
            bars.with(|bar| assert_eq!(bar.as_ref().unwrap().position(), 3));
            bars.end();
        }
        bars.end();
    }
}
