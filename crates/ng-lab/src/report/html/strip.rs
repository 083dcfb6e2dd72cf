//! Plots of rows: names and figures in HTML, which shortens what is too long, and
//! between them one SVG with the shapes.
//!
//! A row of the SVG is `1em` high and its font size is the height of a row in
//! HTML, so that both stay side by side whatever the style says.

use crate::report::html::axis::Axis;
use crate::report::html::figure::svg;
use crate::report::html::markup::{Element, text};

/// The part of a row that is for shapes, in shares of it: on narrow pages the
/// words stand above, and on others the style moves the shapes beside them.
const SHAPES_FROM: f64 = 0.46;
const SHAPES_HEIGHT: f64 = 0.5;
/// What the style of wide pages moves the shapes up by.
const RAISED: f64 = 0.21;

/// One row.
pub(super) struct Row {
    pub(super) name: String,
    /// What is worth saying beside the name.
    pub(super) note: String,
    pub(super) figures: Vec<Told>,
    /// Shapes in shares of their part of the row.
    pub(super) marks: Vec<Element>,
}

/// A figure in words.
pub(super) struct Told {
    /// Its colour, where there are several.
    pub(super) class: &'static str,
    /// Whose it is, where there are several.
    pub(super) of: &'static str,
    pub(super) words: String,
    /// Of a cell whose figures must not be used.
    pub(super) struck: bool,
}

/// Rows under one axis.
pub(super) struct Strip<'a> {
    pub(super) plot: &'static str,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) axis: Axis<'a>,
    pub(super) rows: Vec<Row>,
}

impl Strip<'_> {
    /// The heading and the rows; none where there are no rows.
    pub(super) fn render(self) -> Option<Element> {
        if self.rows.is_empty() {
            return None;
        }
        let names = Element::new("ol").extend(self.rows.iter().map(Row::words));
        let heading = text("h3", &self.title);
        let strip = Element::new("div")
            .class("strip")
            .add(names)
            .add(self.plot());
        Some(Element::new("div").class("panel").add(heading).add(strip))
    }

    fn plot(self) -> Element {
        let count = self.rows.len();
        let grid = band(RAISED, count as f64).extend(self.axis.upright_grid());
        let ticks = band(count as f64 + RAISED, 1.0).extend(self.axis.words_below("60%"));
        svg(self.plot, &self.title, &self.about)
            .with("height", format!("{}em", count + 1))
            .add(grid)
            .extend(self.rows.into_iter().enumerate().map(Row::shapes))
            .add(ticks)
    }
}

/// A stretch of the plot from top to bottom, in rows.
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
            .add(text(self.tag(), &self.name))
            .extend((!self.note.is_empty()).then(|| text("small", &self.note)));
        let figures = Element::new("span").class("figure");
        let row = Element::new("li");
        // Where nothing is drawn there is room for the reason.
        let row = if self.marks.is_empty() {
            row.class("bare")
        } else {
            row
        };
        row.add(name)
            .add(figures.extend(self.figures.iter().map(Told::render)))
    }

    fn tag(&self) -> &'static str {
        let usable = self.figures.iter().any(|told| !told.struck);
        if usable { "span" } else { "s" }
    }

    fn shapes((index, row): (usize, Self)) -> Element {
        band(index as f64 + SHAPES_FROM, SHAPES_HEIGHT).extend(row.marks)
    }
}

impl Told {
    /// The only figure of a row.
    pub(super) fn alone(words: String, struck: bool) -> Self {
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
        Element::new("b").class(self.class).extend(of).add(words)
    }
}
