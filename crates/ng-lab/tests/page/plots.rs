//! What the plots show.

use ng_lab::model::{ComparisonKind, Report, Role};
use roxmltree::{Document, Node};

use crate::document::{by_id, elements, text_of, with_page};
use crate::fixture;
use crate::marks::{self, PLOTS, assert_equal, expected};

fn panels<'a>(document: &'a Document<'a>, plot: &str) -> Vec<Node<'a, 'a>> {
    let all = elements(document.root(), "svg");
    all.filter(|svg| svg.attribute("data-plot") == Some(plot))
        .collect()
}

#[track_caller]
fn assert_figures_are_the_reports(report: &Report) {
    with_page(report, |page| {
        assert_equal(marks::of_page(page), expected(report));
    });
}

#[test]
fn every_figure_of_the_report_is_plotted_once_and_exactly() {
    let report = fixture::report();
    for plot in PLOTS.iter().chain(&["soak"]) {
        let found = expected(&report)
            .into_iter()
            .filter(|mark| mark["plot"] == **plot);
        assert!(found.count() > 4, "the fixture has nothing for {plot}");
    }
    assert_figures_are_the_reports(&report);
    assert_figures_are_the_reports(&fixture::large());
    assert_figures_are_the_reports(&fixture::uneven());
}

#[test]
fn every_plot_has_a_name_a_description_and_a_caption() {
    with_page(&fixture::report(), |page| {
        for plot in PLOTS.iter().chain(&["soak"]) {
            let panels = panels(page, plot);
            assert!(!panels.is_empty(), "{plot}");
            for panel in panels {
                let children = panel.children().filter(Node::is_element).take(2);
                let children: Vec<Node<'_, '_>> = children.collect();
                for (child, name) in children.into_iter().zip(["title", "desc"]) {
                    assert!(child.has_tag_name(name), "{plot}");
                    assert!(!text_of(child).is_empty(), "{plot}: {name}");
                }
                assert_eq!(panel.attribute("role"), Some("img"));
            }
            let section = by_id(page, plot);
            let caption = elements(section, "figcaption").next().expect("a caption");
            let caption = text_of(caption);
            assert!(
                caption.contains("Shows") && caption.contains("Does not show"),
                "{caption}"
            );
        }
    });
}

#[test]
fn samples_are_in_the_order_in_which_they_were_taken() {
    let report = fixture::report();
    with_page(&report, |page| {
        for panel in panels(page, "samples") {
            let mut dots: Vec<(f64, usize, usize, u32)> = Vec::new();
            for series in panel
                .descendants()
                .filter(|node| node.has_attribute("data-cell"))
            {
                let number = |node: Node<'_, '_>, name| {
                    node.attribute(name).unwrap().parse::<usize>().unwrap()
                };
                for dot in elements(series, "circle") {
                    let x = dot
                        .attribute("cx")
                        .unwrap()
                        .trim_end_matches('%')
                        .parse()
                        .unwrap();
                    let round = number(dot, "data-round");
                    let cell = &report.cells[number(series, "data-cell")];
                    let run = cell
                        .runs
                        .iter()
                        .find(|run| run.round == round as u32)
                        .unwrap();
                    dots.push((x, round, run.position as usize, run.round));
                }
            }
            dots.sort_by(|a, b| a.0.total_cmp(&b.0));
            let places: Vec<(usize, usize)> = dots.iter().map(|dot| (dot.1, dot.2)).collect();
            assert!(places.is_sorted(), "{places:?}");
            assert!(dots.len() > 12);
        }
    });
}

#[test]
fn an_extreme_sample_is_drawn_at_the_edge_and_marked() {
    with_page(&fixture::report(), |page| {
        for panel in panels(page, "samples") {
            for dot in elements(panel, "circle") {
                let y: f64 = dot
                    .attribute("cy")
                    .unwrap()
                    .trim_end_matches('%')
                    .parse()
                    .unwrap();
                assert!((0.0..=100.0).contains(&y), "{y}");
                // The fixture's first sample is three times the typical time.
                let is_far = dot.attribute("data-round") == Some("1");
                assert_eq!(dot.attribute("class") == Some("clipped"), is_far, "{y}");
                assert!(!is_far || y == 0.0);
            }
        }
    });
}

#[test]
fn shapes_of_invalid_cells_are_hollow_and_their_words_struck_through() {
    let report = fixture::report();
    let is_hollow = |node: Node<'_, '_>| {
        let words = |node: Node<'_, '_>| node.attribute("class").unwrap_or_default().to_owned();
        node.ancestors()
            .any(|node| words(node).split(' ').any(|word| word == "hollow"))
    };
    with_page(&report, |page| {
        for plot in ["limits", "phases", "samples"] {
            let marks = panels(page, plot)
                .into_iter()
                .flat_map(|panel| panel.descendants());
            let marks = marks.filter(|node| node.has_attribute("data-value"));
            let mut hollow = 0;
            for mark in marks {
                let cell = mark
                    .ancestors()
                    .find_map(|node| node.attribute("data-cell"));
                let cell = &report.cells[cell.unwrap().parse::<usize>().unwrap()];
                assert_eq!(is_hollow(mark), !cell.verdict.is_comparable(), "{plot}");
                hollow += usize::from(is_hollow(mark));
            }
            assert!(hollow > 0, "{plot}");
        }
        let struck: Vec<String> = elements(by_id(page, "phases"), "s").map(text_of).collect();
        assert_eq!(struck, ["pooled x2", "3.00 us"]);
    });
}

#[test]
fn a_stopped_ratio_has_no_point_and_gives_its_reason() {
    let report = fixture::report();
    let stopped: Vec<&str> = report
        .comparisons
        .iter()
        .filter(|found| found.kind == ComparisonKind::DevVsRelease)
        .filter_map(|found| found.stopped.as_deref())
        .collect();
    assert_eq!(stopped.len(), 2);
    with_page(&report, |page| {
        let ratios = text_of(by_id(page, "ratios"));
        assert_eq!(ratios.matches("not compared").count(), 2);
        assert!(ratios.contains(stopped[0]), "{ratios}");
        let threads = text_of(by_id(page, "threads"));
        assert!(threads.contains("Left out: fill pooled x2 write in release: a cell of"));
    });
}

#[test]
fn one_size_and_one_thread_count_are_explained_in_words() {
    let mut report = fixture::report();
    report
        .cells
        .retain(|cell| cell.items() == 1000 && cell.key.threads == 1);
    report.comparisons = Vec::new();
    with_page(&report, |page| {
        for (plot, words) in [
            ("size", "only one size was measured, 1k records:"),
            ("threads", "only one thread count was measured, 1:"),
            ("ratios", "nothing was measured in both builds:"),
        ] {
            let panel = panels(page, plot)[0];
            let told = elements(panel, "desc").next().map(text_of).unwrap();
            assert!(told.starts_with(words), "{told}");
            let drawn: Vec<String> = elements(panel, "text").map(text_of).collect();
            assert_eq!(drawn.join(" "), told);
        }
    });
}

#[test]
fn missing_memory_figures_are_named() {
    let mut report = fixture::report();
    let notes = |report: &Report| {
        let mut notes = String::new();
        with_page(report, |page| {
            let caption = elements(by_id(page, "memory"), "figcaption").next();
            notes = text_of(caption.unwrap());
        });
        notes
    };
    assert!(!notes(&report).contains("Computed is missing"));
    assert!(notes(&report).contains("Reserved is missing for 2 of 36 cells"));
    report.run.item_bytes = None;
    for cell in &mut report.cells {
        cell.proof.clear();
    }
    assert!(notes(&report).contains("Computed is missing: "));
    assert!(notes(&report).contains("Reserved is missing: no cell declares it"));
}

#[test]
fn without_a_soak_there_is_a_sentence_and_no_plot() {
    let mut report = fixture::report();
    report.soak = None;
    with_page(&report, |page| {
        assert!(panels(page, "soak").is_empty());
        assert!(text_of(by_id(page, "soak")).contains("No soak in this report"));
    });
}

/// Of thousands of rows, the worst of each stretch is drawn, so that spikes show.
#[test]
fn a_long_soak_is_thinned_and_keeps_its_worst_rows() {
    let mut report = fixture::report();
    let rows = &mut fixture::soak_of(&mut report).rows;
    *rows = (1..=1000).map(fixture::soak_row).collect();
    rows[777].service_ns.p99 = 1e9;
    rows[333].throughput = 1.0;
    with_page(&report, |page| {
        let marks: Vec<marks::Mark> = marks::of_page(page)
            .into_iter()
            .filter(|mark| mark["plot"] == "soak")
            .collect();
        assert_eq!(marks.len(), 10 * 200);
        let has = |row: &str, figure: &str, value: &str| {
            let mut marks = marks.iter();
            marks.any(|mark| {
                mark["row"] == row && mark["figure"] == figure && mark["value"] == value
            })
        };
        assert!(has("777", "service p99", "1000000000"));
        assert!(has("333", "throughput", "1"));
        assert!(text_of(by_id(page, "soak")).contains("1000 rows: every 5 are drawn as one point"));
    });
}

#[test]
fn an_older_programs_report_has_its_samples_by_number() {
    let mut report = fixture::one_cell();
    report.cells[0].runs.clear();
    report.cells[0].phases[0].samples_ns = vec![7, 8, 9];
    let of_phase = report.cells[0].samples(&report.cells[0].phases[0]);
    let rounds: Vec<(u32, Option<u32>)> = of_phase.iter().map(|s| (s.round, s.position)).collect();
    assert_eq!(rounds, [(0, None), (1, None), (2, None), (3, None)]);
    with_page(&report, |page| assert_eq!(panels(page, "samples").len(), 1));
}

#[test]
fn a_failed_round_leaves_a_gap_in_the_samples() {
    let mut report = fixture::one_cell();
    let cell = &mut report.cells[0];
    assert_eq!(cell.role, Role::Main);
    cell.runs = [(0, false), (1, true), (2, false)]
        .map(|(round, failed)| ng_lab::model::RunPlace {
            round,
            position: 5,
            failed,
        })
        .to_vec();
    let of_phase = cell.samples(&cell.phases[0]);
    let rounds: Vec<u32> = of_phase.iter().map(|sample| sample.round).collect();
    assert_eq!(rounds, [0, 2]);
}
