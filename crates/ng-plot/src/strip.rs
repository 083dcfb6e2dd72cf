//! Plots of rows: names and figures in HTML, which truncates long text, and one SVG
//! with the shapes between them.
//!
//! A row of the SVG is `1em` high, and its font size is the height of an HTML row, so that
//! both stay aligned in any style.

use crate::axis::Axis;
use crate::element::{Element, text};
use crate::figure::svg;

/// The part of a row for shapes, in shares of its height: on narrow pages the words are
/// above, on others the style moves the shapes beside them.
const SHAPES_FROM: f64 = 0.46;
const SHAPES_HEIGHT: f64 = 0.5;
/// How far the style of wide pages moves the shapes up.
const RAISED: f64 = 0.21;

/// One row.
pub struct Row {
    /// Its name, truncated if it does not fit.
    pub name: String,
    /// A note beside the name.
    pub note: String,
    /// Its figures, at the right.
    pub figures: Vec<Label>,
    /// Shapes in shares of their part of the row.
    pub marks: Vec<Element>,
}

/// A figure in words.
pub struct Label {
    /// The class with its colour, if there are several.
    pub class: &'static str,
    /// What it belongs to, if there are several.
    pub of: &'static str,
    /// The figure with its unit.
    pub words: String,
    /// Whether it must not be used: struck through.
    pub struck: bool,
}

/// Rows under one axis.
pub struct Strip<'a> {
    /// Its name for programs.
    pub plot: &'static str,
    /// The heading above it.
    pub title: String,
    /// Its description for screen readers.
    pub about: String,
    /// The axis below all rows.
    pub axis: Axis<'a>,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

impl Strip<'_> {
    /// The heading and the rows; none without rows.
    pub fn render(self) -> Option<Element> {
        if self.rows.is_empty() {
            return None;
        }
        let names = Element::new("ol").children(self.rows.iter().map(Row::words));
        let heading = text("h3", &self.title);
        let strip = Element::new("div")
            .class("strip")
            .child(names)
            .child(self.plot());
        Some(
            Element::new("div")
                .class("panel")
                .child(heading)
                .child(strip),
        )
    }

    fn plot(self) -> Element {
        let count = self.rows.len();
        let grid = band(RAISED, count as f64).children(self.axis.upright_grid());
        let ticks = band(count as f64 + RAISED, 1.0).children(self.axis.words_below("60%"));
        svg(self.plot, &self.title, &self.about)
            .with("height", format!("{}em", count + 1))
            .child(grid)
            .children(self.rows.into_iter().enumerate().map(Row::shapes))
            .child(ticks)
    }
}

/// A vertical band of the plot, in rows.
fn band(top: f64, height: f64) -> Element {
    Element::new("svg")
        .with("y", format!("{top:.2}em"))
        .with("height", format!("{height}em"))
}

impl Row {
    fn words(&self) -> Element {
        let full = if self.note.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.name, self.note)
        };
        let name = Element::new("span")
            .class("name")
            .with("title", full)
            .child(text(self.tag(), &self.name))
            .children((!self.note.is_empty()).then(|| text("small", &self.note)));
        let figures = Element::new("span").class("figure");
        let row = Element::new("li");
        // Without shapes there is room for the reason.
        let row = if self.marks.is_empty() {
            row.class("bare")
        } else {
            row
        };
        row.child(name)
            .child(figures.children(self.figures.iter().map(Label::render)))
    }

    fn tag(&self) -> &'static str {
        let usable = self.figures.iter().any(|label| !label.struck);
        if usable { "span" } else { "s" }
    }

    fn shapes((index, row): (usize, Self)) -> Element {
        band(index as f64 + SHAPES_FROM, SHAPES_HEIGHT).children(row.marks)
    }
}

impl Label {
    /// The only figure of a row.
    pub fn alone(words: String, struck: bool) -> Self {
        Self {
            class: "only",
            of: "",
            words,
            struck,
        }
    }

    fn render(&self) -> Element {
        let words = text(if self.struck { "s" } else { "span" }, &self.words);
        let of = (!self.of.is_empty()).then(|| format!("{} ", self.of));
        let of = of.map(|of| text("span", &of).class("of"));
        Element::new("b")
            .class(self.class)
            .children(of)
            .child(words)
    }
}
