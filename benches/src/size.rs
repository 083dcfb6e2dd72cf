//! How many tokens a suite works on.

use std::ffi::OsStr;

use anyhow::{Result, bail, ensure};
use ng_lab::{count, kernel};
use ng_token::Token;

/// The environment variable for it.
pub(crate) const VARIABLE: &str = "NG_BENCH_TOKENS";

/// The size at which suites are judged: 640 MB, larger than a cache.
pub(crate) const DEFAULT_TOKENS: usize = 10_000_000;

/// The most tokens: up to here an id is its token's position.
const MAX_TOKENS: usize = 4_000_000_000;

/// Parses the variable's `value` as a number of tokens; returns `default` without one.
pub(crate) fn tokens(value: Option<&OsStr>, default: usize) -> Result<usize> {
    let Some(value) = value else {
        return Ok(default);
    };
    match value.to_str().and_then(parse) {
        Some(count) => Ok(count),
        None => bail!(
            "{VARIABLE}={}, expected a whole number from 1 to 4G, such as 1000, 10k or 10M",
            value.to_string_lossy()
        ),
    }
}

fn parse(text: &str) -> Option<usize> {
    let count = usize::try_from(count::parse(text)?).ok()?;
    (1..=MAX_TOKENS).contains(&count).then_some(count)
}

/// Refuses work that needs more memory than there is, if the system tells.
///
/// The kernel would grant the memory, and kill the process when it is touched.
pub(crate) fn ensure_memory(needed_bytes: usize) -> Result<()> {
    if let Ok(available_bytes) = kernel::available_bytes() {
        ensure!(
            needed_bytes as u64 <= available_bytes,
            "{needed_bytes} bytes of memory needed, but {available_bytes} are available; \
             set {VARIABLE} to fewer tokens"
        );
    }
    Ok(())
}

/// Returns the size of `count` tokens.
pub(crate) const fn bytes_of(count: usize) -> usize {
    count * Token::SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_powers_of_a_thousand() {
        for (text, expected) in [
            ("1", 1),
            ("10k", 10_000),
            ("3K", 3_000),
            ("10M", DEFAULT_TOKENS),
            ("4G", MAX_TOKENS),
        ] {
            assert_eq!(tokens(Some(OsStr::new(text)), 7).unwrap(), expected);
        }
        assert_eq!(tokens(None, 7).unwrap(), 7);
    }

    #[test]
    fn refusals_name_the_variable_the_value_and_what_is_allowed() {
        for text in [
            "", "0", "-1", "+1", "k", "1kk", "1.5M", "5G", "10 k", "1e6", "é",
        ] {
            let refused = tokens(Some(OsStr::new(text)), 7).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!(
                    "NG_BENCH_TOKENS={text}, expected a whole number from 1 to 4G, \
                     such as 1000, 10k or 10M"
                )
            );
        }
    }

    #[test]
    fn too_much_memory_is_refused_before_it_is_touched() {
        ensure_memory(1 << 20).unwrap();
        if kernel::available_bytes().is_ok() {
            let refused = ensure_memory(1 << 60).unwrap_err().to_string();
            assert!(
                refused.contains(VARIABLE) && refused.contains("1152921504606846976"),
                "{refused}"
            );
        }
    }
}
