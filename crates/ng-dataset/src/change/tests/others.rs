//! Changes beside writers, retention, and other changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use ng_parallel::{ParallelError, StopFlag};
use ng_query::Matcher;

use super::*;
use crate::change::{Edit, Tally};
use crate::testing::replace_shard;
use crate::{ChangeOptions, Conflict, CreateOptions, Retention, Roll, WriterOptions};

/// Appends tokens with ascending ids, and rolls, while `change` is called a number of times; returns
/// how many tokens there were.
fn with_a_writer<R>(
    dataset: &Dataset<R>,
    options: &WriterOptions,
    rounds: u32,
    mut change: impl FnMut(u32),
) -> u32
where
    R: Dir + Send + Sync + 'static,
    R::File: Send,
{
    const BATCH: u32 = 500;
    // However slow changes are, they do not have ever more rows to change.
    let batches = |round: u32| BATCH * (30 + 2 * round);
    let mut writer = dataset.writer(options).unwrap();
    let (is_done, reached) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        let appending = scope.spawn(|| {
            let mut next = 0;
            while !is_done.load(Ordering::Relaxed) || next < batches(0) {
                if next >= batches(reached.load(Ordering::Relaxed)) {
                    thread::yield_now();
                    continue;
                }
                let tokens: Vec<Token> = (next..next + BATCH).map(Token::new).collect();
                writer.append(&tokens).unwrap();
                writer.commit().unwrap();
                next += BATCH;
            }
            writer.close().unwrap();
            next
        });
        for round in 1..=rounds {
            change(round);
            reached.store(round, Ordering::Relaxed);
        }
        is_done.store(true, Ordering::Relaxed);
        appending.join().unwrap()
    })
}

fn rolling() -> WriterOptions {
    WriterOptions::new().roll(Roll {
        tokens: Some(4096),
        ..Roll::default()
    })
}

fn ids_of<R: Dir>(dataset: &Dataset<R>) -> Vec<u32> {
    let tokens = tokens_of(dataset);
    tokens.iter().map(|token| token.id().raw()).collect()
}

fn check_with_a_writer<R>(dataset: &Dataset<R>)
where
    R: Dir + Send + Sync + 'static,
    R::File: ng_store::disk::Followed + Send,
{
    let (workers, options) = (workers(), ChangeOptions::new());
    let appended = with_a_writer(dataset, &rolling(), 12, |round| {
        let set = set("timestamp = timestamp + 1");
        let filter = filter("id < 5000 or id >= 9000");
        dataset.update(&workers, &filter, &set, &options).unwrap();
        let gone = super::filter(&format!("id = {}", round * 10));
        dataset.delete(&workers, &gone, &options).unwrap();
        let given = Token::new(round * 10 + 1).with_timestamp(1_000_000);
        if ids_of(dataset).contains(&given.id().raw()) {
            dataset.upsert(&workers, [given], &options).unwrap();
        }
    });
    let gone = filter("id in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120)");
    dataset.delete(&workers, &gone, &options).unwrap();
    let is_left = |id: &u32| *id == 0 || *id > 120 || !id.is_multiple_of(10);
    let expected: Vec<u32> = (0..appended).filter(is_left).collect();
    assert!(ids_of(dataset) == expected);
}

#[test]
fn what_a_writer_appends_and_rolls_meanwhile_is_there_once() {
    check_with_a_writer(&create_simulated(&SimFs::new()));
    let folder = tempfile::tempdir().unwrap();
    check_with_a_writer(&Dataset::create(folder.path(), &CreateOptions::new()).unwrap());
}

#[test]
fn retention_drops_shards_beside_changes_without_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
    let (workers, options) = (workers(), ChangeOptions::new());
    let retained = rolling().retain(Retention::Shards(2));
    let appended = with_a_writer(&dataset, &retained, 30, |_| {
        let set = set("timestamp = timestamp + 1");
        let done = dataset.update(&workers, &Filter::All, &set, &options);
        done.unwrap();
    });
    let ids = ids_of(&dataset);
    let expected: Vec<u32> = (ids[0]..appended).collect();
    assert!(ids == expected && ids[0] > 0, "{} of {appended}", ids.len());
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

/// The new shard took over an order that the repair had cleared.
#[test]
fn a_shard_that_a_repair_corrected_meanwhile_is_a_conflict() {
    let four = Four::new();
    let file = four.files[0];
    let error = while_changing(&four, &ChangeOptions::new(), |four| {
        let correct = |_: &_, next: &mut crate::Manifest| {
            let entry = next.entries.iter_mut().find(|entry| entry.file == file);
            entry.unwrap().sealed.as_mut().unwrap().bytes += 64;
            Ok(true)
        };
        four.dataset.place().change(Verb::Repair, correct).unwrap();
    })
    .unwrap_err();
    let expected = Conflict::ShardCorrected { file };
    assert!(
        matches!(error, DatasetError::Conflict { what, .. } if what == expected),
        "{error:?}"
    );
    assert_eq!(files(&four.dataset).len(), 4);
}

#[test]
fn rows_that_retention_dropped_meanwhile_are_gone_and_the_others_change() {
    // A roll that drops shards appends.
    for verb in [Verb::Retain, Verb::Append] {
        let four = Four::new();
        let report = while_changing(&four, &ChangeOptions::new(), |four| {
            drop_file(&four.dataset, four.files[0], verb);
        })
        .unwrap();
        assert_eq!((report.shards_rewritten, report.shards_retired), (2, 1));
        // The second shard and its new one, but not that of the first.
        assert_eq!(files(&four.dataset).len(), 5);
        let tokens = tokens_of(&four.dataset);
        assert_eq!((tokens[0].id().raw(), tokens[0].weight()), (1100, 3.0));
        assert_eq!(tokens.len(), 5110);
    }

    let four = Four::new();
    let report = while_changing(&four, &ChangeOptions::new(), |four| {
        drop_file(&four.dataset, four.files[0], Verb::Retain);
        drop_file(&four.dataset, four.files[1], Verb::Retain);
    })
    .unwrap();
    assert_eq!((report.generation, report.shards_retired), (None, 2));
    assert_eq!(files(&four.dataset).len(), 4);

    // A change of other rows meanwhile: nobody can tell by whom these went.
    let four = Four::new();
    let error = while_changing(&four, &ChangeOptions::new(), |four| {
        replace_shard(&four.dataset, four.files[2], 0..3).unwrap();
        drop_file(&four.dataset, four.files[0], Verb::Retain);
    })
    .unwrap_err();
    assert!(matches!(error, DatasetError::Conflict { .. }), "{error:?}");
}

/// Adds a row, as an upsert does, after something else was done.
struct AddAfter<F> {
    meanwhile: Option<F>,
    none: Matcher,
}

impl<F: FnOnce()> Edit for AddAfter<F> {
    type Error = DatasetError;

    const KEEPS_COUNT: bool = true;

    fn matcher(&self) -> &Matcher {
        &self.none
    }

    fn edit(&mut self, _: &mut Vec<Token>, _: u64) -> Result<Tally, DatasetError> {
        Ok(Tally::default())
    }

    fn keeps_order(&self, _: &str) -> bool {
        true
    }

    fn added(&mut self) -> Vec<Token> {
        self.meanwhile
            .take()
            .into_iter()
            .for_each(|meanwhile| meanwhile());
        vec![Token::new(90)]
    }
}

#[test]
fn an_id_is_not_added_beside_one_that_another_change_may_have_added() {
    type Meanwhile = fn(&Four);
    let replace: Meanwhile = |four| drop(replace_shard(&four.dataset, four.files[2], 0..3));
    let append: Meanwhile = |four| {
        add(&four.dataset, &varied(0..3), 0..3);
    };
    for (meanwhile, is_added) in [(replace, false), (append, true)] {
        let four = Four::new();
        let edit = AddAfter {
            meanwhile: Some(|| meanwhile(&four)),
            none: Matcher::of_ids([]),
        };
        let options = ChangeOptions::new();
        let done = four
            .dataset
            .change(Verb::Upsert, &workers(), &options, edit);
        match is_added {
            true => assert_eq!(done.unwrap().added, 1),
            false => assert!(
                matches!(done, Err(DatasetError::Conflict { .. })),
                "{done:?}"
            ),
        }
        assert_eq!(files(&four.dataset).len(), 5 + usize::from(is_added));
    }
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
