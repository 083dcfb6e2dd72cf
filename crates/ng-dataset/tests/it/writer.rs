use std::fs;
use std::path::Path;
use std::time::Duration;

use ng_dataset::ng_parallel::Workers;
use ng_dataset::ng_store::{BLOCK_TOKENS, TokenSink, WriteError};
use ng_dataset::ng_token::Token;
use ng_dataset::{
    CommitEvery, CreateOptions, Dataset, DatasetError, Retention, Roll, Verb, VerifyOptions,
    WriterOptions,
};

const BLOCK: usize = BLOCK_TOKENS;

fn dataset(folder: &Path) -> Dataset {
    Dataset::create(folder.join("tokens.ngd"), &CreateOptions::new()).unwrap()
}

fn rolling(tokens: usize) -> WriterOptions {
    WriterOptions::new().roll(Roll {
        tokens: Some(tokens as u64),
        ..Roll::default()
    })
}

fn tokens(ids: std::ops::Range<u32>) -> Vec<Token> {
    ids.map(Token::new).collect()
}

fn ids(dataset: &Dataset) -> Vec<u32> {
    let snapshot = dataset.snapshot().unwrap();
    assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
    let mut ids = Vec::new();
    snapshot
        .for_each(0..snapshot.len(), |_, tokens| {
            ids.extend(tokens.iter().map(|token| token.id().raw()));
            Ok::<_, DatasetError>(())
        })
        .unwrap();
    ids
}

fn expect_ids(dataset: &Dataset, count: u32) {
    assert!(ids(dataset).into_iter().eq(0..count));
}

/// The rows of each shard, `None` for an open tail.
fn rows(dataset: &Dataset) -> Vec<Option<u64>> {
    let snapshot = dataset.snapshot().unwrap();
    let entries = &snapshot.manifest().entries;
    entries.iter().map(ng_dataset::Entry::row_count).collect()
}

#[test]
fn what_is_committed_is_seen_at_once_and_what_is_not_never() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..5000)).unwrap();
    assert_eq!(
        (writer.appended_tokens(), writer.committed_tokens()),
        (5000, 0)
    );
    expect_ids(&dataset, 0);
    writer.commit().unwrap();
    assert_eq!(writer.committed_tokens(), 5000);
    expect_ids(&dataset, 5000);
    writer.append(&tokens(5000..5001)).unwrap();
    expect_ids(&dataset, 5000);
    assert_eq!(writer.generation(), 1);
    assert_eq!(rows(&dataset), [None]);
}

#[test]
fn a_tail_is_full_at_whole_blocks_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK + 1)).unwrap();
    let mut next = 0;
    for count in [1, 100, 8191, 8192, 8193, 30_000, 3] {
        writer.append(&tokens(next..next + count)).unwrap();
        next += count;
    }
    writer
        .append_with(20_000, |index| Token::new(next + index as u32))
        .unwrap();
    next += 20_000;
    writer.commit().unwrap();
    assert_eq!(u64::from(next), writer.committed_tokens());
    expect_ids(&dataset, next);
    writer.close().unwrap();
    expect_ids(&dataset, next);
    let rows = rows(&dataset);
    let (last, full) = rows.split_last().unwrap();
    assert!(full.iter().all(|rows| *rows == Some(8192)), "{rows:?}");
    assert_eq!(*last, Some(u64::from(next) % 8192));
    let snapshot = dataset.snapshot().unwrap();
    let manifest = snapshot.manifest();
    assert_eq!(
        (manifest.verb, manifest.appended),
        (Verb::Append, u64::from(next))
    );
    for shard in snapshot.shards() {
        assert_eq!(
            shard.sealed().unwrap().stream,
            Some(shard.positions().start)
        );
        assert!(shard.zone().is_some());
        snapshot.open_shard(0).unwrap();
    }
}

#[test]
fn a_tail_ends_by_bytes_and_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let by_bytes = Roll {
        tokens: None,
        bytes: Some(BLOCK as u64 * 64 - 1),
        after: Some(Duration::from_secs(1000)),
    };
    let mut writer = dataset
        .writer(&WriterOptions::new().roll(by_bytes))
        .unwrap();
    assert_eq!(writer.due_in(), None);
    writer.append(&tokens(0..5000)).unwrap();
    assert!(writer.due_in().unwrap() <= Duration::from_secs(1000));
    writer.close().unwrap();
    assert_eq!(rows(&dataset), [Some(4096), Some(904)]);

    let by_time = Roll {
        after: Some(Duration::ZERO),
        ..Roll::default()
    };
    let mut writer = dataset.writer(&WriterOptions::new().roll(by_time)).unwrap();
    writer.commit_if_due().unwrap();
    writer.append(&tokens(5000..5010)).unwrap();
    writer.append(&tokens(5010..5030)).unwrap();
    writer.wait().unwrap();
    assert_eq!(rows(&dataset)[2..], [Some(10), Some(20), None]);
    assert_eq!(writer.committed_tokens(), 30);
    writer.close().unwrap();
    assert_eq!(rows(&dataset)[2..], [Some(10), Some(20)]);
    expect_ids(&dataset, 5030);
}

#[test]
fn a_roll_can_be_asked_for_and_an_empty_tail_does_not_roll() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.roll().unwrap();
    writer.append(&tokens(0..7)).unwrap();
    writer.roll().unwrap();
    writer.roll().unwrap();
    writer.wait().unwrap();
    assert_eq!(rows(&dataset), [Some(7), None]);
    assert_eq!(writer.generation(), 2);
    assert_eq!(writer.close().unwrap(), 3);
    assert_eq!(rows(&dataset), [Some(7)]);
}

#[test]
fn tokens_are_committed_on_the_way_by_count_and_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let every = |tokens, after| CommitEvery { tokens, after };
    let options = WriterOptions::new().commit_every(every(Some(100), None));
    let mut writer = dataset.writer(&options).unwrap();
    writer.append(&tokens(0..99)).unwrap();
    expect_ids(&dataset, 0);
    writer.append(&tokens(99..150)).unwrap();
    expect_ids(&dataset, 150);
    writer.close().unwrap();

    let options = WriterOptions::new().commit_every(every(None, Some(Duration::ZERO)));
    let mut writer = dataset.writer(&options).unwrap();
    assert_eq!(writer.due_in(), None);
    writer.append(&tokens(150..151)).unwrap();
    expect_ids(&dataset, 151);

    let hour = Duration::from_secs(3600);
    let options = WriterOptions::new().commit_every(every(None, Some(hour)));
    let mut writer = dataset.writer(&options).unwrap();
    writer.append(&tokens(151..152)).unwrap();
    writer.commit_if_due().unwrap();
    assert!(writer.due_in().unwrap() > hour / 2);
    expect_ids(&dataset, 151);
}

#[test]
fn a_tail_whose_writer_was_dropped_is_listed_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    writer.append(&tokens(0..5000)).unwrap();
    writer.commit().unwrap();
    writer.append(&tokens(5000..6000)).unwrap();
    let tail = writer.tail();
    assert!(dataset.tails().unwrap().is_empty());
    assert!(dataset.close_tails().unwrap().is_empty());
    drop(writer);
    assert_eq!(dataset.tails().unwrap(), [tail]);
    expect_ids(&dataset, 5000);
    assert_eq!(dataset.close_tails().unwrap(), [tail]);
    assert_eq!(rows(&dataset), [Some(5000)]);
    assert!(dataset.tails().unwrap().is_empty());
    expect_ids(&dataset, 5000);
}

#[test]
fn a_writer_leaves_the_tails_of_others_alone_unless_it_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut living = dataset.writer(&WriterOptions::new()).unwrap();
    living.append(&tokens(0..10)).unwrap();
    let mut dead = dataset.writer(&WriterOptions::new()).unwrap();
    dead.append(&tokens(10..20)).unwrap();
    dead.commit().unwrap();
    drop(dead);
    drop(dataset.writer(&WriterOptions::new()).unwrap());
    assert_eq!(rows(&dataset), [None, None, None]);
    let third = dataset
        .writer(&WriterOptions::new().take_over(true))
        .unwrap();
    assert_eq!(rows(&dataset), [None, Some(10), None]);
    third.close().unwrap();
    living.close().unwrap();
    expect_ids(&dataset, 20);
}

#[test]
fn a_dropped_writer_leaves_no_file_that_no_generation_names() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(2 * BLOCK)).unwrap();
    writer.append(&tokens(0..3 * BLOCK as u32)).unwrap();
    writer.append(&tokens(0..BLOCK as u32 / 2)).unwrap();
    writer.wait().unwrap();
    drop(writer);
    let files = fs::read_dir(dataset.path().join("shards")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files = names.filter(|name| name.ends_with(".ngt")).count();
    assert_eq!(files, dataset.snapshot().unwrap().shards().len());
}

#[test]
fn only_the_newest_shards_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let options = rolling(BLOCK).retain(Retention::Shards(2));
    let mut writer = dataset.writer(&options).unwrap();
    for shard in 0..5 {
        let first = shard * BLOCK as u32;
        writer.append(&tokens(first..first + BLOCK as u32)).unwrap();
    }
    writer.wait().unwrap();
    assert_eq!(rows(&dataset), [Some(4096), Some(4096), None]);
    writer.append(&tokens(0..1)).unwrap();
    writer.close().unwrap();
    assert_eq!(rows(&dataset), [Some(4096), Some(1)]);
    let snapshot = dataset.snapshot().unwrap();
    assert_eq!(snapshot.manifest().appended, 5 * 4096 + 1);
    assert_eq!(ids(&dataset)[0], 4 * 4096);
}

#[test]
fn an_age_limit_acts_when_nothing_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut other = dataset.writer(&WriterOptions::new()).unwrap();
    other.append(&tokens(0..10)).unwrap();
    other.close().unwrap();
    assert_eq!(rows(&dataset), [Some(10)]);
    let options = WriterOptions::new().retain(Retention::Age(Duration::ZERO));
    let mut writer = dataset.writer(&options).unwrap();
    assert_eq!(writer.due_in(), Some(Duration::ZERO));
    writer.commit().unwrap();
    writer.wait().unwrap();
    assert_eq!(rows(&dataset), [None]);
    let snapshot = dataset.snapshot().unwrap();
    assert_eq!(snapshot.manifest().verb, Verb::Retain);
}

#[test]
fn a_writer_whose_tail_was_ended_refuses_and_what_was_committed_stands() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
    writer.append(&tokens(0..100)).unwrap();
    writer.commit().unwrap();
    // Nobody does so to a living writer: the first generation is the newest again.
    let newest = dataset.path().join("manifest-000000000001.json");
    fs::remove_file(newest).unwrap();
    writer.append(&tokens(100..5000)).unwrap();
    let waited = writer.wait().unwrap_err();
    assert!(
        matches!(waited, DatasetError::Conflict { .. }),
        "{waited:?}"
    );
    let refused = writer.append(&tokens(0..1)).unwrap_err();
    assert!(
        matches!(refused, DatasetError::Write(WriteError::Poisoned { .. })),
        "{refused:?}"
    );
    assert!(writer.commit().is_err() && writer.roll().is_err());
    assert_eq!(writer.committed_tokens(), 100);
    assert!(writer.close().is_err());
}

#[test]
fn a_closure_that_panics_after_a_roll_makes_the_writer_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
    let panics_at = |writer: &mut ng_dataset::Writer, at: usize| {
        let append = std::panic::AssertUnwindSafe(|| {
            writer.append_with(6000, |index| match index == at {
                true => panic!("{at}"),
                false => Token::new(index as u32),
            })
        });
        std::panic::catch_unwind(append).unwrap_err();
    };
    panics_at(&mut writer, 4000);
    assert_eq!(writer.appended_tokens(), 0);
    writer.append(&tokens(0..10)).unwrap();
    panics_at(&mut writer, 5000);
    let refused = writer.commit().unwrap_err();
    assert!(
        matches!(refused, DatasetError::Write(WriteError::Poisoned { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_sink_takes_hashed_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(3 * BLOCK)).unwrap();
    TokenSink::reserve(&mut writer, 1 << 20).unwrap();
    let workers = ng_dataset::ng_parallel::Workers::new(2).unwrap();
    let make = |index: usize| Token::new(index as u32);
    ng_dataset::ng_parallel::ingest(&workers, &mut writer, 50_000, make).unwrap();
    TokenSink::commit(&mut writer).unwrap();
    expect_ids(&dataset, 50_000);
    writer.close().unwrap();
    assert_eq!(
        rows(&dataset),
        [
            Some(12_288),
            Some(12_288),
            Some(12_288),
            Some(12_288),
            Some(848)
        ]
    );
}

#[test]
fn writers_at_work_together_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    std::thread::scope(|scope| {
        for number in 0..3 {
            let dataset = &dataset;
            scope.spawn(move || {
                let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
                let first = number << 24;
                for at in (0..40_000).step_by(5000) {
                    writer
                        .append(&tokens(first + at..first + at + 5000))
                        .unwrap();
                    writer.commit().unwrap();
                }
                writer.close().unwrap();
            });
        }
    });
    let ids = ids(&dataset);
    for number in 0..3 {
        let own = ids.iter().filter(|id| **id >> 24 == number);
        assert!(own.map(|id| id & 0xFF_FFFF).eq(0..40_000), "{number}");
    }
    assert_eq!(ids.len(), 120_000);
    assert!(rows(&dataset).iter().all(Option::is_some));
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        match from.is_dir() {
            true => copy_folder(&from, &to),
            false => fs::copy(&from, &to).map(|_| ()).unwrap(),
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_writer_whose_folder_was_exchanged_for_a_copy_describes_its_own_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let [path, copy, moved] = ["tokens.ngd", "copy", "moved"].map(|name| folder.path().join(name));
    let mut writer = dataset(folder.path())
        .writer(&WriterOptions::new())
        .unwrap();
    writer.append(&tokens(0..10)).unwrap();
    writer.commit().unwrap();
    copy_folder(&path, &copy);
    writer.append(&tokens(10..20)).unwrap();
    fs::rename(&path, &moved).unwrap();
    fs::rename(&copy, &path).unwrap();
    writer.close().unwrap();
    let moved = Dataset::open(&moved).unwrap();
    let report = moved
        .verify(&Workers::new(1).unwrap(), &VerifyOptions::new(), |_| ())
        .unwrap();
    assert!(report.is_clean(), "{report:?}");
    expect_ids(&moved, 20);
}
