//! Changes beside writers, retention, and other changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ng_parallel::{ParallelError, StopFlag};

use super::*;
use crate::testing::replace_shard;
use crate::{ChangeOptions, Conflict, CreateOptions};

/// Appends and rolls while changes are made: each token that was not deleted is there once.
fn check_with_a_writer<R: Dir + Send + Sync>(dataset: &Dataset<R>)
where
    R::File: Send + 'static,
{
    const BATCH: u32 = 150;
    let (first, writer) = add_tail(dataset, 0..0);
    let (mut tail, mut rolled) = ((first, writer), 0);
    let is_done = AtomicBool::new(false);
    let appended = thread::scope(|scope| {
        let appending = scope.spawn(|| {
            let mut next = 0;
            while !is_done.load(Ordering::Relaxed) || next < 20 * BATCH {
                append(&mut tail.1, next..next + BATCH);
                next += BATCH;
                if next % (4 * BATCH) == 0 {
                    // The next one first, as a writer does in one generation.
                    let new = add_tail(dataset, 0..0);
                    let old = std::mem::replace(&mut tail, new);
                    seal(dataset, old.0, old.1);
                    rolled += 1;
                }
            }
            next
        });
        let (workers, options) = (workers(), ChangeOptions::new());
        for round in 1..=12 {
            let set = set("timestamp = timestamp + 1");
            dataset
                .update(&workers, &filter("id < 5000"), &set, &options)
                .unwrap();
            let gone = filter(&format!("id = {}", round * 10));
            dataset.delete(&workers, &gone, &options).unwrap();
            let given = [Token::new(round * 10 + 1).with_timestamp(1_000_000)];
            let upserted = Token::new(round * 10 + 1);
            let is_there = tokens_of(dataset)
                .iter()
                .any(|token| token.id() == upserted.id());
            if is_there {
                dataset.upsert(&workers, given, &options).unwrap();
            }
        }
        is_done.store(true, Ordering::Relaxed);
        appending.join().unwrap()
    });
    assert!(rolled > 0);
    let options = ChangeOptions::new();
    let gone = filter("id in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120)");
    dataset.delete(&workers(), &gone, &options).unwrap();
    let ids: Vec<u32> = tokens_of(dataset)
        .iter()
        .map(|token| token.id().raw())
        .collect();
    let is_left = |id: &u32| *id == 0 || *id > 120 || id % 10 != 0;
    let expected: Vec<u32> = (0..appended).filter(is_left).collect();
    assert_eq!(ids, expected);
}

#[test]
fn what_a_writer_appends_and_rolls_meanwhile_is_there_once() {
    check_with_a_writer(&create_simulated(&SimFs::new()));
    let folder = tempfile::tempdir().unwrap();
    check_with_a_writer(&Dataset::create(folder.path(), &CreateOptions::new()).unwrap());
}

#[test]
fn rows_of_an_open_tail_are_rewritten_and_the_rest_is_left_to_its_writer() {
    let Four {
        dataset,
        files,
        mut writer,
        ..
    } = Four::new();
    let tail = files[3];
    let report = dataset
        .update(
            &workers(),
            &filter("id >= 7000"),
            &set("weight = 9"),
            &ChangeOptions::new(),
        )
        .unwrap();
    assert_eq!((report.changed, &report.files[..]), (300, &[tail][..]));
    let entries =
        |dataset: &Dataset<SimDir>| dataset.snapshot().unwrap().manifest().entries.clone();
    let after = entries(&dataset);
    assert_eq!(after.len(), 5);
    assert_eq!(after[3].row_count(), Some(300));
    assert_eq!(
        (after[4].file, after[4].rows.from, after[4].is_open()),
        (tail, 300, true)
    );
    append(&mut writer, 8000..8005);
    assert_eq!(tokens_of(&dataset).len(), 5615);
    // The whole tail was deleted, and its writer goes on.
    let all = filter("id >= 7000");
    let deleted = dataset
        .delete(&workers(), &all, &ChangeOptions::new())
        .unwrap();
    assert_eq!((deleted.deleted, deleted.shards_dropped), (305, 2));
    append(&mut writer, 8005..8006);
    seal(&dataset, tail, writer);
    assert_eq!(
        entries(&dataset)[3].rows,
        Rows {
            from: 305,
            to: Some(306)
        }
    );
    assert_eq!(tokens_of(&dataset).last(), Some(&Token::new(8005)));
}

/// Changes all rows of the first shard while `meanwhile` happens.
fn while_changing(
    four: &Four,
    options: &ChangeOptions,
    mut meanwhile: impl FnMut(&Four),
) -> Result<crate::ChangeReport, DatasetError> {
    let mut is_first = true;
    four.dataset
        .update_with(&workers(), &filter("id < 2000"), options, |tokens, _| {
            if std::mem::take(&mut is_first) {
                meanwhile(four);
            }
            tokens[0] = tokens[0].with_weight(3.0);
            Ok(())
        })
}

#[test]
fn rows_that_another_change_replaced_are_a_conflict() {
    for verb in [Verb::Sort, Verb::Compact, Verb::Delete] {
        let four = Four::new();
        let other = four.files[0];
        let error = while_changing(&four, &ChangeOptions::new(), |four| {
            drop_file(&four.dataset, other, verb);
        })
        .unwrap_err();
        let expected = Conflict::RowsReplaced { file: other };
        assert!(
            matches!(error, DatasetError::Conflict { what, .. } if what == expected),
            "{error:?}"
        );
        assert_eq!(files(&four.dataset).len(), 4);
    }
    let four = Four::new();
    let replaced = while_changing(&four, &ChangeOptions::new(), |four| {
        replace_shard(&four.dataset, four.files[0], 0..3).unwrap();
    });
    assert!(
        matches!(replaced, Err(DatasetError::Conflict { .. })),
        "{replaced:?}"
    );
    assert_eq!(files(&four.dataset).len(), 5);
    assert_eq!(tokens_of(&four.dataset)[..3], [0, 1, 2].map(Token::new));
}

#[test]
fn rows_that_retention_dropped_meanwhile_are_gone_and_the_others_change() {
    let four = Four::new();
    let report = while_changing(&four, &ChangeOptions::new(), |four| {
        drop_file(&four.dataset, four.files[0], Verb::Retain);
    })
    .unwrap();
    assert_eq!((report.shards_rewritten, report.shards_retired), (2, 1));
    // The second shard and its new one, but not that of the first.
    assert_eq!(files(&four.dataset).len(), 5);
    let tokens = tokens_of(&four.dataset);
    assert_eq!((tokens[0].id().raw(), tokens[0].weight()), (1100, 3.0));
    assert_eq!(tokens.len(), 5110);

    let four = Four::new();
    let report = while_changing(&four, &ChangeOptions::new(), |four| {
        drop_file(&four.dataset, four.files[0], Verb::Retain);
        drop_file(&four.dataset, four.files[1], Verb::Retain);
    })
    .unwrap();
    assert_eq!((report.generation, report.shards_retired), (None, 2));
    assert_eq!(files(&four.dataset).len(), 4);
}

#[test]
fn a_change_of_one_generation_is_refused_on_another() {
    let four = Four::new();
    let newest = *four.dataset.generations().unwrap().last().unwrap();
    let stale = ChangeOptions::new().base(newest - 1);
    let expected = |generation| Conflict::NotNewest { generation };
    let refused = four.dataset.delete(&workers(), &Filter::All, &stale);
    assert!(
        matches!(&refused, Err(DatasetError::Conflict { what, .. }) if *what == expected(newest - 1)),
        "{refused:?}"
    );
    let options = ChangeOptions::new().base(newest);
    let overtaken = while_changing(&four, &options, |four| {
        add(&four.dataset, &varied(0..1), 0..1);
    });
    assert!(
        matches!(&overtaken, Err(DatasetError::Conflict { what, .. }) if *what == expected(newest)),
        "{overtaken:?}"
    );
    assert_eq!(files(&four.dataset).len(), 5);
    let options = ChangeOptions::new().base(newest + 1);
    assert!(while_changing(&four, &options, |_| ()).is_ok());
}

#[test]
fn one_change_is_made_at_a_time() {
    let four = Four::new();
    let done = while_changing(&four, &ChangeOptions::new(), |four| {
        // Another process.
        let other = crate::testing::open_simulated(&four.fs).unwrap();
        let options = ChangeOptions::new();
        let refused = other.delete(&workers(), &Filter::All, &options);
        assert!(
            matches!(refused, Err(DatasetError::Locked { .. })),
            "{refused:?}"
        );
        let counted = other.delete(&workers(), &Filter::All, &options.dry_run(true));
        assert_eq!(counted.unwrap().deleted, 5610);
    });
    assert!(done.is_ok());
}

/// An end that publishes nothing leaves no file and no lock.
fn check_end(end: impl FnOnce(&Four)) {
    let four = Four::new();
    let (tokens, names) = (tokens_of(&four.dataset), files(&four.dataset));
    end(&four);
    assert_eq!(tokens_of(&four.dataset), tokens);
    assert_eq!(files(&four.dataset), names);
    let next = while_changing(&four, &ChangeOptions::new(), |_| ());
    assert!(next.unwrap().generation.is_some());
}

/// Changes a token of each block, and fails in the second shard.
fn fail_in_the_second<E: From<DatasetError>>(four: &Four, fail: impl Fn() -> E) -> Option<E> {
    let mut calls = 0;
    let change = |tokens: &mut [Token], _: &[u64]| {
        tokens[0] = tokens[0].with_weight(3.0);
        calls += 1;
        match calls {
            3 => Err(fail()),
            _ => Ok(()),
        }
    };
    let dataset = &four.dataset;
    let done = dataset.update_with(&workers(), &Filter::All, &ChangeOptions::new(), change);
    done.err()
}

#[test]
fn a_closure_that_fails_or_panics_leaves_nothing() {
    #[derive(Debug)]
    struct Own;
    impl From<DatasetError> for Own {
        fn from(error: DatasetError) -> Self {
            panic!("{error}")
        }
    }
    check_end(|four| assert!(fail_in_the_second(four, || Own).is_some()));
    check_end(|four| {
        let failing = AssertUnwindSafe(|| {
            fail_in_the_second::<DatasetError>(four, || panic!("on purpose"));
        });
        assert!(catch_unwind(failing).is_err());
    });
}

#[test]
fn a_value_that_its_column_cannot_store_is_told_with_its_position() {
    check_end(|four| {
        let error = four
            .dataset
            .update(
                &workers(),
                &Filter::All,
                &set("timestamp = timestamp * 0 + position - 600"),
                &ChangeOptions::new(),
            )
            .unwrap_err();
        assert!(matches!(error, DatasetError::Assign(_)), "{error:?}");
        assert!(error.to_string().starts_with("position 0: "), "{error}");
    });
}

#[test]
fn a_stop_flag_ends_a_change_with_nothing_published() {
    check_end(|four| {
        let stop = StopFlag::new();
        let stopped = four.dataset.update_with(
            &workers().with_stop_flag(stop.clone()),
            &filter("id < 2000"),
            &ChangeOptions::new(),
            |tokens, _| {
                tokens[0] = tokens[0].with_weight(3.0);
                stop.stop();
                Ok::<_, DatasetError>(())
            },
        );
        assert!(
            matches!(
                stopped,
                Err(DatasetError::Parallel(ParallelError::Stopped { .. }))
            ),
            "{stopped:?}"
        );
    });
}
