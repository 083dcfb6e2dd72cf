//! The page of `ng describe` in a browser. Skipped, with a note on stderr, if there is none.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::browser_tools::devtools::{Browser, chromium};
use crate::browser_tools::layout::{ASTRAY, COVERED, TOO_WIDE, assert_quiet};
use crate::harness::{Place, damage, ng};
use crate::page::{odd, varied, written};

const WIDE: u32 = 1300;
const PHONE: u32 = 360;

/// A browser, if there is one.
fn browser() -> Option<Browser> {
    let program = chromium();
    if program.is_none() {
        eprintln!("skipped: no Chromium on the path, and CHROMIUM names none");
    }
    Some(Browser::start(&program?))
}

/// Opens a page anew, and returns what the browser said.
fn show(browser: &mut Browser, page: &Path, width: u32, scheme: &str) -> Vec<Value> {
    let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
    browser.call("Emulation.setDeviceMetricsOverride", size);
    let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
    let media = json!({ "media": "screen", "features": [feature] });
    browser.call("Emulation.setEmulatedMedia", media);
    browser.open(page)
}

fn pages(place: &Place) -> Vec<PathBuf> {
    let whole = varied(place, "varied.ngt");
    ng(&[&"index", &whole, &"--columns", &"weight,physical", &"-q"]).ok();
    let bad = varied(place, "bad.ngt");
    damage(&bad, 1);
    let long = "a-name-that-is-long-".repeat(8) + ".ngt";
    let paths = [
        (whole, &[][..]),
        (bad, &[]),
        (odd(place, &long), &[]),
        (odd(place, "part.ngt"), &["--columns", "weight,flags"]),
        (odd(place, "none.ngt"), &["--where", "weight > 7"]),
    ];
    let written = paths.map(|(path, arguments)| written(&path, arguments));
    written.into()
}

#[test]
fn the_page_fits_every_screen_and_says_nothing_on_the_console() {
    let Some(mut browser) = browser() else { return };
    let place = Place::new();
    for page in pages(&place) {
        for width in [WIDE, PHONE] {
            for scheme in ["light", "dark"] {
                let told = format!("{} {width} {scheme}", page.display());
                assert_quiet(&show(&mut browser, &page, width, scheme));
                for (what, expression) in [
                    ("too wide", TOO_WIDE),
                    ("covered", COVERED),
                    ("astray", ASTRAY),
                ] {
                    assert_eq!(browser.evaluate(expression), json!([]), "{told}: {what}");
                }
                let overflow =
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth";
                assert_eq!(browser.evaluate(overflow), 0, "{told}");
                assert_quiet(&browser.events());
            }
        }
    }
}

#[test]
fn maps_are_square_and_their_colours_differ_on_both_grounds() {
    let Some(mut browser) = browser() else { return };
    let place = Place::new();
    let page = written(&varied(&place, "a.ngt"), &[]);
    for scheme in ["light", "dark"] {
        show(&mut browser, &page, WIDE, scheme);
        let shapes = "[...document.querySelectorAll('.heatmap > svg:first-of-type')].map((map) => {
            const box = map.getBoundingClientRect();
            return [box.width > 100, Math.abs(box.width - box.height) < 1];
          })";
        let shapes = browser.evaluate(shapes);
        assert_eq!(shapes, json!(vec![json!([true, true]); 24]), "{scheme}");
        let colours = "(() => {
            const paths = [...document.querySelectorAll('.heatmap path')];
            const of = (path) => getComputedStyle(path).fill;
            const classes = new Set(paths.map((path) => path.getAttribute('class')));
            const ground = getComputedStyle(document.body).backgroundColor;
            return [classes.size, new Set(paths.map(of)).size, paths.some((path) => of(path) === ground)];
          })()";
        let [classes, fills, hidden] = [0, 1, 2].map(|at| browser.evaluate(colours)[at].clone());
        assert_eq!((&classes, &hidden), (&fills, &json!(false)), "{scheme}");
        assert!(classes.as_u64().unwrap() > 2);
    }
}

#[test]
fn the_table_of_columns_is_sorted_by_a_click() {
    let Some(mut browser) = browser() else { return };
    let place = Place::new();
    let page = written(&varied(&place, "a.ngt"), &[]);
    show(&mut browser, &page, WIDE, "light");
    let sorted = "(() => {
        const table = document.querySelector('#columns table');
        const max = [...table.tHead.rows[0].cells].findIndex((it) => it.textContent === 'max');
        table.tHead.rows[0].cells[max].querySelector('button').click();
        return [...table.tBodies[0].rows].map((row) => Number(row.cells[max].dataset.sort));
      })()";
    let values: Vec<f64> = serde_json::from_value(browser.evaluate(sorted)).unwrap();
    assert_eq!(values.len(), 30);
    assert!(values.is_sorted(), "{values:?}");
}
