//! Builders and readers at the same time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use ng_query::Column;
use ng_query::index::{BuildOptions, IndexError, remove};
use ng_token::Space;

use crate::amount::{count, scale};
use crate::fixture::{Oracle, Place, tell_answers, tokens};

const COLUMNS: [Column; 2] = [Column::Weight, Column::Id];

#[test]
fn one_of_two_builders_builds_and_readers_never_wait() {
    let place = Place::of(3 * 4096);
    let oracle = Oracle::new(&tokens(0, 3 * 4096), &COLUMNS, &[Space::Motor]);
    let options = BuildOptions::new()
        .columns(COLUMNS)
        .boxes([Space::Motor])
        .ids(true)
        .rebuild(true);
    place.build(&options);
    let (builds, locked, looks) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let is_over = AtomicBool::new(false);
    let rounds = 30 * scale();
    thread::scope(|scope| {
        let builder = || {
            for _ in 0..rounds {
                match place.try_build(&options) {
                    Ok(_) => builds.fetch_add(1, Ordering::Relaxed),
                    Err(IndexError::Locked { .. }) => locked.fetch_add(1, Ordering::Relaxed),
                    Err(error) => panic!("{error}"),
                };
            }
        };
        let reader = || {
            while !is_over.load(Ordering::Relaxed) {
                // There is always an index, and its answers are right.
                oracle.check(&place.load().unwrap());
                looks.fetch_add(1, Ordering::Relaxed);
            }
        };
        let builders = [scope.spawn(builder), scope.spawn(builder)];
        scope.spawn(reader);
        for builder in builders {
            builder.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let [builds, locked, looks] = [builds, locked, looks].map(AtomicU64::into_inner);
    assert_eq!(builds + locked, 2 * rounds);
    assert!(builds >= rounds);
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
    count("index: builds beside another builder", builds);
    count("index: builders that found it locked", locked);
    count("index: looks while it was built", looks);
    tell_answers();
}

/// The lock is in the folder that is removed.
#[test]
fn an_index_that_is_removed_while_others_build_it_is_whole_or_gone() {
    let place = Place::of(2 * 4096);
    let oracle = Oracle::new(&tokens(0, 2 * 4096), &COLUMNS, &[]);
    let options = BuildOptions::new().columns(COLUMNS).ids(true);
    thread::scope(|scope| {
        let builder = || {
            for _ in 0..30 * scale() {
                match place.try_build(&options) {
                    Ok(_) | Err(IndexError::Locked { .. }) => (),
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let remover = || {
            for _ in 0..30 * scale() {
                match remove(&place.file()) {
                    Ok(_) | Err(IndexError::Locked { .. }) => (),
                    Err(error) => panic!("{error}"),
                }
                if let Some(index) = place.load() {
                    oracle.check(&index);
                }
            }
        };
        scope.spawn(builder);
        scope.spawn(builder);
        scope.spawn(remover);
    });
    place.build(&options);
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
}
