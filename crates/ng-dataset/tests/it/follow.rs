use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use ng_dataset::ng_token::Token;
use ng_dataset::{
    CreateOptions, Cursor, Dataset, DatasetError, FollowOptions, Followed, Follower, Retention,
    Roll, Writer, WriterOptions,
};
use proptest::prelude::*;

const BLOCK: u32 = 4096;

fn dataset(folder: &Path) -> Dataset {
    Dataset::create(folder.join("tokens.ngd"), &CreateOptions::new()).unwrap()
}

fn rolling(tokens: u32) -> WriterOptions {
    WriterOptions::new().roll(Roll {
        tokens: Some(u64::from(tokens)),
        ..Roll::default()
    })
}

fn append(writer: &mut Writer, ids: Range<u32>) {
    let tokens: Vec<Token> = ids.map(Token::new).collect();
    writer.append(&tokens).unwrap();
}

/// What a follower has told: ids that follow each other, and gaps.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Ids(Range<u32>),
    Gap(u64),
    Closed,
}

fn tell(told: &mut Vec<Told>, id: u32) {
    match told.last_mut() {
        Some(Told::Ids(ids)) if ids.end == id => ids.end += 1,
        _ => told.push(Told::Ids(id..id + 1)),
    }
}

/// Takes all that there is for now.
fn take(follower: &mut Follower) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            Followed::Tokens(batch) => {
                assert!((1..=4 * 4096).contains(&batch.tokens.len()));
                batch
                    .tokens
                    .iter()
                    .for_each(|token| tell(&mut told, token.id().raw()));
            }
            Followed::Gap { rows } => told.push(Told::Gap(rows)),
            Followed::Nothing => return told,
            Followed::Closed => {
                told.push(Told::Closed);
                return told;
            }
            other => panic!("{other:?}"),
        }
    }
}

fn ids(range: Range<u32>) -> Vec<Told> {
    vec![Told::Ids(range)]
}

#[test]
fn each_token_is_told_once_when_it_is_committed_across_rolls() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    assert_eq!(take(&mut follower), []);
    let mut writer = dataset.writer(&rolling(2 * BLOCK)).unwrap();
    append(&mut writer, 0..100);
    assert_eq!(take(&mut follower), []);
    writer.commit().unwrap();
    assert_eq!(take(&mut follower), ids(0..100));
    assert_eq!(take(&mut follower), []);
    append(&mut writer, 100..30_000);
    writer.commit().unwrap();
    assert_eq!(take(&mut follower), ids(100..30_000));
    writer.close().unwrap();
    assert_eq!(take(&mut follower), []);

    let mut late = dataset
        .follow(&FollowOptions::new().until_closed(true))
        .unwrap();
    let mut all = ids(0..30_000);
    all.push(Told::Closed);
    assert_eq!(take(&mut late), all);
}

#[test]
fn from_now_on_only_what_comes_later_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
    append(&mut writer, 0..5000);
    writer.commit().unwrap();
    let mut follower = dataset.follow(&FollowOptions::new().from_now()).unwrap();
    append(&mut writer, 5000..20_000);
    writer.close().unwrap();
    assert_eq!(take(&mut follower), ids(5000..20_000));
}

#[test]
fn it_waits_for_what_another_thread_commits() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
            append(&mut writer, 0..10);
            writer.commit().unwrap();
        });
        let found = follower.next(Duration::from_secs(600)).unwrap();
        assert!(matches!(found, Followed::Tokens(batch) if batch.tokens.len() == 10));
    });
}

#[test]
fn a_tail_that_is_taken_over_is_told_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let options = FollowOptions::new().until_closed(true);
    let mut follower = dataset.follow(&options).unwrap();
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    append(&mut writer, 0..10);
    writer.commit().unwrap();
    assert_eq!(take(&mut follower), ids(0..10));
    append(&mut writer, 10..5000);
    writer.commit().unwrap();
    append(&mut writer, 5000..5010);
    drop(writer);
    dataset.close_tails().unwrap();
    let mut rest = ids(10..5000);
    rest.push(Told::Closed);
    assert_eq!(take(&mut follower), rest);
}

#[test]
fn a_tail_without_a_writer_is_no_reason_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let options = FollowOptions::new().until_closed(true);
    let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
    append(&mut writer, 0..10);
    writer.commit().unwrap();
    let mut other = dataset.writer(&WriterOptions::new()).unwrap();
    append(&mut other, 10..20);
    other.commit().unwrap();
    let mut follower = dataset.follow(&options).unwrap();
    assert_eq!(take(&mut follower), ids(0..20));
    append(&mut writer, 20..25);
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(take(&mut follower), ids(20..25), "one lives");
    append(&mut other, 25..30);
    other.commit().unwrap();
    drop(other);
    let mut rest = ids(25..30);
    rest.push(Told::Closed);
    assert_eq!(take(&mut follower), rest);
    let mut late = dataset.follow(&options).unwrap();
    assert_eq!(take(&mut late).last(), Some(&Told::Closed));
    // The next one takes the tails over, and is waited for.
    let writer = dataset.writer(&WriterOptions::new().take_over(true));
    let mut writer = writer.unwrap();
    append(&mut writer, 30..31);
    assert_eq!(take(&mut follower), []);
    writer.close().unwrap();
    assert_eq!(take(&mut follower), [Told::Ids(30..31), Told::Closed]);
}

#[test]
fn a_writer_that_rolls_is_waited_for_to_its_last_token() {
    const COUNT: u32 = 200 * BLOCK;
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
    let options = FollowOptions::new().until_closed(true);
    let mut follower = dataset.follow(&options).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for first in (0..COUNT).step_by(BLOCK as usize) {
                append(&mut writer, first..first + BLOCK);
                writer.commit().unwrap();
            }
            // Dropped, not closed.
        });
        let mut told = Vec::new();
        while told.last() != Some(&Told::Closed) {
            match follower.next(Duration::from_secs(600)).unwrap() {
                Followed::Tokens(batch) => {
                    let ids = batch.tokens.iter().map(|token| token.id().raw());
                    ids.for_each(|id| tell(&mut told, id));
                }
                Followed::Closed => told.push(Told::Closed),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(told, [Told::Ids(0..COUNT), Told::Closed]);
    });
}

/// Ten shards of which the newest two and the tail are kept, after a follower has told some ids.
fn check_gap(told_before: u32, rest_of_its_tail: u32) {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let options = rolling(BLOCK).retain(Retention::Shards(2));
    let mut writer = dataset.writer(&options).unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    append(&mut writer, 0..told_before);
    writer.commit().unwrap();
    assert_eq!(take(&mut follower), ids(0..told_before));
    let cursor = follower.cursor();
    append(&mut writer, told_before..10 * BLOCK + 7);
    writer.commit().unwrap();
    writer.wait().unwrap();
    let last = Told::Ids(8 * BLOCK..10 * BLOCK + 7);
    // A cursor has no file open.
    let resume = FollowOptions::new().from_cursor(cursor);
    let mut resumed = dataset.follow(&resume).unwrap();
    let gap = Told::Gap(u64::from(8 * BLOCK - told_before));
    assert_eq!(take(&mut resumed), [gap, last.clone()]);
    // The follower has its tail open, which it can read to the end.
    let rest = ids(told_before..told_before + rest_of_its_tail);
    let gap = Told::Gap(u64::from(8 * BLOCK - told_before - rest_of_its_tail));
    assert_eq!(take(&mut follower), [rest, vec![gap, last]].concat());
}

#[test]
fn rows_that_went_by_are_counted_exactly() {
    check_gap(100, BLOCK - 100);
    check_gap(BLOCK - 1, 1);
    check_gap(BLOCK + 5, BLOCK - 5);
}

#[test]
fn known_shards_that_are_removed_before_they_are_told_are_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut writer = dataset.writer(&rolling(BLOCK)).unwrap();
    append(&mut writer, 0..3 * BLOCK);
    writer.wait().unwrap();
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let mut retaining = dataset
        .writer(&rolling(BLOCK).retain(Retention::Shards(1)))
        .unwrap();
    append(&mut retaining, 0..1);
    retaining.close().unwrap();
    let gap = Told::Gap(u64::from(BLOCK));
    assert_eq!(
        take(&mut follower),
        [gap.clone(), gap.clone(), gap, Told::Ids(0..1)]
    );
}

#[test]
fn a_cursor_is_of_its_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let one = dataset(folder.path());
    let other = Dataset::create(folder.path().join("other.ngd"), &CreateOptions::new()).unwrap();
    let cursor = other.follow(&FollowOptions::new()).unwrap().cursor();
    let refused = one
        .follow(&FollowOptions::new().from_cursor(cursor))
        .unwrap_err();
    assert!(
        matches!(refused, DatasetError::OtherDataset { .. }),
        "{refused:?}"
    );
}

#[test]
fn the_memory_of_a_follower_does_not_grow_with_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path());
    let mut follower = dataset.follow(&FollowOptions::new()).unwrap();
    let options = rolling(BLOCK).retain(Retention::Shards(2));
    let mut writer = dataset.writer(&options).unwrap();
    for _ in 0..20 {
        append(&mut writer, 0..BLOCK + 9);
        writer.commit().unwrap();
        take(&mut follower);
    }
    let cursor = follower.cursor().to_string();
    assert!(cursor.len() < 200, "{cursor}");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Append(usize, u32),
    Commit(usize),
    Roll(usize),
    Drop(usize),
    Close(usize),
    Follow,
    Resume,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..2_usize;
    prop_oneof![
        4 => (who.clone(), 1..6000_u32).prop_map(|(who, count)| Step::Append(who, count)),
        3 => who.clone().prop_map(Step::Commit),
        1 => who.clone().prop_map(Step::Roll),
        1 => who.clone().prop_map(Step::Drop),
        1 => who.prop_map(Step::Close),
        4 => Just(Step::Follow),
        2 => Just(Step::Resume),
    ]
}

/// Two streams of ids, and what was told of each.
struct World {
    dataset: Dataset,
    writers: [Option<Writer>; 2],
    next: [u32; 2],
    committed: [u32; 2],
    told: [u32; 2],
    follower: Follower,
}

const STREAM: u32 = 1 << 24;

impl World {
    fn run(&mut self, step: Step) {
        match step {
            Step::Append(who, count) => {
                let first = who as u32 * STREAM + self.next[who];
                append(self.writer(who), first..first + count);
                self.next[who] += count;
            }
            Step::Commit(who) => {
                self.writer(who).commit().unwrap();
                self.committed[who] = self.next[who];
            }
            Step::Roll(who) => {
                self.writer(who).roll().unwrap();
                self.writer(who).wait().unwrap();
                self.committed[who] = self.next[who];
            }
            Step::Close(who) => {
                if let Some(writer) = self.writers[who].take() {
                    writer.close().unwrap();
                    self.committed[who] = self.next[who];
                }
            }
            Step::Drop(who) => {
                if let Some(mut writer) = self.writers[who].take() {
                    writer.wait().unwrap();
                    // Full tails are committed, the rest only if it was asked.
                    let lost = writer.appended_tokens() - writer.committed_tokens();
                    drop(writer);
                    self.next[who] -= lost as u32;
                    self.committed[who] = self.next[who];
                    self.dataset.close_tails().unwrap();
                }
            }
            Step::Follow => self.follow(),
            Step::Resume => {
                let cursor: Cursor = self.follower.cursor().to_string().parse().unwrap();
                let options = FollowOptions::new().from_cursor(cursor);
                self.follower = self.dataset.follow(&options).unwrap();
            }
        }
    }

    fn writer(&mut self, who: usize) -> &mut Writer {
        let dataset = &self.dataset;
        self.writers[who].get_or_insert_with(|| dataset.writer(&rolling(BLOCK)).unwrap())
    }

    /// Each stream is told in order, and all that is committed of it, at least.
    fn follow(&mut self) {
        for told in take(&mut self.follower) {
            let Told::Ids(ids) = told else {
                panic!("{told:?}");
            };
            let who = (ids.start / STREAM) as usize;
            assert_eq!(ids.start % STREAM, self.told[who], "stream {who}");
            self.told[who] = ids.end - who as u32 * STREAM;
        }
        for who in 0..2 {
            let range = self.committed[who]..=self.next[who];
            assert!(
                range.contains(&self.told[who]),
                "{range:?}: {:?}",
                self.told
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn two_streams_are_told_in_order_and_whole(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let dataset = dataset(folder.path());
        let mut world = World {
            follower: dataset.follow(&FollowOptions::new()).unwrap(),
            writers: [None, None],
            next: [0, 0],
            committed: [0, 0],
            told: [0, 0],
            dataset,
        };
        for step in steps {
            world.run(step);
        }
        world.run(Step::Close(0));
        world.run(Step::Close(1));
        world.follow();
        prop_assert_eq!(world.told, world.next);
        let snapshot = world.dataset.snapshot().unwrap();
        prop_assert_eq!(snapshot.len(), u64::from(world.next[0] + world.next[1]));
        prop_assert_eq!(snapshot.manifest().appended, snapshot.len());
    }
}
