//! The other side of a comparison, and other optional parts.

use roxmltree::Node;

use crate::document::{by_id, elements, text_of, with_page};
use crate::fixture;
use crate::marks::{self, assert_equal, expected};

#[test]
fn the_plots_show_other_revisions_files_and_confinement() {
    let report = fixture::held();
    let confined = expected(&report).into_iter().filter(|mark| {
        mark.get("figure")
            .is_some_and(|figure| figure == "confined")
    });
    assert!(confined.count() > 1, "nothing in the fixture is confined");
    with_page(&report, |page| {
        assert_equal(marks::of_page(page), expected(&report));
        let told = text_of(by_id(page, "samples"));
        assert!(told.contains("the other revision"), "{told}");
        let told = text_of(by_id(page, "memory"));
        // In the key; the caption always says "memory limit".
        assert_eq!(told.matches("confined to").count(), 1, "{told}");
    });
    with_page(&fixture::report(), |page| {
        assert!(!text_of(by_id(page, "samples")).contains("the other revision"));
        let told = text_of(by_id(page, "memory"));
        assert!(!told.contains("confined to"), "{told}");
    });
}

#[test]
fn warnings_about_the_comparison_come_first() {
    with_page(&fixture::held(), |page| {
        let told = text_of(by_id(page, "warnings"));
        for words in [
            "PLANTED: every phase of scan was made 20 % slower on purpose",
            "NOT COMPARABLE: a reason to be shown",
            "WARNING: data files were in memory",
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
    });
}

#[test]
fn the_gate_the_exponents_and_the_claims_have_tables() {
    with_page(&fixture::held(), |page| {
        for (id, words) in [
            (
                "reference",
                &[
                    "Against main",
                    "0123456789ab, measured in the same rounds",
                    "phases: 1 regressed",
                    "not compared: fill/plain x1 n=1000 reserve (release): it is new",
                    "+19.8 % [+17.9, +21.6]",
                    "why it is so",
                    "12 pairs",
                ][..],
            ),
            (
                "size",
                &["reserve, exponent 1.02 [0.98, 1.07]", "not compared"],
            ),
            (
                "claims",
                &["1 claims: ", "498x", "does not hold", "filling is fast"],
            ),
            ("about", &["/data on tmpfs, 1.00 GiB free"]),
            ("cells", &["in 16.0 MiB of memory: huge x1"]),
        ] {
            let told = text_of(by_id(page, id));
            for words in words {
                assert!(told.contains(words), "{words} in {told}");
            }
        }
        assert_eq!(sorted_by(by_id(page, "reference"), "time"), [1.198]);
        assert_eq!(sorted_by(by_id(page, "reference"), "pairs"), [12.0]);
        assert_eq!(sorted_by(by_id(page, "reference"), "decided"), [63.2]);
        // The exponent of an unusable cell is not a figure.
        assert_eq!(sorted_by(by_id(page, "size"), "exponent"), [1.02]);
    });
}

/// The text of each field, and the number it is sorted by.
fn fields(row: Node<'_, '_>) -> Vec<(String, Option<String>)> {
    let fields = row.children().filter(Node::is_element);
    let number = |field: Node<'_, '_>| field.attribute("data-sort").map(str::to_owned);
    fields
        .map(|field| (text_of(field), number(field)))
        .collect()
}

/// The numbers of the first table's column.
fn sorted_by(section: Node<'_, '_>, heading: &str) -> Vec<f64> {
    let table = elements(section, "table").next().expect("a table");
    let mut rows = elements(table, "tr");
    let headings = fields(rows.next().expect("headings"));
    let column = headings.iter().position(|(text, _)| text == heading);
    let column = column.expect("a column of that name");
    rows.filter_map(|row| fields(row)[column].1.as_ref()?.parse().ok())
        .collect()
}

#[test]
fn a_run_without_another_side_has_no_such_sections() {
    with_page(&fixture::report(), |page| {
        let ids: Vec<&str> = elements(page.root(), "section")
            .filter_map(|section| section.attribute("id"))
            .collect();
        assert!(ids.contains(&"comparisons"));
        assert!(
            !ids.contains(&"reference") && !ids.contains(&"claims"),
            "{ids:?}"
        );
    });
}

#[test]
fn every_link_leads_somewhere() {
    with_page(&fixture::held(), |page| {
        let links: Vec<Node<'_, '_>> = elements(page.root(), "a").collect();
        assert_eq!(links.len(), 21);
        for link in links {
            let target = link
                .attribute("href")
                .and_then(|href| href.strip_prefix('#'));
            by_id(page, target.expect("a place on the page"));
        }
    });
}

#[test]
fn a_soak_has_sortable_operations_and_slopes() {
    with_page(&fixture::report(), |page| {
        let section = by_id(page, "soak-figures");
        assert!(text_of(section).contains("verified 1 times, the last at the end: clean"));
        let tables: Vec<Node<'_, '_>> = elements(section, "table").collect();
        let rows = |table: usize| -> Vec<Vec<(String, Option<String>)>> {
            elements(tables[table], "tr").skip(1).map(fields).collect()
        };
        let sorted_by = |text: &str, number: &str| (text.to_owned(), Some(number.to_owned()));
        let kinds = rows(0);
        assert_eq!(kinds[0][1], sorted_by("123456", "123456"));
        assert_eq!(kinds[0][5], sorted_by("6.75 us", "6750"));
        assert_eq!(kinds[0][8], ("-".to_owned(), None));
        let slopes = rows(1);
        assert_eq!(slopes[0][3], sorted_by("+97.7 KiB", "100000"));
        assert_eq!(slopes[0][5].0, "rises");
        assert_eq!(slopes[1][3], sorted_by("-1.00 us", "-1000"));
    });
    let mut report = fixture::report();
    report.soak = None;
    with_page(&report, |page| {
        let ids: Vec<&str> = elements(page.root(), "section")
            .filter_map(|section| section.attribute("id"))
            .collect();
        assert!(!ids.contains(&"soak-figures"), "{ids:?}");
    });
}

#[test]
fn threads_that_shared_a_phase_have_a_sortable_row() {
    with_page(&fixture::held(), |page| {
        let section = by_id(page, "thread-shares");
        let table = elements(section, "table").next().unwrap();
        let rows: Vec<Vec<(String, Option<String>)>> =
            elements(table, "tr").skip(1).map(fields).collect();
        assert_eq!(rows.len(), 1);
        let shown = ("91 % to 98 %".to_owned(), Some("0.91".to_owned()));
        assert_eq!(rows[0][6], shown);
        assert_eq!(rows[0][7].0, "3");
    });
}

#[test]
fn allocations_have_a_sortable_row() {
    with_page(&fixture::held(), |page| {
        let section = by_id(page, "allocations");
        let table = elements(section, "table").next().unwrap();
        let rows: Vec<Vec<(String, Option<String>)>> =
            elements(table, "tr").skip(1).map(fields).collect();
        let shown = |text: &str, number: &str| (text.to_owned(), Some(number.to_owned()));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0][6], shown("12", "12"));
        assert_eq!(rows[0][7], shown("4.00 KiB", "4096"));
    });
}

#[test]
fn a_soak_alone_has_its_own_sections_and_warnings() {
    let mut report = fixture::report();
    report.cells.clear();
    report.comparisons.clear();
    report.run.rounds = 0;
    let sections = |report: &ng_lab::model::Report| {
        let mut found = Vec::new();
        with_page(report, |page| {
            let ids = elements(page.root(), "section").filter_map(|one| one.attribute("id"));
            found = ids.map(str::to_owned).collect();
            let warnings = text_of(by_id(page, "warnings"));
            found.push(warnings);
        });
        found
    };
    let quiet = sections(&report);
    let ids = ["warnings", "soak-figures", "soak", "about", "legend"];
    assert_eq!(quiet[..ids.len()], ids);
    assert!(!quiet[ids.len()].contains("rounds"), "{quiet:?}");
    let soak = fixture::soak_of(&mut report);
    soak.rows[4].backlog = 100_000;
    soak.ended_clean = false;
    let told = sections(&report).pop().unwrap();
    assert!(
        told.contains("100000 operations were due at the end"),
        "{told}"
    );
    assert!(told.contains("not verified at the end"), "{told}");
}

#[test]
fn a_run_with_looks_lists_them_and_gives_its_rounds_as_a_maximum() {
    with_page(&fixture::uneven(), |page| {
        let told = text_of(page.root_element());
        assert!(
            told.contains("up to 12 rounds after the cold one"),
            "{told}"
        );
        let told = text_of(by_id(page, "reference"));
        let looked = "looks after 8, 12 rounds decided 1 of 1 phases; cells with undecided phases \
                      went on, within 12 rounds and 180 s";
        assert!(told.contains(looked), "{told}");
    });
}
