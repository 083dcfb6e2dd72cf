use std::fmt::Write;
use std::sync::Once;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use ng_token::Token;

use crate::count::Rough;

/// Work that takes no longer than this needs no bar.
const DELAY: Duration = Duration::from_millis(500);

/// Nor does a file of fewer tokens: 16 MiB.
const TINY_TOKENS: u64 = (16 << 20) / Token::SIZE as u64;

/// A bar on standard error, if that is a terminal. Counts tokens.
pub(crate) struct Progress {
    bar: ProgressBar,
    shown: bool,
    began: Instant,
    drawn: Once,
}

impl Progress {
    pub(crate) fn new(shown: bool, what: &'static str, total: Option<u64>) -> Self {
        let hidden = ProgressDrawTarget::hidden();
        let bar = ProgressBar::with_draw_target(total, hidden).with_message(what);
        let template = match total {
            Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} tokens, {rate}, {eta} left",
            None => "{msg} {spinner} {human_pos} tokens, {rate}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("rate", write_rate));
        }
        Self {
            bar,
            shown,
            began: Instant::now(),
            drawn: Once::new(),
        }
    }

    /// Counts `tokens` more as done.
    pub(crate) fn add(&self, tokens: u64) {
        self.draw_if_long();
        self.bar.inc(tokens);
    }

    /// Shows that `tokens` of `total` are done.
    pub(crate) fn set(&self, tokens: u64, total: u64) {
        self.bar.set_length(total);
        self.draw_if_long();
        self.bar.set_position(tokens);
    }

    /// Shows that `tokens` are done.
    pub(crate) fn reach(&self, tokens: u64) {
        self.draw_if_long();
        self.bar.set_position(tokens);
    }

    /// Draws the bar from now on, once the work has taken long enough.
    fn draw_if_long(&self) {
        if !self.shown || self.drawn.is_completed() || self.began.elapsed() < DELAY {
            return;
        }
        if self.bar.length().is_some_and(|total| total < TINY_TOKENS) {
            return;
        }
        // It draws nothing if that is not a terminal.
        let target = ProgressDrawTarget::stderr;
        self.drawn.call_once(|| self.bar.set_draw_target(target()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn write_rate(state: &ProgressState, text: &mut dyn Write) {
    let tokens = state.per_sec();
    let bytes = DecimalBytes((tokens * Token::SIZE as f64) as u64);
    // Writing into a string never fails.
    let _ = write!(text, "{} tokens/s, {bytes}/s", Rough(tokens));
}
