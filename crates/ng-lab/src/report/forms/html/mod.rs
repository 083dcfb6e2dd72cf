//! The report as one page of sections and plots.
//!
//! `page` assembles it, and `parts` turns a section of the report into one of the page;
//! each plot is a file. Drawing and the page's frame are `ng-plot`'s.

mod about;
mod legend;
mod limits;
mod memory;
mod page;
mod parts;
mod phases;
mod ratios;
mod samples;
mod size;
mod soak;
mod threads;
mod warnings;

pub use page::html;
