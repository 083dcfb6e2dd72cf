//! Whether two runs can be compared at all: the machine, the compiler, the limits.

use std::fmt::Display;

use crate::model::{Build, Host, Interval95, Limit, LimitReport, NotComparable, Report, Volume};
use crate::stats;

/// The limits of two runs may differ by this factor. If the whole interval is beyond
/// it, the machine has changed.
const LIMIT_FACTOR: f64 = 1.5;
/// The kernel reserves a little memory, not always the same amount.
const MEMORY_SHARE: f64 = 0.01;

/// Compares the machine, the compiler and, if both have files, the file system with
/// those of `then`.
///
/// # Errors
/// [`NotComparable::Elsewhere`], with all differences. Load, swap and the measured
/// package's own commit and version may differ: they are what is compared, or have
/// flags of their own.
pub(crate) fn check_machine(
    host: &Host,
    build: &Build,
    data: Option<&Volume>,
    then: &Report,
) -> Result<(), NotComparable> {
    let differences: Vec<String> = [
        differ("processor", &host.cpu, &then.host.cpu),
        differ("processors", &host.cpus, &then.host.cpus),
        memory(host.memory_bytes, then.host.memory_bytes),
        differ("kernel", &host.kernel, &then.host.kernel),
        differ(
            "virtual machine",
            &host.virtual_machine,
            &then.host.virtual_machine,
        ),
        differ("huge pages", &host.huge_pages, &then.host.huge_pages),
        differ("clock source", &host.clock_source, &then.host.clock_source),
        differ("governor", &host.governor, &then.host.governor),
        differ("compiler", &build.rustc, &then.build.rustc),
        differ("target", &build.target, &then.build.target),
        data.zip(then.data.as_ref())
            .and_then(|(now, then)| differ("file system", &now.file_system, &then.file_system)),
    ]
    .into_iter()
    .flatten()
    .collect();
    all_of(differences, NotComparable::Elsewhere)
}

fn differ<T: PartialEq + Display>(what: &str, now: &T, then: &T) -> Option<String> {
    (now != then).then(|| format!("{what} {then} then, {now} now"))
}

fn memory(now: u64, then: u64) -> Option<String> {
    let apart = now.abs_diff(then) as f64 > MEMORY_SHARE * now.max(then) as f64;
    apart.then(|| format!("memory {} MiB then, {} MiB now", then >> 20, now >> 20))
}

/// Compares the limits that both runs have.
///
/// # Errors
/// [`NotComparable::Limits`], with all limits whose whole interval is beyond the factor.
pub(crate) fn check_limits(now: &[LimitReport], then: &[LimitReport]) -> Result<(), NotComparable> {
    let moved = now.iter().filter_map(|limit| {
        // What the host does with freed memory changes from minute to minute; it is
        // only shown, and bounds nothing.
        let compared = limit.key.limit != Limit::PageFault;
        let Interval95([low, high]) = shift(limit, then).filter(|_| compared)?;
        let beyond = low > LIMIT_FACTOR || high < 1.0 / LIMIT_FACTOR;
        beyond.then(|| {
            format!(
                "{} over {} KiB on {} threads takes {low:.2} to {high:.2} times as long",
                limit.key.limit.name(),
                limit.key.bytes >> 10,
                limit.key.threads
            )
        })
    });
    all_of(moved.collect(), NotComparable::Limits)
}

fn all_of(
    differences: Vec<String>,
    reason: fn(Vec<String>) -> NotComparable,
) -> Result<(), NotComparable> {
    if differences.is_empty() {
        Ok(())
    } else {
        Err(reason(differences))
    }
}

/// How many times as long a limit's unit takes as in another run; none if the other
/// run lacks it, or either has too few readings for an interval.
pub(super) fn shift(limit: &LimitReport, then: &[LimitReport]) -> Option<Interval95> {
    let then = then.iter().find(|other| other.key == limit.key)?;
    let ratio = stats::unpaired_ratio(&limit.samples_ns_per_unit, &then.samples_ns_per_unit)?;
    ratio.interval.map(Interval95::from)
}
