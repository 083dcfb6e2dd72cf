//! Small plots of one figure against another.

use crate::axis::Axis;
use crate::element::{Element, text};
use crate::figure::svg;
use crate::marks::{dot, line};

/// Heights in pixels: of the area, and of what is above and below it.
const AREA: u32 = 108;
const ABOVE: u32 = 6;
const BELOW: u32 = 18;

/// A plot under two axes.
pub struct Chart<'a> {
    /// Its name for programs.
    pub plot: &'static str,
    /// The line above it.
    pub title: String,
    /// What is in it, for those who do not see it.
    pub about: String,
    /// The axis below.
    pub x: Axis<'a>,
    /// The axis on the left.
    pub y: Axis<'a>,
    /// Shapes in shares of the area.
    pub marks: Vec<Element>,
    /// Colours and names of the series, where there are several.
    pub key: Option<Element>,
}

impl Chart<'_> {
    /// The chart under its title, and the key of its series.
    pub fn render(self) -> Element {
        // The margins on both sides are in the style: they are as wide as words are.
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

/// Charts side by side, as many as there is room for.
pub fn side_by_side(charts: Vec<Element>) -> Element {
    Element::new("div").class("charts").children(charts)
}

/// The same for what takes more room, as heatmaps do: three on a wide page.
pub fn large_side_by_side(charts: Vec<Element>) -> Element {
    Element::new("div").class("charts large").children(charts)
}

/// A point of a series, in shares of the area.
#[derive(Debug)]
pub struct Point {
    at: (f64, f64),
    /// The dot, which can be given figures for programs and a hint.
    pub dot: Element,
}

impl Point {
    /// At `x` and `y` of the axes, from the left and from below.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            at: (x, 1.0 - y),
            dot: dot(x, 1.0 - y),
        }
    }
}

/// Dots with straight lines between them.
pub fn joined(points: Vec<Point>) -> Vec<Element> {
    let pairs = points.windows(2);
    let mut marks: Vec<Element> = pairs.map(|pair| line(pair[0].at, pair[1].at)).collect();
    marks.extend(points.into_iter().map(|point| point.dot));
    marks
}
