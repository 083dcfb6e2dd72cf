//! SVG plots, sortable tables, and the HTML page around them.
//!
//! A [`Page`] is one file, light and dark, for any screen width and for print, that loads
//! nothing. Its [`Section`]s contain [`Element`]s: tables ([`table()`]), and plots under
//! a [`Figure`]'s heading and caption. There are three kinds of plot: a [`Strip`] has rows
//! with names and figures beside their shapes, a [`Chart`] has two axes, and a [`Heatmap`]
//! shows counts as colours. Shapes are in [`marks`], placed by a [`Scale`] in shares of
//! their area from 0 to 1, so that they stretch with the page.
//!
//! All text is escaped, and element and attribute names are literals, so input can add
//! neither. The output is also well-formed XML.
//!
//! It knows nothing about what it plots, reads no files and no clock, and has no
//! dependencies. All words come from the caller.
//!
//! ```
//! use ng_plot::{Axis, Chart, Figure, Page, Point, Scale, Section, joined, short, side_by_side};
//!
//! let times = [(1.0, 20.0), (2.0, 11.0), (4.0, 7.0)];
//! let threads = Scale::from_zero(times.map(|(threads, _)| threads));
//! let seconds = Scale::from_zero(times.map(|(_, seconds)| seconds));
//! let points = times.map(|(x, y)| Point::new(threads.place(x), seconds.place(y)));
//! let chart = Chart {
//!     plot: "time",
//!     title: "Time of a build".to_owned(),
//!     about: "Seconds against threads".to_owned(),
//!     x: Axis::new(threads, 4, &|threads| threads.to_string()),
//!     y: Axis::new(seconds, 4, &|seconds| short(&format!("{seconds:.1} s"))),
//!     marks: joined(points.into()),
//!     key: None,
//! };
//! let figure = Figure {
//!     name: "time",
//!     title: "Time against threads",
//!     panels: vec![side_by_side(vec![chart.render()])],
//!     shows: "Shows the best of three builds.",
//!     ..Figure::default()
//! };
//! let page = Page {
//!     title: "Builds",
//!     sections: vec![figure.render()],
//!     ..Page::default()
//! };
//! assert!(page.render().starts_with("<!DOCTYPE html>"));
//! ```
//!
//! Start reading at `page.rs`, then `figure.rs` and `marks.rs`.

mod axis;
mod chart;
mod element;
mod figure;
mod heatmap;
pub mod marks;
mod page;
mod scale;
mod section;
mod strip;
mod table;

pub use axis::{Axis, short};
pub use chart::{Chart, Point, joined, large_side_by_side, side_by_side};
pub use element::{Element, definitions, lines, text};
pub use figure::{Figure, series_key, words};
pub use heatmap::{Heatmap, LEVELS, Levels};
pub use page::{Colour, Page};
pub use scale::Scale;
pub use section::Section;
pub use strip::{Label, Row, Strip};
pub use table::{Field, TableRow, table};
