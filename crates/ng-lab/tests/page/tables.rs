//! The tables, and what surrounds them.

use ng_lab::model::Flag;
use roxmltree::Node;

use crate::document::{by_id, elements, text_of, with_page};
use crate::fixture;

fn fields(row: Node<'_, '_>) -> Vec<String> {
    row.children()
        .filter(Node::is_element)
        .map(text_of)
        .collect()
}

#[test]
fn every_row_is_as_long_as_its_heading() {
    with_page(&fixture::report(), |page| {
        let mut tables = 0;
        for table in elements(page.root(), "table") {
            let lengths: Vec<usize> = elements(table, "tr").map(|row| fields(row).len()).collect();
            assert!(lengths.len() > 1);
            assert!(
                lengths.iter().all(|length| *length == lengths[0]),
                "{lengths:?}"
            );
            tables += 1;
        }
        // The summary, two scenarios at two sizes, three kinds of comparison, limits,
        // findings, the soak's operations, slopes and stretches.
        assert_eq!(tables, 1 + 4 + 3 + 2 + 3);
    });
}

#[test]
fn a_row_holds_each_figure_under_its_heading_and_can_be_sorted_by_it() {
    with_page(&fixture::report(), |page| {
        let table = elements(by_id(page, "cells"), "table").next().unwrap();
        let rows: Vec<Node<'_, '_>> = elements(table, "tr").collect();
        let headings = fields(rows[0]);
        // The second phase of the release build of the first variant.
        let row = rows
            .iter()
            .find(|row| fields(**row)[2..4] == ["write", "release"])
            .unwrap();
        let row = row.children().filter(Node::is_element);
        let row: Vec<(Option<f64>, String)> = row
            .map(|field| {
                (
                    field.attribute("data-sort").map(|n| n.parse().unwrap()),
                    text_of(field),
                )
            })
            .collect();
        let expected = [
            ("variant", None, "plain"),
            ("threads", Some(1.0), "1"),
            ("phase", None, "write"),
            ("build", None, "release"),
            ("median", Some(4000.0), "4.00 us"),
            ("95 % interval", Some(3800.0), "[3.80, 4.24] us"),
            ("records/s", Some(250e6), "250M"),
            ("of limit", Some(0.2375), "24 %"),
            ("limit", None, "read"),
            ("dev/release", Some(3.0), "3.00x [2.40, 3.90]"),
            ("verdict", None, "valid"),
            ("min", Some(3600.0), "3.60 us"),
            ("p10", Some(3760.0), "3.76 us"),
            ("p90", Some(4280.0), "4.28 us"),
            ("MAD", Some(40.0), "40.0 ns"),
            ("samples", Some(12.0), "12"),
            ("cold", Some(7000.0), "7.00 us"),
            ("resident", Some(3_064_000.0), "2.92 MiB"),
            ("peak", Some(4_064_000.0), "3.88 MiB"),
            ("file", Some(2_000_000.0), "1.91 MiB"),
            ("huge", Some(32_000.0), "31.2 KiB"),
        ];
        let found: Vec<(&str, Option<f64>, &str)> = headings
            .iter()
            .zip(&row)
            .map(|(heading, (sort, text))| (&heading[..], *sort, &text[..]))
            .collect();
        assert_eq!(found, expected);
    });
}

#[test]
fn every_figure_of_an_invalid_cell_is_struck_through_and_no_other() {
    with_page(&fixture::report(), |page| {
        let mut struck_rows = 0;
        for row in elements(by_id(page, "cells"), "tr") {
            let is_struck = row.attribute("class") == Some("struck");
            let is_invalid = fields(row).iter().any(|field| field.starts_with("invalid"));
            assert_eq!(is_struck, is_invalid, "{:?}", fields(row));
            let struck: Vec<String> = elements(row, "s").map(text_of).collect();
            struck_rows += usize::from(is_struck);
            // Median, interval, rate, share; four of spread, cold, four of memory.
            assert_eq!(struck.len(), if is_struck { 13 } else { 0 }, "{struck:?}");
            assert!(struck.iter().all(|figure| !figure.is_empty()));
        }
        assert_eq!(struck_rows, 2);
    });
}

#[test]
fn problems_come_first_with_advice() {
    let mut report = fixture::report();
    report.run.interrupted = true;
    report.run.stopped_by = Some("the log of results: disk full".to_owned());
    report.run.probe_failures = vec!["timed out".to_owned()];
    report.run.rounds = 5;
    let aa = report.comparisons.last_mut().unwrap();
    aa.stopped = Some("aa_failed: differ by +7 %".to_owned());
    with_page(&report, |page| {
        let sections: Vec<Node<'_, '_>> = elements(page.root(), "section").collect();
        let first = [sections[0], sections[1]].map(|section| section.attribute("id"));
        assert_eq!(first, [Some("glance"), Some("warnings")]);
        let told = text_of(sections[1]);
        for words in [
            "32 valid",
            "1 suspect",
            "1 invalid",
            "1 failed",
            "1 skipped",
            "INTERRUPTED",
            "ENDED EARLY: the log of results: disk full",
            "fewer than 6 rounds",
            "a limits probe failed: timed out",
            "1 phases differ between A/A copies",
            "failed: fill/pooled x4 (dev): round 3: killed by signal 9",
            "skipped: scan/huge x1: needs 9 MiB of memory",
            "elided makes 1 cell invalid: ",
            Flag::Elided.advice(),
            "other_load makes 1 cell suspect: ",
            Flag::OtherLoad.advice(),
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
    });
}

#[test]
fn a_clean_run_is_reported_as_clean() {
    with_page(&fixture::large(), |page| {
        let told = text_of(by_id(page, "warnings"));
        assert!(
            told.contains("No problems were found in this run"),
            "{told}"
        );
    });
}

#[test]
fn findings_comparisons_limits_host_and_legend_are_present() {
    let mut report = fixture::report();
    report.build.overrides = vec!["lab: opt-level 3".to_owned()];
    report.build.notes = vec!["a note on the builds".to_owned()];
    report.build.rustc = "rustc 1.95.0".to_owned();
    with_page(&report, |page| {
        for (id, words) in [
            ("findings", &["elided", "took 1 ns", "others used 40 %"][..]),
            (
                "comparisons",
                &[
                    "S(p) = T(1) / T(p)",
                    "against the first variant",
                    "phases can be compared",
                ],
            ),
            (
                "machine-limits",
                &["0.125 ns/byte", "[0.110, 0.140] ns", "8.0 GB/s"],
            ),
            (
                "about",
                &[
                    "a processor",
                    "rustc 1.95.0",
                    "lab: opt-level 3",
                    "a note on the builds",
                    "--seed=11",
                ],
            ),
            (
                "legend",
                &[
                    "valid",
                    "suspect",
                    "invalid",
                    "failed",
                    "skipped",
                    "impossible_fast",
                    "too_few_rounds",
                ],
            ),
        ] {
            let told = text_of(by_id(page, id));
            for words in words {
                assert!(told.contains(words), "{words} in {told}");
            }
        }
    });
}

#[test]
fn a_stopped_comparison_shows_no_ratio_but_for_aa() {
    let mut report = fixture::report();
    for comparison in &mut report.comparisons {
        comparison.estimate = 14.2;
        comparison.ci95 = None;
        comparison.stopped = Some("noise".to_owned());
    }
    let of_aa = report
        .comparisons
        .iter()
        .filter(|found| found.against == "the same program");
    let of_aa = of_aa.count();
    with_page(&report, |page| {
        let told = text_of(page.root());
        assert_eq!(told.matches("14.20x").count(), of_aa);
    });
}

#[test]
fn headings_are_in_order_and_links_lead_somewhere() {
    with_page(&fixture::report(), |page| {
        let level = |node: Node<'_, '_>| match node.tag_name().name() {
            "h1" => Some(1),
            "h2" => Some(2),
            "h3" => Some(3),
            "h4" | "h5" | "h6" => panic!("deeper than the page goes"),
            _ => None,
        };
        let levels: Vec<i32> = page.descendants().filter_map(level).collect();
        assert_eq!(levels[0], 1);
        assert!(
            levels
                .windows(2)
                .all(|pair| pair[1] <= pair[0] + 1 && pair[1] > 1),
            "{levels:?}"
        );
        let html = page.root_element();
        assert_eq!(html.attribute("lang"), Some("en"));
        let mut links = 0;
        for link in elements(html, "a") {
            by_id(
                page,
                link.attribute("href").unwrap().strip_prefix('#').unwrap(),
            );
            links += 1;
        }
        assert_eq!(links, 17);
        for table in elements(html, "table") {
            assert!(elements(table, "caption").count() == 1);
            assert!(elements(table, "th").all(|heading| heading.has_attribute("scope")));
            let around = table.parent_element().unwrap();
            assert_eq!(
                around.attribute("tabindex"),
                Some("0"),
                "scrollable with keys"
            );
        }
    });
}

#[test]
fn the_page_begins_with_one_row_per_scenario() {
    with_page(&fixture::held(), |page| {
        let section = elements(page.root(), "section").next().unwrap();
        assert_eq!(section.attribute("id"), Some("glance"));
        let table = elements(section, "table").next().unwrap();
        let rows: Vec<Vec<String>> = elements(table, "tr").map(fields).collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(rows[1][..3], ["fill", "1k", "write of pooled on 2 threads"]);
        assert_eq!(rows[1][9], "invalid: elided; dev valid");
        // Duration in release, rate, memory, share; the dev cell is usable.
        assert_eq!(elements(section, "s").count(), 4);
    });
}

#[test]
fn a_missing_ratio_has_its_reason() {
    with_page(&fixture::report(), |page| {
        let rows = elements(by_id(page, "comparisons"), "tr").map(fields);
        let told: Vec<Vec<String>> = rows
            .filter(|row| row.contains(&"not compared: a reason for a missing ratio".to_owned()))
            .collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0][8], "none");
        let cells = elements(by_id(page, "cells"), "table");
        for table in cells {
            let mut rows = elements(table, "tr").map(fields);
            let headings = rows.next().unwrap();
            let at = headings.iter().position(|name| name == "dev/release");
            let at = at.expect("a column of ratios");
            assert!(rows.all(|row| !row[at].is_empty()));
        }
    });
}
