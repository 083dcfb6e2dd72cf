//! Tokens over time.

use ng_plot::{Figure, Section};
use ng_query::ng_arrow::Column;

use super::super::description::Description;
use super::super::number::whole;
use super::Details;
use super::values::chart;

const NAME: &str = "time";

/// Empty if times are not described.
pub(super) fn section(described: &Description<'_>, details: &Details) -> Option<Section> {
    let mut columns = described.columns.iter();
    let times = columns.find(|summary| summary.column == Column::Timestamp)?;
    let [first, last] = [times.min, times.max].map(|time| whole(Column::Timestamp, time));
    let title = format!("tokens by timestamp, {first} to {last}");
    let figure = Figure {
        name: NAME,
        title: "Tokens over time",
        panels: vec![chart(NAME, &title, times, details)?],
        shows: "Shows how many tokens have which timestamp, in UTC. The dashed line is the median.",
        shows_not: "Does not show when tokens were written: a timestamp is part of its token.",
        ..Figure::default()
    };
    Some(figure.render())
}
