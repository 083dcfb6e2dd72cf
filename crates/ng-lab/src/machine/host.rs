//! The machine, as a report describes it.

use std::fs;

use crate::machine::kernel;
use crate::model::Host;

impl Host {
    /// Describes this machine as far as the system reports it.
    #[must_use]
    pub fn describe() -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        Self {
            cpu: value_of(&cpuinfo, "model name").unwrap_or_default(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kernel::total_bytes().unwrap_or(0),
            kernel: format!(
                "{} {}",
                std::env::consts::OS,
                read("/proc/sys/kernel/osrelease")
            )
            .trim()
            .to_owned(),
            virtual_machine: cpuinfo.contains(" hypervisor"),
            huge_pages: chosen(&read("/sys/kernel/mm/transparent_hugepage/enabled")),
            clock_source: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            swap_bytes: swap_used(&read("/proc/swaps")),
            load: read("/proc/loadavg")
                .split(' ')
                .next()
                .and_then(|load| load.parse().ok())
                .unwrap_or(0.0),
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// The text after the colon of the first line that begins with `name`.
fn value_of(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The word in brackets: the kernel's way to mark the chosen one.
fn chosen(text: &str) -> String {
    text.split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or_else(String::new, |(chosen, _)| chosen.to_owned())
}

/// The used column of `/proc/swaps`, which counts in KiB.
fn swap_used(text: &str) -> u64 {
    text.lines()
        .skip(1)
        .filter_map(|line| line.split_ascii_whitespace().nth(3)?.parse::<u64>().ok())
        .sum::<u64>()
        * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_word_is_the_one_in_brackets() {
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen(""), "");
    }

    #[test]
    fn used_swap_is_summed_in_bytes() {
        let text = "Filename Type Size Used Priority\n/a partition 100 7 -2\n/b file 9 1 -3";
        assert_eq!(swap_used(text), 8192);
        assert_eq!(swap_used(""), 0);
    }

    #[test]
    fn this_machine_has_processors_and_memory() {
        let host = Host::describe();
        assert!(host.cpus >= 1);
        if cfg!(target_os = "linux") {
            assert!(host.memory_bytes > 0 && !host.kernel.is_empty());
        }
    }
}
