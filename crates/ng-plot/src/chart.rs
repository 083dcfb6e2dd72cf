//! Small plots of one figure against another.

use crate::axis::Axis;
use crate::element::{Element, text};
use crate::figure::svg;
use crate::marks::{dot, line};

/// Heights in pixels of the area and of the space above and below it.
const AREA: u32 = 108;
const ABOVE: u32 = 6;
const BELOW: u32 = 18;

/// A plot with two axes.
pub struct Chart<'a> {
    /// Its name for programs.
    pub plot: &'static str,
    /// The line above it.
    pub title: String,
    /// Its description for screen readers.
    pub about: String,
    /// The axis below.
    pub x: Axis<'a>,
    /// The axis on the left.
    pub y: Axis<'a>,
    /// Shapes in shares of the area.
    pub marks: Vec<Element>,
    /// Colours and names of the series, if there are several.
    pub key: Option<Element>,
}

impl Chart<'_> {
    /// The chart with its title and key.
    pub fn render(self) -> Element {
        // The side margins are in the style, since they depend on the width of labels.
        let area = Element::new("svg")
            .with("y", ABOVE)
            .with("height", AREA)
            .children(self.x.upright_grid())
            .children(self.y.level_grid())
            .children(self.marks)
            .children(self.y.words_beside())
            .children(self.x.words_below(&(AREA + BELOW - 3).to_string()));
        let plot = svg(self.plot, &self.title, &self.about)
            .class("chart")
            .with("height", ABOVE + AREA + BELOW)
            .child(area);
        Element::new("div")
            .class("panel")
            .child(text("p", &self.title).class("title"))
            .child(plot)
            .children(self.key)
    }
}

/// Charts side by side, as many as fit.
pub fn side_by_side(charts: Vec<Element>) -> Element {
    Element::new("div").class("charts").children(charts)
}

/// The same for larger plots, such as heatmaps: three on a wide page.
pub fn large_side_by_side(charts: Vec<Element>) -> Element {
    Element::new("div").class("charts large").children(charts)
}

/// A point of a series, in shares of the area.
#[derive(Debug)]
pub struct Point {
    at: (f64, f64),
    /// The dot, to which figures for programs and a hint can be added.
    pub dot: Element,
}

impl Point {
    /// A point at `x` from the left and `y` from the bottom.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            at: (x, 1.0 - y),
            dot: dot(x, 1.0 - y),
        }
    }
}

/// Dots joined by straight lines.
pub fn joined(points: Vec<Point>) -> Vec<Element> {
    let pairs = points.windows(2);
    let mut marks: Vec<Element> = pairs.map(|pair| line(pair[0].at, pair[1].at)).collect();
    marks.extend(points.into_iter().map(|point| point.dot));
    marks
}
