//! Numbers of axes and hints.

use std::ops::RangeInclusive;

use ng_plot::{Scale, short};
use ng_query::ng_arrow::Column;

use super::super::number::time;
use super::bins::step;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// Ticks of times are 1, 2 or 5 of these, each at most five times the next one.
const UNITS: [f64; 12] = [
    DAY,
    12.0 * HOUR,
    6.0 * HOUR,
    3.0 * HOUR,
    HOUR,
    30.0 * MINUTE,
    15.0 * MINUTE,
    5.0 * MINUTE,
    MINUTE,
    30.0,
    15.0,
    5.0,
];

/// The scale of the values of a column.
pub(super) fn scale(column: Column, low: f64, high: f64) -> Scale {
    let scale = Scale::between(low, high);
    match column {
        Column::Timestamp => {
            let unit = UNITS.into_iter().find(|unit| high - low >= 2.0 * unit);
            scale.in_units_of(unit.unwrap_or(1.0))
        }
        _ => scale,
    }
}

/// A value at a tick: for times the date at midnight, otherwise what tells them apart.
pub(super) fn tick(column: Column, span: f64, value: f64) -> String {
    match column {
        Column::Timestamp => {
            let time = time(value.max(0.0));
            let part = match span {
                span if span >= DAY && value % DAY == 0.0 => 0..10,
                span if span >= 10.0 * MINUTE => 11..16,
                _ => 11..19,
            };
            time[part].to_owned()
        }
        Column::Id | Column::LocalId => count(value),
        _ => plain(value),
    }
}

/// The values of a bin from one end to the other: for whole steps its first and last one.
pub(super) fn ends(column: Column, low: f64, high: f64) -> String {
    let half = step(column).unwrap_or(0.0) / 2.0;
    let [first, last] = [low + half, high - half].map(|end| value(column, end));
    match first == last {
        true => first,
        false => format!("{first} to {last}"),
    }
}

fn value(column: Column, value: f64) -> String {
    match column {
        Column::Timestamp => time(value.max(0.0)),
        _ => plain(value),
    }
}

/// Enough decimals to tell the stored values of every column apart.
fn plain(value: f64) -> String {
    match value.abs() {
        size if (1e6..1e16).contains(&size) && value.fract() == 0.0 => format!("{value}"),
        size if size != 0.0 && !(1e-4..1e6).contains(&size) => format!("{value:.3e}"),
        _ => short(&format!("{value:.6}")),
    }
}

/// A count in thousands, millions and so on.
pub(super) fn count(count: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let unit = units.into_iter().find(|(size, _)| count >= *size);
    let (size, name) = unit.unwrap_or((1.0, ""));
    short(&format!("{:.2}{name}", count / size))
}

/// How many tokens a cell of a level's colour has.
pub(super) fn counts(range: &RangeInclusive<u64>) -> String {
    let (least, most) = (*range.start(), *range.end());
    match least == most {
        true => format!("{least}"),
        false => format!("{least} to {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.3, "-0.3"),
            (0.1 + 0.2, "0.3"),
            (200.0, "200"),
            (-1234.5, "-1234.5"),
            (20_000_000.0, "20000000"),
            (1e30, "1.000e30"),
            (0.000_01, "1.000e-5"),
        ] {
            assert_eq!(plain(value), text);
        }
        for (number, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1500.0, "1.5k"),
            (2e6, "2M"),
            (4.3e9, "4.3G"),
        ] {
            assert_eq!(count(number), text);
        }
        let midnight = 1_700_006_400.0;
        for (span, second, text) in [
            (9e5, 0.0, "2023-11-15"),
            (9e5, 3600.0, "01:00"),
            (7200.0, 0.0, "00:00"),
            (50.0, 5.0, "00:00:05"),
        ] {
            assert_eq!(tick(Column::Timestamp, span, midnight + second), text);
        }
    }

    #[test]
    fn ticks_of_times_are_at_round_times() {
        let begin = 1_700_000_000.0;
        for (span, at) in [
            (2000.0 * DAY, 500.0 * DAY),
            (20.0 * DAY, 5.0 * DAY),
            (30.0 * HOUR, 12.0 * HOUR),
            (9.0 * HOUR, 3.0 * HOUR),
            (300.0, 2.0 * MINUTE),
            (50.0, 15.0),
            (3.0, 1.0),
        ] {
            let ticks = scale(Column::Timestamp, begin, begin + span).ticks(4);
            assert!(ticks.len() > 1, "{span}");
            assert!(
                ticks.iter().all(|tick| tick % at == 0.0),
                "{span}: {ticks:?}"
            );
        }
    }
}
