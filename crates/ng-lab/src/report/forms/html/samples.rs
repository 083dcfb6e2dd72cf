//! Every sample in the order of the run.

use ng_plot::marks::{dot, line};
use ng_plot::{Axis, Chart, Element, Figure, Scale, side_by_side, text as element};

use crate::model::{Report, Role, Sample};
use crate::report::sections::{Group, PhaseOf, Work, groups};

const NAME: &str = "samples";
const TITLE: &str = "All samples";
/// Times are drawn between half and twice the median, which noise rarely exceeds.
const LEAST: f64 = 0.5;
const MOST: f64 = 2.0;

pub(super) fn figure(report: &Report) -> Figure<'static> {
    let order = Order::of(report);
    let groups = groups(report);
    let panels = groups.iter().flat_map(|group| group_panels(group, &order));
    Figure {
        name: NAME,
        title: TITLE,
        key: key(report),
        panels: panels.collect(),
        otherwise: "there are no samples".to_owned(),
        shows: "Shows every sample at its time in the run, over the median of its own series, so \
                that a disturbance of all series shows as a column. Left of the vertical line is \
                round 0, which is cold and does not count.",
        shows_not: "Does not show which build is faster. Samples below half or above twice the \
                    median are drawn larger, at the edge.",
        ..Figure::default()
    }
}

fn key(report: &Report) -> Vec<(&'static str, &'static str)> {
    let mut key = vec![
        ("dot release", "release"),
        ("dot dev", "dev"),
        ("dot aa", "the same program once more (A/A)"),
        ("dot hollow", "of an unusable cell"),
    ];
    if report.cells.iter().any(|cell| cell.role == Role::Against) {
        key.insert(3, ("dot against", "the other revision"));
    }
    key
}

fn group_panels(group: &Group<'_>, order: &Order) -> Vec<Element> {
    let works = group.works();
    let charts: Vec<Element> = works
        .iter()
        .flat_map(|work| {
            let names = work.phases().into_iter();
            names.filter_map(|name| chart(work, name, order))
        })
        .collect();
    if charts.is_empty() {
        return Vec::new();
    }
    vec![element("h3", &group.title()), side_by_side(charts)]
}

fn chart(work: &Work<'_>, name: &str, order: &Order) -> Option<Element> {
    let all = Work::phase_of(work.cells.iter().copied(), name);
    let series = all.iter().filter_map(|of| series(of, order));
    let mut marks: Vec<Element> = series.collect();
    if marks.is_empty() {
        return None;
    }
    let end_of_cold = order.place(1.0);
    marks.push(line((end_of_cold, 0.0), (end_of_cold, 1.0)).class("mark"));
    let rounds = |round| order.words(round);
    let chart = Chart {
        plot: NAME,
        title: format!("{} {name}", work.label()),
        about: "Samples over their median, in the order of the run".to_owned(),
        x: Axis::new(order.scale, 5, &rounds),
        y: Axis::new(times(), 3, &|ratio| format!("{ratio}x")).marked(1.0),
        marks,
        key: None,
    };
    Some(chart.render())
}

fn times() -> Scale {
    Scale::log_between(LEAST, MOST)
}

/// The samples of one cell, if there are any.
fn series(of: &PhaseOf<'_>, order: &Order) -> Option<Element> {
    let samples = of.cell.samples(of.phase);
    // With only a cold sample, that is the reference.
    let measure_ns = of
        .phase
        .median_ns
        .or(of.phase.cold_ns.map(|ns| ns as f64))?;
    let dots = samples
        .iter()
        .map(|sample| sample_dot(sample, measure_ns, order));
    let hollow = if of.is_usable() { "" } else { " hollow" };
    let series = Element::new("g")
        .class(&format!("{}{hollow}", of.series()))
        .with("data-cell", of.cell_index)
        .with("data-phase", of.index)
        .children(dots);
    Some(series)
}

fn sample_dot(sample: &Sample, measure_ns: f64, order: &Order) -> Element {
    // A coarse clock may give 0 over 0.
    let ratio = sample.elapsed_ns as f64 / measure_ns.max(1.0);
    let dot = dot(order.of_sample(sample), 1.0 - times().place(ratio))
        .with("data-round", sample.round)
        .with("data-value", sample.elapsed_ns);
    if times().holds(ratio) {
        dot
    } else {
        dot.class("clipped")
    }
}

/// Rounds from left to right, with the positions of tasks within each.
struct Order {
    scale: Scale,
    rounds: f64,
    tasks: f64,
}

impl Order {
    fn of(report: &Report) -> Self {
        let samples = || {
            report.cells.iter().flat_map(|cell| {
                let phases = cell.phases.iter();
                phases.flat_map(|phase| cell.samples(phase))
            })
        };
        let rounds = samples().map(|sample| sample.round).max();
        let position = samples().filter_map(|sample| sample.position).max();
        let rounds = f64::from(rounds.unwrap_or(0));
        Self {
            scale: Scale::from_zero([rounds + 1.0]),
            rounds,
            tasks: f64::from(position.unwrap_or(0)) + 1.0,
        }
    }

    fn place(&self, round: f64) -> f64 {
        self.scale.place(round)
    }

    /// A sample with an unknown position is placed in the middle of its round.
    fn of_sample(&self, sample: &Sample) -> f64 {
        let within = sample
            .position
            .map_or(0.5, |position| (f64::from(position) + 0.5) / self.tasks);
        self.place(f64::from(sample.round) + within)
    }

    /// The label of a tick, at the start of its round.
    fn words(&self, round: f64) -> String {
        match round {
            0.0 => "cold".to_owned(),
            round if round > self.rounds => String::new(),
            round => round.to_string(),
        }
    }
}
