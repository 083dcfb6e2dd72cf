//! Speed-up against the number of threads.

use ng_plot::marks::{colour, hint, line};
use ng_plot::{
    Axis, Chart, Element, Figure, Point, Scale, joined, series_key, short, side_by_side,
};

use crate::model::{Comparison, ComparisonKind, Interval95, Profile, Report};
use crate::report::forms::html::parts;
use crate::report::sections::{lack_of_threads, unique};
use crate::report::text;

const NAME: &str = "threads";
const TITLE: &str = "Speed-up against threads";
/// How far each series is shifted to the right, so that intervals do not overlap.
const ASIDE: f64 = 0.015;

/// A comparison with its index in the report.
type Indexed<'r> = (usize, &'r Comparison);

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let all: Vec<Indexed<'_>> = report
        .comparisons
        .iter()
        .enumerate()
        .filter(|(_, comparison)| comparison.kind == ComparisonKind::Threads)
        .collect();
    Figure {
        name: NAME,
        title: TITLE,
        key: vec![
            ("dot", "release"),
            ("dot dashed", "dev"),
            ("ideal", "speed-up equal to the number of threads"),
        ],
        panels: panels(&all),
        otherwise: lack_of_threads(report),
        shows: "Shows T(1) / T(p) of the same code, paired by round, with its 95 % interval if \
                there is one, against the number of threads p.",
        shows_not: "Does not show why: the share of the limit shows whether memory was the \
                    bottleneck. Nothing is fitted to the points, and one thread is 1x by definition.",
        notes: stopped(&all),
    }
}

fn stopped(all: &[Indexed<'_>]) -> Vec<String> {
    let stopped = all.iter().filter_map(|(_, found)| {
        let reason = found.stopped.as_ref()?;
        Some(format!(
            "Left out: {} {} x{} {} in {}: {reason}.",
            found.key.cell.scenario,
            found.key.cell.variant,
            found.key.cell.threads,
            found.key.phase_name(),
            found.key.cell.profile.name()
        ))
    });
    stopped.collect()
}

/// What a panel shows: scenario, size and variant.
fn panel_of<'r>((_, found): &Indexed<'r>) -> (&'r str, u64, &'r str) {
    (
        &found.key.cell.scenario,
        found.key.cell.items(),
        &found.key.cell.variant,
    )
}

fn panels(all: &[Indexed<'_>]) -> Vec<Element> {
    let mut used: Vec<Indexed<'_>> = all.to_vec();
    used.retain(|(_, found)| found.stopped.is_none());
    let names = unique(used.iter().map(panel_of)).into_iter();
    let charts = names.map(|panel| {
        let of_panel = used.iter().filter(|found| panel_of(found) == panel);
        chart(panel, &of_panel.copied().collect::<Vec<_>>())
    });
    let charts: Vec<Element> = charts.collect();
    let panels = (!charts.is_empty()).then(|| side_by_side(charts));
    panels.into_iter().collect()
}

fn chart((scenario, items, variant): (&str, u64, &str), all: &[Indexed<'_>]) -> Element {
    let axes = Axes::over(all);
    let names = unique(all.iter().map(|(_, found)| found.key.phase_name()));
    let mut marks = vec![axes.ideal().class("ideal")];
    for (index, name) in names.iter().enumerate() {
        marks.extend(series(all, name, index, &axes));
    }
    Chart {
        plot: NAME,
        title: format!("{scenario}, {}, {variant}", text::items(items)),
        about: "Speed-up against the number of threads".to_owned(),
        x: Axis::new(axes.threads, 3, &|threads| threads.to_string()),
        y: Axis::new(axes.ratios, 4, &|ratio| short(&format!("{ratio:.1}x"))),
        marks,
        key: series_key(&names),
    }
    .render()
}

/// Scales of threads and of ratios, with room for the ideal.
struct Axes {
    threads: Scale,
    ratios: Scale,
    most: f64,
}

impl Axes {
    fn over(all: &[Indexed<'_>]) -> Self {
        let threads = || all.iter().map(|(_, found)| found.key.cell.threads as f64);
        let ratios = all.iter().flat_map(|(_, found)| {
            let high = found.ci95.map(|Interval95([_, high])| high);
            [found.estimate, high.unwrap_or(found.estimate)]
        });
        Self {
            // Some room at the right for shifted intervals.
            threads: Scale::from_zero(threads().map(|threads| threads * 1.1)),
            ratios: Scale::from_zero(ratios.chain(threads())),
            most: threads().fold(1.0, f64::max),
        }
    }

    fn at(&self, threads: f64, ratio: f64) -> (f64, f64) {
        (self.threads.place(threads), self.ratios.place(ratio))
    }

    /// The ideal speed-up, from one thread to the most.
    fn ideal(&self) -> Element {
        let [one, most] = [1.0, self.most].map(|threads| {
            let (x, y) = self.at(threads, threads);
            (x, 1.0 - y)
        });
        line(one, most)
    }
}

/// One phase: a line for each build, beside those of other phases.
fn series(all: &[Indexed<'_>], phase: &str, index: usize, axes: &Axes) -> Vec<Element> {
    let mut lines = Vec::new();
    for (place, profile) in [Profile::Dev, Profile::Release].into_iter().enumerate() {
        let mut found: Vec<Indexed<'_>> = all.to_vec();
        found.retain(|(_, found)| {
            found.key.phase_name() == phase && found.key.cell.profile == profile
        });
        found.sort_by_key(|(_, found)| found.key.cell.threads);
        let aside = ASIDE * (2 * index + place) as f64;
        let line = Element::new("g").class(&parts::series_class(&colour(index), profile));
        let drawn = (!found.is_empty()).then(|| line.children(marks(&found, axes, aside)));
        lines.extend(drawn);
    }
    lines
}

fn marks(found: &[Indexed<'_>], axes: &Axes, aside: f64) -> Vec<Element> {
    let one = Point::new(axes.threads.place(1.0), axes.ratios.place(1.0));
    let points = found.iter().map(|found| point(*found, axes, aside));
    let mut marks = joined([one].into_iter().chain(points).collect());
    let intervals = found.iter();
    marks.extend(intervals.filter_map(|(_, found)| interval(found, axes, aside)));
    marks
}

fn point((index, found): Indexed<'_>, axes: &Axes, aside: f64) -> Point {
    let (x, y) = axes.at(found.key.cell.threads as f64, found.estimate);
    let mut point = Point::new(x + aside, y);
    let told = format!(
        "{} {} on {} threads: {}",
        found.key.cell.profile.name(),
        found.key.phase_name(),
        found.key.cell.threads,
        text::ratio(found.estimate, found.ci95)
    );
    point.dot = point
        .dot
        .with("data-comparison", index)
        .figure("data-value", found.estimate);
    if let Some(Interval95([low, high])) = found.ci95 {
        point.dot = point.dot.figure("data-low", low).figure("data-high", high);
    }
    point.dot = point.dot.child(hint(&told));
    point
}

fn interval(found: &Comparison, axes: &Axes, aside: f64) -> Option<Element> {
    let Interval95(ends) = found.ci95?;
    let [low, high] = ends.map(|ratio| {
        let (x, y) = axes.at(found.key.cell.threads as f64, ratio);
        (x + aside, 1.0 - y)
    });
    Some(line(low, high).class("interval"))
}
