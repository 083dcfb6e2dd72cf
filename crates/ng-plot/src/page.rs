//! The whole page: head, style, and sections in order.

use std::fmt::Write;

use crate::element::{Element, text};
use crate::section::Section;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Forbids loading anything: everything is inline.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// One self-contained page of HTML.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// Its title and first heading.
    pub title: &'a str,
    /// The line below the heading.
    pub lead: &'a str,
    /// The sections, in the order of the page and of the contents.
    pub sections: Vec<Section>,
    /// The colours of its series, in addition to `c0` to `c5`.
    pub colours: &'static [Colour],
    /// CSS appended to that of every page.
    pub style: &'static str,
    /// JavaScript appended to that of every page.
    pub script: &'static str,
}

/// A colour of the page on light and dark backgrounds, as `#rrggbb`.
///
/// Shapes and words of class `name` use it; CSS rules use it as `var(--name)`.
#[derive(Clone, Copy, Debug)]
pub struct Colour {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

impl Colour {
    /// The colour `name`, of ASCII letters and digits; print uses `light`.
    pub const fn new(name: &'static str, light: &'static str, dark: &'static str) -> Self {
        Self { name, light, dark }
    }
}

/// The base colours of every page.
const GROUND: [Colour; 10] = [
    Colour::new("back", "#ffffff", "#10141a"),
    Colour::new("panel", "#f5f7f9", "#181e26"),
    Colour::new("text", "#1b1f24", "#e6e9ee"),
    Colour::new("muted", "#57606a", "#a3adba"),
    Colour::new("rule", "#d5dae0", "#333c48"),
    Colour::new("link", "#0757b0", "#7cb7ff"),
    Colour::new("focus", "#0757b0", "#7cb7ff"),
    Colour::new("good", "#1a7f37", "#5fd38d"),
    Colour::new("warn", "#8a5a00", "#f0c05a"),
    Colour::new("bad", "#b42318", "#ff8a80"),
];

/// The colours of series by their index ([`marks::colour`](crate::marks::colour)).
const SERIES: [Colour; 6] = [
    Colour::new("c0", "#0b66c3", "#62a8f5"),
    Colour::new("c1", "#c2410c", "#f28b50"),
    Colour::new("c2", "#0f766e", "#4fd1c0"),
    Colour::new("c3", "#9333a8", "#d28be0"),
    Colour::new("c4", "#a16207", "#e3b341"),
    Colour::new("c5", "#475569", "#a9b4c2"),
];

impl Page<'_> {
    /// The page as HTML that is also well-formed XML.
    pub fn render(self) -> String {
        let page = Element::new("html")
            .with("lang", "en")
            .child(self.head())
            .child(self.body());
        format!("<!DOCTYPE html>\n{page}\n")
    }

    fn head(&self) -> Element {
        let meta = |kind, name, content| {
            let meta = Element::new("meta").with(kind, name);
            meta.with("content", content)
        };
        let viewport = "width=device-width, initial-scale=1";
        Element::new("head")
            .child(Element::new("meta").with("charset", "utf-8"))
            .child(meta("name", "viewport", viewport))
            .child(meta("name", "color-scheme", "light dark"))
            .child(meta("http-equiv", "Content-Security-Policy", POLICY))
            .child(text("title", self.title))
            .child(Element::new("style").asset(&self.style()))
    }

    /// The colours, light and dark, then the rules.
    fn style(&self) -> String {
        let series = || SERIES.iter().chain(self.colours);
        let all = || GROUND.iter().chain(series());
        let light = block("", all().map(|colour| (colour.name, colour.light)));
        let dark = block("  ", all().map(|colour| (colour.name, colour.dark)));
        let mut style =
            format!("{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n\n");
        for Colour { name, .. } in series() {
            let _ = writeln!(style, ".{name} {{ color: var(--{name}); }}");
        }
        style + "\n" + STYLE + self.style
    }

    fn body(self) -> Element {
        let links = self.sections.iter().filter_map(Section::link);
        let contents = Element::new("nav")
            .with("aria-label", "Contents")
            .child(Element::new("ul").children(links));
        let header = Element::new("header")
            .child(text("h1", self.title))
            .child(text("p", self.lead));
        let sections = self.sections.into_iter().map(Section::into_element);
        let script = [SCRIPT, self.script].concat();
        Element::new("body")
            .child(header)
            .child(contents)
            .child(Element::new("main").children(sections))
            .child(Element::new("script").asset(&script))
    }
}

/// Colours as CSS variables.
fn block(indent: &str, colours: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut block = format!("{indent}:root {{\n");
    for (name, value) in colours {
        let _ = writeln!(block, "{indent}  --{name}: {value};");
    }
    block + indent + "}\n"
}
