//! Progress of a soak, on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::SoakRow;
use crate::report::text;
use crate::soak::Message;
use crate::soak::csv::described;

/// Seconds between lines if standard error is not a terminal.
const LINE_EVERY: f64 = 30.0;

/// A bar on a terminal, occasional lines elsewhere.
pub(crate) struct SoakProgress {
    bar: ProgressBar,
    draws: bool,
    line_at: f64,
}

impl SoakProgress {
    pub(crate) fn on_stderr(time: Duration) -> Self {
        let draws = io::stderr().is_terminal();
        let target = match draws {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(time.as_secs()), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} s {msg}") {
            bar.set_style(style);
        }
        Self {
            bar,
            draws,
            line_at: 0.0,
        }
    }

    /// Writes a line that stays; a failure to write is no reason to stop.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }

    pub(crate) fn hear(&mut self, message: &Message) {
        match message {
            Message::Began(began) => {
                let rate = text::count(began.rate);
                self.say(&match began.capacity {
                    Some(capacity) => format!(
                        "{rate} operations per second are due, of a capacity of {}",
                        text::count(capacity)
                    ),
                    None => format!("{rate} operations per second are due"),
                });
            }
            Message::Row(row) => self.row(row),
            Message::Event(event) if event.wrong().is_some() => self.say(&described(event)),
            Message::Event(_) | Message::Totals(_) | Message::Failed(_) | Message::Ended => {}
        }
    }

    fn row(&mut self, row: &SoakRow) {
        let line = format!(
            "{}/s, response p99 {}, {} resident, file {} of {}",
            text::count(row.throughput),
            text::time(row.response_ns.p99),
            row.resident_bytes.map_or("?".to_owned(), text::bytes),
            row.file,
            text::bytes(row.disk_bytes),
        );
        if self.draws {
            self.bar.set_message(line);
            self.bar.set_position(row.seconds as u64);
        } else if row.seconds >= self.line_at {
            self.say(&format!("{:.0} s: {line}", row.seconds));
            self.line_at = row.seconds + LINE_EVERY;
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
