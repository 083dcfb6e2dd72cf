use std::fmt::{self, Write};
use std::path::Path;

/// A path for display: control characters, and characters that change the text direction,
/// are escaped.
///
/// ```
/// use ng_store::Shown;
///
/// let path = std::path::Path::new("a\x1b[2J\n.ngt");
/// assert_eq!(Shown(path).to_string(), "a\\u{1b}[2J\\n.ngt");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string_lossy().chars() {
            match character.is_control() || turns(character) {
                true => write!(f, "{}", character.escape_default())?,
                false => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Tells whether a character breaks a line or changes the direction of the text
/// around it, without being a control character.
fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// A number of things, in the plural unless it is one.
///
/// ```
/// use ng_store::Counted;
///
/// assert_eq!(Counted(1, "record").to_string(), "1 record");
/// assert_eq!(Counted(0, "record").to_string(), "0 records");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counted(
    /// How many.
    pub u64,
    /// The singular name.
    pub &'static str,
);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, one) = self;
        match count {
            1 => write!(f, "{count} {one}"),
            _ => write!(f, "{count} {one}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_control_a_terminal_is_escaped_and_all_else_is_not() {
        for (path, shown) in [
            ("plain name/ä-日本.ngt", "plain name/ä-日本.ngt"),
            ("a\\b", "a\\b"),
            ("a\nb\rc\td", "a\\nb\\rc\\td"),
            ("\x1b]0;title\x07", "\\u{1b}]0;title\\u{7}"),
            ("\x7f\u{9b}1m", "\\u{7f}\\u{9b}1m"),
            ("ab\u{202e}tgn.", "ab\\u{202e}tgn."),
        ] {
            assert_eq!(Shown(Path::new(path)).to_string(), shown);
        }
    }
}
