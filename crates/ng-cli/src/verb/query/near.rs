use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::Result;
use ng_query::ng_arrow::arrow_array::{ArrayRef, Float64Array, RecordBatch};
use ng_query::ng_arrow::arrow_schema::{Field, Schema};
use ng_query::ng_arrow::{Column, Form, Positions, batch_with, schema};
use ng_query::{Ball, Neighbour, Query, Stats};
use ng_store::Counted;
use ng_token::{Axis, Space};

use super::Subject;
use super::sheet::Sheet;
use super::tokens::{Fault, TABLE_ROWS};
use crate::args::{NearPoint, QueryArgs};

/// Shows the tokens nearest to a point, with their distances.
pub(super) fn nearest(
    args: &QueryArgs,
    point: &NearPoint,
    subject: &Subject,
    query: &Query<'_>,
    sheet: &mut Sheet<'_>,
) -> Result<Stats> {
    let mut answer = query.nearest(&point.points, args.k)?;
    for found in &answer.value {
        let shown = show(args, &point.spaces, subject, &found.neighbours, sheet)?;
        answer.stats.add_pass(&shown);
        if found.missing > 0 {
            let missing = Counted(found.missing, "token");
            sheet.note(&format!("{missing} fewer than asked for: no more match"));
        }
    }
    Ok(answer.stats)
}

/// Shows all tokens in a ball, in the order of the file.
pub(super) fn within(
    args: &QueryArgs,
    ball: &Ball,
    subject: &Subject,
    query: &Query<'_>,
    sheet: &mut Sheet<'_>,
) -> Result<Stats> {
    let default = if sheet.is_table() {
        TABLE_ROWS
    } else {
        u64::MAX
    };
    let limit = usize::try_from(args.limit.unwrap_or(default)).unwrap_or(usize::MAX);
    let (mut shown, mut waiting) = (0, Vec::new());
    let mut looked = Stats::default();
    let stats = query.within::<Fault>(ball, |neighbours| {
        let count = neighbours.len().min(limit - shown);
        let neighbours = &neighbours[..count];
        match sheet.is_table() {
            // One table, since each has its own column widths.
            true => waiting.extend_from_slice(neighbours),
            false => {
                let own = show(args, &[ball.space()], subject, neighbours, sheet);
                looked.add_pass(&own.map_err(Fault)?);
            }
        }
        shown += count;
        Ok(match shown == limit {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    });
    let mut stats = stats.map_err(|Fault(error)| error)?;
    if sheet.is_table() || shown == 0 {
        looked.add_pass(&show(args, &[ball.space()], subject, &waiting, sheet)?);
    }
    stats.add_pass(&looked);
    if shown == limit && args.limit.is_none() {
        let shown = Counted(shown as u64, "token");
        sheet.note(&format!(
            "these are {shown}, and there may be more; --limit N shows more of them"
        ));
    }
    Ok(stats)
}

/// Shows tokens, and returns what was looked at for it.
fn show(
    args: &QueryArgs,
    spaces: &[Space],
    subject: &Subject,
    neighbours: &[Neighbour],
    sheet: &mut Sheet<'_>,
) -> Result<Stats> {
    let positions: Vec<u64> = neighbours
        .iter()
        .map(|neighbour| neighbour.position)
        .collect();
    let tokens = subject.tokens().tokens_at(&positions)?;
    let columns = match &args.select {
        Some(columns) => columns.0.clone(),
        None => default_columns(spaces),
    };
    let form = if args.raw { Form::Raw } else { Form::Units };
    let schema = schema(&columns, form);
    let batch = batch_with(
        &tokens.value,
        Positions::Each(&positions),
        &columns,
        form,
        &schema,
    );
    let distances = neighbours.iter().map(|neighbour| neighbour.distance);
    sheet.show(&with_distances(&batch, distances.collect())?)?;
    Ok(tokens.stats)
}

fn default_columns(spaces: &[Space]) -> Vec<Column> {
    let axes = spaces
        .iter()
        .flat_map(|space| Axis::ALL.map(|axis| Column::Coordinate(*space, axis)));
    let fields = [
        Column::Position,
        Column::Id,
        Column::EntityType,
        Column::Weight,
    ];
    fields.into_iter().chain(axes).collect()
}

/// The distance comes first, as what was asked for.
fn with_distances(batch: &RecordBatch, distances: Vec<f64>) -> Result<RecordBatch> {
    let distances: ArrayRef = Arc::new(Float64Array::from(distances));
    let schema = batch.schema();
    let field = Field::new("distance", distances.data_type().clone(), false);
    let fields = std::iter::once(Arc::new(field)).chain(schema.fields().iter().cloned());
    let metadata = schema.metadata().clone();
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), metadata);
    let columns = std::iter::once(distances).chain(batch.columns().iter().cloned());
    Ok(RecordBatch::try_new(Arc::new(schema), columns.collect())?)
}
