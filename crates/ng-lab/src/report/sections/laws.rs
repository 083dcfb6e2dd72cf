//! Scaling laws of phases measured on enough numbers of threads.

use std::collections::BTreeMap;

use ng_plot::Field;

use crate::model::{CellReport, Interval95, PhaseReport, Profile, Report};
use crate::report::sections::part::{Part, Rows, Section, items};
use crate::stats::{self, ScalabilityLaw};

/// A phase of the same work on any number of threads.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Work<'r> {
    scenario: &'r str,
    items: u64,
    variant: &'r str,
    phase: &'r str,
    profile: Profile,
}

/// The samples of a phase by the number of threads.
type ByThreads<'r> = BTreeMap<usize, &'r [u64]>;

/// None if everything ran on one number of threads.
pub(super) fn section(report: &Report) -> Option<Section> {
    let work = by_work(report);
    let most = work.values().map(BTreeMap::len).max().unwrap_or(0);
    if most < 2 {
        return None;
    }
    let rows = work
        .iter()
        .filter_map(|(work, samples)| Some((work, samples, laws(samples)?)));
    let table = Rows::new(rows)
        .words("scenario", |(work, ..)| work.scenario.to_owned())
        .column("items", |(work, ..)| items(work.items))
        .words("variant", |(work, ..)| work.variant.to_owned())
        .words("phase", |(work, ..)| work.phase.to_owned())
        .words("build", |(work, ..)| work.profile.name().to_owned())
        .words("threads", |(_, samples, _)| {
            let threads: Vec<String> = samples.keys().map(ToString::to_string).collect();
            threads.join(", ")
        })
        .column("sigma", |(.., laws)| figure(laws, |law| law.sigma))
        .column("kappa", |(.., laws)| figure(laws, |law| law.kappa))
        .table();
    let line = match table {
        None if most >= ScalabilityLaw::FEWEST_COUNTS => {
            "not fitted: one thread was not measured, or not in the same rounds".to_owned()
        }
        None => format!(
            "not fitted: {most} numbers of threads, a scaling law needs {}",
            ScalabilityLaw::FEWEST_COUNTS
        ),
        Some(_) => "p threads are p / (1 + sigma (p - 1) + kappa p (p - 1)) times as fast as one \
                    (Universal Scalability Law), fitted to each round; medians and their intervals"
            .to_owned(),
    };
    let part = Part::new("Scaling with threads", vec![line], table);
    Some(Section::of("laws", part))
}

/// The median of a figure over all rounds, with its interval.
fn figure(laws: &[ScalabilityLaw], of: fn(&ScalabilityLaw) -> f64) -> Field {
    let figures: Vec<f64> = laws.iter().map(of).collect();
    let interval = stats::median_interval_95(&figures).map(Interval95::from);
    Field::maybe(stats::median(&figures), |median| match interval {
        Some(Interval95([low, high])) => format!("{median:.3} [{low:.3}, {high:.3}]"),
        None => format!("{median:.3}"),
    })
}

fn by_work(report: &Report) -> BTreeMap<Work<'_>, ByThreads<'_>> {
    let mut found: BTreeMap<Work<'_>, ByThreads<'_>> = BTreeMap::new();
    for (cell, phase) in report.main_phases() {
        if cell.verdict.is_comparable() {
            let samples = found.entry(work(cell, phase)).or_default();
            samples.insert(cell.key.threads, &phase.samples_ns);
        }
    }
    found
}

fn work<'r>(cell: &'r CellReport, phase: &'r PhaseReport) -> Work<'r> {
    Work {
        scenario: &cell.key.scenario,
        items: cell.items(),
        variant: &cell.key.variant,
        phase: &phase.name,
        profile: cell.key.profile,
    }
}

/// A law per round; none if a round is missing for some number of threads.
fn laws(samples: &ByThreads<'_>) -> Option<Vec<ScalabilityLaw>> {
    let one = samples.get(&1)?;
    if samples.values().any(|times| times.len() != one.len()) {
        return None;
    }
    let of_round = |round: usize| {
        let speed_ups: Vec<(usize, f64)> = samples
            .iter()
            .map(|(threads, times)| (*threads, one[round] as f64 / times[round] as f64))
            .collect();
        ScalabilityLaw::fit(&speed_ups)
    };
    (0..one.len()).map(of_round).collect()
}
