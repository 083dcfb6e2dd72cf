//! The share of the machine's limit that each phase reached.

use ng_plot::marks::{bar, hint};
use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Strip};

use crate::model::Report;
use crate::report::sections::{Group, PhaseOf, Work, groups};
use crate::report::text;

const NAME: &str = "limits";
const TITLE: &str = "Share of the limit";
/// Bars end here: a limit beaten by more is not a limit.
const AT_MOST: f64 = 1.5;

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let scale = scale(report);
    let groups = groups(report);
    let panels = groups.iter().filter_map(|group| panel(group, scale));
    Figure {
        name: NAME,
        title: TITLE,
        key: vec![("release", "release"), ("dev", "dev")],
        panels: panels.collect(),
        otherwise: "no phase was compared with a limit".to_owned(),
        shows: "Shows the limit's time for the same amount of work over the phase's time, from the \
                probe in the same round: at 100 % a phase is as fast as the machine was measured. \
                The limit is named beside the phase.",
        shows_not: "Does not show what a phase does beyond that limit: a low share means \"look \
                    here\", not \"slow\". Shares are accurate to two digits; noise can push one above \
                    100 %, and bars end at 150 %. Hollow bars belong to unusable cells. Phases \
                    without a limit are left out.",
        ..Figure::default()
    }
}

fn scale(report: &Report) -> Scale {
    let phases = report.cells.iter().flat_map(|cell| &cell.phases);
    let shares = phases.filter_map(|phase| phase.share_of_limit);
    Scale::from_zero(shares.chain([1.0]).map(|share| share.min(AT_MOST)))
}

fn panel(group: &Group<'_>, scale: Scale) -> Option<Element> {
    let works = group.works();
    let rows = works.iter().flat_map(|work| {
        let names = work.phases().into_iter();
        names.filter_map(|name| row(work, name, scale))
    });
    Strip {
        plot: NAME,
        title: group.title(),
        about: "Share of the limit, one row per phase, one bar per build".to_owned(),
        axis: Axis::new(scale, 4, &|share| text::percent(share)).marked(1.0),
        rows: rows.collect(),
    }
    .render()
}

fn row(work: &Work<'_>, name: &str, scale: Scale) -> Option<Row> {
    let mut found = Work::phase_of(work.main(), name);
    found.retain(|of| of.phase.share_of_limit.is_some());
    // Release first: the limit matters for it.
    found.reverse();
    let bound = found.first()?.phase.bound;
    let count = found.len() as f64;
    let marks = found.iter().enumerate().filter_map(|(index, of)| {
        let top = index as f64 / count;
        share_bar(of, scale, top, top + 0.9 / count)
    });
    Some(Row {
        name: format!("{} {name}", work.label()),
        note: bound.map_or_else(String::new, |bound| bound.limit.name().to_owned()),
        figures: found.iter().map(told).collect(),
        marks: marks.collect(),
    })
}

fn told(of: &PhaseOf<'_>) -> Label {
    Label {
        class: of.series(),
        of: of.cell.key.profile.name(),
        words: of
            .phase
            .share_of_limit
            .map_or_else(String::new, text::percent),
        struck: !of.is_usable(),
    }
}

fn share_bar(of: &PhaseOf<'_>, scale: Scale, top: f64, bottom: f64) -> Option<Element> {
    let share = of.phase.share_of_limit.filter(|share| share.is_finite())?;
    let hollow = if of.is_usable() { "" } else { " hollow" };
    let hinted = format!("{}: {}", of.cell.key.profile.name(), text::percent(share));
    let bar = bar(0.0, scale.place(share), top, bottom)
        .class(&format!("{}{hollow}", of.series()))
        .with("data-cell", of.cell_index)
        .with("data-phase", of.index)
        .figure("data-value", share)
        .child(hint(&hinted));
    Some(bar)
}
