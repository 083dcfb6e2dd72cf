use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, if that is a terminal. Counts tokens.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(shown: bool, what: &'static str, total: Option<u64>) -> Self {
        let target = match shown {
            // It draws nothing where that is no terminal.
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(total, target).with_message(what);
        let template = match total {
            Some(_) => "{msg} {bar:24} {human_pos}/{human_len} tokens, {eta} left",
            None => "{msg} {spinner} {human_pos} tokens",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Counts `tokens` more as done.
    pub(crate) fn add(&self, tokens: u64) {
        self.bar.inc(tokens);
    }

    /// Tells that `tokens` of `total` are done.
    pub(crate) fn set(&self, tokens: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(tokens);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
