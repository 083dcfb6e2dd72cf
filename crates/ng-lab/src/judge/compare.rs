//! Ratios within one run, paired by round.

use crate::conductor::{CellReadings, Readings, Subject};
use crate::judge::not_compared::{self, different_work, not_comparable};
use crate::model::{
    CellKey, CellReport, Comparison, ComparisonKind, Finding, Flag, Interval95, NotCompared,
    PhaseKey, Profile, Role,
};
use crate::stats::{self, Interval, aa_differs};

/// What was compared, and what was not.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) comparisons: Vec<Comparison>,
    pub(super) not_compared: Vec<NotCompared>,
}

/// All comparisons; cells that turn out faster than their threads are flagged.
pub(super) fn all(readings: &Readings, subject: Subject, reports: &mut [CellReport]) -> Compared {
    let pairs = pairs(&readings.cells);
    let mut found = Compared::default();
    for pair in &pairs {
        pair.compare(readings, subject, reports, &mut found);
    }
    found.not_compared.extend(not_compared::alone(reports));
    found.not_compared.sort_by_key(|lack| lack.kind);
    flag_superlinear(&found.comparisons, &pairs, reports);
    stop_where_aa_failed(&mut found.comparisons);
    found
}

/// Two cells whose phases are compared: `slow` over `fast`.
struct Pair {
    kind: ComparisonKind,
    slow: usize,
    fast: usize,
}

/// Which cells are compared with which.
fn pairs(cells: &[CellReadings]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (fast, cell) in cells.iter().enumerate() {
        let partner = |kind: ComparisonKind| {
            let slow = cells
                .iter()
                .position(|other| is_partner(kind, other, cell))?;
            Some(Pair { kind, slow, fast })
        };
        pairs.extend(
            [
                ComparisonKind::DevVsRelease,
                ComparisonKind::Aa,
                ComparisonKind::Threads,
                ComparisonKind::Variants,
                ComparisonKind::Against,
            ]
            .into_iter()
            .filter_map(partner),
        );
    }
    // Cells of one kind together: that is how they are read.
    pairs.sort_by_key(|pair| pair.kind);
    pairs
}

fn is_partner(kind: ComparisonKind, slow: &CellReadings, fast: &CellReadings) -> bool {
    let (slow, fast) = (&slow.planned, &fast.planned);
    let (a, b) = (&slow.cell, &fast.cell);
    let same_work = a.scenario == b.scenario && a.items == b.items;
    let both_main = slow.role == Role::Main && fast.role == Role::Main;
    let same_profile = slow.profile == fast.profile;
    same_work
        && match kind {
            ComparisonKind::DevVsRelease => {
                both_main
                    && a == b
                    && slow.profile == Profile::Dev
                    && fast.profile == Profile::Release
            }
            ComparisonKind::Aa => {
                same_profile && a == b && slow.role == Role::Main && fast.role == Role::Aa
            }
            ComparisonKind::Threads => {
                both_main
                    && same_profile
                    && a.variant.name == b.variant.name
                    && a.variant.threads == 1
                    && b.variant.threads > 1
            }
            ComparisonKind::Against => {
                same_profile && a == b && slow.role == Role::Against && fast.role == Role::Main
            }
            // That is another run.
            ComparisonKind::Baseline => false,
            // `position` finds the first variant, which is the scenario's base.
            ComparisonKind::Variants => {
                both_main
                    && same_profile
                    && a.variant.threads == b.variant.threads
                    && a.variant.name != b.variant.name
            }
        }
}

impl Pair {
    fn compare(
        &self,
        readings: &Readings,
        subject: Subject,
        reports: &[CellReport],
        found: &mut Compared,
    ) {
        // The base is compared with every other variant, not with a later one.
        if self.kind == ComparisonKind::Variants && self.fast < self.slow {
            return;
        }
        let phases = self.phases(reports);
        if phases.is_empty() {
            found.not_compared.push(self.lack(readings, reports, None));
        }
        for phase in phases {
            match self.ratio(readings, subject, reports, phase) {
                Some(comparison) => found.comparisons.push(comparison),
                None => {
                    let lack = self.lack(readings, reports, Some(phase));
                    found.not_compared.push(lack);
                }
            }
        }
    }

    /// The phases of the denominator, and those that it should have: another variant
    /// may have others.
    fn phases<'r>(&self, reports: &'r [CellReport]) -> Vec<&'r str> {
        let names = |index: usize| reports[index].phases.iter().map(|phase| &*phase.name);
        let mut phases: Vec<&str> = names(self.fast).collect();
        if self.kind != ComparisonKind::Variants || phases.is_empty() {
            let missing = names(self.slow).filter(|name| !phases.contains(name));
            let missing: Vec<&str> = missing.collect();
            phases.extend(missing);
        }
        phases
    }

    fn ratio(
        &self,
        readings: &Readings,
        subject: Subject,
        reports: &[CellReport],
        phase: &str,
    ) -> Option<Comparison> {
        let (slow, fast) = (&readings.cells[self.slow], &readings.cells[self.fast]);
        let (slow_ns, fast_ns) = paired_samples(slow, fast, phase);
        let level = readings.schedule.level(slow_ns.len());
        let ratio = stats::paired_ratio_at(level.miss, &slow_ns, &fast_ns)?;
        Some(Comparison {
            kind: self.kind,
            key: PhaseKey::new(&fast.planned.key(subject.items), Some(phase)),
            against: self.against(slow),
            estimate: ratio.estimate,
            ci95: ratio.interval.map(Interval95::from),
            p: ratio.p_value,
            pairs: ratio.pairs,
            samples: [ratio.pairs; 2],
            stopped: self.not_comparable(reports),
        })
    }

    fn lack(
        &self,
        readings: &Readings,
        reports: &[CellReport],
        phase: Option<&str>,
    ) -> NotCompared {
        let [slow, fast] = [self.slow, self.fast].map(|index| &reports[index]);
        let against = self.against(&readings.cells[self.slow]);
        let reason = not_compared::why(slow, fast, phase);
        not_compared::entry(self.kind, fast, phase, &against, reason)
    }

    fn against(&self, slow: &CellReadings) -> String {
        let variant = &slow.planned.cell.variant;
        match self.kind {
            ComparisonKind::DevVsRelease => "dev".to_owned(),
            ComparisonKind::Aa => "the same program".to_owned(),
            ComparisonKind::Threads => format!("{} thread", variant.threads),
            ComparisonKind::Variants => variant.name.clone(),
            ComparisonKind::Against | ComparisonKind::Baseline => "the other side".to_owned(),
        }
    }

    fn not_comparable(&self, reports: &[CellReport]) -> Option<String> {
        let [slow, fast] = [self.slow, self.fast].map(|index| &reports[index]);
        let against = self.kind == ComparisonKind::Against;
        not_comparable(&[slow, fast])
            .or_else(|| different_work(&fast.proof, &slow.proof).filter(|_| against))
    }
}

/// The times of a phase in the rounds that both cells took part in.
pub(super) fn paired_samples(
    slow: &CellReadings,
    fast: &CellReadings,
    phase: &str,
) -> (Vec<f64>, Vec<f64>) {
    let fast = fast.samples(phase);
    slow.samples(phase)
        .into_iter()
        .filter_map(|(round, slow_ns)| {
            let (_, fast_ns) = fast.iter().find(|(found, _)| *found == round)?;
            Some((slow_ns as f64, *fast_ns as f64))
        })
        .unzip()
}

fn flag_superlinear(found: &[Comparison], pairs: &[Pair], reports: &mut [CellReport]) {
    let threads = |kind| kind == ComparisonKind::Threads;
    for comparison in found.iter().filter(|comparison| threads(comparison.kind)) {
        let allowed = comparison.key.cell.threads as f64;
        let too_fast = match comparison.ci95 {
            Some(Interval95([low, _])) => low > allowed,
            None => comparison.estimate > allowed * Flag::Superlinear.threshold(),
        };
        let cell = pairs
            .iter()
            .filter(|pair| threads(pair.kind))
            .map(|pair| pair.fast)
            .find(|index| comparison.is_of(&reports[*index]));
        if let (true, Some(index)) = (too_fast, cell) {
            reports[index].add_findings([Finding {
                flag: Flag::Superlinear,
                phase: comparison.key.phase.clone(),
                detail: format!(
                    "{:.2} times as fast on {} threads",
                    comparison.estimate, comparison.key.cell.threads
                ),
            }]);
        }
    }
}

fn stop_where_aa_failed(found: &mut [Comparison]) {
    let copies = found.to_vec();
    stop_where_one_failed(found, &copies);
}

/// Stops those of `found` whose noise an A/A pair among `copies` shows to be too large.
pub(super) fn stop_where_one_failed(found: &mut [Comparison], copies: &[Comparison]) {
    let failed: Vec<&Comparison> = copies
        .iter()
        .filter(|comparison| comparison.kind == ComparisonKind::Aa && aa_failed(comparison))
        .collect();
    for comparison in found {
        let noise = failed.iter().find(|aa| concerns(aa, comparison));
        if let (Some(aa), None) = (noise, &comparison.stopped) {
            comparison.stopped = Some(format!(
                "aa_failed: two runs of the same program differ by {:+.1} %",
                (aa.estimate - 1.0) * 100.0
            ));
        }
    }
}

/// Whether `aa` shows the noise of one of the two cells of `comparison`, in whichever
/// build.
fn concerns(aa: &Comparison, comparison: &Comparison) -> bool {
    let (noisy, PhaseKey { cell, phase }) = (&aa.key, &comparison.key);
    let is_of = |other: &CellKey| noisy.cell.is_same_work(other);
    let numerator = match comparison.kind {
        ComparisonKind::Threads => CellKey {
            threads: 1,
            ..cell.clone()
        },
        ComparisonKind::Variants => CellKey {
            variant: comparison.against.clone(),
            ..cell.clone()
        },
        // Both cells have the variant and the threads that are named.
        ComparisonKind::DevVsRelease
        | ComparisonKind::Aa
        | ComparisonKind::Against
        | ComparisonKind::Baseline => cell.clone(),
    };
    noisy.phase == *phase && (is_of(cell) || is_of(&numerator))
}

fn aa_failed(aa: &Comparison) -> bool {
    aa_differs(aa.estimate, aa.ci95.map(Interval::from))
}
