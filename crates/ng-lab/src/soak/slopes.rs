//! How the figures of a soak changed over time.

use crate::model::{Interval95, Percentiles, SlopeFinding, SlopeReport, SoakRow};
use crate::stats;

/// The most points of a slope. More rows are grouped, and each group's median is a
/// point: a disturbance of some seconds moves several rows and would count several
/// times, and all pairs of a day's rows would fill the memory.
const MOST_POINTS: usize = 120;
const SECONDS_AN_HOUR: f64 = 3600.0;

/// A figure of a row, if the row has it.
type Figure<'f> = Box<dyn Fn(&SoakRow) -> Option<f64> + 'f>;

/// The slopes of memory, disk space and open files, and of the 99th percentiles, of all operations together and
/// of each kind.
#[must_use]
pub fn slopes(rows: &[SoakRow]) -> Vec<SlopeReport> {
    let mut found = Vec::new();
    let mut add = |name: &str, kind: Option<&str>, figure: Figure<'_>| {
        found.extend(slope_of(rows, name, kind, &figure));
    };
    let known = |figure: Option<u64>| figure.map(|figure| figure as f64);
    add(
        "resident_bytes",
        None,
        Box::new(move |row| known(row.resident_bytes)),
    );
    add(
        "private_bytes",
        None,
        Box::new(move |row| known(row.private_bytes)),
    );
    add(
        "disk_bytes",
        None,
        Box::new(move |row| known(Some(row.disk_bytes))),
    );
    add(
        "open_files",
        None,
        Box::new(move |row| known(row.open_files)),
    );
    add(
        "service_ns.p99",
        None,
        Box::new(|row| Some(row.service_ns.p99)),
    );
    add(
        "response_ns.p99",
        None,
        Box::new(|row| Some(row.response_ns.p99)),
    );
    let kinds = rows.first().map_or(&[][..], |row| &row.kinds);
    let p99 = |times: Option<Percentiles>| times.map(|times| times.p99);
    for (index, kind) in kinds.iter().enumerate() {
        let service = move |row: &SoakRow| p99(row.kinds.get(index)?.service_ns);
        let response = move |row: &SoakRow| p99(row.kinds.get(index)?.response_ns);
        add("service_ns.p99", Some(&kind.name), Box::new(service));
        add("response_ns.p99", Some(&kind.name), Box::new(response));
    }
    found
}

fn slope_of(
    rows: &[SoakRow],
    name: &str,
    kind: Option<&str>,
    figure: &Figure<'_>,
) -> Option<SlopeReport> {
    let known: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((row.seconds, figure(row)?)))
        .collect();
    let rows_a_point = known.len().div_ceil(MOST_POINTS).max(1);
    let (hours, values): (Vec<f64>, Vec<f64>) = known
        .chunks(rows_a_point)
        .filter_map(point)
        .map(|(seconds, value)| (seconds / SECONDS_AN_HOUR, value))
        .unzip();
    let slope = stats::slope(&hours, &values)?;
    Some(SlopeReport {
        figure: name.to_owned(),
        kind: kind.map(str::to_owned),
        points: values.len(),
        rows_a_point,
        median: stats::median(&values)?,
        per_hour: slope.estimate,
        ci95_per_hour: slope.interval.map(Interval95::from),
        finding: finding(slope.interval),
    })
}

/// Median time and median value.
fn point(rows: &[(f64, f64)]) -> Option<(f64, f64)> {
    let (seconds, values): (Vec<f64>, Vec<f64>) = rows.iter().copied().unzip();
    Some((stats::median(&seconds)?, stats::median(&values)?))
}

fn finding(interval: Option<stats::Interval>) -> SlopeFinding {
    match interval {
        None => SlopeFinding::TooFewRows,
        Some(interval) if interval.low > 0.0 => SlopeFinding::Rises,
        Some(interval) if interval.high < 0.0 => SlopeFinding::Falls,
        Some(_) => SlopeFinding::NotTold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::tests::row_at;
    use crate::stats::rng::SplitMix64;

    fn found<'s>(slopes: &'s [SlopeReport], figure: &str, kind: Option<&str>) -> &'s SlopeReport {
        let mut slopes = slopes.iter();
        let found = slopes.find(|slope| slope.figure == figure && slope.kind.as_deref() == kind);
        found.unwrap_or_else(|| panic!("no slope of {figure} {kind:?}"))
    }

    /// Rows with noise of 20 %, and what `change` makes of each.
    fn rows(count: u64, change: impl Fn(f64, &mut SoakRow)) -> Vec<SoakRow> {
        let mut rng = SplitMix64::new(11);
        let noisy = |seconds: u64| {
            let mut row = row_at(seconds as f64);
            let noise = 0.8 + 0.4 * (rng.below(1000) as f64 / 1000.0);
            row.response_ns.p99 *= noise;
            row.kinds[0].service_ns.as_mut().unwrap().p99 *= noise;
            change(seconds as f64, &mut row);
            row
        };
        (1..=count).map(noisy).collect()
    }

    #[test]
    fn growing_memory_and_growing_latency_are_found_with_their_pace() {
        for count in [60, 300, 4000] {
            let rows = rows(count, |seconds, row| {
                row.private_bytes = Some(10_000_000 + (seconds * 1000.0) as u64);
                row.response_ns.p99 += 2e7 * seconds / count as f64;
            });
            let slopes = slopes(&rows);
            let memory = found(&slopes, "private_bytes", None);
            assert_eq!(memory.finding, SlopeFinding::Rises, "{count}");
            assert!(
                (memory.per_hour / 3_600_000.0 - 1.0).abs() < 0.01,
                "{memory:?}"
            );
            let latency = found(&slopes, "response_ns.p99", None);
            assert_eq!(latency.finding, SlopeFinding::Rises, "{count}: {latency:?}");
            let Interval95([low, high]) = latency.ci95_per_hour.unwrap();
            let planted = 2e7 / count as f64 * 3600.0;
            assert!(
                (low..=high).contains(&planted),
                "{count}: {latency:?}, {planted}"
            );
            assert!(latency.points <= MOST_POINTS);
        }
    }

    #[test]
    fn noise_and_stalls_are_not_reported_as_growth() {
        for count in [60, 300, 4000] {
            let rows = rows(count, |seconds, row| {
                if seconds % 10.0 == 0.0 {
                    row.response_ns.p99 *= 1000.0;
                }
            });
            for slope in slopes(&rows) {
                assert_eq!(slope.finding, SlopeFinding::NotTold, "{count}: {slope:?}");
            }
        }
    }

    #[test]
    fn falling_figures_fall_and_few_rows_say_nothing() {
        let falling = |count| {
            slopes(&rows(count, |seconds, row| {
                row.resident_bytes = Some(1_000_000 - seconds as u64);
            }))
        };
        let finding = |count| found(&falling(count), "resident_bytes", None).finding;
        assert_eq!(finding(5), SlopeFinding::Falls);
        assert_eq!(finding(4), SlopeFinding::TooFewRows);
        assert_eq!(slopes(&[]), []);
        assert_eq!(slopes(&rows(1, |_, _| ())), []);
    }

    #[test]
    fn a_kind_has_slopes_of_the_rows_that_have_it() {
        let rows = rows(60, |seconds, row| {
            let odd = seconds % 2.0 == 1.0;
            row.kinds[0].service_ns = row.kinds[0].service_ns.filter(|_| odd);
            row.private_bytes = None;
        });
        let slopes = slopes(&rows);
        let kind = rows[0].kinds[0].name.as_str();
        assert_eq!(found(&slopes, "service_ns.p99", Some(kind)).points, 30);
        assert_eq!(found(&slopes, "response_ns.p99", Some(kind)).points, 60);
        assert!(slopes.iter().all(|slope| slope.figure != "private_bytes"));
    }
}
