//! Small plots of one figure against another.

use crate::report::html::axis::Axis;
use crate::report::html::figure::svg;
use crate::report::html::marks::{dot, line};
use crate::report::html::markup::{Element, text};

/// Heights in pixels: of the area, and of what is above and below it.
const AREA: u32 = 108;
const ABOVE: u32 = 6;
const BELOW: u32 = 18;

/// A plot under two axes.
pub(super) struct Chart<'a> {
    pub(super) plot: &'static str,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) x: Axis<'a>,
    pub(super) y: Axis<'a>,
    /// Shapes in shares of the area.
    pub(super) marks: Vec<Element>,
    /// Colours and names of the series, where there are several.
    pub(super) key: Option<Element>,
}

impl Chart<'_> {
    /// The margins on both sides are in the style: they are as wide as words are.
    pub(super) fn render(self) -> Element {
        let area = Element::new("svg")
            .with("y", ABOVE)
            .with("height", AREA)
            .extend(self.x.upright_grid())
            .extend(self.y.level_grid())
            .extend(self.marks)
            .extend(self.y.words_beside())
            .extend(self.x.words_below(&(AREA + BELOW - 3).to_string()));
        let plot = svg(self.plot, &self.title, &self.about)
            .class("chart")
            .with("height", ABOVE + AREA + BELOW)
            .add(area);
        Element::new("div")
            .class("panel")
            .add(text("p", &self.title).class("title"))
            .add(plot)
            .extend(self.key)
    }
}

/// Charts side by side, as many as there is room for.
pub(super) fn side_by_side(charts: Vec<Element>) -> Element {
    Element::new("div").class("charts").extend(charts)
}

/// A point of a series, in shares of the area, with its figures for programs.
pub(super) struct Point {
    pub(super) at: (f64, f64),
    pub(super) dot: Element,
}

impl Point {
    /// At `x` and `y` of the axes.
    pub(super) fn new(x: f64, y: f64) -> Self {
        Self {
            at: (x, 1.0 - y),
            dot: dot(x, 1.0 - y),
        }
    }
}

/// Dots with straight lines between them.
pub(super) fn joined(points: Vec<Point>) -> Vec<Element> {
    let pairs = points.windows(2);
    let mut marks: Vec<Element> = pairs.map(|pair| line(pair[0].at, pair[1].at)).collect();
    marks.extend(points.into_iter().map(|point| point.dot));
    marks
}
