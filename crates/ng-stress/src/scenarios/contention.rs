//! The time of a test while other tests run: two of the seed's six tests, each alone and
//! alongside the other five.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use ng_lab::{Cell, Failure, Limit, Pages, Run, Scenario, Variant};
use ng_token::Token;

use crate::oracle::id_sum;
use crate::proof::{prove_chunks, sum_ids};
use crate::scenarios::fill::bytes_of;
use crate::scenarios::stamped::{pushed_stamped, stamped, stamped_chunks, take_times};

/// Threads of the seed's parallel test.
const SEED_THREADS: usize = 4;
/// Distance of the strided reads, which the seed called random.
const STRIDE: usize = 10;
/// The most copies of the tokens that all six hold at once: a growing vector holds three,
/// the test with the clone two, the others one each.
const COPIES_AT_ONCE: u64 = 3 + 2 + 4;

/// The vectors that a test made.
type Made = Vec<Vec<Token>>;

/// One of the seed's tests.
struct Test {
    name: &'static str,
    body: fn(usize) -> Result<Made, Failure>,
    /// How many copies of every token it makes.
    copies: u64,
}

const CREATE: Test = test("create", |count| Ok(vec![pushed_stamped(0..count)]));
const PARALLEL: Test = test("parallel", |count| stamped_chunks(count, SEED_THREADS));

const TESTS: [Test; 6] = [
    CREATE,
    test("allocation", allocation),
    PARALLEL,
    test("access", access),
    test("footprint", |count| Ok(vec![pushed_stamped(0..count)])),
    Test {
        copies: 2,
        ..test("combined", combined)
    },
];

/// The timed tests, whose times the seed divides, with the threads that share their work.
const TIMED: [(&Test, usize); 2] = [(&CREATE, 1), (&PARALLEL, SEED_THREADS)];

const fn test(name: &'static str, body: fn(usize) -> Result<Made, Failure>) -> Test {
    Test {
        name,
        body,
        copies: 1,
    }
}

/// The seed's tests, alone and at once.
pub(super) struct Contention;

impl Scenario for Contention {
    fn name(&self) -> &'static str {
        "contention"
    }

    fn about(&self) -> &'static str {
        "two of the seed's six tests, each alone, and alongside the other five"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![
            Variant::new("alone").pages(Pages::Small),
            Variant::new("six-at-once").pages(Pages::Small),
        ]
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items) * COPIES_AT_ONCE
    }

    fn uncounted(&self, cell: &Cell) -> Option<String> {
        let beside = cell.variant.name != "alone";
        beside.then(|| "concurrent tests do a different amount of work each time".to_owned())
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let beside = cell.variant.name != "alone";
        for (timed, threads) in TIMED {
            let others = TESTS
                .iter()
                .filter(|test| beside && test.name != timed.name);
            let others: Vec<&Test> = others.collect();
            // Clock reads of one thread: the limit is measured on one.
            let reads = cell.items.div_ceil(threads as u64);
            let phase = run
                .phase(timed.name, cell.items)
                .bounded_by(Limit::ClockRead, 1, reads);
            let made = with_others(&others, cell.items, || {
                phase.time(|| (timed.body)(cell.items as usize))
            })?;
            prove(run, made, cell.items)?;
        }
        Ok(())
    }
}

/// Proves the tokens without their times, which differ from run to run.
fn prove(run: &mut Run, mut made: Made, count: u64) -> Result<(), Failure> {
    made.iter_mut().for_each(|tokens| take_times(tokens));
    prove_chunks(run, made, count)
}

impl Test {
    fn check(&self, made: &Made, count: u64) -> Result<(), Failure> {
        let sums = made.iter().map(|tokens| sum_ids(tokens));
        let found = sums.fold(0, u64::wrapping_add);
        let expected = id_sum(count).wrapping_mul(self.copies);
        if found == expected {
            return Ok(());
        }
        let name = self.name;
        Err(format!("the ids of test {name} sum to {found}, expected {expected}").into())
    }
}

/// Does `work` on this thread while each of `others` runs once on its own thread.
fn with_others<R>(
    others: &[&Test],
    count: u64,
    work: impl FnOnce() -> Result<R, Failure>,
) -> Result<R, Failure> {
    let start = Barrier::new(others.len() + 1);
    thread::scope(|scope| {
        let beside: Vec<_> = others
            .iter()
            .map(|test| {
                scope.spawn(|| {
                    start.wait();
                    test.check(&(test.body)(count as usize)?, count)
                })
            })
            .collect();
        start.wait();
        let done = work();
        for thread in beside {
            thread.join().map_err(|_| "a thread beside panicked")??;
        }
        done
    })
}

/// Without capacity, then with it.
fn allocation(count: usize) -> Result<Made, Failure> {
    // The first half measures growth.
    #[allow(clippy::vec_init_then_push)]
    let mut grown = Vec::new();
    for index in 0..count {
        grown.push(stamped(index));
    }
    drop(black_box(grown));
    Ok(vec![pushed_stamped(0..count)])
}

/// In order, then in strides of ten.
fn access(count: usize) -> Result<Made, Failure> {
    let tokens = pushed_stamped(0..count);
    black_box(sum_ids(&tokens));
    let strided = tokens.iter().step_by(STRIDE);
    let ids = strided.map(|token| u64::from(token.id().raw()));
    black_box(ids.fold(0, u64::wrapping_add));
    Ok(vec![tokens])
}

/// Create, access, clone.
fn combined(count: usize) -> Result<Made, Failure> {
    let tokens = pushed_stamped(0..count);
    black_box(sum_ids(&tokens));
    let copy = tokens.clone();
    Ok(vec![tokens, copy])
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 100;

    #[test]
    fn the_other_tests_run_at_the_same_time() {
        // No thread gets through alone.
        static MET: Barrier = Barrier::new(3);
        let waiting = test("waiting", |count| {
            MET.wait();
            Ok(vec![pushed_stamped(0..count)])
        });
        let done = with_others(&[&waiting, &waiting], COUNT, || {
            MET.wait();
            Ok(7)
        });
        assert_eq!(done.unwrap(), 7);
    }

    #[test]
    fn work_not_done_by_the_others_fails_the_cell() {
        for (body, expected) in [
            (
                (|count| Ok(vec![pushed_stamped(2..count)])) as fn(usize) -> _,
                "the ids of test bad sum to 4949, expected 4950",
            ),
            (|_| Err("no room".into()), "no room"),
            (|_| panic!("on purpose"), "a thread beside panicked"),
        ] {
            let bad = test("bad", body);
            let good = test("good", |count| Ok(vec![pushed_stamped(0..count)]));
            let error = with_others(&[&good, &bad], COUNT, || Ok(())).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn every_test_makes_as_many_copies_as_it_says() {
        for test in &TESTS {
            let made = (test.body)(COUNT as usize).unwrap();
            let tokens: usize = made.iter().map(Vec::len).sum();
            assert_eq!(tokens as u64, COUNT * test.copies, "{}", test.name);
            test.check(&made, COUNT).unwrap();
        }
    }
}
