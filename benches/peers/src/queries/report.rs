//! Rows and ratios, and the file that holds them.

use std::collections::BTreeMap;

use ng_lab::Host;
use ng_lab::model::Interval95;
use ng_lab::stats::{self, Standing};
use serde::Serialize;

use super::answer::Number;
use super::file::Like;
use super::python::About;
use super::rounds::{Asked, Left, Record, Sample, Series};
use crate::bars::BAR_TOKENS;

/// The version of the file's format.
const SCHEMA: &str = "ng-bench-queries/1";

/// The JSON that one run leaves.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) schema: &'static str,
    pub(crate) run: RunInfo,
    pub(crate) host: Host,
    /// Null if there was none.
    pub(crate) python: Option<About>,
    pub(crate) questions: Vec<Told>,
    pub(crate) rows: Vec<Row>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) skipped: Vec<Left>,
    pub(crate) failed: Vec<Left>,
}

/// The parameters of the run.
#[derive(Debug, Serialize)]
pub(crate) struct RunInfo {
    pub(crate) started: String,
    pub(crate) command: Vec<String>,
    pub(crate) profile: &'static str,
    pub(crate) tokens: u64,
    pub(crate) like: Like,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
    /// The most rounds of a question; a row says how many samples it has.
    pub(crate) rounds: u32,
    pub(crate) interrupted: bool,
    pub(crate) elapsed_s: f64,
}

/// A question, and the first numbers of the common answer.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) what: &'static str,
    pub(crate) about: &'static str,
    pub(crate) answer: Vec<Number>,
}

/// One answerer's time for a question.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) who: String,
    pub(crate) ours: bool,
    pub(crate) threads: usize,
    pub(crate) rounds: usize,
    pub(crate) best_ns: f64,
    pub(crate) median_ns: f64,
    pub(crate) ci95_ns: Option<Interval95>,
    pub(crate) build_ms: BTreeMap<String, f64>,
    pub(crate) samples: Vec<Sample>,
}

/// A peer's time over ours.
#[derive(Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) what: &'static str,
    pub(crate) ours: String,
    pub(crate) peer: String,
    pub(crate) threads: usize,
    pub(crate) peer_threads: usize,
    pub(crate) pairs: usize,
    pub(crate) times_faster: f64,
    pub(crate) ci95: Option<Interval95>,
    pub(crate) bar: Option<f64>,
    pub(crate) verdict: Option<&'static str>,
}

impl Report {
    pub(crate) fn new(run: RunInfo, host: Host, python: Option<About>, record: Record) -> Self {
        // Bars are set for one size, and one thread.
        let has_bars = run.tokens == BAR_TOKENS && run.threads == 1;
        let asked = &record.asked;
        Self {
            schema: SCHEMA,
            run,
            host,
            python,
            questions: asked.iter().map(told).collect(),
            rows: asked.iter().flat_map(rows).collect(),
            ratios: asked
                .iter()
                .flat_map(|asked| ratios(asked, has_bars))
                .collect(),
            skipped: record.skipped,
            failed: record.failed,
        }
    }
}

fn told(asked: &Asked) -> Told {
    let answer = asked.answer.as_ref();
    Told {
        what: asked.question.name,
        about: asked.question.about,
        answer: answer.map_or_else(Vec::new, |answer| answer.told().to_vec()),
    }
}

fn rows(asked: &Asked) -> impl Iterator<Item = Row> {
    asked.series.iter().filter_map(|series| {
        let times: Vec<f64> = series
            .samples
            .iter()
            .map(|sample| sample.elapsed_ns)
            .collect();
        Some(Row {
            what: asked.question.name,
            who: series.who.clone(),
            ours: series.is_ours,
            threads: series.threads,
            rounds: times.len(),
            best_ns: times.iter().copied().reduce(f64::min)?,
            median_ns: stats::median(&times)?,
            ci95_ns: stats::median_interval_95(&times).map(Interval95::from),
            build_ms: series.build_ms.clone(),
            samples: series.samples.clone(),
        })
    })
}

/// Each of our ways beside each peer.
fn ratios(asked: &Asked, has_bars: bool) -> Vec<Ratio> {
    let (ours, peers): (Vec<&Series>, Vec<&Series>) =
        asked.series.iter().partition(|series| series.is_ours);
    let pairs = ours
        .iter()
        .flat_map(|ours| peers.iter().map(move |peer| (*ours, *peer)));
    pairs
        .filter_map(|(ours, peer)| ratio(asked, ours, peer, has_bars))
        .collect()
}

fn ratio(asked: &Asked, ours: &Series, peer: &Series, has_bars: bool) -> Option<Ratio> {
    let (peer_ns, ours_ns): (Vec<f64>, Vec<f64>) = pairs(peer, ours).unzip();
    let paired = stats::paired_ratio(&peer_ns, &ours_ns)?;
    let mut bars = asked.question.bars.iter();
    let bar = bars.find(|bar| has_bars && bar.ours == ours.who && bar.peer == peer.who);
    let bar = bar.map(|bar| bar.times);
    let verdict = bar
        .zip(paired.interval)
        .map(|(bar, interval)| interval.against(bar));
    Some(Ratio {
        what: asked.question.name,
        ours: ours.who.clone(),
        peer: peer.who.clone(),
        threads: ours.threads,
        peer_threads: peer.threads,
        pairs: paired.pairs,
        times_faster: paired.estimate,
        ci95: paired.interval.map(Interval95::from),
        bar,
        verdict: verdict.map(Standing::name),
    })
}

/// The times of the rounds that have both.
fn pairs(left: &Series, right: &Series) -> impl Iterator<Item = (f64, f64)> {
    left.samples.iter().filter_map(|sample| {
        let same_round = |other: &&Sample| other.round == sample.round;
        let other = right.samples.iter().find(same_round)?;
        Some((sample.elapsed_ns, other.elapsed_ns))
    })
}

#[cfg(test)]
mod tests {
    use super::super::question::QUESTIONS;
    use super::*;

    fn series(who: &str, is_ours: bool, rounds: &[u32], ns: f64) -> Series {
        let sample = |round: &u32| Sample {
            round: *round,
            elapsed_ns: ns * f64::from(*round),
        };
        Series {
            who: who.to_owned(),
            is_ours,
            threads: 1,
            build_ms: BTreeMap::new(),
            samples: rounds.iter().map(sample).collect(),
        }
    }

    const SIX: [u32; 6] = [1, 2, 3, 4, 5, 6];

    fn lines(asked: &Asked, has_bars: bool) -> Vec<String> {
        let line = |ratio: &Ratio| {
            format!(
                "{} {} {:.2} {} {:?} {:?}",
                ratio.ours, ratio.peer, ratio.times_faster, ratio.pairs, ratio.bar, ratio.verdict
            )
        };
        ratios(asked, has_bars).iter().map(line).collect()
    }

    /// `count-ball`, which has a bar of 2 for our columns beside Polars.
    fn asked(series: Vec<Series>) -> Asked {
        Asked {
            question: QUESTIONS
                .iter()
                .find(|question| question.name == "count-ball")
                .unwrap(),
            answer: None,
            series,
        }
    }

    #[test]
    fn each_of_ours_is_held_against_each_peer_by_round() {
        let asked = asked(vec![
            series("ng records", true, &SIX, 200.0),
            series("ng columns", true, &SIX, 100.0),
            series("polars", false, &SIX, 300.0),
            series("numpy columns", false, &[2, 4, 7], 50.0),
            series("duckdb table", false, &[], 1.0),
        ]);
        assert_eq!(
            lines(&asked, true),
            [
                "ng records polars 1.50 6 None None",
                "ng records numpy columns 0.25 2 None None",
                "ng columns polars 3.00 6 Some(2.0) Some(\"reached\")",
                "ng columns numpy columns 0.50 2 None None",
            ]
        );
        assert!(
            lines(&asked, false)
                .iter()
                .all(|line| line.ends_with("None None"))
        );
    }

    #[test]
    fn who_has_no_sample_has_no_row() {
        let asked = asked(vec![
            series("polars", false, &SIX[..5], 10.0),
            series("numpy columns", false, &[], 10.0),
        ]);
        let rows: Vec<Row> = rows(&asked).collect();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].best_ns, rows[0].median_ns), (10.0, 30.0));
        assert_eq!((rows[0].rounds, rows[0].ci95_ns), (5, None));
    }
}
