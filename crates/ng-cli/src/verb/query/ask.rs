use std::collections::HashSet;
use std::sync::Arc;

use anyhow::Result;
use ng_query::ng_arrow::arrow_array::{
    ArrayRef, BooleanArray, Float64Array, RecordBatch, UInt32Array, UInt64Array,
};
use ng_query::{Answer, Bins, Column, End, Found, Groups, Histogram, Measure, Query, Stats};
use ng_store::Counted;

use super::sheet::Sheet;
use super::{Subject, near, tokens};
use crate::args::QueryArgs;

/// How many repeated ids a table shows by default.
const TABLE_IDS: u64 = 20;

/// The parts of an answer besides its rows.
pub(super) struct Asked {
    pub(super) stats: Stats,
    /// How many NaN weights were left out.
    pub(super) nan_weights: u64,
}

impl From<Stats> for Asked {
    fn from(stats: Stats) -> Self {
        Self {
            stats,
            nan_weights: 0,
        }
    }
}

/// Asks one question, and shows the answer.
pub(super) fn ask(
    args: &QueryArgs,
    subject: &Subject,
    query: &Query<'_>,
    sheet: &mut Sheet<'_>,
) -> Result<Asked> {
    if args.agg.is_some() || args.group_by.is_some() {
        return measure(args, query, sheet);
    }
    if let (Some(k), Some(column)) = (args.top, args.by) {
        return top(args, (k, column), subject, query, sheet);
    }
    ask_for_stats(args, subject, query, sheet).map(Asked::from)
}

fn ask_for_stats(
    args: &QueryArgs,
    subject: &Subject,
    query: &Query<'_>,
    sheet: &mut Sheet<'_>,
) -> Result<Stats> {
    if args.count {
        let answer = query.count()?;
        let count: UInt64Array = vec![answer.value].into();
        sheet.show(&batch([("count", Arc::new(count) as _)])?)?;
        return Ok(answer.stats);
    }
    if args.any {
        let answer = query.any()?;
        let any: BooleanArray = vec![answer.value].into();
        sheet.show(&batch([("any", Arc::new(any) as _)])?)?;
        return Ok(answer.stats);
    }
    if !args.id.is_empty() {
        let mut answer = query.find(&args.id)?;
        tell_missing(&answer.value, sheet);
        let positions = answer
            .value
            .iter()
            .flat_map(|found| found.positions.iter().copied())
            .take(args.limit.map_or(usize::MAX, |limit| limit as usize));
        let positions: Vec<u64> = positions.collect();
        tokens::at(args, subject, &positions, &mut answer.stats, sheet)?;
        return Ok(answer.stats);
    }
    if let Some(point) = &args.nearest {
        return near::nearest(args, point, subject, query, sheet);
    }
    if let Some(ball) = &args.within {
        return near::within(args, ball, subject, query, sheet);
    }
    if let Some(ball) = &args.density {
        let answer = query.density(ball)?;
        return one_number("density", &answer, sheet);
    }
    if let Some(ball) = &args.influence {
        let answer = query.influence(ball)?;
        return one_number("influence", &answer, sheet);
    }
    if let Some(count) = args.sample {
        let mut answer = query.sample(count, args.seed)?;
        tokens::at(args, subject, &answer.value, &mut answer.stats, sheet)?;
        return Ok(answer.stats);
    }
    if let Some(column) = args.histogram {
        let bins = Bins::new(args.bins);
        let bins = match &args.range {
            Some(range) => bins.range(range.start, range.end),
            None => bins,
        };
        let answer = query.histogram(column, &bins)?;
        match &answer.value {
            Some(histogram) => sheet.show(&bars(histogram)?)?,
            None => sheet.show(&no_bars()?)?,
        }
        return Ok(answer.stats);
    }
    if args.duplicates {
        return duplicates(args, query, sheet);
    }
    tokens::all(args, query, sheet)
}

fn one_number(name: &str, answer: &Answer<f64>, sheet: &mut Sheet<'_>) -> Result<Stats> {
    let number: Float64Array = vec![answer.value].into();
    sheet.show(&batch([(name, Arc::new(number) as _)])?)?;
    Ok(answer.stats.clone())
}

fn measure(args: &QueryArgs, query: &Query<'_>, sheet: &mut Sheet<'_>) -> Result<Asked> {
    let groups = args.group_by.as_ref().map_or(&[][..], |groups| &groups.0);
    let measures = match &args.agg {
        Some(measures) => &measures.0[..],
        None => &[Measure::Count],
    };
    let Answer { value, stats, .. } = query.aggregate(groups, measures)?;
    let nan_weights = value.groups.iter().map(|group| group.nan_weights).sum();
    let mut batch = value.to_batch();
    let last = batch.num_columns().saturating_sub(1);
    // People are informed only if anything was left out.
    let is_nan = batch
        .schema()
        .fields()
        .iter()
        .rposition(|field| field.name() == Groups::NAN_WEIGHTS);
    if sheet.is_table() && nan_weights == 0 && is_nan == Some(last) {
        batch.remove_column(last);
    }
    sheet.show(&batch)?;
    Ok(Asked { stats, nan_weights })
}

fn top(
    args: &QueryArgs,
    (k, column): (usize, Column),
    subject: &Subject,
    query: &Query<'_>,
    sheet: &mut Sheet<'_>,
) -> Result<Asked> {
    let end = if args.least {
        End::Least
    } else {
        End::Greatest
    };
    let Answer {
        value, mut stats, ..
    } = query.top(k, column, end)?;
    let positions: Vec<u64> = value.ranked.iter().map(|ranked| ranked.position).collect();
    tokens::at(args, subject, &positions, &mut stats, sheet)?;
    if value.nan_weights > 0 {
        let left_out = Counted(value.nan_weights, "token");
        sheet.note(&format!("left out: {left_out} with a weight that is NaN"));
    }
    Ok(Asked {
        stats,
        nan_weights: value.nan_weights,
    })
}

fn duplicates(args: &QueryArgs, query: &Query<'_>, sheet: &mut Sheet<'_>) -> Result<Stats> {
    let default = if sheet.is_table() {
        TABLE_IDS
    } else {
        u64::MAX
    };
    let limit = usize::try_from(args.limit.unwrap_or(default)).unwrap_or(usize::MAX);
    let answer = query.duplicates(limit)?;
    sheet.show(&places(&answer.value.ids)?)?;
    let (shown, all) = (answer.value.ids.len() as u64, answer.value.id_count);
    if shown < all {
        sheet.note(&format!(
            "{shown} of {} that more than one token has; --limit N shows more",
            Counted(all, "id")
        ));
    }
    Ok(answer.stats)
}

/// How many missing ids are named.
const MISSING_NAMED: usize = 10;

/// Names the ids that no token has: they have no row.
fn tell_missing(found: &[Found], sheet: &Sheet<'_>) {
    let mut asked = HashSet::new();
    let missing: Vec<String> = found
        .iter()
        .filter(|found| found.positions.is_empty() && asked.insert(found.id.raw()))
        .map(|found| found.id.raw().to_string())
        .collect();
    let named = missing[..missing.len().min(MISSING_NAMED)].join(", ");
    match missing.len().saturating_sub(MISSING_NAMED) {
        _ if missing.is_empty() => {}
        0 => sheet.note(&format!("no token has the id {named}")),
        more => sheet.note(&format!(
            "no token has the id {named}, or {more} others of these"
        )),
    }
}

/// A row for each position of each id.
fn places(found: &[Found]) -> Result<RecordBatch> {
    let rows = found.iter().flat_map(|found| {
        let id = found.id.raw();
        found.positions.iter().map(move |position| (id, *position))
    });
    let (ids, positions): (Vec<u32>, Vec<u64>) = rows.unzip();
    batch([
        ("id", Arc::new(UInt32Array::from(ids)) as _),
        ("position", Arc::new(UInt64Array::from(positions)) as _),
    ])
}

/// A row for each bin, and one for the values on either side of them.
fn bars(histogram: &Histogram) -> Result<RecordBatch> {
    let bins = histogram.counts.len();
    let width = (histogram.high - histogram.low) / bins as f64;
    let edge = |bin: usize| match bin == bins {
        true => histogram.high,
        false => histogram.low + width * bin as f64,
    };
    let mut from = vec![None];
    let mut to = vec![Some(histogram.low)];
    let mut counts = vec![histogram.below];
    for (bin, count) in histogram.counts.iter().enumerate() {
        from.push(Some(edge(bin)));
        to.push(Some(edge(bin + 1)));
        counts.push(*count);
    }
    from.push(Some(histogram.high));
    to.push(None);
    counts.push(histogram.above);
    if histogram.nan > 0 {
        from.push(Some(f64::NAN));
        to.push(Some(f64::NAN));
        counts.push(histogram.nan);
    }
    rows_of_bars(from, to, counts)
}

/// For no value, if no range gives the bins.
fn no_bars() -> Result<RecordBatch> {
    rows_of_bars(Vec::new(), Vec::new(), Vec::new())
}

fn rows_of_bars(
    from: Vec<Option<f64>>,
    to: Vec<Option<f64>>,
    counts: Vec<u64>,
) -> Result<RecordBatch> {
    batch([
        ("from", Arc::new(Float64Array::from(from)) as _),
        ("to", Arc::new(Float64Array::from(to)) as _),
        ("count", Arc::new(UInt64Array::from(counts)) as _),
    ])
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    Ok(RecordBatch::try_from_iter(columns)?)
}
