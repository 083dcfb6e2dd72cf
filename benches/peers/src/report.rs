//! Rows and ratios, and the file that holds them.

use std::collections::BTreeMap;

use ng_lab::Host;
use ng_lab::model::Interval95;
use ng_lab::stats::{self, Standing};
use serde::Serialize;

use crate::bars::bar;
use crate::rounds::{Failed, Record, Sample, Series, Skipped};
use crate::who::{Who, version};

/// The form of the file.
const SCHEMA: &str = "ng-bench-peers/1";

/// The JSON that one run leaves.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) schema: &'static str,
    pub(crate) run: RunInfo,
    pub(crate) host: Host,
    pub(crate) peers: Vec<Peer>,
    pub(crate) rows: Vec<Row>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) failed: Vec<Failed>,
}

/// The parameters of the run.
#[derive(Debug, Serialize)]
pub(crate) struct RunInfo {
    pub(crate) started: String,
    pub(crate) command: Vec<String>,
    pub(crate) profile: &'static str,
    pub(crate) tokens: u64,
    /// The most rounds of a cell; a row says how many samples it has.
    pub(crate) rounds: u32,
    pub(crate) seed: u64,
    pub(crate) interrupted: bool,
    pub(crate) elapsed_s: f64,
}

/// A measured store, and its setup.
#[derive(Debug, Serialize)]
pub(crate) struct Peer {
    pub(crate) who: Who,
    pub(crate) settings: &'static str,
    pub(crate) versions: BTreeMap<&'static str, &'static str>,
}

/// One store's time for a work.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) who: Who,
    pub(crate) threads: usize,
    pub(crate) durable: bool,
    /// The unit of the time: a token, a read, or one opening.
    pub(crate) items: u64,
    pub(crate) rounds: usize,
    pub(crate) median_ns: f64,
    pub(crate) ci95_ns: Option<Interval95>,
    pub(crate) samples: Vec<Sample>,
}

/// A peer's time over ours.
#[derive(Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) work: String,
    pub(crate) peer: Who,
    pub(crate) ours: Who,
    /// Ours; the peer's number is beside.
    pub(crate) threads: usize,
    pub(crate) peer_threads: usize,
    pub(crate) durable: bool,
    /// Rounds that have both.
    pub(crate) pairs: usize,
    pub(crate) times_faster: f64,
    pub(crate) ci95: Option<Interval95>,
    pub(crate) bar: Option<f64>,
    pub(crate) verdict: Option<&'static str>,
}

impl Report {
    pub(crate) fn new(run: RunInfo, host: Host, record: Record) -> Self {
        Self {
            schema: SCHEMA,
            run,
            host,
            peers: peers(&record.series),
            rows: record.series.iter().filter_map(row).collect(),
            ratios: ratios(&record.series),
            skipped: record.skipped,
            failed: record.failed,
        }
    }
}

fn peers(series: &[Series]) -> Vec<Peer> {
    let measured = |who: &Who| series.iter().any(|of| of.who == *who);
    let everybody = Who::ALL.into_iter().filter(measured);
    everybody.map(peer).collect()
}

fn peer(who: Who) -> Peer {
    let packages = who.packages().iter();
    Peer {
        who,
        settings: who.settings(),
        versions: packages
            .filter_map(|package| Some((*package, version(package)?)))
            .collect(),
    }
}

fn row(series: &Series) -> Option<Row> {
    let samples = &series.samples;
    let times: Vec<f64> = samples
        .iter()
        .map(|sample| sample.elapsed_ns as f64)
        .collect();
    Some(Row {
        work: series.work.clone(),
        who: series.who,
        threads: series.threads,
        durable: series.who.is_durable(),
        items: series.items,
        rounds: samples.len(),
        median_ns: stats::median(&times)?,
        ci95_ns: stats::median_interval_95(&times).map(Interval95::from),
        samples: samples.clone(),
    })
}

/// For each work, ours beside each peer, and beside ours on one thread.
fn ratios(series: &[Series]) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    for of_work in series.chunk_by(|left, right| left.work == right.work) {
        let (ours, peers): (Vec<Who>, Vec<Who>) = Who::ALL.iter().partition(|who| who.is_ours());
        let peers = peers
            .into_iter()
            .filter_map(|who| beside_peer(of_work, who));
        let ours = ours
            .into_iter()
            .filter_map(|who| beside_one_thread(of_work, who));
        ratios.extend(
            peers
                .chain(ours)
                .filter_map(|(ours, peer)| ratio(ours, peer)),
        );
    }
    ratios
}

type Pair<'a> = (&'a Series, &'a Series);

/// Ours of the same durability beside the peer, which has as many threads as it can use, and no
/// more than ours.
fn beside_peer(of_work: &[Series], peer: Who) -> Option<Pair<'_>> {
    let ours = if peer.is_durable() {
        Who::NgMmap
    } else {
        Who::NgVec
    };
    let ours = match uses_all_threads(&of_work.first()?.work) {
        true => of(of_work, ours).max_by_key(|series| series.threads)?,
        false => of(of_work, ours).find(|series| series.threads == 1)?,
    };
    let peers = of(of_work, peer).filter(|peer| peer.threads <= ours.threads);
    Some((ours, peers.max_by_key(|series| series.threads)?))
}

/// Whether peers are compared with ours on all threads: where many threads make tokens and one
/// writes them, that is how ours are meant to be written.
fn uses_all_threads(work: &str) -> bool {
    work == "durable_create"
}

fn beside_one_thread(of_work: &[Series], ours: Who) -> Option<Pair<'_>> {
    let one = of(of_work, ours).find(|series| series.threads == 1)?;
    let more = of(of_work, ours).filter(|series| series.threads > 1);
    Some((more.max_by_key(|series| series.threads)?, one))
}

fn of(series: &[Series], who: Who) -> impl Iterator<Item = &Series> {
    series.iter().filter(move |series| series.who == who)
}

fn ratio(ours: &Series, peer: &Series) -> Option<Ratio> {
    let (peer_ns, ours_ns): (Vec<f64>, Vec<f64>) = pairs(peer, ours).unzip();
    let paired = stats::paired_ratio(&peer_ns, &ours_ns)?;
    let bar = bar(&ours.work, peer.who, ours.threads);
    let verdict = bar
        .zip(paired.interval)
        .map(|(bar, interval)| interval.against(bar));
    Some(Ratio {
        work: ours.work.clone(),
        peer: peer.who,
        ours: ours.who,
        threads: ours.threads,
        peer_threads: peer.threads,
        durable: ours.who.is_durable(),
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
        Some((sample.elapsed_ns as f64, other.elapsed_ns as f64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(work: &str, who: Who, threads: usize, rounds: &[u32], ns: u64) -> Series {
        let sample = |round: &u32| Sample {
            round: *round,
            elapsed_ns: ns * u64::from(*round),
        };
        Series {
            work: work.to_owned(),
            who,
            threads,
            items: 1_000,
            samples: rounds.iter().map(sample).collect(),
        }
    }

    const SIX: [u32; 6] = [1, 2, 3, 4, 5, 6];

    fn lines(series: &[Series]) -> Vec<String> {
        let line = |ratio: &Ratio| {
            format!(
                "{} {}x{} {}x{} {:.2} {:?} {:?}",
                ratio.work,
                ratio.ours.name(),
                ratio.threads,
                ratio.peer.name(),
                ratio.peer_threads,
                ratio.times_faster,
                ratio
                    .ci95
                    .map(|ci95| ci95.0.map(|end| (end * 100.0).round() / 100.0)),
                ratio.verdict,
            )
        };
        ratios(series).iter().map(line).collect()
    }

    #[test]
    fn a_peer_of_twice_the_time_makes_us_twice_as_fast() {
        let found = lines(&[
            series("create", Who::Vec, 1, &SIX, 200),
            series("create", Who::NgVec, 1, &SIX, 100),
            series("create", Who::NgVec, 2, &SIX, 60),
        ]);
        assert_eq!(
            found,
            [
                "create ng-vecx1 vecx1 2.00 Some([2.0, 2.0]) Some(\"reached\")",
                "create ng-vecx2 ng-vecx1 1.67 Some([1.67, 1.67]) Some(\"missed\")",
            ]
        );
    }

    #[test]
    fn durable_and_not_are_never_compared() {
        let found = lines(&[
            series("scan", Who::Vec, 1, &SIX, 100),
            series("scan", Who::NgMmap, 1, &SIX, 100),
        ]);
        assert_eq!(found, Vec::<String>::new());
        let found = lines(&[
            series("scan", Who::Redb, 1, &SIX, 300),
            series("scan", Who::NgVec, 1, &SIX, 50),
            series("scan", Who::NgMmap, 1, &SIX, 100),
        ]);
        assert_eq!(found, ["scan ng-mmapx1 redbx1 3.00 Some([3.0, 3.0]) None"]);
    }

    #[test]
    fn writing_is_compared_on_all_threads_with_the_best_of_the_peer() {
        let found = lines(&[
            series("durable_create", Who::NgMmap, 1, &SIX, 200),
            series("durable_create", Who::NgMmap, 2, &SIX, 100),
            series("durable_create", Who::Memmap2, 1, &SIX, 500),
            series("durable_create", Who::Memmap2, 2, &SIX, 400),
            series("durable_create", Who::Lmdb, 1, &SIX, 900),
        ]);
        assert_eq!(
            found,
            [
                "durable_create ng-mmapx2 memmap2x2 4.00 Some([4.0, 4.0]) Some(\"reached\")",
                "durable_create ng-mmapx2 lmdbx1 9.00 Some([9.0, 9.0]) Some(\"missed\")",
                "durable_create ng-mmapx2 ng-mmapx1 2.00 Some([2.0, 2.0]) None",
            ]
        );
    }

    #[test]
    fn only_rounds_that_have_both_make_pairs() {
        let found = ratios(&[
            series("scan", Who::NgMmap, 1, &[1, 2, 3, 5, 6, 7, 8, 10], 100),
            series("scan", Who::Redb, 1, &[2, 4, 6, 8, 9], 300),
        ]);
        assert_eq!(found[0].pairs, 3, "rounds 2, 6 and 8");
        assert!((found[0].times_faster - 3.0).abs() < 1e-9);
        assert_eq!((found[0].ci95, found[0].verdict), (None, None));
    }

    #[test]
    fn who_has_no_sample_has_no_row_and_no_ratio() {
        let empty = series("scan", Who::Redb, 1, &[], 300);
        assert!(row(&empty).is_none());
        let ours = series("scan", Who::NgMmap, 1, &SIX, 100);
        assert!(ratios(&[ours, empty]).is_empty());
    }

    #[test]
    fn five_samples_have_a_median_and_no_interval() {
        let row = |rounds| row(&series("scan", Who::Vec, 1, rounds, 10)).unwrap();
        let five = row(&SIX[..5]);
        assert_eq!((five.median_ns, five.ci95_ns), (30.0, None));
        let six = row(&SIX);
        assert_eq!((six.median_ns, six.rounds), (35.0, 6));
        assert_eq!(six.ci95_ns, Some(Interval95([10.0, 60.0])));
    }
}
