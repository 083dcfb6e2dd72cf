//! Numbers in as few characters as a column has.

use std::time::{Duration, UNIX_EPOCH};

use ng_query::Value;
use ng_query::ng_arrow::Column;
use ng_token::Space;

/// The most characters of a number in the table of units.
pub(super) const NARROW: usize = 7;

/// A number of a column, with as many decimals as the column stores, or as many as fit.
pub(super) fn in_units(column: Column, value: Value) -> String {
    match value.number() {
        Some(value) => fitted(value, decimals(column)),
        None => "-".to_owned(),
    }
}

fn decimals(column: Column) -> usize {
    match column {
        Column::Coordinate(space, _) => decimals_of(space),
        Column::Radius => 2,
        _ => 4,
    }
}

/// The decimals of a step.
fn decimals_of(space: Space) -> usize {
    space.scale().ilog10() as usize
}

fn fitted(value: f64, decimals: usize) -> String {
    let plain = (0..=decimals).rev().map(|decimals| {
        let text = format!("{value:.decimals$}");
        // Not `-0.0000`.
        match value == 0.0 || is_zero(&text) {
            true => text.trim_start_matches('-').to_owned(),
            false => text,
        }
    });
    let told = |text: &String| text.len() <= NARROW && (value == 0.0 || !is_zero(text));
    let mut fitting = plain.filter(told);
    let scientific = || {
        let short = [format!("{value:.1e}"), format!("{value:.0e}")];
        let fits = short.iter().position(|text| text.len() <= NARROW);
        short[fits.unwrap_or(1)].clone()
    };
    fitting.next().unwrap_or_else(scientific)
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// A number of a column of whole numbers, or the time it means.
pub(super) fn whole(column: Column, value: Value) -> String {
    match value {
        Value::Integer(seconds) if column == Column::Timestamp => time(seconds as f64),
        Value::Integer(number) => number.to_string(),
        value => match value.number() {
            None => "-".to_owned(),
            Some(seconds) if column == Column::Timestamp => time(seconds),
            Some(number) => format!("{number:.1}"),
        },
    }
}

/// Seconds since 1970 within 32 bits, as a date.
pub(super) fn time(seconds: f64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.round() as u64);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// A part of a whole in per cent.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let share = 100.0 * part as f64 / whole as f64;
    match share {
        // Neither nothing nor everything is shown as 0 or 100 %.
        share if part > 0 && share < 0.05 => "< 0.1 %".to_owned(),
        share if part < whole && share >= 99.95 => "> 99.9 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_decimals_that_fit() {
        for (value, decimals, text) in [
            (0.0, 4, "0.0000"),
            (-0.0, 2, "0.00"),
            (-327.68, 2, "-327.68"),
            (-3.2768, 4, "-3.2768"),
            (1.0 / 3.0, 4, "0.3333"),
            (1234.5678, 4, "1234.57"),
            (9_999_999.4, 4, "9999999"),
            (-9_999_999.0, 4, "-1.0e7"),
            (0.00001, 4, "1.0e-5"),
            (-0.00001, 4, "-1.0e-5"),
            (-1e-30, 4, "-1e-30"),
            (3e38, 4, "3.0e38"),
            (f64::NAN, 4, "NaN"),
            (f64::NEG_INFINITY, 4, "-inf"),
        ] {
            assert_eq!(fitted(value, decimals), text, "{value}");
            assert!(text.len() <= NARROW);
        }
    }

    #[test]
    fn a_share_is_0_or_100_only_where_it_is() {
        for (part, whole, text) in [
            (0, 10, "0.0 %"),
            (1, 100_000, "< 0.1 %"),
            (1, 8, "12.5 %"),
            (99_999, 100_000, "> 99.9 %"),
            (10, 10, "100.0 %"),
            (0, 0, "-"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn whole_numbers_are_told_whole_and_times_as_dates() {
        let last = Value::Integer(u32::MAX.into());
        assert_eq!(whole(Column::Id, last), "4294967295");
        assert_eq!(whole(Column::Timestamp, last), "2106-02-07T06:28:15Z");
        assert_eq!(whole(Column::Id, Value::Number(1.25)), "1.2");
        assert_eq!(whole(Column::LocalId, Value::Missing), "-");
        let mean = Value::Number(1.6);
        assert_eq!(whole(Column::Timestamp, mean), "1970-01-01T00:00:02Z");
    }
}
