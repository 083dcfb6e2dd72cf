//! Histograms of operation times.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::model::{KindReport, KindRow, Percentiles};
use crate::soak::Kind;

/// Significant digits kept.
const DIGITS: u8 = 3;
/// Longer times are recorded as this: an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Service and response times of some operations.
#[derive(Clone)]
struct Times {
    operations: u64,
    items: u64,
    service: Histogram<u64>,
    response: Histogram<u64>,
}

impl Times {
    fn new() -> Self {
        let histogram = || {
            let made = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS);
            let mut made = made.expect("bounds and digits that a histogram can have");
            // Touches all of its memory, so that it does not grow during the run.
            made.reset();
            made
        };
        Self {
            operations: 0,
            items: 0,
            service: histogram(),
            response: histogram(),
        }
    }

    fn record(&mut self, items: u64, service: Duration, response: Duration) {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(LONGEST_NS);
        self.operations += 1;
        self.items += items;
        self.service.saturating_record(nanos(service));
        self.response.saturating_record(nanos(response));
    }

    fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.items += other.items;
        for (sum, part) in [
            (&mut self.service, &other.service),
            (&mut self.response, &other.response),
        ] {
            sum.add(part).expect("histograms of the same bounds");
        }
    }

    fn reset(&mut self) {
        (self.operations, self.items) = (0, 0);
        self.service.reset();
        self.response.reset();
    }

    fn service_ns(&self) -> Option<Percentiles> {
        (self.operations > 0).then(|| percentiles(&self.service))
    }

    fn response_ns(&self) -> Option<Percentiles> {
        (self.operations > 0).then(|| percentiles(&self.response))
    }
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64;
    Percentiles {
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
        max: histogram.max() as f64,
    }
}

/// The times of all kinds, for the current row and for all earlier ones.
pub(super) struct Tally {
    kinds: Vec<Kind>,
    row: Vec<Times>,
    total: Vec<Times>,
    /// Buffer for the sum of a row.
    all: Times,
}

/// The operations of one row.
pub(super) struct RowTimes {
    pub(super) operations: u64,
    pub(super) service_ns: Percentiles,
    pub(super) response_ns: Percentiles,
    pub(super) kinds: Vec<KindRow>,
}

impl Tally {
    pub(super) fn new(kinds: Vec<Kind>) -> Self {
        let times = || vec![Times::new(); kinds.len()];
        Self {
            row: times(),
            total: times(),
            all: Times::new(),
            kinds,
        }
    }

    pub(super) fn add(&mut self, kind: usize, items: u64, service: Duration, response: Duration) {
        self.row[kind].record(items, service, response);
    }

    /// Operations in the current row.
    pub(super) fn operations(&self) -> u64 {
        self.row.iter().map(|times| times.operations).sum()
    }

    /// Ends the row, which lasted `seconds`, and begins the next one.
    pub(super) fn take_row(&mut self, seconds: f64) -> RowTimes {
        self.all.reset();
        for (row, total) in self.row.iter().zip(&mut self.total) {
            self.all.add(row);
            total.add(row);
        }
        let row = RowTimes {
            operations: self.all.operations,
            service_ns: percentiles(&self.all.service),
            response_ns: percentiles(&self.all.response),
            kinds: self
                .kinds
                .iter()
                .zip(&self.row)
                .map(|(kind, times)| kind_row(kind, times, seconds))
                .collect(),
        };
        self.row.iter_mut().for_each(Times::reset);
        row
    }

    /// All completed rows together.
    pub(super) fn totals(&self) -> Vec<KindReport> {
        let kinds = self.kinds.iter().zip(&self.total);
        kinds
            .map(|(kind, times)| KindReport {
                name: kind.name.to_owned(),
                about: kind.about.to_owned(),
                weight: kind.weight,
                operations: times.operations,
                items: times.items,
                service_ns: times.service_ns(),
                response_ns: times.response_ns(),
            })
            .collect()
    }
}

fn kind_row(kind: &Kind, times: &Times, seconds: f64) -> KindRow {
    KindRow {
        name: kind.name.to_owned(),
        operations: times.operations,
        items: times.items,
        throughput: times.operations as f64 / seconds,
        service_ns: times.service_ns(),
        response_ns: times.response_ns(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let kind = |name| Kind {
            name,
            about: "",
            weight: 1,
        };
        Tally::new(vec![kind("first"), kind("second")])
    }

    fn is_near(found: f64, expected: f64) -> bool {
        (found - expected).abs() <= expected / 1000.0
    }

    #[test]
    fn percentiles_are_good_to_a_thousandth_from_nanoseconds_to_an_hour() {
        for unit in [1_u64, 1000, 1_000_000, 1_000_000_000] {
            let mut tally = tally();
            for count in 1..=1000 {
                let time = Duration::from_nanos(count * unit);
                tally.add(0, 3, time, 2 * time);
            }
            let row = tally.take_row(2.0);
            let unit = unit as f64;
            for (times, factor) in [(row.service_ns, 1.0), (row.response_ns, 2.0)] {
                for (found, expected) in [
                    (times.p50, 500.0),
                    (times.p99, 990.0),
                    (times.p999, 999.0),
                    (times.max, 1000.0),
                ] {
                    assert!(is_near(found, expected * factor * unit), "{found}, {unit}");
                }
            }
            assert_eq!(row.kinds[0].throughput, 500.0);
            assert_eq!(row.kinds[0].items, 3000);
        }
    }

    #[test]
    fn rows_begin_empty_and_totals_have_them_all() {
        let mut tally = tally();
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(7200));
        tally.add(0, 1, short, short);
        let first = tally.take_row(1.0);
        tally.add(1, 5, long, long);
        let second = tally.take_row(1.0);
        assert_eq!((first.operations, second.operations), (1, 1));
        assert_eq!(first.kinds[1].service_ns, None);
        assert_eq!(second.kinds[0].response_ns, None);
        // Anything longer counts as an hour.
        assert!(is_near(second.service_ns.max, LONGEST_NS as f64));
        assert_eq!(tally.operations(), 0);
        let totals = tally.totals();
        assert_eq!(totals[0].operations + totals[1].operations, 2);
        assert_eq!(totals[1].items, 5);
        assert!(is_near(totals[0].response_ns.unwrap().max, 1e6));
    }
}
