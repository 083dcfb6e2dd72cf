//! `compact` and `reshard` against a list of tokens.

use ng_query::order::Order;
use ng_store::disk::sim::{SimDir, SimFs};
use ng_token::Token;
use proptest::prelude::*;

use super::{BLOCK, assert_zones, lengths, unwatched, workers};
use crate::reshape::testing::{
    add_rows, add_shard, add_tail, assert_no_leftovers, long_ago, new_shard, publish, rows_of,
    simulated, tokens,
};
use crate::shard::ShardOptions;
use crate::{CompactOptions, Dataset, Entry, ReshardOptions, Verb};

/// What a dataset is made of.
#[derive(Clone, Debug)]
enum Part {
    Shard(usize),
    /// Some rows of a file: how many are in front, how many count.
    Rows(usize, usize),
    Tail(usize),
}

fn part() -> impl Strategy<Value = Part> {
    let few = || prop_oneof![0..5_usize, 0..2 * BLOCK, Just(BLOCK), Just(2 * BLOCK)];
    prop_oneof![
        4 => few().prop_map(Part::Shard),
        2 => (0..BLOCK + 9, few()).prop_map(|(front, rows)| Part::Rows(front, rows)),
        1 => (0..BLOCK).prop_map(Part::Tail),
    ]
}

/// A dataset of some parts; the tokens of all, and those of sealed ones and of tails.
struct Made {
    dataset: Dataset<SimDir>,
    all: Vec<Token>,
    sealed: Vec<Token>,
    tails: Vec<Token>,
}

fn made(parts: &[Part]) -> Made {
    let mut made = Made {
        dataset: simulated(SimFs::new().dir()),
        all: Vec::new(),
        sealed: Vec::new(),
        tails: Vec::new(),
    };
    for (part, seed) in parts.iter().zip(1..) {
        let rows = match *part {
            Part::Shard(count) => {
                let rows = tokens(count, seed);
                add_shard(&made.dataset, &rows);
                rows
            }
            Part::Rows(front, count) => {
                let file = tokens(front + count + 3, seed);
                let (from, to) = (front, front + count);
                add_rows(&made.dataset, &file, from as u64..to as u64);
                file[from..to].to_vec()
            }
            Part::Tail(count) => {
                let rows = tokens(count, seed);
                drop(add_tail(&made.dataset, &rows));
                made.tails.extend_from_slice(&rows);
                made.all.extend_from_slice(&rows);
                continue;
            }
        };
        made.sealed.extend_from_slice(&rows);
        made.all.extend_from_slice(&rows);
    }
    made
}

/// The lengths of the runs of small neighbours that must be gone.
fn neighbours_fit(entries: &[Entry], target: u64, smaller_than: u64) -> bool {
    let small = |entry: &Entry| {
        let rows = entry.row_count().unwrap_or(u64::MAX);
        (rows < smaller_than).then_some(rows)
    };
    entries.windows(2).any(|pair| {
        let rows = small(&pair[0]).zip(small(&pair[1]));
        rows.is_some_and(|(left, right)| left + right <= target)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn compacted_shards_have_the_same_rows_in_the_same_order(
        parts in prop::collection::vec(part(), 0..9),
        target in 1..5 * BLOCK as u64,
        smaller_than in prop::option::of(0..3 * BLOCK as u64),
    ) {
        let made = made(&parts);
        let before = made.dataset.snapshot().unwrap();
        let mut options = CompactOptions::new().target(target);
        if let Some(tokens) = smaller_than {
            options = options.smaller_than(tokens);
        }
        let report = made.dataset.compact(&workers(), &options, unwatched).unwrap();
        let after = made.dataset.snapshot().unwrap();
        prop_assert!(rows_of(&after) == made.all);
        prop_assert!(rows_of(&before) == made.all);
        assert_zones(&after);
        let entries = &after.manifest().entries;
        let target = target.next_multiple_of(BLOCK as u64);
        prop_assert!(!neighbours_fit(entries, target, smaller_than.unwrap_or(target / 2)));
        prop_assert!(entries.iter().all(|entry| entry.row_count() != Some(0)));
        prop_assert_eq!(report.shards_before, before.shards().len() as u64);
        prop_assert_eq!(report.shards_after, after.shards().len() as u64);
        prop_assert_eq!(report.generation.is_some(), lengths(&before) != lengths(&after));
        prop_assert_eq!(report.generation.unwrap_or(before.manifest().generation), after.manifest().generation);
        let again = made.dataset.compact(&workers(), &options, unwatched).unwrap();
        prop_assert_eq!((again.generation, again.rows), (None, 0));
        assert_no_leftovers(&made.dataset);
    }

    #[test]
    fn resharded_shards_have_one_length_and_the_same_rows_in_the_same_order(
        parts in prop::collection::vec(part(), 0..9),
        by_count: bool,
        wanted in 1..6_u64,
    ) {
        let made = made(&parts);
        let before = made.dataset.snapshot().unwrap();
        let (options, length) = match by_count {
            true => {
                let length = made.sealed.len().div_ceil(wanted as usize);
                (ReshardOptions::shards(wanted), length)
            }
            false => {
                let length = wanted as usize * BLOCK - 7;
                (ReshardOptions::tokens(length as u64), length)
            }
        };
        let report = made.dataset.reshard(&workers(), &options, unwatched).unwrap();
        let after = made.dataset.snapshot().unwrap();
        prop_assert!(rows_of(&before) == made.all);
        assert_zones(&after);
        if report.generation.is_some() {
            prop_assert!(rows_of(&after) == [&made.sealed[..], &made.tails].concat());
        } else {
            prop_assert!(rows_of(&after) == made.all);
        }
        let sealed = after.shards().iter().filter(|shard| !shard.is_open());
        let found: Vec<u64> = sealed.map(crate::Shard::len).collect();
        let length = length.max(1).next_multiple_of(BLOCK);
        let expected: Vec<u64> = made.sealed.chunks(length).map(|rows| rows.len() as u64).collect();
        prop_assert_eq!(found, expected);
        let again = made.dataset.reshard(&workers(), &options, unwatched).unwrap();
        prop_assert_eq!((again.generation, again.rows), (None, 0));
        assert_no_leftovers(&made.dataset);
    }
}

#[test]
fn only_neighbours_are_put_together_and_the_large_stay() {
    let dataset = simulated(SimFs::new().dir());
    for (length, seed) in [10, 20, BLOCK, 30, 40, 50].into_iter().zip(1..) {
        add_shard(&dataset, &tokens(length, seed));
    }
    drop(add_tail(&dataset, &tokens(5, 7)));
    add_shard(&dataset, &tokens(60, 8));
    let before = dataset.snapshot().unwrap();
    let options = CompactOptions::new().target(2 * BLOCK as u64);
    let mut told = Vec::new();
    let told_to = std::sync::Mutex::new(&mut told);
    let watch = |done, total| told_to.lock().unwrap().push((done, total));
    let report = dataset.compact(&workers(), &options, watch).unwrap();
    let after = dataset.snapshot().unwrap();
    assert_eq!(lengths(&after), [30, BLOCK, 120, 5, 60]);
    let files = |snapshot: &crate::Snapshot<_>| {
        let shards = snapshot.shards().iter();
        shards.map(crate::Shard::file).collect::<Vec<_>>()
    };
    assert_eq!(files(&after)[1], files(&before)[2]);
    assert_eq!(files(&after)[3..], files(&before)[6..]);
    assert_eq!(
        (report.rows, report.shards_before, report.shards_after),
        (150, 8, 5)
    );
    assert!(report.bytes_written > 150 * 64, "{report:?}");
    assert_eq!(after.manifest().verb, Verb::Compact);
    assert_eq!(told.last(), Some(&(150, 150)));
}

#[test]
fn shards_that_fit_stay_when_others_are_cut_anew() {
    let dataset = simulated(SimFs::new().dir());
    for (length, seed) in [2 * BLOCK, BLOCK, BLOCK, 2 * BLOCK, 7].into_iter().zip(1..) {
        add_shard(&dataset, &tokens(length, seed));
    }
    let before = dataset.snapshot().unwrap();
    let options = ReshardOptions::tokens(2 * BLOCK as u64);
    let report = dataset.reshard(&workers(), &options, unwatched).unwrap();
    let after = dataset.snapshot().unwrap();
    let file = |snapshot: &crate::Snapshot<_>, shard: usize| snapshot.shards()[shard].file();
    assert_eq!(lengths(&after), [2 * BLOCK, 2 * BLOCK, 2 * BLOCK, 7]);
    for (new, old) in [(0, 0), (2, 3), (3, 4)] {
        assert_eq!(file(&after, new), file(&before, old));
    }
    assert_eq!(report.rows, 2 * BLOCK as u64);
    assert_eq!(after.manifest().verb, Verb::Reshard);
}

/// Adds a shard that tells when it was committed, and its order.
fn add_told(dataset: &Dataset<SimDir>, rows: &[Token], committed_ns: u64, order: Option<&str>) {
    let options = ShardOptions {
        committed_ns: Some(committed_ns),
        order: order.map(str::to_owned),
        ..ShardOptions::default()
    };
    let shard = new_shard(dataset, rows, options);
    publish(dataset, Verb::Append, |next| {
        next.entries.push(shard.entry.clone());
    });
}

#[test]
fn a_new_shard_is_as_young_as_the_youngest_of_its_parts() {
    let dataset = simulated(SimFs::new().dir());
    let times = [0, 5, 3].map(|later| long_ago() + later);
    for (time, seed) in times.into_iter().zip(1..) {
        add_told(&dataset, &tokens(9, seed), time, None);
    }
    dataset
        .compact(&workers(), &CompactOptions::new(), unwatched)
        .unwrap();
    let after = dataset.snapshot().unwrap();
    assert_eq!(lengths(&after), [27]);
    let sealed = after.shards()[0].sealed().unwrap();
    assert_eq!(sealed.committed_ns, times[1].max(times[2]).max(times[0]));
}

#[test]
fn an_order_stays_where_each_part_goes_on_with_it() {
    let time: Order = "timestamp".parse().unwrap();
    let mut sorted = tokens(300, 1);
    sorted.sort_by_key(|token| time.key(token));
    let by_time = Some("timestamp");
    for (parts, expected) in [
        ([(0..100, by_time), (100..300, by_time)], by_time),
        ([(100..300, by_time), (0..100, by_time)], None),
        ([(0..100, by_time), (100..300, None)], None),
        ([(0..100, by_time), (100..300, Some("id"))], None),
        ([(0..100, Some("none")), (100..300, Some("none"))], None),
    ] {
        let dataset = simulated(SimFs::new().dir());
        for (rows, order) in parts.clone() {
            add_told(&dataset, &sorted[rows], long_ago(), order);
        }
        dataset
            .compact(&workers(), &CompactOptions::new(), unwatched)
            .unwrap();
        let after = dataset.snapshot().unwrap();
        let sealed = after.shards()[0].sealed().unwrap();
        assert_eq!(sealed.order.as_deref(), expected, "{parts:?}");
    }
}
