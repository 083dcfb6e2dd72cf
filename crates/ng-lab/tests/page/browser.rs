//! The page in a browser. Skipped, with a note on stderr, if there is none.

use std::fs;
use std::path::{Path, PathBuf};

use ng_lab::model::Report;
use ng_lab::report::{html, write_json};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser_tools::devtools::{Browser, chromium};
use crate::browser_tools::layout::{ASTRAY, COVERED, TOO_WIDE, assert_quiet};
use crate::fixture;
use crate::marks::{self, Mark, assert_equal};

const WIDE: u32 = 1200;
const PHONE: u32 = 360;

/// A browser, and the page of a report on the disk.
struct Opened {
    browser: Browser,
    page: PathBuf,
    report: Report,
    _folder: TempDir,
}

impl Opened {
    fn new(report: &Report) -> Option<Self> {
        let Some(program) = chromium() else {
            eprintln!("skipped: no Chromium on the path or in CHROMIUM");
            return None;
        };
        let folder = TempDir::new().expect("temporary folder");
        let page = folder.path().join("report.html");
        fs::write(&page, html(report)).expect("report.html");
        let json = folder.path().join("report.json");
        write_json(report, &json).expect("report.json");
        Some(Self {
            browser: Browser::start(&program),
            page,
            // As read back from the file.
            report: read_report(&json),
            _folder: folder,
        })
    }

    /// Reloads the page, and returns the browser's messages.
    fn show(&mut self, width: u32, scheme: &str) -> Vec<Value> {
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.browser
            .call("Emulation.setDeviceMetricsOverride", size);
        self.media("screen", scheme);
        self.browser.open(&self.page)
    }

    fn media(&mut self, media: &str, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        let media = json!({ "media": media, "features": [feature] });
        self.browser.call("Emulation.setEmulatedMedia", media);
    }

    /// Asserts that an expression evaluates to an empty list.
    #[track_caller]
    fn assert_none(&mut self, what: &str, expression: &str) {
        let found = self.browser.evaluate(expression);
        assert_eq!(found, json!([]), "{what}");
    }
}

fn read_report(path: &Path) -> Report {
    let text = fs::read_to_string(path).expect("report.json");
    serde_json::from_str(&text).expect("a report")
}

#[test]
fn the_page_fits_every_screen_and_says_nothing_on_the_console() {
    for report in [
        fixture::report(),
        fixture::held(),
        fixture::large(),
        fixture::empty(),
        fixture::worthless(),
    ] {
        let Some(mut opened) = Opened::new(&report) else {
            return;
        };
        for width in [WIDE, PHONE] {
            for scheme in ["light", "dark"] {
                assert_quiet(&opened.show(width, scheme));
                opened.assert_none("too wide", TOO_WIDE);
                opened.assert_none("covered", COVERED);
                opened.assert_none("astray", ASTRAY);
                let overflow =
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(opened.browser.evaluate(overflow), 0, "{width} {scheme}");
                assert_quiet(&opened.browser.events());
            }
        }
    }
}

#[test]
fn long_names_do_not_widen_the_page() {
    let mut report = fixture::report();
    let long = "an-unreasonably-long-name-of-a-variant-".repeat(6);
    for cell in &mut report.cells {
        cell.key.variant = long.clone();
        cell.key.scenario = long.clone();
        cell.reason = cell.reason.as_ref().map(|_| long.clone());
        cell.phases
            .iter_mut()
            .for_each(|phase| phase.name = long.clone());
    }
    for comparison in &mut report.comparisons {
        (comparison.key.cell.variant, comparison.key.phase) = (long.clone(), Some(long.clone()));
    }
    report.run.command = vec![long.clone()];
    report.host.cpu = long;
    let Some(mut opened) = Opened::new(&report) else {
        return;
    };
    for width in [WIDE, PHONE] {
        opened.show(width, "light");
        opened.assert_none("too wide", TOO_WIDE);
        opened.assert_none("covered", COVERED);
    }
}

#[test]
fn what_the_browser_draws_are_the_figures_of_the_report() {
    let Some(mut opened) = Opened::new(&fixture::held()) else {
        return;
    };
    opened.show(WIDE, "light");
    let all = "[...document.querySelectorAll('[data-value]')].map((mark) => {
        const all = {};
        for (let e = mark; e instanceof Element; e = e.parentElement) Object.assign(all, { ...e.dataset, ...all });
        return all;
      })";
    let found: Vec<Mark> = serde_json::from_value(opened.browser.evaluate(all)).unwrap();
    assert_equal(found, marks::expected(&opened.report));
    let unseen = "[...document.querySelectorAll('[data-value]')].filter((mark) => {
        const box = mark.getBBox();
        return !(Number.isFinite(box.x) && Number.isFinite(box.width));
      }).length";
    assert_eq!(opened.browser.evaluate(unseen), 0);
}

/// The column `heading` of the first table of cells: its numbers, and whether each row is
/// struck through.
fn column(opened: &mut Opened, heading: &str) -> Vec<(Option<f64>, bool)> {
    let expression = format!(
        "(() => {{
          const table = document.querySelector('#cells table');
          const column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent === {heading:?});
          return [...table.tBodies[0].rows].map((row) =>
            [row.cells[column].dataset.sort ? Number(row.cells[column].dataset.sort) : null,
             row.classList.contains('struck')]);
        }})()"
    );
    serde_json::from_value(opened.browser.evaluate(&expression)).expect("pairs")
}

fn press(opened: &mut Opened, heading: &str) {
    let expression = format!(
        "[...document.querySelectorAll('#cells table')][0].querySelectorAll('th button')
          .forEach((button) => {{ if (button.textContent === {heading:?}) button.click(); }})"
    );
    opened.browser.evaluate(&expression);
}

fn aria_sort(opened: &mut Opened) -> Value {
    opened.browser.evaluate(
        "[...document.querySelectorAll('#cells table')[0].tHead.rows[0].cells]
          .filter((cell) => cell.ariaSort).map((cell) => `${cell.textContent}: ${cell.ariaSort}`)",
    )
}

#[test]
fn a_click_on_a_heading_sorts_by_number_and_ranks_no_invalid_cell() {
    let Some(mut opened) = Opened::new(&fixture::report()) else {
        return;
    };
    opened.show(WIDE, "light");
    for heading in ["median", "dev/release", "of limit"] {
        for (direction, falls) in [("ascending", false), ("descending", true)] {
            press(&mut opened, heading);
            assert_eq!(
                aria_sort(&mut opened),
                json!([format!("{heading}: {direction}")])
            );
            let rows = column(&mut opened, heading);
            let (ranked, struck): (Vec<_>, Vec<_>) = rows.iter().partition(|(_, struck)| !struck);
            assert_eq!(struck.len(), 2);
            assert!(
                rows[ranked.len()..].iter().all(|(_, struck)| *struck),
                "{rows:?}"
            );
            let mut numbers: Vec<f64> = ranked.iter().map_while(|(number, _)| *number).collect();
            let known = ranked.iter().filter(|(number, _)| number.is_some()).count();
            assert_eq!(numbers.len(), known, "empty fields come last: {rows:?}");
            assert!(known >= 4);
            if falls {
                numbers.reverse();
            }
            assert!(numbers.is_sorted(), "{heading} {direction}: {numbers:?}");
        }
    }
}

#[test]
fn headings_are_pressed_with_keys_too() {
    let Some(mut opened) = Opened::new(&fixture::report()) else {
        return;
    };
    opened.show(WIDE, "light");
    let on = json!({ "enabled": true });
    opened
        .browser
        .call("Emulation.setFocusEmulationEnabled", on);
    let focus = "document.querySelectorAll('#cells table')[0].querySelectorAll('th button')[4].focus({ focusVisible: true });
        getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(opened.browser.evaluate(focus), "solid", "the focus is seen");
    for kind in ["keyDown", "keyUp"] {
        let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
        opened.browser.call("Input.dispatchKeyEvent", key);
    }
    assert_eq!(aria_sort(&mut opened), json!(["median: ascending"]));
}

#[test]
fn without_a_script_the_tables_are_plain_and_complete() {
    let Some(mut opened) = Opened::new(&fixture::report()) else {
        return;
    };
    let off = json!({ "value": true });
    opened
        .browser
        .call("Emulation.setScriptExecutionDisabled", off);
    assert_quiet(&opened.show(PHONE, "light"));
    let found =
        "[document.querySelectorAll('button').length, document.querySelectorAll('table').length]";
    assert_eq!(opened.browser.evaluate(found), json!([0, 13]));
    opened.assert_none("too wide", TOO_WIDE);
}

#[test]
fn the_page_is_dark_on_request_and_never_on_paper() {
    let Some(mut opened) = Opened::new(&fixture::report()) else {
        return;
    };
    let ground = "getComputedStyle(document.body).backgroundColor";
    opened.show(WIDE, "light");
    assert_eq!(opened.browser.evaluate(ground), "rgb(255, 255, 255)");
    opened.show(WIDE, "dark");
    assert_eq!(opened.browser.evaluate(ground), "rgb(16, 20, 26)");
    opened.media("print", "dark");
    assert_eq!(opened.browser.evaluate(ground), "rgb(255, 255, 255)");
    let nav = "getComputedStyle(document.querySelector('nav')).display";
    assert_eq!(opened.browser.evaluate(nav), "none");
    let options = json!({ "preferCSSPageSize": true });
    let pdf = opened.browser.call("Page.printToPDF", options);
    assert!(
        pdf["data"].as_str().unwrap().starts_with("JVBER"),
        "base64 of %PDF"
    );
}

#[test]
fn a_sample_is_shown_under_the_pointer() {
    let Some(mut opened) = Opened::new(&fixture::report()) else {
        return;
    };
    opened.show(WIDE, "light");
    let told = "(() => {
        const dot = document.querySelector('[data-plot=samples] [data-round=\"2\"]');
        dot.dispatchEvent(new PointerEvent('pointerover', { bubbles: true }));
        return [dot.textContent, dot.dataset.value, dot.querySelectorAll('title').length];
      })()";
    for _ in 0..2 {
        let found = opened.browser.evaluate(told);
        let value: u64 = found[1].as_str().unwrap().parse().unwrap();
        let words = found[0].as_str().unwrap().replace(',', "");
        assert_eq!(words, format!("round 2: {value} ns"));
        assert_eq!(found[2], 1);
    }
}
