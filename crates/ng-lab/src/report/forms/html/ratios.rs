//! The speed of the release build relative to the dev build.

use ng_plot::marks::{dot, hint, line};
use ng_plot::{Axis, Element, Figure, Label, Row, Scale, Strip, short};

use crate::model::{Comparison, ComparisonKind, Interval95, Report};
use crate::report::sections::unique;
use crate::report::text;

const NAME: &str = "ratios";
const TITLE: &str = "Dev against release";

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let all: Vec<(usize, &Comparison)> = report
        .comparisons
        .iter()
        .enumerate()
        .filter(|(_, comparison)| comparison.kind == ComparisonKind::DevVsRelease)
        .collect();
    Figure {
        name: NAME,
        title: TITLE,
        key: vec![("release", "estimate and 95 % interval")],
        panels: panels(report, &all),
        otherwise: "nothing was measured in both builds: there is nothing to compare".to_owned(),
        shows: "Shows how many times as fast release is as dev, phase by phase, paired by round, \
                on a logarithmic axis. Right of the line at 1x release is faster. A point without \
                a line has no interval, for lack of six pairs.",
        shows_not: "Does not show how fast either build is. Unusable ratios have no point; the \
                            reason is beside their name.",
        ..Figure::default()
    }
}

fn panels(report: &Report, all: &[(usize, &Comparison)]) -> Vec<Element> {
    let scale = scale(all);
    let groups = all
        .iter()
        .map(|(_, found)| (found.key.cell.scenario.as_str(), found.key.cell.items()));
    let groups = unique(groups).into_iter();
    groups
        .filter_map(|group| panel(report, all, group, scale))
        .collect()
}

fn panel(
    report: &Report,
    all: &[(usize, &Comparison)],
    group: (&str, u64),
    scale: Scale,
) -> Option<Element> {
    let (scenario, count) = group;
    let of_group = all.iter().filter(|(_, comparison)| {
        comparison.key.cell.scenario == scenario && comparison.key.cell.items() == count
    });
    let title = format!("{scenario}, {} {}", text::items(count), report.run.items);
    Strip {
        plot: NAME,
        about: "Ratios of dev over release, one row per phase, with intervals".to_owned(),
        title,
        axis: Axis::new(scale, 6, &|ratio| short(&format!("{ratio:.3}x"))).marked(1.0),
        rows: of_group
            .map(|(index, found)| row(*index, found, scale))
            .collect(),
    }
    .render()
}

/// One scale for all panels, so that they can be compared.
fn scale(all: &[(usize, &Comparison)]) -> Scale {
    let used = all.iter().filter(|(_, found)| found.stopped.is_none());
    let values = used.flat_map(|(_, found)| {
        let Interval95(ends) = found.ci95.unwrap_or(Interval95([found.estimate; 2]));
        [found.estimate, ends[0], ends[1]]
    });
    Scale::log(values.chain([1.0]))
}

fn row(index: usize, found: &Comparison, scale: Scale) -> Row {
    let stopped = found.stopped.clone();
    let figure = match stopped {
        None => text::ratio(found.estimate, found.ci95),
        Some(_) => "not compared".to_owned(),
    };
    let marks = if stopped.is_none() {
        marks(index, found, scale, &figure)
    } else {
        Vec::new()
    };
    Row {
        name: format!(
            "{} x{} {}",
            found.key.cell.variant,
            found.key.cell.threads,
            found.key.phase_name()
        ),
        note: stopped.unwrap_or_default(),
        figures: vec![Label::alone(figure, false)],
        marks,
    }
}

fn marks(index: usize, found: &Comparison, scale: Scale, figure: &str) -> Vec<Element> {
    let at = |value| scale.place(value);
    let point = dot(at(found.estimate), 0.5)
        .with("data-comparison", index)
        .figure("data-value", found.estimate);
    let (interval, point) = match found.ci95 {
        Some(Interval95([low, high])) => (
            Some(line((at(low), 0.5), (at(high), 0.5))),
            point.figure("data-low", low).figure("data-high", high),
        ),
        None => (None, point),
    };
    let point = point.child(hint(figure));
    let marks = interval.into_iter().chain([point]);
    marks.map(|mark| mark.class("release")).collect()
}
