//! A stream into a dataset, through rolls, and a thread that follows it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ng_dataset::{
    CreateOptions, Dataset, FollowOptions, Followed, Follower, Roll, Writer, WriterOptions,
};
use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_store::BLOCK_TOKENS;

use crate::proof::Pieces;
use crate::scenarios::dataset::{disk_bytes_of, shard_tokens};
use crate::scenarios::file::cache_bytes_of;
use crate::scenarios::fill::{bytes_of, token};

const FAST: &str = "fast";
const PACED: &str = "paced";

/// Tokens that arrive in a second in [`PACED`]: 64 MB.
const RATE: u64 = 1_000_000;
/// Tokens of an arrival, each of which is committed: one of this many parts, but at most
/// 4 MiB.
const ARRIVALS: u64 = 100;
const ARRIVAL_MOST_TOKENS: u64 = 65_536;
/// Tails that are filled.
const SHARDS: u64 = 5;

/// The percentiles of the delays that are phases.
const DELAYS: [(&str, f64); 3] = [("delay_p50", 0.5), ("delay_p90", 0.9), ("delay_p99", 0.99)];
/// How long the follower waits before it looks whether the writer has failed.
const PATIENCE: Duration = Duration::from_millis(100);

/// Streaming.
pub(super) struct Stream;

impl Scenario for Stream {
    fn name(&self) -> &'static str {
        "stream"
    }

    fn about(&self) -> &'static str {
        "tokens appended to a dataset through four rolls in a hundred commits, as fast as it goes \
         or 1M a second at fixed times; and how much later a thread that follows has them"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        let variants = [FAST, PACED].into_iter();
        variants
            .map(|name| Variant::new(name).pages(Pages::Small))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("append").variant(FAST)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cache_bytes_of(cell.items)
    }

    /// A tail grows by an eighth, and the next one is made ahead.
    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        let shard = shard_tokens(cell.items, SHARDS);
        disk_bytes_of(cell.items, SHARDS) + bytes_of(shard) / 4
    }

    fn uncounted(&self, _cell: &Cell) -> Option<String> {
        Some("a thread seals, and one follows: they wait differently each time".to_owned())
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let arrivals = Arrivals::of(cell)?;
        let path = run.dir()?.join("tokens.ngd");
        let dataset = Dataset::create(path, &CreateOptions::new())?;
        let roll = Roll {
            tokens: Some(shard_tokens(cell.items, SHARDS)),
            ..Roll::default()
        };
        let writer = dataset.writer(&WriterOptions::new().roll(roll))?;
        let follower = dataset.follow(&FollowOptions::new().until_closed(true))?;
        let told = streamed(run, writer, follower, &arrivals)?;
        for (name, share) in DELAYS {
            let delay = percentile(&told.delays, share);
            run.phase(name, arrivals.tokens).constant().took(delay);
        }
        prove(run, &dataset, told, cell.items)
    }
}

/// Counts and digests of both sides.
fn prove(run: &mut Run, dataset: &Dataset, told: Told, count: u64) -> Result<(), Failure> {
    let snapshot = dataset.snapshot()?;
    let shard = shard_tokens(count, SHARDS).next_multiple_of(BLOCK_TOKENS as u64);
    let shards = snapshot.shards().len() as u64;
    run.prove_equal("shards", shards, count.div_ceil(shard))?;
    let mut kept = Pieces::default();
    snapshot.for_each(0..snapshot.len(), |_, tokens| -> Result<(), Failure> {
        kept.add(tokens);
        Ok(())
    })?;
    let digests = [told.pieces.digest(), kept.digest()];
    run.prove("told_digest", digests[0].clone());
    kept.prove(run, count)?;
    run.prove_equal("told", told.position, count)?;
    match digests {
        [told, kept] if told == kept => Ok(()),
        [told, kept] => Err(format!("{told} was followed, expected {kept}").into()),
    }
}

/// When tokens arrive.
struct Arrivals {
    count: u64,
    /// Tokens of an arrival; the last one may have fewer.
    tokens: u64,
    /// The time between two; none if they arrive as fast as they are taken.
    every: Option<Duration>,
    epoch: Instant,
    /// When each was due, in nanoseconds since the epoch.
    due_ns: Vec<AtomicU64>,
    /// Whether no more will come.
    has_failed: AtomicBool,
}

impl Arrivals {
    fn of(cell: &Cell) -> Result<Self, Failure> {
        let tokens = (cell.items / ARRIVALS).clamp(1, ARRIVAL_MOST_TOKENS);
        let every = match cell.variant.name.as_str() {
            FAST => None,
            PACED => Some(Duration::from_nanos(tokens * 1_000_000_000 / RATE)),
            other => return Err(format!("stream has no variant {other}").into()),
        };
        let arrivals = 0..cell.items.div_ceil(tokens);
        Ok(Self {
            count: cell.items,
            tokens,
            every,
            epoch: Instant::now(),
            due_ns: arrivals.map(|_| AtomicU64::new(0)).collect(),
            has_failed: AtomicBool::new(false),
        })
    }

    /// Appends and commits each arrival when it is due, whether or not the one before was in
    /// time.
    fn append(&self, mut writer: Writer) -> Result<(), Failure> {
        let start = self.epoch.elapsed();
        for (number, due_ns) in self.due_ns.iter().enumerate() {
            let due = match self.every {
                Some(every) => start + every * number as u32,
                None => self.epoch.elapsed(),
            };
            due_ns.store(due.as_nanos() as u64, Ordering::Release);
            thread::sleep(due.saturating_sub(self.epoch.elapsed()));
            let first = number as u64 * self.tokens;
            let tokens = self.tokens.min(self.count - first) as usize;
            writer.append_with(tokens, |index| token(first as usize + index))?;
            writer.commit()?;
        }
        writer.close()?;
        Ok(())
    }

    /// How long ago an arrival was due.
    fn delay(&self, number: usize) -> Duration {
        let due = Duration::from_nanos(self.due_ns[number].load(Ordering::Acquire));
        self.epoch.elapsed().saturating_sub(due)
    }
}

/// Times the appends while a thread follows.
fn streamed(
    run: &mut Run,
    writer: Writer,
    follower: Follower,
    arrivals: &Arrivals,
) -> Result<Told, Failure> {
    let phase = run.phase("append", arrivals.count).bounded_by(
        Limit::DurableWrite,
        1,
        bytes_of(arrivals.count),
    );
    thread::scope(|scope| {
        let following = scope.spawn(|| Told::by(follower, arrivals));
        let appended = phase.time(|| arrivals.append(writer));
        arrivals
            .has_failed
            .store(appended.is_err(), Ordering::Release);
        let told = following.join().map_err(|_| "the follower panicked")?;
        appended.and(told)
    })
}

/// What the follower was told.
#[derive(Default)]
struct Told {
    pieces: Pieces,
    position: u64,
    /// How much later than it was due each arrival was told to its end.
    delays: Vec<Duration>,
}

impl Told {
    fn by(mut follower: Follower, arrivals: &Arrivals) -> Result<Self, Failure> {
        let mut told = Self::default();
        loop {
            match follower.next(PATIENCE)? {
                Followed::Tokens(batch) => {
                    told.pieces.add(batch.tokens);
                    told.position += batch.tokens.len() as u64;
                    told.note(arrivals);
                }
                Followed::Closed => return Ok(told),
                Followed::Nothing if arrivals.has_failed.load(Ordering::Acquire) => {
                    return Err("the writer failed".into());
                }
                Followed::Nothing => {}
                other => return Err(format!("{other:?} where nothing is dropped").into()),
            }
        }
    }

    fn note(&mut self, arrivals: &Arrivals) {
        let is_whole = |number: usize| {
            let end = (number as u64 + 1) * arrivals.tokens;
            end.min(arrivals.count) <= self.position
        };
        let whole = self.delays.len()..arrivals.due_ns.len();
        let whole = whole.take_while(|number| is_whole(*number));
        let delays: Vec<Duration> = whole.map(|number| arrivals.delay(number)).collect();
        self.delays.extend(delays);
    }
}

/// The least delay that `share` of all do not exceed.
fn percentile(delays: &[Duration], share: f64) -> Duration {
    let mut sorted = delays.to_vec();
    sorted.sort_unstable();
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let at = rank.max(1) - 1;
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(count: u64, name: &str) -> Arrivals {
        let cell = Cell {
            scenario: "stream".to_owned(),
            variant: Variant::new(name),
            items: count,
        };
        Arrivals::of(&cell).unwrap()
    }

    #[test]
    fn percentiles_are_delays_that_were_seen() {
        let delays: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        for (share, expected) in [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)] {
            let expected = Duration::from_millis(expected);
            assert_eq!(percentile(&delays, share), expected, "{share}");
        }
        assert_eq!(percentile(&delays[..1], 0.99), Duration::from_millis(100));
    }

    #[test]
    fn a_million_tokens_arrive_in_a_second() {
        let arrivals = arrivals(1_000_000, PACED);
        let every = arrivals.every.unwrap();
        assert_eq!(every * arrivals.due_ns.len() as u32, Duration::from_secs(1));
    }

    #[test]
    fn an_arrival_counts_once_all_of_it_was_told() {
        let arrivals = arrivals(1_000, FAST);
        let mut told = Told::default();
        for (position, whole) in [(9, 0), (10, 1), (39, 3), (1000, 100)] {
            told.position = position;
            told.note(&arrivals);
            assert_eq!(told.delays.len(), whole, "{position}");
        }
    }
}
