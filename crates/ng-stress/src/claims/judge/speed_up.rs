//! Speed-ups: T(1) / T(p), the same code in the same rounds.

use ng_lab::model::Flag;

use crate::claims::claim::Said;
use crate::claims::judge::evidence::Evidence;
use crate::claims::judge::{Ruling, ratio};
use crate::claims::rule::{Quantity, Threads};
use crate::claims::selection::THREADS;

/// The seed's number of threads.
const FOUR: usize = 4;

pub(super) fn judge(
    said: Said,
    of: Quantity,
    threads: Threads,
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    match threads {
        Threads::Four => on_four(said, of, evidence),
        Threads::OfTheMachine => for_each_thread(said, of, evidence),
    }
}

fn on_four(said: Said, of: Quantity, evidence: &Evidence<'_>) -> Result<Ruling, String> {
    let processors = evidence.report.host.cpus;
    let mut found = speed_up(said, of, FOUR, 1.0, evidence)?;
    if processors < FOUR {
        let reason = format!("oversubscribed: {FOUR} threads on {processors} processors");
        let measured = found.measured;
        found = Ruling::untold(reason);
        found.measured = measured;
    }
    Ok(found)
}

/// On the most measured threads for which there are processors.
fn for_each_thread(said: Said, of: Quantity, evidence: &Evidence<'_>) -> Result<Ruling, String> {
    let processors = evidence.report.host.cpus;
    let counts = THREADS.into_iter().filter(|n| (2..=processors).contains(n));
    let threads = counts.max().ok_or("this machine has one processor")?;
    let mut found = speed_up(said, of, threads, threads as f64, evidence)?;
    found.reason = format!("on {threads} threads: {}", found.reason);
    Ok(found)
}

/// The speed-up on `threads` threads over `share`.
fn speed_up(
    said: Said,
    of: Quantity,
    threads: usize,
    share: f64,
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    let (one, many) = (of.threads(1), of.threads(threads));
    let figure = ratio::times_as_long(said.unit(), one, many, evidence)?;
    let figure = ratio::scaled(figure, 1.0 / share);
    // Other load slows many threads more than one.
    for flag in [Flag::OtherLoad, Flag::Steal] {
        if evidence.cell(&many.cell)?.flags.contains(&flag) {
            let reason = format!("others took processors away: {flag}");
            return Ok(Ruling::undecided(figure, reason));
        }
    }
    Ok(ratio::judge_figure(said, figure, [one, many], evidence))
}
