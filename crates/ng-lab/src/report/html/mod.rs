//! The report as one page: which tables and plots it has, and what is in them.
//!
//! `page` puts it together; a plot or a table is a file. How they are drawn, and the
//! frame of the page, is `ng-plot`'s.

mod about;
mod allocated;
mod cells;
mod claims;
mod comparisons;
mod findings;
mod glance;
mod group;
mod legend;
mod limit_table;
mod limits;
mod memory;
mod page;
mod phases;
mod ratios;
mod samples;
mod size;
mod soak;
mod soak_tables;
mod thread_shares;
mod threads;
mod versus;

pub use page::html;
