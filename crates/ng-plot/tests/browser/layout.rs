//! Checks of a page in a browser: expressions that return a list of problems.

use serde_json::Value;

/// Asserts that a page wrote nothing to the console and requested nothing but itself.
#[track_caller]
pub(crate) fn assert_quiet(events: &[Value]) {
    let loud = [
        "Runtime.exceptionThrown",
        "Runtime.consoleAPICalled",
        "Log.entryAdded",
    ];
    for event in events {
        assert!(
            !loud.iter().any(|method| event["method"] == *method),
            "{event}"
        );
        if event["method"] == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"]
                .as_str()
                .expect("an address");
            assert!(
                url.starts_with("file://") && url.ends_with(".html"),
                "{url}"
            );
        }
    }
}

/// Elements that reach beyond the page, except in scrolling or truncating boxes.
pub(crate) const TOO_WIDE: &str = "[...document.querySelectorAll('body *')]
    .filter((e) => !e.closest('.scroll table') && !e.parentElement.closest('.name, .figure'))
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
    .map((e) => `${e.tagName} ${e.getAttribute('class')} ${e.textContent.slice(0, 60)}`)";

/// Overlapping words of one plot.
pub(crate) const COVERED: &str = "[...document.querySelectorAll('svg[data-plot]')].flatMap((svg) => {
    const boxes = [...svg.querySelectorAll('text:not(.cross)')].map((t) => [t.textContent, t.getBoundingClientRect()]);
    return boxes.flatMap(([one, a], i) => boxes.slice(i + 1)
      .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map(([other]) => `${svg.dataset.plot}: ${one} and ${other}`));
  })";

/// Shapes outside the row of their words.
pub(crate) const ASTRAY: &str = "[...document.querySelectorAll('.strip')].flatMap((strip) => {
    const rows = [...strip.querySelectorAll('li')];
    const shapes = [...strip.querySelectorAll(':scope > svg > svg')].slice(1, -1);
    return rows.map((row, i) => [row.getBoundingClientRect(), shapes[i], row]).filter(([row, svg]) =>
      [...svg.querySelectorAll('rect, circle')].some((shape) => {
        const at = shape.getBoundingClientRect();
        return at.top < row.top - 1 || at.bottom > row.bottom + 1;
      })).map(([, , row]) => row.textContent);
  })";
