//! The gate: which phases take longer than those of the other side, beyond noise.
//!
//! A phase has regressed if both hold: the interval of the ratio of its times lies
//! wholly beyond the *floor*, and the Holm-adjusted p of "the ratio is 1" is below
//! 0.05. The floor is the largest of
//!
//! - the gate's per cent,
//! - the half-width of the phase's A/A interval against another revision, or twice the
//!   larger of both runs' against a baseline; twice the interval's far end if A/A differs
//!   within what chance explains,
//! - against a baseline, what the change of the machine's own limit explains of
//!   the phase: the far end of the limit's interval, times the phase's share of it.
//!   A limit that became slower explains a slower phase, and no faster one.
//!
//! Against another revision, a phase decided at a look keeps that outcome. The rule is in
//! `stats/sequential.rs`; the conductor stops cells by it.
//!
//! All of it is done on logarithms, so that twice as slow and twice as fast are
//! equally far away.

use crate::conductor::Gate;
use crate::judge::comparable::shift;
use crate::model::{
    CellReport, Comparison, ComparisonKind, GateReport, Interval95, LimitKey, Outcome, PhaseKey,
    PhaseOutcome, PhaseReport, Profile, Report, Role, SkippedPhase, Verdict,
};
use crate::stats::{
    self, Aa, Copies, Floors, Interval, Looks, Noise, Rule, Seen, can_tell, judge_with,
    paired_rounds, smallest_paired_p, unpaired_rounds,
};

/// A run with what it is compared with.
pub(super) struct Held<'r> {
    pub(super) kind: ComparisonKind,
    pub(super) now: &'r Report,
    /// The other run, where it is one.
    pub(super) then: Option<&'r Report>,
}

/// A phase that cannot be tested, and whether that speaks against the measurement.
enum Refusal {
    Skipped(String),
    Invalid(String),
}

/// How much slower and how much faster a phase may be since the machine is, in
/// logarithms.
#[derive(Clone, Copy, Debug, Default)]
struct Explained {
    slower: f64,
    faster: f64,
}

/// A phase to be tested.
struct Test<'r> {
    cell: &'r CellReport,
    phase: &'r PhaseReport,
    comparison: &'r Comparison,
}

impl Test<'_> {
    fn key(&self) -> PhaseKey {
        PhaseKey::new(&self.cell.key, Some(&self.phase.name))
    }
}

/// Applies the gate to all phases of the build whose noise is known.
pub(super) fn evaluate(held: &Held<'_>, gate: Gate) -> GateReport {
    let candidates = held.candidates();
    let tests: Vec<&Test<'_>> = candidates
        .iter()
        .filter_map(|(_, test)| test.as_ref().ok())
        .collect();
    let mut answers = answers(held, gate, &tests).into_iter();
    let mut report = GateReport {
        percent: gate.percent,
        tests: tests.len(),
        samples_needed: held.samples_needed(&tests),
        outcomes: Vec::new(),
        skipped: Vec::new(),
    };
    for (key, test) in &candidates {
        let key = key.clone();
        match test {
            Ok(_) => report.outcomes.extend(answers.next()),
            Err(Refusal::Invalid(reason)) => report.outcomes.push(invalid(key, reason)),
            Err(Refusal::Skipped(reason)) => report.skipped.push(SkippedPhase {
                key,
                reason: reason.clone(),
            }),
        }
    }
    report
}

fn invalid(key: PhaseKey, reason: &str) -> PhaseOutcome {
    PhaseOutcome {
        reason: Some(reason.to_owned()),
        ..PhaseOutcome::new(key, Outcome::Invalid)
    }
}

impl<'r> Held<'r> {
    /// Every phase of the gated build with its comparison, or why it has none.
    fn candidates(&self) -> Vec<(PhaseKey, Result<Test<'r>, Refusal>)> {
        let profile = self.gated_profile();
        let cells = self
            .now
            .cells
            .iter()
            .filter(|cell| cell.role == Role::Main && Some(cell.key.profile) == profile);
        let mut found = Vec::new();
        for cell in cells {
            if cell.phases.is_empty() {
                found.push((PhaseKey::new(&cell.key, None), Err(without_phases(cell))));
            }
            found.extend(cell.phases.iter().map(|phase| {
                let key = PhaseKey::new(&cell.key, Some(&phase.name));
                (key, self.test(cell, phase))
            }));
        }
        found.extend(self.only_there(profile));
        found
    }

    /// The phases of the gated build that only the other side has.
    fn only_there(&self, profile: Option<Profile>) -> Vec<(PhaseKey, Result<Test<'r>, Refusal>)> {
        let (report, role) = match self.then {
            Some(then) => (then, Role::Main),
            None => (self.now, Role::Against),
        };
        let theirs = report.cells.iter();
        let theirs = theirs.filter(|cell| cell.role == role && Some(cell.key.profile) == profile);
        let mut found = Vec::new();
        for cell in theirs {
            let ours = self.now.cells.iter().find(|ours| {
                ours.role == Role::Main
                    && ours.key.profile == cell.key.profile
                    && self.is_same(ours, cell)
            });
            let is_missing = |phase: &&PhaseReport| {
                ours.is_none_or(|ours| ours.phases.iter().all(|own| own.name != phase.name))
            };
            // A cell that failed here has no phases, and is reported elsewhere.
            let has_none = ours.is_some_and(|ours| ours.phases.is_empty());
            for phase in cell.phases.iter().filter(is_missing).filter(|_| !has_none) {
                let reason = "only the other side has it".to_owned();
                found.push((
                    PhaseKey::new(&cell.key, Some(&phase.name)),
                    Err(Refusal::Skipped(reason)),
                ));
            }
        }
        found
    }

    fn is_same(&self, ours: &CellReport, theirs: &CellReport) -> bool {
        match self.then {
            Some(_) => theirs.is_same_as(ours),
            None => theirs.key.is_same_work(&ours.key),
        }
    }

    /// The build that has an A/A copy: only its noise is known.
    fn gated_profile(&self) -> Option<Profile> {
        let aa = self.now.cells.iter().find(|cell| cell.role == Role::Aa);
        aa.map(|cell| cell.key.profile)
    }

    fn test(&self, cell: &'r CellReport, phase: &'r PhaseReport) -> Result<Test<'r>, Refusal> {
        let comparison = self.now.comparisons.iter().find(|comparison| {
            comparison.kind == self.kind
                && comparison.is_of(cell)
                && comparison.key.phase_name() == phase.name
        });
        let comparison = comparison.ok_or_else(|| self.why_missing(cell, phase))?;
        if let Some(reason) = self.why_unusable(cell) {
            return Err(Refusal::Invalid(reason));
        }
        let then = self.then.map(|then| ("the other side", &then.comparisons));
        for (which, comparisons) in [("it", &self.now.comparisons)].into_iter().chain(then) {
            if self.aa_of(comparisons, cell, phase).is_none() {
                let reason = format!("{which} has no A/A copy that would show its noise");
                return Err(Refusal::Invalid(reason));
            }
        }
        Ok(Test {
            cell,
            phase,
            comparison,
        })
    }

    fn other_cell(&self, cell: &CellReport) -> Option<&'r CellReport> {
        match self.then {
            Some(then) => then.cells.iter().find(|other| other.is_same_as(cell)),
            None => self
                .now
                .cells
                .iter()
                .find(|other| other.role == Role::Against && other.key == cell.key),
        }
    }

    fn why_missing(&self, cell: &CellReport, phase: &PhaseReport) -> Refusal {
        let Some(other) = self.other_cell(cell) else {
            return Refusal::Skipped("the other side has no such cell".to_owned());
        };
        let reason = other.reason.clone().unwrap_or_default();
        match other.verdict {
            Verdict::Skipped => Refusal::Skipped(reason),
            Verdict::Failed => Refusal::Invalid(format!("the other side failed: {reason}")),
            _ if other.phases.iter().all(|then| then.name != phase.name) => {
                Refusal::Skipped(format!("the other side has no phase {}", phase.name))
            }
            _ => Refusal::Invalid("there are no times to compare".to_owned()),
        }
    }

    /// Why a cell with a comparison must not be tested: noise stops comparisons
    /// too, and is judged apart.
    fn why_unusable(&self, cell: &CellReport) -> Option<String> {
        let other = self.other_cell(cell)?;
        let sides = [("this", cell), ("the other", other)];
        let worthless = sides
            .into_iter()
            .find(|(_, cell)| !cell.verdict.is_comparable());
        worthless
            .map(|(which, cell)| format!("{which} side's cell is {}", cell.verdict.name()))
            .or_else(|| super::not_compared::different_work(&cell.proof, &other.proof))
    }

    fn aa_of<'c>(
        &self,
        comparisons: &'c [Comparison],
        cell: &CellReport,
        phase: &PhaseReport,
    ) -> Option<&'c Comparison> {
        comparisons.iter().find(|aa| {
            aa.kind == ComparisonKind::Aa && aa.is_of(cell) && aa.key.phase_name() == phase.name
        })
    }

    fn samples_needed(&self, tests: &[&Test<'_>]) -> u32 {
        match self.kind {
            ComparisonKind::Baseline => {
                let then = tests.iter().map(|test| test.comparison.samples[0]).min();
                unpaired_rounds(tests.len(), then.unwrap_or(0))
            }
            _ => {
                let first = self.now.run.looks.first();
                first.map_or(paired_rounds(tests.len()), |look| look.rounds)
            }
        }
    }

    /// Returns the times of a phase's three copies.
    fn copies(&self, test: &Test<'_>) -> Copies {
        let times = [Role::Main, Role::Aa, Role::Against].map(|role| {
            let mut cells = self.now.cells.iter();
            let cell = cells.find(|cell| cell.role == role && cell.key == test.cell.key);
            let phase = cell.and_then(|cell| Some((cell, cell.phase(&test.phase.name)?)));
            let samples = phase.map(|(cell, phase)| cell.samples(phase));
            let warm = samples
                .into_iter()
                .flatten()
                .filter(|sample| sample.round > 0);
            warm.map(|sample| (sample.round, sample.elapsed_ns))
                .collect()
        });
        let [main, aa, against] = &times;
        Copies::paired([main, aa, against])
    }

    /// The noise of each test, from the A/A of this run and of the other one.
    fn noise(&self, tests: &[&Test<'_>]) -> Vec<Noise> {
        let mut noise = noise_of(self, &self.now.comparisons, tests);
        if let Some(then) = self.then {
            for (now, then) in noise
                .iter_mut()
                .zip(noise_of(self, &then.comparisons, tests))
            {
                now.size = now.size.max(then.size);
                now.aa = now.aa.max(then.aa);
            }
        }
        noise
    }

    /// What the change of its limit explains of a phase's time.
    fn explained(&self, test: &Test<'_>) -> Explained {
        let explained = || {
            let (then, phase) = (self.then?, test.phase);
            let (bound, share) = (phase.bound?, phase.share_of_limit?);
            let key = LimitKey {
                limit: bound.limit,
                threads: bound.threads,
                bytes: test.cell.limit_bytes_in(&self.now.run)?,
                memory_limit_bytes: test.cell.memory_limit_bytes,
            };
            let limit = self.now.limits.iter().find(|limit| limit.key == key)?;
            let Interval95([low, high]) = shift(limit, &then.limits)?;
            let of = |log: f64| (share.min(1.0) * log.max(0.0).exp_m1()).ln_1p();
            Some(Explained {
                slower: of(high.ln()),
                faster: of(-low.ln()),
            })
        };
        explained().unwrap_or_default()
    }
}

fn without_phases(cell: &CellReport) -> Refusal {
    let reason = cell.reason.clone().unwrap_or_default();
    match cell.verdict {
        Verdict::Failed => Refusal::Invalid(format!("it failed: {reason}")),
        _ => Refusal::Skipped(reason),
    }
}

fn noise_of(held: &Held<'_>, comparisons: &[Comparison], tests: &[&Test<'_>]) -> Vec<Noise> {
    let pairs: Vec<Option<&Comparison>> = tests
        .iter()
        .map(|test| held.aa_of(comparisons, test.cell, test.phase))
        .collect();
    let p_values: Vec<f64> = pairs
        .iter()
        .map(|aa| aa.and_then(|aa| aa.p).unwrap_or(1.0))
        .collect();
    let adjusted = stats::holm(&p_values);
    let noise = pairs.iter().zip(adjusted).map(|(pair, p)| {
        let interval = pair.and_then(|pair| pair.ci95).map(Interval::from);
        Noise::of(pair.map_or(1.0, |pair| pair.estimate), interval, p)
    });
    noise.collect()
}

fn answers(held: &Held<'_>, gate: Gate, tests: &[&Test<'_>]) -> Vec<PhaseOutcome> {
    match held.kind {
        ComparisonKind::Baseline => unpaired_answers(held, gate, tests),
        _ => paired_answers(held, gate, tests),
    }
}

fn paired_answers(held: &Held<'_>, gate: Gate, tests: &[&Test<'_>]) -> Vec<PhaseOutcome> {
    let looks = held.now.run.looks.iter();
    let looks = looks.map(|look| (look.rounds, look.share));
    let looks = Looks::after(&looks.collect::<Vec<_>>());
    let rule = Rule {
        gate: gate.log_ratio(),
        tests: tests.len(),
        looks: &looks,
    };
    let seen: Vec<Option<Seen>> = tests
        .iter()
        .map(|test| rule.follow(&held.copies(test)))
        .collect();
    let adjusted = |p: fn(&Seen) -> f64| {
        let p_values: Vec<f64> = seen
            .iter()
            .map(|seen| seen.as_ref().map_or(1.0, p))
            .collect();
        stats::holm(&p_values)
    };
    let p_values = adjusted(|seen| seen.p)
        .into_iter()
        .zip(adjusted(|seen| seen.aa_p));
    let seen = tests.iter().zip(&seen).zip(p_values);
    seen.map(|((test, seen), p)| match seen {
        None => PhaseOutcome {
            reason: Some(too_few(test.comparison)),
            ..PhaseOutcome::new(test.key(), Outcome::Insufficient)
        },
        Some(seen) => paired_answer(held, test, &rule, seen, p),
    })
    .collect()
}

fn paired_answer(
    held: &Held<'_>,
    test: &Test<'_>,
    rule: &Rule<'_>,
    seen: &Seen,
    (p, aa_p): (f64, f64),
) -> PhaseOutcome {
    let pairs = seen.ratio.pairs;
    let smallest_p = smallest_paired_p(pairs) / seen.share();
    let (judged, outcome) = rule.outcome(seen, p, aa_p);
    let (outcome, reason) = match can_tell(rule.tests, [pairs; 2], smallest_p) {
        false => (Outcome::Insufficient, Some(too_few(test.comparison))),
        true => (outcome, reason(outcome, judged.aa)),
    };
    let ended = (outcome == Outcome::Noise && !rule.looks.rounds().is_empty())
        .then(|| format!("; the budget ended after {pairs} pairs"));
    let mut looks = held.now.run.looks.iter();
    let look = looks.find(|look| Some(look.rounds) == seen.decided);
    PhaseOutcome {
        time_ratio: Some(seen.ratio.estimate),
        ci95: seen.ratio.interval.map(Interval95::from),
        floor_ratio: Some(judged.floor.exp()),
        p_adjusted: Some(p),
        reason: reason.map(|reason| reason + &ended.unwrap_or_default()),
        pairs: Some(pairs),
        decided_round: seen.decided,
        decided_s: look.and_then(|look| look.elapsed_s),
        ..PhaseOutcome::new(test.key(), outcome)
    }
}

/// Why a phase is neither the same nor different.
fn reason(outcome: Outcome, aa: Aa) -> Option<String> {
    let reason = match (outcome, aa) {
        (Outcome::Invalid, _) => AA_FAILED,
        (Outcome::Noise, Aa::Doubtful) => AA_DOUBTFUL,
        (Outcome::Noise, _) => TOO_WIDE,
        _ => return None,
    };
    Some(reason.to_owned())
}

fn unpaired_answers(held: &Held<'_>, gate: Gate, tests: &[&Test<'_>]) -> Vec<PhaseOutcome> {
    let p_values: Vec<f64> = tests
        .iter()
        .map(|test| test.comparison.p.unwrap_or(1.0))
        .collect();
    let adjusted = stats::holm(&p_values);
    let noise = held.noise(tests);
    let scale = Scale {
        gate: gate.log_ratio(),
        tests: tests.len(),
    };
    tests
        .iter()
        .zip(noise)
        .zip(adjusted)
        .map(|((test, noise), p)| answer(held, test, noise, p, scale))
        .collect()
}

/// What all answers have in common.
#[derive(Clone, Copy)]
struct Scale {
    /// The logarithm of the ratio that the gate allows.
    gate: f64,
    tests: usize,
}

fn answer(held: &Held<'_>, test: &Test<'_>, noise: Noise, p: f64, scale: Scale) -> PhaseOutcome {
    let comparison = test.comparison;
    let explained = held.explained(test);
    let floors = Floors::of(scale.gate, 2.0 * noise.size);
    let floors = Floors {
        slower: floors.slower.max(explained.slower),
        faster: floors.faster.max(explained.faster),
        // More than the gate cannot be told from nothing then.
        hides: explained.slower.max(explained.faster).max(noise.size) > scale.gate,
    };
    // A comparison says how many times as fast this side is.
    let inverse = |Interval95([low, high])| Interval95([1.0 / high, 1.0 / low]);
    let ci95 = comparison.ci95.map(inverse);
    let smallest_p = stats::smallest_unpaired_p(comparison.samples);
    let enough = can_tell(scale.tests, comparison.samples, smallest_p);
    let (outcome, reason) = match ci95.filter(|_| enough) {
        None => (Outcome::Insufficient, Some(too_few(comparison))),
        Some(ci95) => {
            let outcome = judge_with(ci95.into(), p, floors, scale.gate, noise.aa);
            (outcome, reason(outcome, noise.aa))
        }
    };
    PhaseOutcome {
        time_ratio: Some(1.0 / comparison.estimate),
        ci95,
        floor_ratio: Some(floors.slower.exp()),
        p_adjusted: Some(p),
        reason,
        ..PhaseOutcome::new(test.key(), outcome)
    }
}

const AA_FAILED: &str = "aa_failed";
const AA_DOUBTFUL: &str = "A/A differs, as one in so many does by chance";
const TOO_WIDE: &str = "too wide to say";

fn too_few(comparison: &Comparison) -> String {
    let [then, now] = comparison.samples;
    format!("{now} samples against {then}")
}
