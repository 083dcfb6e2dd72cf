//! Reports with little content, and with figures that are not numbers.

use ng_lab::model::{Interval95, Report};
use ng_lab::report::html;

use crate::document::{by_id, elements, parsed, text_of, with_page};
use crate::fixture;
use crate::marks::{self, PLOTS, assert_equal, expected};

/// Asserts that every plot exists, in words if necessary, and that no attribute has a NaN or
/// an infinity.
#[track_caller]
fn assert_whole(report: &Report) {
    let text = html(report);
    let page = parsed(&text);
    for plot in PLOTS {
        let mut panels = elements(page.root(), "svg");
        assert!(
            panels.any(|svg| svg.attribute("data-plot") == Some(plot)),
            "{plot}"
        );
    }
    for node in page.descendants() {
        for attribute in node.attributes() {
            let words = attribute.value().split(|c: char| !c.is_alphabetic());
            let mut words = words.map(str::to_ascii_lowercase);
            let is_no_number = |word: String| ["nan", "inf", "infinity"].contains(&&word[..]);
            assert!(!words.any(is_no_number), "{attribute:?}");
        }
    }
}

#[test]
fn an_empty_report_is_a_whole_page() {
    let report = fixture::empty();
    assert_whole(&report);
    with_page(&report, |page| {
        assert!(text_of(by_id(page, "cells")).contains("no cell was planned"));
        assert!(text_of(by_id(page, "size")).contains("no size was measured"));
        assert!(text_of(by_id(page, "samples")).contains("there are no samples"));
        assert!(marks::of_page(page).is_empty());
    });
}

#[test]
fn a_report_of_failed_and_skipped_cells_gives_their_reasons() {
    let report = fixture::worthless();
    assert_whole(&report);
    with_page(&report, |page| {
        let told = text_of(by_id(page, "warnings"));
        // Nine cells failed, one reason each; skipped copies of six pieces of work share theirs.
        assert_eq!(told.matches("round 0: out of memory").count(), 9 + 6);
        let told = text_of(by_id(page, "cells"));
        assert!(
            told.contains("skipped: pooled x1: round 0: out of memory"),
            "{told}"
        );
        assert!(marks::of_page(page).is_empty());
    });
}

#[test]
fn one_cell_with_one_sample_is_a_whole_page() {
    let report = fixture::one_cell();
    assert_whole(&report);
    with_page(&report, |page| {
        assert_equal(marks::of_page(page), expected(&report));
    });
}

/// A report in memory can hold what JSON cannot.
#[test]
fn figures_that_are_not_numbers_stay_out_of_attributes() {
    for odd in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -1.0,
        f64::MAX,
        f64::MIN_POSITIVE,
    ] {
        let mut report = fixture::report();
        for phase in report.cells.iter_mut().flat_map(|cell| &mut cell.phases) {
            for figure in [
                &mut phase.median_ns,
                &mut phase.min_ns,
                &mut phase.p90_ns,
                &mut phase.mad_ns,
                &mut phase.share_of_limit,
            ] {
                *figure = Some(odd);
            }
            phase.ci95_ns = Some(Interval95([odd, odd]));
        }
        for comparison in &mut report.comparisons {
            comparison.estimate = odd;
            comparison.ci95 = Some(Interval95([odd, odd]));
        }
        for row in &mut fixture::soak_of(&mut report).rows {
            (row.seconds, row.throughput, row.service_ns.p99) = (odd, odd, odd);
        }
        report.limits[0].median_ns_per_unit = Some(odd);
        report.limits[0].cold_ns_per_unit = Some(odd);
        report.host.load = odd;
        report.run.elapsed_s = odd;
        assert_whole(&report);
    }
}

#[test]
fn the_largest_counts_do_not_panic() {
    let mut report = fixture::report();
    for cell in &mut report.cells {
        cell.key.size.items = u64::MAX;
        cell.key.threads = usize::MAX;
        for phase in &mut cell.phases {
            phase.samples_ns.fill(u64::MAX);
            phase.cold_ns = Some(u64::MAX);
        }
        for run in cell.runs.iter_mut().skip(1) {
            (run.round, run.position) = (u32::MAX, u32::MAX);
        }
    }
    report.run.item_bytes = Some(u64::MAX);
    assert_whole(&report);
    let empty_sizes = |mut report: Report| {
        report
            .cells
            .iter_mut()
            .for_each(|cell| cell.key.size.name.clear());
        report
    };
    assert_whole(&empty_sizes(fixture::report()));
}

#[test]
fn a_page_of_a_full_run_is_small() {
    let report = fixture::large();
    assert!(report.cells.len() >= 70 && report.run.rounds == 12);
    let size = html(&report).len();
    assert!(size < 1_000_000, "{size} bytes");
}
