//! What the document says its blocks print.

use crate::document::{Block, Kind};
use crate::session::Session;

/// Stands for any part of a line.
const ANYTHING: char = '…';

#[track_caller]
pub(crate) fn check(document: &[Block], session: &Session) {
    if let Err(difference) = compare(document, session) {
        panic!("docs/experiments.md, {difference}");
    }
}

/// # Errors
///
/// All blocks that printed something else.
pub(crate) fn compare(document: &[Block], session: &Session) -> Result<(), String> {
    let pairs = document.iter().enumerate();
    let differences: Vec<_> = pairs
        .filter(|(_, block)| block.kind == Kind::Printed)
        .filter_map(|(index, block)| Some((block, session.printed(index - 1)?)))
        .filter(|(block, printed)| !is_like(printed, &block.text))
        .map(|(Block { line, text, .. }, printed)| {
            format!("line {line}: printed\n{printed}expected\n{text}")
        })
        .collect();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("\n")),
    }
}

fn is_like(printed: &str, expected: &str) -> bool {
    let (printed, expected) = (printed.lines(), expected.lines());
    printed.clone().count() == expected.clone().count()
        && printed
            .zip(expected)
            .all(|(line, like)| is_line_like(line.trim_end(), like))
}

fn is_line_like(line: &str, like: &str) -> bool {
    let Some((before, after)) = like.split_once(ANYTHING) else {
        return line == like;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    let ends = rest.char_indices().map(|(end, _)| end).chain([rest.len()]);
    ends.into_iter()
        .any(|end| is_line_like(&rest[end..], after))
}

#[test]
fn a_line_is_like_another_but_for_what_may_be_anything() {
    for (line, like, expected) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "…", true),
        ("", "…", true),
        ("abc", "a…c", true),
        ("abc", "a…b", false),
        ("abcabc", "…bc", true),
        ("length 7 bytes, 8 more", "length … bytes, … more", true),
        ("length 7 bytes, 8 less", "length … bytes, … more", false),
    ] {
        assert_eq!(is_line_like(line, like), expected, "{line:?} {like:?}");
    }
}
