//! Probes of the machine's limits: as little work as the hardware allows.
//!
//! They run in every round, in their own processes, at the cells' size and thread
//! count, in the release build. Those that bound a cell run right beside it, since
//! bandwidth varies on a shared machine. A cell's share of a limit is the limit's time
//! for the same amount of work over the cell's time.
//!
//! A probe is a *reference*, not a proven bound. Code that beats it by more than a tenth
//! is called impossible, because experience shows that it did not do the work.

mod file;

pub(crate) use file::PROBED_MOST_BYTES;
pub use file::probe as probe_files;

use std::hint::black_box;
use std::io;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::machine::pages::{PageBuffer, SMALL_PAGE_BYTES, on_threads};
use crate::machine::raw;
use crate::model::{Limit, Pages};
use crate::stats::rng::{SplitMix64, mix, scale};

/// Words of a 64-byte cache line.
const LINE_WORDS: usize = 8;
/// Repetitions of a probe in one process. The best counts, since a limit is what an
/// undisturbed machine does.
const REPEATS: u64 = 3;
/// Fewer repetitions, since first touches take as long as all other probes together.
const FIRST_TOUCHES: usize = 2;

/// One reading of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitReading {
    /// Which limit.
    pub limit: Limit,
    /// Nanoseconds per unit (see [`Limit::unit`]).
    pub ns_per_unit: f64,
}

/// Probes the `wanted` limits over `bytes` of memory on `threads` threads.
///
/// # Errors
/// The memory cannot be mapped.
pub fn probe(bytes: usize, threads: usize, wanted: &[Limit]) -> io::Result<Vec<LimitReading>> {
    let mut readings = Vec::new();
    for pages in [Pages::Small, Pages::Huge] {
        let on_pages = |limit: &&Limit| limit.pages() == Some(pages);
        let wanted: Vec<Limit> = wanted.iter().filter(on_pages).copied().collect();
        if !wanted.is_empty() {
            probe_pages(bytes, threads, pages, &wanted, &mut readings)?;
        }
    }
    if wanted.contains(&Limit::ClockRead) {
        readings.push(best(Limit::ClockRead, |_| clock_reads()));
    }
    Ok(readings)
}

fn probe_pages(
    bytes: usize,
    threads: usize,
    pages: Pages,
    wanted: &[Limit],
    readings: &mut Vec<LimitReading>,
) -> io::Result<()> {
    let first_touch = Limit::first_touch(pages);
    let mut buffer = PageBuffer::new(bytes, pages)?;
    let mut fresh = fill(buffer.words(), threads);
    if wanted.contains(&first_touch) {
        for _ in 1..FIRST_TOUCHES {
            buffer = PageBuffer::new(bytes, pages)?;
            fresh = fresh.min(fill(buffer.words(), threads));
        }
        readings.push(reading(first_touch, fresh));
    }
    let words = buffer.words();
    let lines = words.len() / LINE_WORDS;
    number_lines(words);
    for &limit in wanted.iter().filter(|limit| **limit != first_touch) {
        readings.push(best(limit, |repeat| match limit {
            Limit::Refill => fill(words, threads).min(fill_streamed(words, threads)),
            Limit::Copy => copy_half(words, threads),
            Limit::Read => read_words(words, threads).min(read_lines(words, threads)),
            Limit::RandomSmall | Limit::RandomHuge => random_reads(words, lines, repeat),
            _ => {
                // Refill and copy overwrite the words that the walk follows.
                number_lines(words);
                dependent_reads(words, lines, repeat)
            }
        }));
    }
    Ok(())
}

/// Times faults on `bytes` of fresh small pages, without warming.
///
/// # Errors
/// The memory cannot be mapped.
pub fn probe_page_faults(bytes: usize) -> io::Result<LimitReading> {
    let elapsed_ns = crate::machine::pages::touch_and_free(bytes, Pages::Small, 1)?;
    let faults = bytes.div_ceil(SMALL_PAGE_BYTES).max(1);
    Ok(reading(Limit::PageFault, elapsed_ns as f64 / faults as f64))
}

fn reading(limit: Limit, ns_per_unit: f64) -> LimitReading {
    LimitReading { limit, ns_per_unit }
}

fn best(limit: Limit, mut once: impl FnMut(u64) -> f64) -> LimitReading {
    let ns_per_unit = (0..REPEATS).map(&mut once).fold(f64::INFINITY, f64::min);
    reading(limit, ns_per_unit)
}

/// Nanoseconds per unit of `work`, which does `units` of it.
fn time_per(units: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / units.max(1) as f64
}

/// Nanoseconds per byte of `work` on all words.
fn time_bytes(words: &mut [u64], threads: usize, work: impl Fn(&mut [u64]) + Sync) -> f64 {
    time_per(words.len() * 8, || {
        on_threads(words, threads, work);
        black_box(&words);
    })
}

/// Stores a record to every line: one word that changes, seven that do not.
fn fill(words: &mut [u64], threads: usize) -> f64 {
    time_bytes(words, threads, |part| {
        for (index, line) in part.chunks_exact_mut(LINE_WORDS).enumerate() {
            line.fill(0);
            line[LINE_WORDS - 1] = index as u64;
        }
    })
}

/// The same with streaming stores where available, which do not read a line before
/// writing it.
fn fill_streamed(words: &mut [u64], threads: usize) -> f64 {
    time_bytes(words, threads, raw::write_streamed)
}

fn read_words(words: &mut [u64], threads: usize) -> f64 {
    time_bytes(words, threads, |part| {
        black_box(part.iter().fold(0u64, |sum, word| sum.wrapping_add(*word)));
    })
}

/// Independent sums, so that no addition waits for another, which would be the
/// bottleneck in a cache.
const LANES: usize = 4;

/// Reads one word per line: the same bytes from memory with fewer instructions.
fn read_lines(words: &mut [u64], threads: usize) -> f64 {
    time_bytes(words, threads, |part| {
        let mut sums = [0u64; LANES];
        for lines in part.chunks(LANES * LINE_WORDS) {
            for (sum, line) in sums.iter_mut().zip(lines.chunks(LINE_WORDS)) {
                *sum = sum.wrapping_add(line[0]);
            }
        }
        black_box(sums);
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

/// A tenth of the lines, at most a million.
fn reads_of(lines: usize) -> usize {
    (lines / 10).clamp(1.min(lines), 1_000_000)
}

/// How far ahead a line is prefetched; more gains nothing.
const ASKED_AHEAD: usize = 96;

/// Reads fresh positions in every repetition: the previous ones would be in cache.
///
/// The faster of plain and prefetched loads: a core can have more lines in flight than
/// instructions in its window.
fn random_reads(words: &[u64], lines: usize, repeat: u64) -> f64 {
    let plain = random_reads_behind(words, lines, 2 * repeat, |_| ());
    let asked_for = random_reads_behind(words, lines, 2 * repeat + 1, raw::prefetch);
    plain.min(asked_for)
}

/// Reads random lines, each [`ASKED_AHEAD`] reads after a call of `ask` for it.
fn random_reads_behind(words: &[u64], lines: usize, seed: u64, ask: impl Fn(&u64)) -> f64 {
    let mut rng = SplitMix64::new(seed);
    let order: Vec<u32> = (0..reads_of(lines))
        .map(|_| rng.below(lines as u64) as u32)
        .collect();
    let word_of = |line: &u32| &words[*line as usize * LINE_WORDS];
    time_per(order.len(), || {
        let mut sum = 0u64;
        for (read, line) in order.iter().enumerate() {
            if let Some(line) = order.get(read + ASKED_AHEAD) {
                ask(word_of(line));
            }
            sum = sum.wrapping_add(*word_of(line));
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
    fn exactly_the_wanted_limits_are_read() {
        for threads in [1, 2] {
            let all: Vec<Limit> = Limit::on(threads).collect();
            assert_eq!(all.len(), if threads == 1 { 10 } else { 5 });
            for wanted in all.iter().map(std::slice::from_ref).chain([&all[..], &[]]) {
                let found = probe(1 << 20, threads, wanted).unwrap();
                let mut limits: Vec<Limit> = found.iter().map(|found| found.limit).collect();
                let mut wanted = wanted.to_vec();
                limits.sort_unstable();
                wanted.sort_unstable();
                assert_eq!(limits, wanted, "{threads} threads");
                assert!(
                    found.iter().all(|found| found.ns_per_unit > 0.0),
                    "{found:?}"
                );
            }
        }
    }

    #[test]
    fn probes_hold_on_the_smallest_sizes() {
        for bytes in [64, 640, 4096] {
            for threads in [1, 3] {
                let all: Vec<Limit> = Limit::on(threads).collect();
                assert!(probe(bytes, threads, &all).is_ok());
            }
        }
    }

    #[test]
    fn names_are_those_of_the_serialised_form() {
        let files = Limit::of_files(1);
        for limit in [Limit::FirstTouchSmall, Limit::RandomHuge, Limit::PageFault]
            .into_iter()
            .chain(files)
        {
            assert_eq!(
                serde_json::to_string(&limit).unwrap(),
                format!("\"{}\"", limit.name())
            );
        }
    }
}
