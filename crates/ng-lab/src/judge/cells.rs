//! One cell's figures, and what is wrong with them.

use crate::conductor::{CellReadings, CellRound, Readings, Subject};
use crate::judge::limits::BoundReadings;
use crate::judge::{files, threads};
use crate::machine::kernel::CpuTicks;
use crate::model::{
    Allocations, CellReport, FileState, Finding, Flag, GrowthReport, Interval95, Limit, LimitKey,
    MemoryReading, Pages, PhaseReport, Role, RunPlace, Verdict,
};
use crate::stats;
use crate::worker::growth;
use crate::worker::protocol::CellReading;
use crate::worker::run::PhaseReading;

/// The factor of `impossible_fast` with too few rounds for an interval: one or two
/// readings of a limit on a shared machine are not accurate to a tenth. Deleted work
/// exceeds this factor too.
const IMPOSSIBLE_WITHOUT_INTERVAL: f64 = 2.0;
/// The allocator may serve smaller pieces from memory that was touched before.
const TOUCHED_FROM_BYTES: u64 = 1 << 20;
/// Smaller cells are not judged by their pages: the ends of a buffer cannot be huge.
const PAGES_FROM_BYTES: u64 = 32 << 20;

pub(super) fn report(cell: &CellReadings, readings: &Readings, subject: Subject) -> CellReport {
    let planned = &cell.planned;
    let phases = phase_reports(cell, readings);
    let findings = if cell.rounds.is_empty() {
        Vec::new()
    } else {
        findings(cell, readings)
    };
    let (verdict, reason) = verdict(cell, &findings);
    let mut report = CellReport {
        key: planned.key(subject.items),
        role: planned.role,
        pages: planned.cell.variant.pages,
        host_warm: planned.cell.variant.host_warm,
        memory_limit_bytes: planned.memory_limit_bytes,
        limit_bytes: Some(planned.limit_bytes),
        runs: cell.rounds.iter().map(place).collect(),
        phases,
        proof: cell
            .any_reading()
            .map(|reading| reading.proof.clone())
            .unwrap_or_default(),
        memory: memory(cell),
        memory_missing: memory_missing(cell),
        warm_ns_per_byte: median_of(cell, |reading| reading.warm_ns_per_byte),
        verdict,
        flags: Vec::new(),
        findings: Vec::new(),
        reason,
    };
    report.add_findings(findings);
    report
}

fn place(run: &CellRound) -> RunPlace {
    RunPlace {
        round: run.round,
        position: run.position,
        failed: run.reading.is_err(),
    }
}

fn verdict(cell: &CellReadings, findings: &[Finding]) -> (Verdict, Option<String>) {
    if let Some(reason) = &cell.planned.skipped {
        return (Verdict::Skipped, Some(reason.clone()));
    }
    if let Some(reason) = cell.left_out() {
        let reason = format!("the other revision cannot run it: {reason}");
        return (Verdict::Skipped, Some(reason));
    }
    let failure = cell.rounds.iter().find_map(|run| {
        let reason = run.reading.as_ref().err()?;
        Some(format!("round {}: {reason}", run.round))
    });
    if failure.is_some() {
        return (Verdict::Failed, failure);
    }
    if cell.rounds.is_empty() {
        let reason = "the run was interrupted before this cell".to_owned();
        return (Verdict::Skipped, Some(reason));
    }
    (Verdict::from_findings(findings), None)
}

/// The phases of the cell, from any reading: names and bounds are the same in all.
fn phases(cell: &CellReadings) -> impl Iterator<Item = &PhaseReading> {
    cell.any_reading()
        .into_iter()
        .flat_map(|reading| &reading.phases)
}

fn phase_reports(cell: &CellReadings, readings: &Readings) -> Vec<PhaseReport> {
    phases(cell)
        .map(|phase| {
            let samples = cell.samples(&phase.name);
            let times = as_times(&samples);
            let miss = readings.schedule.level(times.len()).miss;
            let summary = stats::Summary::at(miss, &times);
            let bound = phase
                .bound
                .and_then(|bound| BoundReadings::find(readings, bound, &cell.planned));
            PhaseReport {
                name: phase.name.clone(),
                items: phase.items,
                samples_ns: samples.iter().map(|(_, ns)| *ns).collect(),
                cold_ns: cell.cold_ns(&phase.name),
                median_ns: summary.map(|summary| summary.median),
                ci95_ns: summary.and_then(|summary| summary.interval.map(Interval95::from)),
                min_ns: summary.map(|summary| summary.min),
                p10_ns: summary.map(|summary| summary.p10),
                p90_ns: summary.map(|summary| summary.p90),
                mad_ns: summary.map(|summary| summary.mad),
                bound: phase.bound,
                share_of_limit: bound.and_then(|bound| bound.share(&samples)),
                growth: growth(cell, &phase.name),
                access: phase.access.clone(),
                file: files::evidence(cell, &phase.name),
                threads: threads::shared(cell, &phase.name),
                allocations: allocations(cell, &phase.name),
            }
        })
        .collect()
}

fn as_times(samples: &[(u32, u64)]) -> Vec<f64> {
    samples.iter().map(|(_, ns)| *ns as f64).collect()
}

/// The best time of a phase at the fraction of the items. Round 0 counts: a best time
/// is a best time, and the whole was run there as well.
fn growth(cell: &CellReadings, phase: &str) -> Option<GrowthReport> {
    let items = cell.any_reading()?.fraction.as_ref()?.items;
    let best_ns = best_of(cell, |reading| {
        let times = &reading.fraction.as_ref()?.elapsed_ns;
        times.get(reading.place_of(phase)?).copied()
    })?;
    Some(GrowthReport { items, best_ns })
}

/// The best time of all rounds, round 0 included.
fn best_of(cell: &CellReadings, time: impl Fn(&CellReading) -> Option<u64>) -> Option<u64> {
    cell.readings().filter_map(time).min()
}

/// The allocations of a phase, from the one round that counted them.
fn allocations(cell: &CellReadings, phase: &str) -> Option<Allocations> {
    cell.readings()
        .find_map(|reading| reading.allocations.get(reading.place_of(phase)?).copied())
}

/// The median over the rounds after round 0.
fn median_of(cell: &CellReadings, figure: impl Fn(&CellReading) -> Option<f64>) -> Option<f64> {
    let figures: Vec<f64> = cell
        .warm()
        .filter_map(|(_, reading)| figure(reading))
        .collect();
    stats::median(&figures)
}

/// Medians over the rounds after round 0, or the figures of round 0 if it is the only one.
fn memory(cell: &CellReadings) -> Option<MemoryReading> {
    let cold = cell.any_reading()?.memory.clone().ok()?;
    let median = |figure: fn(&MemoryReading) -> u64| {
        median_of(cell, |reading| {
            Some(figure(reading.memory.as_ref().ok()?) as f64)
        })
        .map_or(figure(&cold), |median| median as u64)
    };
    Some(MemoryReading {
        resident_bytes: median(|memory| memory.resident_bytes),
        peak_bytes: median(|memory| memory.peak_bytes),
        anonymous_bytes: median(|memory| memory.anonymous_bytes),
        file_bytes: median(|memory| memory.file_bytes),
        huge_bytes: median(|memory| memory.huge_bytes),
        swapped_bytes: median(|memory| memory.swapped_bytes),
        minor_faults: median(|memory| memory.minor_faults),
        major_faults: median(|memory| memory.major_faults),
        private_peak_bytes: median_of(cell, |reading| {
            let memory = reading.memory.as_ref().ok()?;
            Some(memory.private_peak_bytes? as f64)
        })
        .map_or(cold.private_peak_bytes, |median| Some(median as u64)),
    })
}

/// Why a cell that ran has no memory figures.
fn memory_missing(cell: &CellReadings) -> Option<String> {
    let mut readings = cell.readings();
    readings.find_map(|reading| reading.memory.clone().err())
}

fn findings(cell: &CellReadings, readings: &Readings) -> Vec<Finding> {
    let mut found = Vec::new();
    for phase in phases(cell) {
        let samples = cell.samples(&phase.name);
        let times = as_times(&samples);
        let median_ns = stats::median(&times);
        let details = [
            (
                Flag::ImpossibleFast,
                impossible_fast(cell, phase, median_ns, readings),
            ),
            (Flag::WorkNotDone, not_touched(cell, phase)),
            (Flag::Elided, elided(cell, phase, readings)),
            (Flag::PatternMismatch, pattern_mismatch(phase)),
            (
                Flag::NotCold,
                files::misplaced(cell, &phase.name, Flag::NotCold, FileState::Cold),
            ),
            (
                Flag::NotWarm,
                files::misplaced(cell, &phase.name, Flag::NotWarm, FileState::Warm),
            ),
            (Flag::BelowResolution, below_resolution(median_ns, readings)),
        ];
        found.extend(
            details
                .into_iter()
                .filter_map(|found| finding(found, Some(&phase.name))),
        );
    }
    let details = [
        (Flag::WorkNotDone, proof_changes(cell)),
        (Flag::Swapped, swapped(cell)),
        (Flag::Steal, stolen(cell)),
        (Flag::OtherLoad, other_load(cell)),
        (Flag::ClockDrift, clock_drift(cell)),
        (Flag::PagesDiffer, pages_differ(cell)),
        (Flag::TooFewRounds, too_few_rounds(cell)),
    ];
    found.extend(details.into_iter().filter_map(|found| finding(found, None)));
    found
}

fn finding((flag, detail): (Flag, Option<String>), phase: Option<&str>) -> Option<Finding> {
    Some(Finding {
        flag,
        phase: phase.map(str::to_owned),
        detail: detail?,
    })
}

fn impossible_fast(
    cell: &CellReadings,
    phase: &PhaseReading,
    median_ns: Option<f64>,
    readings: &Readings,
) -> Option<String> {
    let bound = phase.bound?;
    if bound.limit.is_first_touch() && cell.planned.limit_bytes < TOUCHED_FROM_BYTES {
        return None;
    }
    // Unrequested huge pages may beat the limit on small ones, and have a flag of their own.
    if bound.limit.pages() == Some(Pages::Small) && pages_differ(cell).is_some() {
        return None;
    }
    let least_ns = BoundReadings::find(readings, bound, &cell.planned)?.least_ns();
    let median_ns = median_ns?;
    let factor = if (cell.warm().count() as f64) < Flag::TooFewRounds.threshold() {
        IMPOSSIBLE_WITHOUT_INTERVAL
    } else {
        Flag::ImpossibleFast.threshold()
    };
    (median_ns * factor < least_ns).then(|| {
        format!(
            "took {median_ns:.0} ns, the limit {} allows {least_ns:.0} ns at best",
            bound.limit.name()
        )
    })
}

fn not_touched(cell: &CellReadings, phase: &PhaseReading) -> Option<String> {
    let declared = phase.touched?.declared_bytes;
    let seen = median_of(cell, |reading| {
        let phase = reading.phase(&phase.name)?;
        Some(phase.touched?.resident_growth_bytes as f64)
    })?;
    (declared >= TOUCHED_FROM_BYTES && seen < Flag::WorkNotDone.threshold() * declared as f64)
        .then(|| format!("resident memory grew by {seen:.0} bytes of {declared} declared"))
}

/// Compares best times: noise only makes times longer, so a disturbed time must not
/// decide either way.
fn elided(cell: &CellReadings, phase: &PhaseReading, readings: &Readings) -> Option<String> {
    // Round 0 alone is not a measurement.
    cell.warm().next().filter(|_| phase.grows)?;
    let GrowthReport { items, best_ns } = growth(cell, &phase.name)?;
    let whole_ns = best_of(cell, |reading| Some(reading.phase(&phase.name)?.elapsed_ns))?;
    let resolution_ns = Flag::BelowResolution.threshold() * clock_read_ns(readings).unwrap_or(0.0);
    let grows = growth::is_shown(whole_ns as f64, best_ns as f64, resolution_ns);
    (!grows)
        .then(|| format!("took {whole_ns} ns at best, and {best_ns} ns with only {items} items"))
}

fn pattern_mismatch(phase: &PhaseReading) -> Option<String> {
    phase.access.as_ref()?.mismatch()
}

fn below_resolution(median_ns: Option<f64>, readings: &Readings) -> Option<String> {
    let clock_ns = clock_read_ns(readings)?;
    let median_ns = median_ns?;
    (median_ns < Flag::BelowResolution.threshold() * clock_ns)
        .then(|| format!("took {median_ns:.0} ns, a clock read takes {clock_ns:.0} ns"))
}

fn clock_read_ns(readings: &Readings) -> Option<f64> {
    let readings: Vec<f64> = readings
        .limits
        .iter()
        .filter(|(LimitKey { limit, .. }, _)| *limit == Limit::ClockRead)
        .flat_map(|(_, readings)| readings.iter().map(|reading| reading.ns_per_unit))
        .collect();
    stats::median(&readings)
}

fn proof_changes(cell: &CellReadings) -> Option<String> {
    let first = &cell.any_reading()?.proof;
    let (run, _) = cell.warm().find(|(_, reading)| reading.proof != *first)?;
    Some(format!(
        "the proof of round {} differs from the first one",
        run.round
    ))
}

fn swapped(cell: &CellReadings) -> Option<String> {
    let most = cell
        .warm()
        .filter_map(|(_, reading)| Some(reading.memory.as_ref().ok()?.swapped_bytes))
        .max()?;
    (most > 0).then(|| format!("{most} bytes of a worker were swapped out"))
}

fn ticks(cell: &CellReadings) -> CpuTicks {
    cell.warm()
        .fold(CpuTicks::default(), |sum, (run, _)| sum.plus(&run.ticks))
}

fn stolen(cell: &CellReadings) -> Option<String> {
    let ticks = ticks(cell);
    // Nothing is stolen from idle processors, however many there are.
    exceeds(
        ticks.steal,
        ticks.busy + ticks.steal,
        Flag::Steal.threshold(),
    )
    .map(|share| format!("{share:.1} % of the processor time wanted was stolen"))
}

fn other_load(cell: &CellReadings) -> Option<String> {
    let ticks = ticks(cell);
    exceeds(ticks.others(), ticks.total, Flag::OtherLoad.threshold())
        .map(|share| format!("other processes used {share:.1} % of the processors' time"))
}

/// The percentage, if it certainly exceeds `share`: ticks are sampled, so a count of n
/// is accurate to about the root of n.
fn exceeds(ticks: u64, total: u64, share: f64) -> Option<f64> {
    let sure = ticks as f64 - 2.0 * (ticks as f64).sqrt();
    (sure > share * total as f64).then(|| 100.0 * ticks as f64 / total as f64)
}

fn clock_drift(cell: &CellReadings) -> Option<String> {
    let change = median_of(cell, |reading| {
        let [before, after] = reading.spin_ns;
        Some((after as f64 / before.max(1) as f64 - 1.0).abs())
    })?;
    (change > Flag::ClockDrift.threshold()).then(|| {
        format!(
            "a fixed loop's time changed by {:.0} % within a worker",
            change * 100.0
        )
    })
}

fn pages_differ(cell: &CellReadings) -> Option<String> {
    let shares: Vec<f64> = cell
        .warm()
        .filter_map(|(_, reading)| reading.memory.as_ref().ok())
        .filter(|memory| memory.anonymous_bytes >= PAGES_FROM_BYTES)
        .map(|memory| memory.huge_bytes as f64 / memory.anonymous_bytes as f64)
        .collect();
    let median = stats::median(&shares)?;
    let pages = cell.planned.cell.variant.pages;
    let wrong = |share: f64| match pages {
        Pages::Huge => 1.0 - share > Flag::PagesDiffer.threshold(),
        Pages::Small => share > Flag::PagesDiffer.threshold(),
    };
    let others = shares.iter().filter(|share| wrong(**share)).count();
    (others > 0).then(|| {
        format!(
            "{others} of {} rounds were not on {pages:?} pages; median share of huge pages: {:.0} %",
            shares.len(),
            median * 100.0
        )
    })
}

fn too_few_rounds(cell: &CellReadings) -> Option<String> {
    let (rounds, enough) = (cell.warm().count(), Flag::TooFewRounds.threshold());
    ((rounds as f64) < enough)
        .then(|| format!("{rounds} rounds after round 0, an interval needs {enough}"))
}

/// The same work must give the same proof in every build, role and round. If copies
/// differ, all are flagged, since any may be wrong. Another revision may do different
/// work; then it is not compared.
pub(super) fn flag_differing_proofs(cells: &mut [CellReport]) {
    for index in 0..cells.len() {
        let cell = &cells[index];
        let other = cells.iter().find(|other| {
            other.key.is_same_work(&cell.key)
                && [other, cell].iter().all(|cell| cell.role != Role::Against)
                && !other.proof.is_empty()
                && !cell.proof.is_empty()
                && other.proof != cell.proof
        });
        let finding = other.map(|other| Finding {
            flag: Flag::WorkNotDone,
            phase: None,
            detail: format!(
                "the proof differs from that of the {} copy",
                other.key.profile.name()
            ),
        });
        cells[index].add_findings(finding);
    }
}
