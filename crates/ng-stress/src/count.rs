//! Numbers of tokens as people write them.

use ng_lab::count;
use thiserror::Error;

/// The most tokens of a scenario: 64G, which are 4 TiB.
pub const MAX_TOKENS: u64 = 64_000_000_000;

/// Why a text is not a number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a whole number from 1 to 64G, such as 1000, 10k, 1M or 1G")]
pub struct CountError;

/// Reads a number of tokens: digits, and k, M or G for thousands, millions and
/// thousand millions.
///
/// # Errors
/// The text is not such a number, or the number is not in `1..=MAX_TOKENS`.
pub fn parse_count(text: &str) -> Result<u64, CountError> {
    count::parse(text)
        .filter(|count| (1..=MAX_TOKENS).contains(count))
        .ok_or(CountError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_a_thousand() {
        for (text, expected) in [
            ("1", 1),
            ("1000", 1000),
            ("10k", 10_000),
            ("1M", 1_000_000),
            ("10m", 10_000_000),
            ("64G", MAX_TOKENS),
        ] {
            assert_eq!(parse_count(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.5",
            "abc",
            "99999G",
            "65G",
            "k",
            "1kk",
            "1 M",
            "0x10",
            "1e6",
            "18446744073709551616",
            "99999999999999999999G",
            "é",
        ] {
            assert_eq!(parse_count(text), Err(CountError), "{text}");
        }
    }
}
