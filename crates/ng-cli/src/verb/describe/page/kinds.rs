//! Entity types, domains and flags, and tokens at origins: what is counted by kind.

use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Section, Strip, marks};

use super::super::description::Description;
use super::super::number::share;
use super::words;

const NAME: &str = "kinds";

/// Empty if none of them is described.
pub(super) fn section(described: &Description<'_>) -> Option<Section> {
    let kinds = described.kinds();
    let panels = kinds
        .into_iter()
        .filter_map(|(title, rows)| panel(title, &rows, described));
    let figure = Figure {
        name: NAME,
        title: "Kinds and flags",
        panels: panels.collect(),
        shows: "Shows how many tokens are of each entity type and domain, have each flag, and are \
                at the origin of each space, with their share of the tokens that are described. \
                Each panel has an axis of its own.",
        shows_not: "Does not show which of them go together: a token has any number of flags.",
        ..Figure::default()
    };
    (!figure.panels.is_empty()).then(|| figure.render())
}

fn panel(title: &str, rows: &[(String, u64)], described: &Description<'_>) -> Option<Element> {
    let scale = Scale::from_zero(rows.iter().map(|(_, count)| *count as f64));
    let row = |(name, count): &(String, u64)| {
        let figure = format!("{count} ({})", share(*count, described.described));
        let bar = marks::bar(0.0, scale.place(*count as f64), 0.0, 1.0)
            .class("c0")
            .with("data-value", count)
            .child(marks::hint(&format!("{name}: {figure}")));
        Row {
            name: name.clone(),
            note: String::new(),
            figures: vec![Label::alone(figure, false)],
            marks: (*count > 0).then_some(bar).into_iter().collect(),
        }
    };
    let strip = Strip {
        plot: NAME,
        title: title.to_owned(),
        about: format!("How many tokens there are: {title}"),
        axis: Axis::new(scale, 5, &words::count),
        rows: rows.iter().map(row).collect(),
    };
    strip.render()
}
