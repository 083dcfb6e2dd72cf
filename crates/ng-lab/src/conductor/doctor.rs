//! What on this machine will hurt a measurement, and what to do about it.

use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use crate::machine::kernel::{self, CpuTicks};
use crate::machine::pages::{SMALL_PAGE_BYTES, touch_and_free};
use crate::model::{Host, Limit, Pages};
use crate::worker::limits;

/// How long the doctor watches other processes and the hypervisor.
const WATCH: Duration = Duration::from_secs(1);
/// Memory touched to see whether the host has it ready.
const TOUCH_BYTES: usize = 256 << 20;

/// One item of the examination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was looked at.
    pub what: &'static str,
    /// What was seen.
    pub found: String,
    /// What to do, if it will hurt.
    pub advice: Option<&'static str>,
}

/// Examines the machine. Takes about two seconds.
///
/// # Errors
/// The machine does not report its counters, or memory cannot be mapped.
pub fn examine() -> io::Result<Vec<Diagnosis>> {
    let host = Host::describe();
    let mut all = from_host(&host);
    let before = CpuTicks::read()?;
    sleep(WATCH);
    all.extend(from_ticks(&CpuTicks::read()?.since(&before)));
    all.push(memory(kernel::available_bytes()?));
    all.push(quota(
        &fs::read_to_string("/sys/fs/cgroup/cpu.max").unwrap_or_default(),
    ));
    all.push(first_touch()?);
    all.push(clock()?);
    Ok(all)
}

fn diagnosis(
    what: &'static str,
    found: impl Into<String>,
    hurts: bool,
    advice: &'static str,
) -> Diagnosis {
    Diagnosis {
        what,
        found: found.into(),
        advice: hurts.then_some(advice),
    }
}

fn from_host(host: &Host) -> Vec<Diagnosis> {
    let or_unknown = |text: &str| match text {
        "" => "unknown".to_owned(),
        _ => text.to_owned(),
    };
    vec![
        diagnosis(
            "processors",
            host.cpus.to_string(),
            host.cpus < 2,
            "conductor and worker share one processor: expect wider intervals",
        ),
        diagnosis(
            "load average",
            format!("{:.2}", host.load),
            host.load > 0.5,
            "stop other programs, and wait a minute",
        ),
        diagnosis(
            "virtual machine",
            if host.virtual_machine { "yes" } else { "no" },
            host.virtual_machine,
            "neighbours and the host's memory affect the figures: trust ratios within one run, not absolute times",
        ),
        diagnosis(
            "huge pages",
            or_unknown(&host.huge_pages),
            !matches!(host.huge_pages.as_str(), "madvise" | "always"),
            "write madvise to /sys/kernel/mm/transparent_hugepage/enabled",
        ),
        diagnosis(
            "clock source",
            or_unknown(&host.clock_source),
            !matches!(
                host.clock_source.as_str(),
                "tsc" | "kvm-clock" | "arch_sys_counter"
            ),
            "clock reads may be system calls: measure more items a phase",
        ),
        diagnosis(
            "governor",
            or_unknown(&host.governor),
            !matches!(host.governor.as_str(), "performance" | ""),
            "set it to performance: cpupower frequency-set -g performance",
        ),
        diagnosis(
            "swap in use",
            format!("{} MiB", host.swap_bytes >> 20),
            host.swap_bytes > 0,
            "free memory, then swapoff -a",
        ),
    ]
}

fn from_ticks(window: &CpuTicks) -> [Diagnosis; 2] {
    let share = |ticks: u64| 100.0 * ticks as f64 / window.total.max(1) as f64;
    [
        diagnosis(
            "other processes",
            format!("{:.1} % of the processors' time", share(window.others())),
            share(window.others()) > 3.0,
            "stop other programs: they take caches and bandwidth as well as time",
        ),
        diagnosis(
            "steal",
            format!("{:.1} % of the processors' time", share(window.steal)),
            share(window.steal) > 1.0,
            "the host runs other guests: measure at another time, with more rounds",
        ),
    ]
}

fn memory(available_bytes: u64) -> Diagnosis {
    diagnosis(
        "available memory",
        format!("{} MiB", available_bytes >> 20),
        available_bytes < 2 << 30,
        "the default run needs about 500 MiB, 10M records about 2 GiB: free some",
    )
}

/// `cpu.max` of the cgroup: quota and period in microseconds, or `max`.
fn quota(text: &str) -> Diagnosis {
    let limited = text
        .split(' ')
        .next()
        .is_some_and(|quota| quota.parse::<u64>().is_ok());
    diagnosis(
        "processor quota",
        if limited { text.trim() } else { "none" },
        limited,
        "a quota stops the worker in the middle of a phase: lift the cgroup's cpu.max",
    )
}

/// The first touch against the second: a large factor means that the host reclaims
/// freed memory.
fn first_touch() -> io::Result<Diagnosis> {
    let first = touch_and_free(TOUCH_BYTES, Pages::Small, 1)?;
    let again = touch_and_free(TOUCH_BYTES, Pages::Small, 1)?;
    let pages = (TOUCH_BYTES / SMALL_PAGE_BYTES) as u64;
    let factor = first as f64 / again.max(1) as f64;
    Ok(diagnosis(
        "first touch",
        format!("{} ns per page, then {} ns", first / pages, again / pages),
        factor > 1.5,
        "the host provides memory slowly: read host-warm variants, and look at round 0 separately",
    ))
}

fn clock() -> io::Result<Diagnosis> {
    let readings = limits::probe(0, 1, &[Limit::ClockRead])?;
    let ns = readings.first().map_or(0.0, |reading| reading.ns_per_unit);
    Ok(diagnosis(
        "clock read",
        format!("{ns:.0} ns"),
        ns > 100.0,
        "phases under 2 us cannot be timed here: measure more items",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advised(all: &[Diagnosis]) -> Vec<&str> {
        all.iter()
            .filter(|diagnosis| diagnosis.advice.is_some())
            .map(|diagnosis| diagnosis.what)
            .collect()
    }

    #[test]
    fn a_quiet_machine_gets_no_advice() {
        let host = Host {
            cpus: 8,
            huge_pages: "madvise".into(),
            clock_source: "tsc".into(),
            ..Host::default()
        };
        assert_eq!(advised(&from_host(&host)), Vec::<&str>::new());
    }

    #[test]
    fn each_trouble_gets_its_advice() {
        let host = Host {
            cpus: 1,
            load: 3.0,
            virtual_machine: true,
            huge_pages: "never".into(),
            clock_source: "hpet".into(),
            governor: "powersave".into(),
            swap_bytes: 1 << 20,
            ..Host::default()
        };
        assert_eq!(advised(&from_host(&host)).len(), 7);
        let window = CpuTicks {
            total: 100,
            busy: 50,
            steal: 5,
            ours: 10,
        };
        assert_eq!(advised(&from_ticks(&window)), ["other processes", "steal"]);
        assert!(quota("50000 100000\n").advice.is_some());
        assert!(quota("max 100000\n").advice.is_none());
        assert!(memory(1 << 20).advice.is_some());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_can_be_examined() {
        assert_eq!(examine().unwrap().len(), 13);
    }
}
