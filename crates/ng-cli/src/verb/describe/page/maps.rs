//! Where tokens are: the three planes of each space.

use ng_plot::{Axis, Element, Figure, Heatmap, Levels, Section, large_side_by_side, text};
use ng_query::Histogram2d;
use ng_query::ng_arrow::Column;
use ng_token::Space;

use super::Details;
use super::words::{self, scale, tick};

const NAME: &str = "maps";

/// Empty if no space is described on all three axes.
pub(super) fn section(details: &Details) -> Option<Section> {
    let maps = &details.maps;
    let panels = maps
        .iter()
        .flat_map(|(space, planes)| panel(*space, planes));
    let figure = Figure {
        name: NAME,
        title: "Where tokens are",
        panels: panels.collect(),
        shows: "Shows how many tokens there are in each cell of the three planes of each space, \
                from the least coordinate to the greatest, in units. Cells without tokens have no \
                colour. Each space has colours of its own, the same in its planes.",
        shows_not: "Does not show what is behind what: a plane has the tokens of all depths. A \
                    single cell at 0, 0 may be tokens that were never put anywhere.",
        ..Figure::default()
    };
    (!maps.is_empty()).then(|| figure.render())
}

fn panel(space: Space, planes: &[Histogram2d]) -> Vec<Element> {
    let counts = planes.iter().flat_map(|plane| plane.counts.iter().copied());
    let levels = Levels::of(counts, words::counts);
    let maps = planes.iter().map(|plane| map(plane, &levels)).collect();
    let mut parts = vec![text("h3", space.name())];
    parts.extend(levels.key());
    parts.push(large_side_by_side(maps));
    parts
}

fn map(plane: &Histogram2d, levels: &Levels) -> Element {
    let [across, up] = plane.columns.map(Column::name);
    let ticks = [0, 1].map(|end| {
        let (column, span) = (plane.columns[end], plane.high[end] - plane.low[end]);
        move |value| tick(column, span, value)
    });
    let axis = |end: usize| {
        let scale = scale(plane.columns[end], plane.low[end], plane.high[end]);
        Axis::new(scale, 4, &ticks[end])
    };
    let map = Heatmap {
        plot: NAME,
        title: format!("{across} across, {up} up"),
        about: format!("How many tokens there are by {across} and {up}"),
        x: axis(0),
        y: axis(1),
        columns: plane.bins[0],
        counts: &plane.counts,
        levels,
    };
    map.render()
}
