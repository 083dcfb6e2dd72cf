//! Measures stable and unstable sorting of numbers, in a single build.
//!
//! `cargo run --release --example sorting -- 1000000` prints the report and deletes its
//! files; your own program would keep them.

use std::process::{self, ExitCode};
use std::time::Duration;
use std::{env, fs};

use ng_lab::model::Build;
use ng_lab::protocol::WORKER_ARGUMENT;
use ng_lab::report::terminal;
use ng_lab::rng::SplitMix64;
use ng_lab::{
    Cell, Failure, Interrupt, Limit, MachineLock, Profile, Progress, Request, Rounds, Run,
    Scenario, Subject, Variant, Versus,
};

struct Sorting;

impl Scenario for Sorting {
    fn name(&self) -> &'static str {
        "sorting"
    }

    fn about(&self) -> &'static str {
        "random 64-bit numbers, sorted in place"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![Variant::new("stable"), Variant::new("unstable")]
    }

    /// The numbers, and half as many for the stable sort's buffer.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cell.items * 8 * 3 / 2
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let mut rng = SplitMix64::new(7);
        let mut numbers: Vec<u64> = (0..cell.items).map(|_| rng.next_u64()).collect();
        let sum = |numbers: &[u64]| numbers.iter().fold(0u64, |sum, n| sum.wrapping_add(*n));
        let before = sum(&numbers);
        // Sorting must read every number at least once.
        run.phase("sort", cell.items)
            .bounded_by(Limit::Read, 1, cell.items * 8)
            .time(|| match cell.variant.name.as_str() {
                "stable" => numbers.sort(),
                _ => numbers.sort_unstable(),
            });
        let descents = numbers.windows(2).filter(|pair| pair[0] > pair[1]);
        run.prove_equal("descents", descents.count() as u64, 0)?;
        run.prove_equal("sum", sum(&numbers), before)
    }
}

static REGISTRY: [&dyn Scenario; 1] = [&Sorting];

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, worker, job] = &arguments[..]
        && worker == WORKER_ARGUMENT
    {
        ng_lab::serve(&REGISTRY, job)?;
        return Ok(ExitCode::SUCCESS);
    }
    let items = arguments.get(1).map_or(Ok(200_000), |text| text.parse())?;
    let request = Request {
        subject: Subject {
            items: "numbers",
            item_bytes: 8,
        },
        scenarios: REGISTRY.to_vec(),
        sizes: vec![items],
        threads: vec![1],
        programs: vec![(Profile::of_this_build(), env::current_exe()?)],
        rounds: Rounds::Within {
            budget: Duration::from_secs(5),
            at_least: 6,
            patience: Duration::from_secs(60),
            at_most: 12,
        },
        seed: 1,
        timeout: None,
        lock: MachineLock::default_path(),
        // Only used by scenarios with files.
        dir: env::temp_dir(),
        versus: Versus::default(),
    };
    let out = env::temp_dir().join(format!("ng-lab-sorting-{}", process::id()));
    let interrupt = Interrupt::on_signals()?;
    let progress = Progress::on_stderr();
    let report = ng_lab::measure(&request, Build::default(), &out, &interrupt, progress)?;
    fs::remove_dir_all(&out)?;
    print!("{}", terminal(&report));
    Ok(ExitCode::SUCCESS)
}
