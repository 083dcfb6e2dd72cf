//! Numbers of items as people write them.

/// Reads digits, and k, M or G for thousands, millions and thousand millions.
///
/// `None` for everything else, and for what does not fit into a `u64`.
///
/// ```
/// use ng_lab::count::parse;
///
/// assert_eq!(parse("10M"), Some(10_000_000));
/// assert_eq!(parse("1e7"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let unit = match text.bytes().last()? {
        b'k' | b'K' => 1_000,
        b'm' | b'M' => 1_000_000,
        b'g' | b'G' => 1_000_000_000,
        _ => 1,
    };
    let digits = &text[..text.len() - usize::from(unit > 1)];
    // `parse` alone would accept a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_a_thousand() {
        for (text, expected) in [
            ("0", 0),
            ("7", 7),
            ("10k", 10_000),
            ("3K", 3_000),
            ("1m", 1_000_000),
            ("64G", 64_000_000_000),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            "k",
            "-1",
            "+1",
            "1kk",
            "1 M",
            "1.5M",
            "1e6",
            "0x10",
            "é",
            "18446744073709551616",
            "99999999999999999999G",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
