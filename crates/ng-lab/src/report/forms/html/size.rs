//! Time against the number of items.

use ng_plot::marks::{colour, cross, hint};
use ng_plot::{
    Axis, Chart, Element, Figure, Point, Scale, joined, series_key, short, side_by_side,
    text as element, words,
};

use crate::model::{CellReport, Profile, Report};
use crate::report::forms::html::parts;
use crate::report::sections::{self, Indexed, PhaseOf, Work, unique, works};
use crate::report::text;

const NAME: &str = "size";
const TITLE: &str = "Time against size";

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let mut panels = Vec::new();
    panels.extend(lack_of_sizes(report).map(|why| words(NAME, TITLE, &why)));
    let scenarios = report.cells.iter().map(|cell| cell.key.scenario.as_str());
    for scenario in unique(scenarios) {
        panels.extend(scenario_panels(report, scenario));
    }
    panels.extend(growth_table(report));
    Figure {
        name: NAME,
        title: TITLE,
        key: vec![
            ("dot", "release"),
            ("dot dashed", "dev"),
            ("dot hollow", "best time of the growth check"),
            ("cross", "of an unusable cell"),
        ],
        panels,
        shows: "Shows the median time of each phase against the number of items, both axes \
                logarithmic, one line per phase and build. Panels of a scenario share their axes. \
                Hollow dots are the phase's best time at an eighth of the items, run afterwards in \
                the same worker to check that time grows. A phase's exponent is that of the release \
                build from the smallest size to the largest: time grows as the number of items to \
                that power. All exponents are in the table.",
        shows_not: "Does not show spread. A best time is not a median, so hollow dots are not \
                    connected. Crosses belong to unusable cells.",
        ..Figure::default()
    }
}

/// Why no line can be drawn, if none can.
fn lack_of_sizes(report: &Report) -> Option<String> {
    let mut sizes: Vec<u64> = report
        .cells
        .iter()
        .filter(|cell| cell.phases.iter().any(|phase| phase.median_ns.is_some()))
        .map(CellReport::items)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    match sizes[..] {
        [] => Some("no size was measured".to_owned()),
        [size] => Some(format!(
            "only one size was measured, {} {}: a line of time against size needs two or more",
            text::items(size),
            report.run.items
        )),
        _ => None,
    }
}

fn scenario_panels(report: &Report, scenario: &str) -> Vec<Element> {
    let cells: Vec<Indexed<'_>> = report
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.key.scenario == scenario)
        .collect();
    let works = works(cells);
    let axes = Axes::over(&works);
    let charts: Vec<Element> = works
        .iter()
        .filter_map(|work| chart(report, scenario, work, &axes))
        .collect();
    if charts.is_empty() {
        return Vec::new();
    }
    vec![element("h3", scenario), side_by_side(charts)]
}

/// The scales of items and times of a scenario.
struct Axes {
    items: Scale,
    times: Scale,
}

impl Axes {
    fn over(works: &[Work<'_>]) -> Self {
        let phases = || {
            let cells = works.iter().flat_map(Work::main);
            cells.flat_map(|(_, cell)| cell.phases.iter().map(move |phase| (cell, phase)))
        };
        let growth = || phases().filter_map(|(_, phase)| phase.growth);
        let items = phases().map(|(cell, _)| cell.items() as f64);
        let fewer = growth().map(|growth| growth.items as f64);
        let times = phases().filter_map(|(_, phase)| phase.median_ns);
        let best = growth().map(|growth| growth.best_ns as f64);
        Self {
            items: Scale::log(items.chain(fewer)),
            times: Scale::log(times.chain(best)),
        }
    }
}

/// A phase with its exponent from the smallest size to the largest, of the release build
/// if there is one.
fn labelled(report: &Report, scenario: &str, work: &Work<'_>, name: &str) -> String {
    let of_phase = report.scaling.iter().filter(|found| {
        found.scenario == scenario
            && found.variant == work.variant
            && found.threads == work.threads
            && found.phase == name
    });
    let widest = of_phase.max_by_key(|found| (found.profile, found.to / found.from));
    match widest {
        Some(found) if found.stopped.is_none() => {
            format!("{name}, exponent {}", sections::exponent(found))
        }
        _ => name.to_owned(),
    }
}

/// The exponents, each between two sizes.
fn growth_table(report: &Report) -> Option<Element> {
    let caption = "Growth of the time with the number of items";
    parts::table(caption, sections::growth_table(report)?)
}

fn chart(report: &Report, scenario: &str, work: &Work<'_>, axes: &Axes) -> Option<Element> {
    let names = work.phases();
    let series = names.iter().enumerate();
    let marks: Vec<Element> = series
        .flat_map(|(index, name)| series_of(work, name, &colour(index), axes))
        .collect();
    if marks.is_empty() {
        return None;
    }
    let labels: Vec<String> = names
        .iter()
        .map(|name| labelled(report, scenario, work, name))
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let chart = Chart {
        plot: NAME,
        title: work.label(),
        about: format!("Time against the number of items of {scenario}"),
        x: Axis::new(axes.items, 4, &|items| text::items(items as u64)),
        y: Axis::new(axes.times, 4, &|ns| short(&text::time(ns))),
        marks,
        key: series_key(&labels),
    };
    Some(chart.render())
}

/// One phase: a line for each build that measured it.
fn series_of(work: &Work<'_>, name: &str, colour: &str, axes: &Axes) -> Vec<Element> {
    let found = Work::phase_of(work.main(), name);
    let mut lines = Vec::new();
    for profile in [Profile::Dev, Profile::Release] {
        let mut of_build: Vec<PhaseOf<'_>> = found.clone();
        of_build.retain(|of| of.cell.key.profile == profile);
        of_build.sort_by_key(|of| of.cell.items());
        let medians = of_build.iter().filter(|of| of.is_usable());
        let mut marks = joined(medians.filter_map(|of| median(of, axes)).collect());
        marks.extend(of_build.iter().filter_map(|of| crossed(of, axes)));
        marks.extend(of_build.iter().filter_map(|of| growth(of, axes)));
        let line = Element::new("g").class(&parts::series_class(colour, profile));
        lines.extend((!marks.is_empty()).then(|| line.children(marks)));
    }
    lines
}

fn median(of: &PhaseOf<'_>, axes: &Axes) -> Option<Point> {
    let median_ns = of.phase.median_ns?;
    let (items, place) = (of.cell.items(), axes.times.place(median_ns));
    let mut point = Point::new(axes.items.place(items as f64), place);
    point.dot = named(point.dot, of, "median", items, median_ns);
    Some(point)
}

/// The median of an unusable cell.
fn crossed(of: &PhaseOf<'_>, axes: &Axes) -> Option<Element> {
    let median_ns = of.phase.median_ns.filter(|_| !of.is_usable())?;
    let items = of.cell.items();
    let (x, y) = (axes.items.place(items as f64), axes.times.place(median_ns));
    Some(named(cross(x, 1.0 - y), of, "median", items, median_ns))
}

fn growth(of: &PhaseOf<'_>, axes: &Axes) -> Option<Element> {
    let growth = of.phase.growth?;
    let best_ns = growth.best_ns as f64;
    let point = Point::new(
        axes.items.place(growth.items as f64),
        axes.times.place(best_ns),
    );
    Some(named(point.dot, of, "growth", growth.items, best_ns).class("hollow"))
}

fn named(dot: Element, of: &PhaseOf<'_>, figure: &str, items: u64, ns: f64) -> Element {
    let told = format!(
        "{} {}, {figure} at {}: {}",
        of.cell.key.profile.name(),
        of.phase.name,
        text::items(items),
        text::time(ns)
    );
    dot.with("data-cell", of.cell_index)
        .with("data-phase", of.index)
        .with("data-figure", figure)
        .with("data-items", items)
        .figure("data-value", ns)
        .child(hint(&told))
}
