//! Aggregates and histograms.

use ng_query::{Bins, Column, GroupBy, Groups, Histogram, Measure, QuestionError, Stats};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::answers::{array, columns, made};
use super::question::{Question, parts};
use crate::arrow::ArrowStream;
use crate::columns::column_of;
use crate::error::Error;
use crate::given::{Text, Whole, shown, unconverted};
use crate::whole::count_of;

/// A string separated by commas, or several strings.
pub(crate) fn names_of(field: &str, given: &Bound<'_, PyAny>) -> Result<String, Error> {
    if let Ok(text) = given.cast::<PyString>() {
        return Ok(text.to_string());
    }
    let texts = given.extract::<Vec<String>>();
    let texts = texts
        .map_err(|_| Error::wrong_type(field, shown(given), "a string or a list of strings"))?;
    Ok(texts.join(","))
}

/// The parsed parts of a string separated by commas; none for an empty one.
fn parsed<T>(
    field: &str,
    given: Option<&Bound<'_, PyAny>>,
    parse: impl Fn(&str) -> Result<Vec<T>, QuestionError>,
) -> Result<Vec<T>, Error> {
    let text = given.map_or(Ok(String::new()), |given| names_of(field, given))?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    parse(&text).map_err(|error| {
        let error = Error::from(error);
        error.renamed("by", field).renamed("column", field)
    })
}

/// The two ends of a range.
fn range_of(given: &Bound<'_, PyAny>) -> Result<(f64, f64), Error> {
    let ends = given.extract::<[f64; 2]>();
    let [low, high] = ends.map_err(|raised| unconverted("range", given, raised, "two numbers"))?;
    Ok((low, high))
}

impl Question {
    pub(super) fn aggregate<'py>(
        &self,
        py: Python<'py>,
        by: Option<&Bound<'py, PyAny>>,
        measures: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let by = parsed("by", by, GroupBy::list)?;
        let mut measures = parsed("measures", measures, Measure::list)?;
        if measures.is_empty() {
            measures.push(Measure::Count);
        }
        let (groups, stats) =
            self.ask(py, |query, _| Ok(parts(query.aggregate(&by, &measures)?)))?;
        groups_of(py, &groups, &measures, stats)
    }

    pub(super) fn histogram<'py>(
        &self,
        py: Python<'py>,
        column: &Text<'py>,
        bins: &Whole<'py>,
        range: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (of, count) = (column_of("column", column)?, count_of("bins", bins)?);
        let range = range.map(range_of).transpose()?;
        let (found, stats) = self.ask(py, |query, _| counted(query, of, count, range))?;
        let (edges, counts, rest) = match &found {
            Some(found) => (
                edges(found),
                found.counts.clone(),
                (found.below, found.above, found.nan),
            ),
            // There is no value to decide a range.
            None => (vec![f64::NAN; count + 1], vec![0; count], (0, 0, 0)),
        };
        let (edges, counts) = (array(py, &edges)?, array(py, &counts)?);
        made(py, "Histogram", (of.name(), edges, counts, rest, stats))
    }
}

/// The groups of an answer.
pub(crate) fn groups_of<'py>(
    py: Python<'py>,
    groups: &Groups,
    measures: &[Measure],
    stats: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let batch = groups.to_batch();
    // The measures come after the keys; the counts of what they left out may follow both.
    let first = measures.first().map_or(String::new(), ToString::to_string);
    let keys = batch.schema().index_of(&first).unwrap_or_default();
    let nan: Vec<u64> = groups
        .groups
        .iter()
        .map(|group| group.nan_weights)
        .collect();
    let columns = columns(py, &batch)?;
    let arrow = Bound::new(py, ArrowStream::of_batch(batch))?;
    made(
        py,
        "Groups",
        (columns, keys, array(py, &nan)?, arrow, stats),
    )
}

/// The parsed keys and measures of a question; the count, if nothing is measured.
pub(crate) fn asked_groups(
    by: &str,
    measures: &str,
) -> Result<(Vec<GroupBy>, Vec<Measure>), QuestionError> {
    let by = match by.trim() {
        "" => Vec::new(),
        by => GroupBy::list(by)?,
    };
    let measures = match measures.trim() {
        "" => vec![Measure::Count],
        measures => Measure::list(measures)?,
    };
    Ok((by, measures))
}

/// Counts values in bins, which have a width even if all values are equal, like numpy's.
fn counted(
    query: &ng_query::Query<'_>,
    column: Column,
    count: usize,
    range: Option<(f64, f64)>,
) -> Result<(Option<Histogram>, Stats), Error> {
    let bins = Bins::new(count);
    let around = |low, high| match low == high {
        true => bins.range(low - 0.5, high + 0.5),
        false => bins.range(low, high),
    };
    let first = range.map_or(bins, |(low, high)| around(low, high));
    let (found, mut stats) = parts(query.histogram(column, &first)?);
    match &found {
        Some(equal) if equal.low == equal.high => {
            let (found, again) = parts(query.histogram(column, &around(equal.low, equal.high))?);
            stats.add_pass(&again);
            Ok((found, stats))
        }
        _ => Ok((found, stats)),
    }
}

/// Where bins begin, and where the last one ends.
fn edges(found: &Histogram) -> Vec<f64> {
    let count = found.counts.len();
    let width = found.high - found.low;
    let edge = |number: usize| found.low + width * (number as f64 / count as f64);
    (0..count).map(edge).chain([found.high]).collect()
}
