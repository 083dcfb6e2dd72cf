//! What the machine allows: probes that do as little as the hardware lets them.
//!
//! They run in every round, in a process of their own, at the size and thread
//! count of the cells, in the release build. A cell's share of a limit is the
//! limit's time for the same amount of work over the cell's time.
//!
//! A probe is a *reference*, not a proof of a bound: code that beats it by more
//! than a tenth is called impossible, because experience says that it did not
//! do the work.

use std::hint::black_box;
use std::io;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::pages::{PageBuffer, Pages, SMALL_PAGE_BYTES, on_threads};
use crate::rng::{SplitMix64, mix, scale};

/// Words of a 64-byte cache line.
const LINE_WORDS: usize = 8;
/// Repetitions of a probe in one process; the best one counts, since a limit is
/// what the machine does when nobody disturbs it.
const REPEATS: usize = 3;

/// A limit of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// Writing fresh memory on 4 KiB pages, per byte: faults and zeroing included.
    #[serde(rename = "first_touch_4k")]
    FirstTouchSmall,
    /// Writing fresh memory on 2 MiB pages, per byte.
    #[serde(rename = "first_touch_2m")]
    FirstTouchHuge,
    /// Writing memory that was touched before, plain stores, per byte.
    #[serde(rename = "refill")]
    Refill,
    /// Copying from one touched half of the memory to the other, per byte copied.
    #[serde(rename = "copy")]
    Copy,
    /// Reading every line, per byte: all its words or one of them, whichever is faster.
    #[serde(rename = "read")]
    Read,
    /// Independent reads of random lines on 4 KiB pages, per read.
    #[serde(rename = "random_independent_4k")]
    RandomSmall,
    /// Independent reads of random lines on 2 MiB pages, per read.
    #[serde(rename = "random_independent_2m")]
    RandomHuge,
    /// Reads of random lines, each address from the line before, 4 KiB pages, per read.
    #[serde(rename = "random_dependent_4k")]
    DependentSmall,
    /// Reads of random lines, each address from the line before, 2 MiB pages, per read.
    #[serde(rename = "random_dependent_2m")]
    DependentHuge,
    /// Reading the monotonic clock, per read.
    #[serde(rename = "clock_read")]
    ClockRead,
    /// Faults on fresh 4 KiB pages that were *not* warmed before, per fault.
    /// Bounds nothing: it shows in which rounds the host had taken memory back.
    #[serde(rename = "page_fault_unwarmed")]
    PageFault,
}

impl Limit {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstTouchSmall => "first_touch_4k",
            Self::FirstTouchHuge => "first_touch_2m",
            Self::Refill => "refill",
            Self::Copy => "copy",
            Self::Read => "read",
            Self::RandomSmall => "random_independent_4k",
            Self::RandomHuge => "random_independent_2m",
            Self::DependentSmall => "random_dependent_4k",
            Self::DependentHuge => "random_dependent_2m",
            Self::ClockRead => "clock_read",
            Self::PageFault => "page_fault_unwarmed",
        }
    }

    /// What one unit of the limit is: `byte`, `read`, or `fault`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::FirstTouchSmall
            | Self::FirstTouchHuge
            | Self::Refill
            | Self::Copy
            | Self::Read => "byte",
            Self::PageFault => "fault",
            _ => "read",
        }
    }

    /// The first-touch limit on `pages`.
    #[must_use]
    pub fn first_touch(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::FirstTouchSmall,
            Pages::Huge => Self::FirstTouchHuge,
        }
    }

    /// The limit of independent random reads on `pages`.
    #[must_use]
    pub fn random(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::RandomSmall,
            Pages::Huge => Self::RandomHuge,
        }
    }

    /// The limit of dependent random reads on `pages`.
    #[must_use]
    pub fn dependent(pages: Pages) -> Self {
        match pages {
            Pages::Small => Self::DependentSmall,
            Pages::Huge => Self::DependentHuge,
        }
    }
}

/// One reading of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitReading {
    /// Which limit.
    pub limit: Limit,
    /// Nanoseconds a unit (see [`Limit::unit`]).
    pub ns_per_unit: f64,
}

/// Probes the limits over `bytes` of memory on `threads` threads.
///
/// Latency limits and the clock are read on one thread only: they do not
/// depend on how many there are.
///
/// # Errors
/// The memory cannot be mapped.
pub fn probe(bytes: usize, threads: usize) -> io::Result<Vec<LimitReading>> {
    let mut readings = Vec::new();
    for pages in [Pages::Small, Pages::Huge] {
        let mut first_touch = f64::INFINITY;
        for _ in 1..REPEATS {
            let mut buffer = PageBuffer::new(bytes, pages)?;
            first_touch = first_touch.min(fill(buffer.words(), threads));
        }
        // The last repetition keeps its memory for the probes that need it touched.
        let mut buffer = PageBuffer::new(bytes, pages)?;
        let words = buffer.words();
        first_touch = first_touch.min(fill(words, threads));
        readings.push(reading(Limit::first_touch(pages), first_touch));
        if threads == 1 {
            let lines = words.len() / LINE_WORDS;
            number_lines(words);
            readings.push(best(Limit::random(pages), |repeat| {
                random_reads(words, lines, repeat)
            }));
            readings.push(best(Limit::dependent(pages), |repeat| {
                dependent_reads(words, lines, repeat)
            }));
        }
        if pages == Pages::Huge {
            readings.push(best(Limit::Refill, |_| fill(words, threads)));
            readings.push(best(Limit::Read, |_| {
                read_words(words, threads).min(read_lines(words, threads))
            }));
            readings.push(best(Limit::Copy, |_| copy_half(words, threads)));
        }
    }
    if threads == 1 {
        readings.push(best(Limit::ClockRead, |_| clock_reads()));
    }
    Ok(readings)
}

/// Times faults on `bytes` of fresh small pages, with no warming before.
///
/// # Errors
/// The memory cannot be mapped.
pub fn probe_page_faults(bytes: usize) -> io::Result<LimitReading> {
    let elapsed_ns = crate::pages::touch_and_free(bytes, Pages::Small, 1)?;
    let faults = bytes.div_ceil(SMALL_PAGE_BYTES).max(1);
    Ok(reading(Limit::PageFault, elapsed_ns as f64 / faults as f64))
}

fn reading(limit: Limit, ns_per_unit: f64) -> LimitReading {
    LimitReading { limit, ns_per_unit }
}

fn best(limit: Limit, mut once: impl FnMut(u64) -> f64) -> LimitReading {
    let ns_per_unit = (0..REPEATS as u64)
        .map(&mut once)
        .fold(f64::INFINITY, f64::min);
    reading(limit, ns_per_unit)
}

/// Nanoseconds a unit of `work` that does `units` of it.
fn time_per(units: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / units.max(1) as f64
}

/// A record's worth of stores to every line: one word that changes, seven that do not.
fn fill(words: &mut [u64], threads: usize) -> f64 {
    let bytes = words.len() * 8;
    time_per(bytes, || {
        on_threads(words, threads, |part| {
            for (index, line) in part.chunks_exact_mut(LINE_WORDS).enumerate() {
                line.fill(0);
                line[LINE_WORDS - 1] = index as u64;
            }
        });
        black_box(&words);
    })
}

fn read_words(words: &mut [u64], threads: usize) -> f64 {
    let bytes = words.len() * 8;
    time_per(bytes, || {
        on_threads(words, threads, |part| {
            black_box(part.iter().fold(0u64, |sum, word| sum.wrapping_add(*word)));
        });
    })
}

/// One word of every line: as many bytes come from memory, with fewer instructions.
fn read_lines(words: &mut [u64], threads: usize) -> f64 {
    let bytes = words.len() * 8;
    time_per(bytes, || {
        on_threads(words, threads, |part| {
            let first = part.chunks(LINE_WORDS).map(|line| line[0]);
            black_box(first.fold(0u64, u64::wrapping_add));
        });
    })
}

fn copy_half(words: &mut [u64], threads: usize) -> f64 {
    let half = words.len() / 2;
    let (from, to) = words.split_at_mut(half);
    let from = &*from;
    time_per(half * 8, || {
        let part = half.div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            for (from, to) in from.chunks(part).zip(to.chunks_mut(part)) {
                if threads == 1 {
                    to.copy_from_slice(from);
                } else {
                    scope.spawn(|| to.copy_from_slice(from));
                }
            }
        });
        black_box(&to);
    })
}

/// Writes each line's number into its first word.
fn number_lines(words: &mut [u64]) {
    for (number, line) in words.chunks_exact_mut(LINE_WORDS).enumerate() {
        line[0] = number as u64;
    }
}

/// As many reads as the `access` kind of work does: a tenth of the lines.
fn reads_of(lines: usize) -> usize {
    (lines / 10).clamp(1.min(lines), 1_000_000)
}

/// Fresh positions in every repetition: those of the last one would be in cache.
fn random_reads(words: &[u64], lines: usize, repeat: u64) -> f64 {
    let mut rng = SplitMix64::new(repeat);
    let order: Vec<u32> = (0..reads_of(lines))
        .map(|_| rng.below(lines as u64) as u32)
        .collect();
    time_per(order.len(), || {
        let mut sum = 0u64;
        for line in &order {
            sum = sum.wrapping_add(words[*line as usize * LINE_WORDS]);
        }
        black_box(sum);
    })
}

fn dependent_reads(words: &[u64], lines: usize, repeat: u64) -> f64 {
    let reads = reads_of(lines);
    time_per(reads, || {
        let mut line = repeat % lines.max(1) as u64;
        for step in 0..reads as u64 {
            let found = words[line as usize * LINE_WORDS];
            line = scale(mix(found ^ (step + repeat)), lines as u64);
        }
        black_box(line);
    })
}

fn clock_reads() -> f64 {
    let reads = 20_000;
    time_per(reads, || {
        for _ in 0..reads {
            black_box(Instant::now());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_reads_every_limit_but_the_cold_one() {
        let names: Vec<_> = probe(1 << 20, 1)
            .unwrap()
            .iter()
            .map(|reading| {
                assert!(
                    reading.ns_per_unit.is_finite() && reading.ns_per_unit > 0.0,
                    "{reading:?}"
                );
                reading.limit
            })
            .collect();
        assert_eq!(names.len(), 10, "{names:?}");
    }

    #[test]
    fn two_threads_read_the_bandwidth_limits() {
        let limits: Vec<_> = probe(1 << 20, 2)
            .unwrap()
            .iter()
            .map(|reading| reading.limit)
            .collect();
        assert_eq!(
            limits,
            [
                Limit::FirstTouchSmall,
                Limit::FirstTouchHuge,
                Limit::Refill,
                Limit::Read,
                Limit::Copy
            ]
        );
    }

    #[test]
    fn probes_hold_on_the_smallest_sizes() {
        for bytes in [64, 640, 4096] {
            assert!(probe(bytes, 1).is_ok());
            assert!(probe(bytes, 3).is_ok());
        }
    }

    #[test]
    fn names_are_those_of_the_serialised_form() {
        for limit in [Limit::FirstTouchSmall, Limit::RandomHuge, Limit::PageFault] {
            assert_eq!(
                serde_json::to_string(&limit).unwrap(),
                format!("\"{}\"", limit.name())
            );
        }
    }
}
