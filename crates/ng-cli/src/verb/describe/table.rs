//! The numbers of columns, with a histogram of each.

use std::fmt;

use ng_query::ng_arrow::Column;

use super::bars::upright;
use super::description::Summary;
use super::gather::BINS;
use super::number::{NARROW, in_units, whole};

/// Columns in units, one a line.
pub(super) struct Units<'s>(pub(super) Vec<&'s Summary>);

/// Columns of numbers of up to ten digits and of times, side by side.
pub(super) struct Wholes<'s>(pub(super) Vec<&'s Summary>);

/// Tells whether the numbers of a column are too wide to stand side by side.
pub(super) fn is_whole(column: Column) -> bool {
    matches!(column, Column::Id | Column::LocalId | Column::Timestamp)
}

fn histogram(summary: &Summary) -> String {
    let histogram = summary.histogram.as_ref();
    histogram.map_or_else(String::new, |histogram| upright(&histogram.counts))
}

const HEADS: [&str; 6] = ["min", "5 %", "median", "mean", "95 %", "max"];

impl fmt::Display for Units<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "\n{:<11}", "in units")?;
        for head in HEADS {
            write!(f, " {head:>NARROW$}")?;
        }
        writeln!(f, " histogram")?;
        for summary in &self.0 {
            let Summary {
                min,
                p5,
                median,
                mean,
                p95,
                max,
                ..
            } = summary;
            write!(f, "{:<11}", summary.column)?;
            for value in [min, p5, median, mean, p95, max] {
                write!(f, " {:>NARROW$}", in_units(summary.column, *value))?;
            }
            writeln!(f, " {}", histogram(summary).trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Wholes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "\n{:<9}", "")?;
        for summary in &self.0 {
            write!(f, "  {:>BINS$}", summary.column)?;
        }
        writeln!(f)?;
        for (row, head) in HEADS.into_iter().enumerate() {
            write!(f, "{head:<9}")?;
            for summary in &self.0 {
                let Summary {
                    min,
                    p5,
                    median,
                    mean,
                    p95,
                    max,
                    ..
                } = summary;
                let value = [min, p5, median, mean, p95, max][row];
                write!(f, "  {:>BINS$}", whole(summary.column, *value))?;
            }
            writeln!(f)?;
        }
        let histograms = self.0.iter().map(|summary| histogram(summary));
        let line = histograms.fold("histogram".to_owned(), |line, bars| line + "  " + &bars);
        writeln!(f, "{}", line.trim_end())
    }
}
