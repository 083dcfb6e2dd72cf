use std::fmt;
use std::ops::Range;

/// The line of a text where an error is, with carets below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The byte range in the text.
    span: Range<usize>,
    /// What of the line is shown.
    line: String,
    /// The characters of the line before the carets, and the number of carets.
    carets: (usize, usize),
}

/// How many characters of a line are shown on each side of the start of the error.
const BEFORE_MAX: usize = 48;
const BEHIND_MAX: usize = 48;

impl Excerpt {
    /// Takes a span that lies within the text, between characters.
    pub(crate) fn new(text: &str, span: Range<usize>) -> Self {
        let (head, tail) = text.split_at(span.start);
        let line_start = head.rfind('\n').map_or(0, |newline| newline + 1);
        let before: Vec<char> = head[line_start..].chars().rev().take(BEFORE_MAX).collect();
        let rest = tail.split('\n').next().unwrap_or_default();
        let behind = rest.chars().take(BEHIND_MAX);
        let line = before.iter().rev().copied().chain(behind);
        let wide = text[span.clone()].chars().count();
        let shown = rest.chars().take(BEHIND_MAX).count();
        Self {
            line: line.map(printable).collect(),
            carets: (before.len(), wide.min(shown).max(1)),
            span,
        }
    }

    pub(crate) const fn span(&self) -> Range<usize> {
        self.span.start..self.span.end
    }
}

/// A control character would move the carets, or a terminal's cursor.
fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, wide) = self.carets;
        writeln!(f, "  {}", self.line.trim_end())?;
        write!(f, "  {:before$}{:^>wide$}", "", "")
    }
}

/// The most characters of the text found that a message shows.
const FOUND_MAX: usize = 40;

/// Returns the beginning of the text found, fit for a message.
pub(crate) fn shortened(text: &str) -> String {
    let mut found: String = text.chars().take(FOUND_MAX).map(printable).collect();
    if text.chars().nth(FOUND_MAX).is_some() {
        found.push_str("...");
    }
    found
}
