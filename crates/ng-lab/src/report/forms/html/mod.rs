//! The report as one page: its sections, and the plots beside them.
//!
//! `page` puts it together, and `parts` makes a section of the page out of any of the
//! report's; a plot is a file. How they are drawn, and the frame of the page, is
//! `ng-plot`'s.

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
