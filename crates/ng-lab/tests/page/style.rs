//! Colours with enough contrast, and a page without motion.

use std::collections::HashMap;

use ng_lab::report::html;

use crate::document::{elements, parsed, text_of};
use crate::fixture;

fn style() -> String {
    let text = html(&fixture::empty());
    let page = parsed(&text);
    let style = elements(page.root(), "style").next();
    text_of(style.expect("a style"))
}

/// The colours by name, of the light and the dark page.
fn colours(style: &str) -> [HashMap<String, [f64; 3]>; 2] {
    let dark_from = style
        .find("prefers-color-scheme: dark")
        .expect("a dark page");
    let mut both = [HashMap::new(), HashMap::new()];
    for (at, _) in style.match_indices("--") {
        let Some((name, value)) = style[at + 2..].split_once(": #") else {
            continue;
        };
        if name.contains(|c: char| !c.is_ascii_alphanumeric()) {
            continue;
        }
        let part = |index| u8::from_str_radix(&value[index..index + 2], 16).expect("six digits");
        let colour = [0, 2, 4].map(|index| linear(f64::from(part(index)) / 255.0));
        both[usize::from(at > dark_from)].insert(name.to_owned(), colour);
    }
    both
}

/// Linearises an sRGB channel as in WCAG 2.
fn linear(part: f64) -> f64 {
    if part <= 0.04045 {
        part / 12.92
    } else {
        ((part + 0.055) / 1.055).powf(2.4)
    }
}

fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

#[test]
fn text_and_shapes_stand_out_on_both_pages() {
    const TEXT: f64 = 4.5;
    const SHAPE: f64 = 3.0;
    let pairs = [
        (
            &["text", "muted", "link", "release", "dev"][..],
            "back",
            TEXT,
        ),
        (&["text", "muted", "good", "warn", "bad"], "panel", TEXT),
        (
            &[
                "aa", "c0", "c1", "c2", "c3", "c4", "c5", "focus", "resident",
            ],
            "back",
            SHAPE,
        ),
        (&["huge", "text"], "resident", SHAPE),
    ];
    for colours in colours(&style()) {
        assert!(colours.len() > 15, "{colours:?}");
        for (names, ground, least) in pairs {
            for name in names {
                let found = contrast(colours[*name], colours[ground]);
                assert!(found >= least, "{name} on {ground}: {found:.2}");
            }
        }
    }
}

#[test]
fn nothing_moves() {
    let style = style();
    for words in ["animation", "transition", "@keyframes", "scroll-behavior"] {
        assert!(!style.contains(words), "{words}");
    }
    assert!(style.contains(":focus-visible") && style.contains("@media print"));
}
