//! Bars of block characters.

use std::fmt;

use super::number::share;

/// From empty to full, upright.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// From empty to full, lying.
const LENGTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// A bar for each of many counts, one character each, the greatest one full.
pub(super) fn upright(counts: &[u64]) -> String {
    let greatest = counts.iter().copied().max().unwrap_or(0);
    counts
        .iter()
        .map(|count| HEIGHTS[eighths(*count, greatest, 1)])
        .collect()
}

/// A bar of up to `width` characters, in proportion to the greatest count.
fn lying(count: u64, greatest: u64, width: usize) -> String {
    let eighths = eighths(count, greatest, width);
    let mut bar = LENGTHS[8].to_string().repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(LENGTHS[eighths % 8]);
    }
    bar
}

/// At least one eighth for a count other than 0.
fn eighths(count: u64, greatest: u64, width: usize) -> usize {
    if count == 0 {
        return 0;
    }
    let share = count as f64 / greatest as f64;
    ((share * (8 * width) as f64).round() as usize).clamp(1, 8 * width)
}

/// Counts by kind: a line for each kind that occurs, and one for all others.
pub(super) struct Bars {
    pub(super) title: &'static str,
    pub(super) rows: Vec<(String, u64)>,
    /// The number of tokens, of which shares are taken.
    pub(super) of: u64,
}

/// The most characters of a line.
const WIDTH: usize = 80;
const BAR_WIDTH: usize = 38;

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.title)?;
        let greatest = self.rows.iter().map(|(_, count)| *count).max();
        let greatest = greatest.unwrap_or(0);
        for (name, count) in self.rows.iter().filter(|(_, count)| *count > 0) {
            let bar = lying(*count, greatest, BAR_WIDTH);
            let share = share(*count, self.of);
            writeln!(f, "  {name:<13} {count:>12}  {share:>8}  {bar}")?;
        }
        let absent: Vec<&str> = self
            .rows
            .iter()
            .filter(|(_, count)| *count == 0)
            .map(|(name, _)| name.as_str())
            .collect();
        if absent.is_empty() {
            return Ok(());
        }
        wrapped(f, "  no token: ", &absent.join(", "))
    }
}

/// Words behind a label, wrapped to fit.
pub(super) fn wrapped(f: &mut fmt::Formatter<'_>, label: &str, words: &str) -> fmt::Result {
    let mut line = label.to_owned();
    let mut is_begun = false;
    for word in words.split(' ') {
        if is_begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{line}")?;
            line = " ".repeat(label.len());
            is_begun = false;
        }
        if is_begun {
            line.push(' ');
        }
        line += word;
        is_begun = true;
    }
    writeln!(f, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_what_is_not_is_blank() {
        assert_eq!(upright(&[0, 1, 500, 1000]), " ▁▄█");
        assert_eq!(upright(&[0, 0]), "  ");
        assert_eq!(upright(&[7; 3]), "███");
        assert_eq!(lying(0, 10, 4), "");
        assert_eq!(lying(1, 1_000_000, 4), "▏");
        assert_eq!(lying(3, 8, 4), "█▌");
        assert_eq!(lying(8, 8, 4), "████");
    }

    #[test]
    fn no_line_is_longer_than_80_characters() {
        let long = |number: u64| (format!("controller_{number:02}"), number % 2 * u64::MAX);
        let told = Bars {
            title: "long",
            rows: (0..40).map(long).collect(),
            of: u64::MAX,
        }
        .to_string();
        // A count of 20 digits takes a line of its own; nothing else does.
        let short = |line: &&str| !line.contains(&u64::MAX.to_string());
        assert!(told.lines().filter(short).count() > 3);
        for line in told.lines().filter(short) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
