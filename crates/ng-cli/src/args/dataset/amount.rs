//! Amounts of a stream: tokens, bytes, a time, or shards.

use std::time::Duration;

use crate::count::{parse_bytes, parse_count};

/// When a tail ends, or is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Tokens(u64),
    Bytes(u64),
    Time(Duration),
}

/// What a stream keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Shards(u64),
    Bytes(u64),
    Time(Duration),
}

/// Parses `4M`, `256MiB` or `10m`. A small letter is a unit of time, but for `k`.
pub(super) fn parse_amount(text: &str) -> Result<Amount, &'static str> {
    let time = || parse_time(text).map(Amount::Time);
    let bytes = || parse_binary(text).map(Amount::Bytes);
    let tokens = || parse_count(text).ok().map(Amount::Tokens);
    let amount = time().or_else(bytes).or_else(tokens);
    amount.filter(|amount| !is_nothing(*amount)).ok_or(
        "expected tokens such as 4M, bytes such as 256MiB, or a time such as 10m (units ms, s, m, \
         h, d, w), more than none",
    )
}

/// Parses `5 shards`, `100G` or `7d`.
pub(super) fn parse_kept(text: &str) -> Result<Kept, &'static str> {
    let time = || parse_time(text).map(Kept::Time);
    // A small letter would be taken for a time by people, too.
    let is_large = !text.contains(['k', 'm', 'g', 't']);
    let has_unit = text.ends_with(|letter: char| letter.is_ascii_alphabetic());
    let bytes = || {
        parse_bytes(text)
            .ok()
            .filter(|_| is_large && has_unit)
            .map(Kept::Bytes)
    };
    let kept = parse_shards(text).or_else(time).or_else(bytes);
    kept.ok_or(
        "expected shards such as `5 shards`, bytes such as 100G (powers of 1024), or a time such \
         as 7d (units ms, s, m, h, d, w)",
    )
}

fn parse_shards(text: &str) -> Option<Kept> {
    let digits = SHARDS
        .into_iter()
        .find_map(|word| text.strip_suffix(word))?;
    let shards = parse_count(digits.trim_end()).ok()?;
    (shards > 0).then_some(Kept::Shards(shards))
}

/// The words behind a number of shards.
pub(crate) const SHARDS: [&str; 2] = ["shards", "shard"];

/// Parses a time such as `10m` or `1h30m`, whose units have small letters.
pub(super) fn parse_time(text: &str) -> Option<Duration> {
    let units = text.split(|letter: char| letter.is_ascii_digit());
    let mut units = units.filter(|unit| !unit.is_empty());
    let is_known = |unit| ["ms", "s", "m", "h", "d", "w"].contains(&unit);
    let is_time = text.starts_with(|letter: char| letter.is_ascii_digit()) && units.all(is_known);
    let time = humantime::parse_duration(text).ok();
    time.filter(|time| is_time && !time.is_zero())
}

/// Parses bytes whose unit says that they are bytes.
fn parse_binary(text: &str) -> Option<u64> {
    text.ends_with("iB").then(|| parse_bytes(text).ok())?
}

fn is_nothing(amount: Amount) -> bool {
    matches!(amount, Amount::Tokens(0) | Amount::Bytes(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_of_tokens_bytes_or_time() {
        let seconds = |seconds| Amount::Time(Duration::from_secs(seconds));
        for (text, expected) in [
            ("1000", Amount::Tokens(1000)),
            ("4M", Amount::Tokens(4_000_000)),
            ("4k", Amount::Tokens(4_000)),
            ("256MiB", Amount::Bytes(256 << 20)),
            ("1GiB", Amount::Bytes(1 << 30)),
            ("10m", seconds(600)),
            ("1h30m", seconds(5400)),
            ("250ms", Amount::Time(Duration::from_millis(250))),
            ("7d", seconds(7 * 86_400)),
            ("2w", seconds(14 * 86_400)),
        ] {
            assert_eq!(parse_amount(text), Ok(expected), "{text}");
        }
        for text in [
            "", "0", "0s", "0MiB", "-1", "4MB", "10min", "1M 2", "1y", "s", "5 shards",
        ] {
            assert!(parse_amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_kept_is_of_shards_bytes_or_time() {
        for (text, expected) in [
            ("5 shards", Kept::Shards(5)),
            ("1 shard", Kept::Shards(1)),
            ("5shards", Kept::Shards(5)),
            ("100G", Kept::Bytes(100 << 30)),
            ("100GiB", Kept::Bytes(100 << 30)),
            ("7d", Kept::Time(Duration::from_secs(7 * 86_400))),
            ("30m", Kept::Time(Duration::from_secs(1800))),
        ] {
            assert_eq!(parse_kept(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "5",
            "0 shards",
            "shards",
            "-1 shards",
            "5 shardss",
            "100g",
            "1.5G",
            "7 d",
        ] {
            assert!(parse_kept(text).is_err(), "{text}");
        }
    }
}
