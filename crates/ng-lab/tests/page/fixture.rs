//! Hand-built reports.

use std::collections::BTreeMap;

use ng_lab::model::{
    Allocations, Bound, Build, CellKey, CellReport, ClaimFigure, ClaimRow, ClaimVerdict,
    Comparison, ComparisonKind, Event, Finding, Flag, GateReport, GrowthReport, HeadlineReport,
    Host, Interval95, KindReport, Limit, LimitKey, LimitReport, Look, MemoryReading, NotCompared,
    Outcome, Pages, Percentiles, PhaseKey, PhaseOutcome, PhaseReport, Plant, PlantKind, Profile,
    ReferenceReport, Report, Role, RunInfo, RunPlace, Scaling, Size, SkippedPhase, SlopeFinding,
    SlopeReport, SoakReport, SoakRow, ThreadsReport, Verdict, Volume,
};
use ng_lab::rng::SplitMix64;

/// Names of scenarios, their variants with threads, and their phases.
type Plan<'a> = (&'a str, &'a [(&'a str, usize)], &'a [&'a str]);

const PLAN: [Plan<'_>; 2] = [
    (
        "fill",
        &[("plain", 1), ("pooled", 1), ("pooled", 2), ("pooled", 4)],
        &["reserve", "write"],
    ),
    (
        "scan",
        &[("plain", 1), ("huge", 1)],
        &["sequential", "strided", "random"],
    ),
];
const BUILDS: [(Profile, Role); 3] = [
    (Profile::Dev, Role::Main),
    (Profile::Release, Role::Main),
    (Profile::Release, Role::Aa),
];

/// Two scenarios at two sizes over twelve rounds, with an invalid, a failed and a skipped
/// cell, stopped comparisons, and a soak.
pub(crate) fn report() -> Report {
    let mut report = measured(&PLAN, &[1000, 64_000], 12);
    let find = |report: &Report, variant, threads, profile| {
        let cells = report.cells.iter();
        let mut cells = cells
            .enumerate()
            .filter(|(_, cell)| cell.role == Role::Main);
        let found = cells.find(|(_, cell)| {
            cell.key.variant == variant
                && cell.key.threads == threads
                && cell.key.profile == profile
        });
        found.expect("a cell of the plan").0
    };
    let invalid = find(&report, "pooled", 2, Profile::Release);
    report.cells[invalid].add_findings([finding(Flag::Elided, "took 1 ns")]);
    let suspect = find(&report, "plain", 1, Profile::Dev);
    report.cells[suspect].add_findings([finding(Flag::OtherLoad, "others used 40 %")]);
    let failed = find(&report, "pooled", 4, Profile::Dev);
    fail(
        &mut report.cells[failed],
        Verdict::Failed,
        "round 3: killed by signal 9",
    );
    let skipped = find(&report, "huge", 1, Profile::Dev);
    fail(
        &mut report.cells[skipped],
        Verdict::Skipped,
        "needs 9 MiB of memory",
    );
    report.comparisons = comparisons(&report);
    report.not_compared = vec![lack(&report.cells[invalid])];
    report.soak = Some(soak());
    report
}

/// A missing speed-up of a cell.
fn lack(cell: &CellReport) -> NotCompared {
    NotCompared {
        kind: ComparisonKind::Threads,
        key: PhaseKey::new(&cell.key, None),
        against: "1 thread".to_owned(),
        reason: "a reason for a missing ratio".to_owned(),
    }
}

/// The same, compared with another revision through a gate; with exponents of growth,
/// claims, files, and a confined cell.
pub(crate) fn held() -> Report {
    let mut report = report();
    report.run.plant = Some(Plant {
        scenario: "scan".to_owned(),
        percent: 20.0,
        kind: PlantKind::Time,
    });
    report.data = Some(Volume {
        dir: "/data".to_owned(),
        file_system: "tmpfs".to_owned(),
        free_bytes: 1 << 30,
    });
    let against = |cell: &CellReport| cell.role == Role::Aa && cell.key.threads == 1;
    let others = report.cells.iter().filter(|cell| against(cell)).cloned();
    let others: Vec<CellReport> = others
        .map(|cell| CellReport {
            role: Role::Against,
            ..cell
        })
        .collect();
    report.cells.extend(others);
    for cell in report
        .cells
        .iter_mut()
        .filter(|cell| cell.key.variant == "huge")
    {
        cell.memory_limit_bytes = Some(16 << 20);
    }
    let main = &report.cells[1];
    let compared = compared(ComparisonKind::Against, "main", main, main);
    report.comparisons.extend(compared);
    report.scaling = vec![scaling("reserve", None), scaling("write", Some("invalid"))];
    report.reference = Some(ReferenceReport {
        kind: ComparisonKind::Against,
        name: "main".to_owned(),
        commit: "0123456789ab".to_owned(),
        started: None,
        not_comparable: Some("a reason to be shown".to_owned()),
    });
    report.gate = Some(gate(&report.cells[1]));
    report.headlines = vec![HeadlineReport {
        scenario: "fill".to_owned(),
        size: report.cells[0].key.size.clone(),
        variant: "pooled".to_owned(),
        threads: 2,
        phase: Some("write".to_owned()),
    }];
    let shared = report
        .cells
        .iter_mut()
        .find(|cell| cell.role == Role::Main && cell.key.threads > 1)
        .and_then(|cell| cell.phases.first_mut());
    let shared = shared.expect("a cell of several threads");
    shared.threads = Some(ThreadsReport {
        least_busy: 0.91,
        most_busy: 0.98,
        waits: 3.0,
        preemptions: 0.0,
    });
    shared.allocations = Some(Allocations {
        count: 12,
        bytes: 4096,
    });
    report.claims = vec![claim()];
    report
}

fn scaling(phase: &str, stopped: Option<&str>) -> Scaling {
    Scaling {
        scenario: "fill".to_owned(),
        variant: "plain".to_owned(),
        phase: phase.to_owned(),
        threads: 1,
        profile: Profile::Release,
        from: 1000,
        to: 64_000,
        exponent: 1.02,
        ci95: Some(Interval95([0.98, 1.07])),
        pairs: 12,
        stopped: stopped.map(str::to_owned),
    }
}

fn gate(cell: &CellReport) -> GateReport {
    let key = |phase| PhaseKey::new(&cell.key, Some(phase));
    GateReport {
        percent: 5.0,
        tests: 1,
        samples_needed: 8,
        outcomes: vec![PhaseOutcome {
            key: key("write"),
            outcome: Outcome::Regressed,
            time_ratio: Some(1.198),
            ci95: Some(Interval95([1.179, 1.216])),
            floor_ratio: Some(1.05),
            p_adjusted: Some(0.004_88),
            reason: Some("why it is so".to_owned()),
            pairs: Some(12),
            decided_round: Some(12),
            decided_s: Some(63.2),
        }],
        skipped: vec![SkippedPhase {
            key: key("reserve"),
            reason: "it is new".to_owned(),
        }],
    }
}

fn claim() -> ClaimRow {
    ClaimRow {
        id: "fill.speed".to_owned(),
        source: "page 7".to_owned(),
        statement: "filling is fast".to_owned(),
        said: "498x".to_owned(),
        measured: Some(ClaimFigure {
            value: 1.5,
            unit: "x".to_owned(),
            ci95: Some(Interval95([1.4, 1.6])),
            rounds: Some(12),
        }),
        verdict: ClaimVerdict::DoesNotHold,
        reason: "it is not".to_owned(),
    }
}

/// As many cells and samples as a full run.
pub(crate) fn large() -> Report {
    let variants: Vec<(String, usize)> = (0..6)
        .map(|index| (format!("variant-{index}"), 1))
        .collect();
    let variants: Vec<(&str, usize)> = variants.iter().map(|(name, n)| (&name[..], *n)).collect();
    let phases: &[&str] = &["create", "sequential", "random"];
    let plan = ["one", "two", "three", "four"].map(|name| (name, &variants[..], phases));
    let mut report = measured(&plan, &[1_000_000], 12);
    report.comparisons = comparisons(&report);
    report
}

/// The same with cells that a gate stopped: every other variant after 8 rounds, the dev
/// build of all after 6.
pub(crate) fn uneven() -> Report {
    let mut report = large();
    for (index, cell) in report.cells.iter_mut().enumerate() {
        let rounds = match (cell.key.profile, index / BUILDS.len() % 2) {
            (Profile::Dev, _) => 6,
            (_, 0) => 8,
            _ => 12,
        };
        cell.runs.truncate(rounds + 1);
        for phase in &mut cell.phases {
            phase.samples_ns.truncate(rounds);
        }
    }
    let look = |rounds, share| Look {
        rounds,
        share,
        elapsed_s: Some(f64::from(rounds)),
    };
    report.run.looks = vec![look(8, 0.4), look(12, 0.6)];
    report.run.budget_s = Some(180.0);
    report.gate = Some(gate(&report.cells[1]));
    report.reference = held().reference;
    report
}

/// Nothing planned, nothing known.
pub(crate) fn empty() -> Report {
    let run = RunInfo {
        items: "items".to_owned(),
        ..RunInfo::default()
    };
    Report::new(run, Host::default(), Build::default())
}

/// One cell of one phase that ran once.
pub(crate) fn one_cell() -> Report {
    let mut report = measured(&[("fill", &[("plain", 1)], &["write"])], &[1000], 1);
    report.cells.truncate(1);
    report.comparisons = Vec::new();
    report
}

/// Failed and skipped cells, and no figures at all.
pub(crate) fn worthless() -> Report {
    let mut report = measured(&PLAN, &[1000], 6);
    for (index, cell) in report.cells.iter_mut().enumerate() {
        let verdict = if index % 2 == 0 {
            Verdict::Failed
        } else {
            Verdict::Skipped
        };
        fail(cell, verdict, "round 0: out of memory");
        cell.runs = vec![place(0, 0, true)];
    }
    report.limits = Vec::new();
    report
}

fn measured(plan: &[Plan<'_>], sizes: &[u64], rounds: u32) -> Report {
    let mut rng = SplitMix64::new(11);
    let mut report = empty();
    report.run.started = "2026-11-24T23:08:25Z".to_owned();
    report.run.command = vec!["stress".to_owned(), "--seed=11".to_owned()];
    report.run.rounds = rounds;
    report.run.items = "records".to_owned();
    report.run.item_bytes = Some(64);
    report.host.cpu = "a processor".to_owned();
    report.limits = vec![limit(rounds)];
    for items in sizes {
        for (scenario, variants, phases) in plan {
            for (variant, threads) in *variants {
                for (profile, role) in BUILDS {
                    let mut cell = cell(scenario, variant, *threads, *items);
                    (cell.key.profile, cell.role) = (profile, role);
                    cell.runs = (0..=rounds)
                        .map(|round| place(round, rng.below(40) as u32, false))
                        .collect();
                    let scale = scale_of(profile, *threads);
                    cell.phases = phases
                        .iter()
                        .zip(1..)
                        .map(|(name, n)| phase(name, *items, n * scale, rounds, &mut rng))
                        .collect();
                    report.cells.push(cell);
                }
            }
        }
    }
    report
}

/// Tenths of a nanosecond per item.
fn scale_of(profile: Profile, threads: usize) -> u64 {
    let build = if profile == Profile::Dev { 60 } else { 20 };
    build / threads as u64
}

fn place(round: u32, position: u32, failed: bool) -> RunPlace {
    RunPlace {
        round,
        position,
        failed,
    }
}

fn cell(scenario: &str, variant: &str, threads: usize, items: u64) -> CellReport {
    let bytes = items * 64;
    CellReport {
        key: CellKey {
            scenario: scenario.to_owned(),
            size: Size::new(items, "records"),
            variant: variant.to_owned(),
            threads,
            profile: Profile::Release,
        },
        role: Role::Main,
        pages: Pages::Huge,
        host_warm: true,
        memory_limit_bytes: None,
        limit_bytes: None,
        runs: Vec::new(),
        phases: Vec::new(),
        proof: BTreeMap::from([("reserved_bytes".to_owned(), (bytes + 4096).into())]),
        memory: Some(MemoryReading {
            resident_bytes: bytes + 3_000_000,
            peak_bytes: bytes + 4_000_000,
            file_bytes: 2_000_000,
            huge_bytes: bytes / 2,
            ..MemoryReading::default()
        }),
        memory_missing: None,
        warm_ns_per_byte: Some(0.5),
        verdict: Verdict::Valid,
        flags: Vec::new(),
        findings: Vec::new(),
        reason: None,
    }
}

/// Samples around `scale` tenths of a nanosecond per item; the other figures need not match
/// the lab's statistics.
fn phase(name: &str, items: u64, scale: u64, rounds: u32, rng: &mut SplitMix64) -> PhaseReport {
    let typical = items * scale / 10;
    let mut samples: Vec<u64> = (0..rounds)
        .map(|_| typical * (95 + rng.below(12)) / 100)
        .collect();
    // One off the plot's scale.
    samples[0] *= 3;
    let median = typical as f64;
    PhaseReport {
        name: name.to_owned(),
        items,
        samples_ns: samples,
        cold_ns: Some(typical * 7 / 4),
        median_ns: Some(median),
        ci95_ns: (rounds >= 6).then_some(Interval95([median * 0.95, median * 1.06])),
        min_ns: Some(median * 0.9),
        p10_ns: Some(median * 0.94),
        p90_ns: Some(median * 1.07),
        mad_ns: Some(median / 100.0),
        bound: Some(Bound {
            limit: Limit::Read,
            threads: 1,
            amount: items * 64,
        }),
        share_of_limit: Some(9.5 / scale as f64),
        growth: Some(GrowthReport {
            items: items / 8,
            best_ns: typical / 9,
        }),
        ..PhaseReport::default()
    }
}

fn limit(rounds: u32) -> LimitReport {
    LimitReport {
        key: LimitKey {
            limit: Limit::Read,
            bytes: 64_000,
            threads: 1,
            memory_limit_bytes: None,
        },
        unit: "byte".to_owned(),
        samples_ns_per_unit: vec![0.125; rounds as usize],
        cold_ns_per_unit: Some(0.25),
        median_ns_per_unit: Some(0.125),
        ci95_ns_per_unit: Some(Interval95([0.11, 0.14])),
    }
}

pub(crate) fn finding(flag: Flag, detail: &str) -> Finding {
    Finding {
        flag,
        phase: Some("write".to_owned()),
        detail: detail.to_owned(),
    }
}

fn fail(cell: &mut CellReport, verdict: Verdict, reason: &str) {
    cell.verdict = verdict;
    cell.reason = Some(reason.to_owned());
    cell.phases = Vec::new();
    cell.memory = None;
    cell.proof = BTreeMap::new();
}

/// The judge's comparisons, as ratios of the medians.
fn comparisons(report: &Report) -> Vec<Comparison> {
    let kinds = [
        (ComparisonKind::DevVsRelease, "dev"),
        (ComparisonKind::Threads, "1 thread"),
        (ComparisonKind::Variants, "plain"),
        (ComparisonKind::Aa, "the same program"),
    ];
    let mut all = Vec::new();
    for (kind, against) in kinds {
        for fast in &report.cells {
            let slow = report.cells.iter().find(|slow| is_slow(kind, slow, fast));
            all.extend(
                slow.into_iter()
                    .flat_map(|slow| compared(kind, against, slow, fast)),
            );
        }
    }
    all
}

fn is_slow(kind: ComparisonKind, slow: &CellReport, fast: &CellReport) -> bool {
    let same_variant = slow.key.variant == fast.key.variant;
    let same_threads = slow.key.threads == fast.key.threads;
    let same_build = slow.key.profile == fast.key.profile;
    let main = slow.role == Role::Main && (fast.role == Role::Main) == (kind != ComparisonKind::Aa);
    let differs = match kind {
        ComparisonKind::DevVsRelease => {
            same_variant && same_threads && slow.key.profile == Profile::Dev && !same_build
        }
        ComparisonKind::Threads => {
            same_variant && same_build && slow.key.threads == 1 && fast.key.threads > 1
        }
        ComparisonKind::Variants => {
            slow.key.variant == "plain" && !same_variant && same_build && same_threads
        }
        ComparisonKind::Aa => same_variant && same_threads && same_build,
        // `held` adds those with the other side.
        ComparisonKind::Against | ComparisonKind::Baseline => false,
    };
    slow.key.scenario == fast.key.scenario && slow.key.size == fast.key.size && main && differs
}

fn compared(
    kind: ComparisonKind,
    against: &str,
    slow: &CellReport,
    fast: &CellReport,
) -> Vec<Comparison> {
    let usable = slow.verdict.is_comparable() && fast.verdict.is_comparable();
    let pairs = slow.phases.iter().zip(&fast.phases);
    pairs
        .filter_map(|(over, under)| {
            let estimate = over.median_ns? / under.median_ns?;
            let interval = Interval95([estimate * 0.8, estimate * 1.3]);
            Some(Comparison {
                kind,
                key: PhaseKey::new(&fast.key, Some(&under.name)),
                against: against.to_owned(),
                estimate,
                ci95: (over.samples_ns.len() >= 6).then_some(interval),
                p: Some(0.01),
                pairs: over.samples_ns.len(),
                samples: [over.samples_ns.len(); 2],
                stopped: (!usable).then(|| format!("a cell of {} is invalid", fast.key.variant)),
            })
        })
        .collect()
}

fn soak() -> SoakReport {
    let slope = |figure: &str, per_hour, finding| SlopeReport {
        figure: figure.to_owned(),
        kind: None,
        points: 5,
        rows_a_point: 1,
        median: 70e6,
        per_hour,
        ci95_per_hour: Some(Interval95([per_hour - 9e3, per_hour + 9e3])),
        finding,
    };
    SoakReport {
        profile: Profile::Release,
        on: "file".to_owned(),
        asked_seconds: 300.0,
        seconds: 300.0,
        rate: Some(33_000.5),
        capacity: Some(66_001.0),
        most_items: 1_000_000,
        less_because: None,
        kinds: vec![KindReport {
            name: "lookup".to_owned(),
            about: "one token <by index>".to_owned(),
            weight: 90,
            operations: 123_456,
            items: 123_456,
            service_ns: Some(times(900.0, 1)),
            response_ns: None,
        }],
        slopes: vec![
            slope("resident_bytes", 1e5, SlopeFinding::Rises),
            slope("response_ns.p99", -1e3, SlopeFinding::NotTold),
        ],
        events: vec![Event::Verified {
            seconds: 300.0,
            items: 1_000_000,
            wrong: None,
            elapsed_ns: 12_345_678,
        }],
        ended_clean: true,
        failed: None,
        rows: (1..=5).map(soak_row).collect(),
    }
}

pub(crate) fn soak_of(report: &mut Report) -> &mut SoakReport {
    report.soak.as_mut().expect("a soak in the fixture")
}

fn times(scale: f64, minute: u64) -> Percentiles {
    Percentiles {
        p50: scale,
        p99: scale * 7.5,
        p999: scale * (20.0 + minute as f64),
        max: scale * 99.0,
    }
}

pub(crate) fn soak_row(minute: u64) -> SoakRow {
    SoakRow {
        seconds: minute as f64 * 60.0,
        span_seconds: 60.0,
        aside_seconds: 0.5,
        operations: 60_000 + minute,
        throughput: 1e6 / (minute as f64 + 0.5),
        service_ns: times(900.0, minute),
        response_ns: times(1100.5, minute),
        backlog: 0,
        kinds: Vec::new(),
        resident_bytes: Some(70_000_000 + minute),
        private_bytes: Some(9_000_000),
        faults: Some(12 * minute),
        major_faults: Some(0),
        open_files: Some(12),
        disk_bytes: minute << 20,
        items: 1000 * minute,
        file: 1,
        events: Vec::new(),
    }
}
