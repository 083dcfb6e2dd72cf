//! Numbers of tokens as people write them.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use crate::ending::OutOfRange;

/// Reads digits, and k, M or G for thousands, millions and thousand millions.
pub(crate) fn parse_count(text: &str) -> Result<u64, String> {
    let unit = match text.bytes().last() {
        Some(b'k' | b'K') => 1_000,
        Some(b'm' | b'M') => 1_000_000,
        Some(b'g' | b'G') => 1_000_000_000,
        _ => 1,
    };
    let digits = &text[..text.len() - usize::from(unit > 1)];
    // `parse` alone would take a sign.
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.parse::<u64>().ok().filter(|_| is_number);
    count
        .and_then(|count| count.checked_mul(unit))
        .ok_or_else(|| "expected a whole number, such as 1000, 10k, 1M or 1G".to_owned())
}

/// Parses an amount of memory: bytes, or K, M, G or T, which are powers of 1024, as for `sort` and
/// the kernel.
pub(crate) fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_ascii_uppercase();
    let unit = match unit.strip_suffix("IB").unwrap_or(&unit) {
        "" if unit.is_empty() => Some(1_u64),
        "K" => Some(1 << 10),
        "M" => Some(1 << 20),
        "G" => Some(1 << 30),
        "T" => Some(1 << 40),
        _ => None,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.parse::<u64>().ok().filter(|_| is_number);
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .ok_or_else(|| "expected bytes, such as 512M, 4G or 4GiB, powers of 1024".to_owned())
}

/// The approximate number, in the units of counts.
pub(crate) struct Rough(pub(crate) f64);

impl fmt::Display for Rough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
            if self.0 >= unit {
                return write!(f, "{:.1}{name}", self.0 / unit);
            }
        }
        write!(f, "{:.0}", self.0)
    }
}

/// Some tokens of a file: `A..B`, and either end may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenRange {
    pub(crate) start: u64,
    pub(crate) end: Option<u64>,
}

impl TokenRange {
    pub(crate) const ALL: Self = Self {
        start: 0,
        end: None,
    };

    /// Returns the range if it is within `len` tokens.
    pub(crate) fn within(self, len: u64, path: &Path) -> Result<Range<u64>, OutOfRange> {
        let end = self.end.unwrap_or(len);
        if self.start <= end && end <= len {
            return Ok(self.start..end);
        }
        Err(OutOfRange::Range {
            path: path.to_owned(),
            range: self.start..self.end.unwrap_or(len.max(self.start)),
            len,
        })
    }
}

pub(crate) fn parse_range(text: &str) -> Result<TokenRange, String> {
    let expected = || "expected A..B with A up to B, such as 0..1000 or 10k..1M".to_owned();
    let (start, end) = text.split_once("..").ok_or_else(expected)?;
    let count = |text: &str| match text {
        "" => Ok(None),
        text => parse_count(text).map(Some),
    };
    let start = count(start)?.unwrap_or(0);
    let end = count(end)?;
    match end.is_some_and(|end| end < start) {
        true => Err(expected()),
        false => Ok(TokenRange { start, end }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_a_thousand() {
        for (text, expected) in [
            ("0", 0),
            ("007", 7),
            ("10k", 10_000),
            ("3K", 3_000),
            ("1M", 1_000_000),
            ("2g", 2_000_000_000),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_count(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_count() {
        for text in [
            "",
            "-1",
            "+1",
            "1.5M",
            "k",
            "1kk",
            "1 M",
            "0x10",
            "1e6",
            "18446744073709551616",
            "99999999999G",
            "é",
        ] {
            assert!(parse_count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn memory_comes_in_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("1000", 1000),
            ("64k", 64 << 10),
            ("512M", 512 << 20),
            ("512MiB", 512 << 20),
            ("4g", 4 << 30),
            ("2T", 2 << 40),
        ] {
            assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "M",
            "-1",
            "+1",
            "1.5G",
            "4GB",
            "4 G",
            "iB",
            "1iB",
            "16777216T",
            "é",
        ] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rough_count_has_four_digits_at_most() {
        for (count, told) in [
            (0.0, "0"),
            (999.4, "999"),
            (1_000.0, "1.0k"),
            (12_345_678.0, "12.3M"),
            (4.56e9, "4.6G"),
        ] {
            assert_eq!(Rough(count).to_string(), told);
        }
    }

    #[test]
    fn a_range_may_leave_out_its_ends_and_never_goes_back() {
        let range = |start, end| Ok(TokenRange { start, end });
        assert_eq!(parse_range("2..5"), range(2, Some(5)));
        assert_eq!(parse_range("1k..2M"), range(1_000, Some(2_000_000)));
        assert_eq!(parse_range("7..7"), range(7, Some(7)));
        assert_eq!(parse_range("7.."), range(7, None));
        assert_eq!(parse_range("..7"), range(0, Some(7)));
        assert_eq!(parse_range(".."), Ok(TokenRange::ALL));
        for text in ["", "7", "5..2", "1..x", "-1..2", "1...2", "1..=2"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }
}
