//! The page of a report: what it shows, what it must not do, and, if Chromium is installed,
//! how it behaves in a browser.

mod browser;
#[path = "../../../ng-plot/tests/browser/mod.rs"]
mod browser_tools;
mod csv;
mod document;
mod fixture;
mod held;
mod marks;
mod odd;
mod outside;
mod plots;
mod style;
mod tables;
