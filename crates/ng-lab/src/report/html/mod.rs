//! The report as one page: tables, and plots as inline SVG, light and dark, on a
//! screen of any width and on paper, from no other file and no other place.
//!
//! `page` puts it together; a plot is a file. What every plot needs is in
//! `figure` (its frame), `strip` (rows), `chart` (two axes), `axis`, `scale` and
//! `marks`; what every text goes through is in `markup`.

mod about;
mod allocated;
mod axis;
mod cells;
mod chart;
mod claims;
mod comparisons;
mod figure;
mod findings;
mod glance;
mod grid;
mod group;
mod legend;
mod limit_table;
mod limits;
mod marks;
mod markup;
mod memory;
mod page;
mod phases;
mod ratios;
mod samples;
mod scale;
mod size;
mod soak;
mod soak_tables;
mod strip;
mod thread_shares;
mod threads;
mod versus;

pub use page::html;
