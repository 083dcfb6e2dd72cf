//! Snapshots cut into tasks, which are done elsewhere.

use std::collections::BTreeSet;

use ng_dataset::ng_parallel::Workers;
use ng_dataset::ng_query::sealed::seal;
use ng_dataset::ng_query::{Column, End, Filter, GroupBy, Measure, Query};
use ng_dataset::ng_store::disk::RealDir;
use ng_dataset::ng_token::Token;
use ng_dataset::{
    Ask, CreateOptions, Dataset, DatasetError, Roll, Snapshot, Task, TaskFlaw, Want, WriterOptions,
};

const COUNT: u64 = 20_000;

/// A dataset of two sealed shards and an open tail, of which the first rows were deleted.
fn dataset(folder: &std::path::Path) -> (Dataset, ng_dataset::Writer) {
    let dataset = Dataset::create(folder.join("a.ngd"), &CreateOptions::new()).unwrap();
    let roll = Roll {
        tokens: Some(8_192),
        ..Roll::default()
    };
    let mut writer = dataset.writer(&WriterOptions::new().roll(roll)).unwrap();
    let token = |index| Token::new(index as u32).with_weight(1.0 / (index + 1) as f32);
    writer.append_with(COUNT as usize, token).unwrap();
    writer.commit().unwrap();
    writer.wait().unwrap();
    (dataset, writer)
}

fn ask(filter: Option<&str>) -> Ask {
    Ask {
        filter: filter.map(str::to_owned),
        now: 0,
        skip_damaged: false,
        index: true,
        want: Want::Aggregate {
            by: String::new(),
            measures: "count".to_owned(),
        },
    }
}

fn tasks(dataset: &Dataset, snapshot: &Snapshot, filter: Option<&str>, bytes: u64) -> Vec<Task> {
    let parsed: Option<Filter> = filter.map(|text| text.parse().unwrap());
    let place = dataset.path().to_str().unwrap();
    let tasks = snapshot.tasks(place, &ask(filter), parsed.as_ref(), bytes);
    let sent = tasks.iter().map(|task| task.to_bytes().unwrap());
    let received: Vec<_> = sent
        .map(|bytes| Task::from_bytes(&bytes).unwrap())
        .collect();
    assert_eq!(received, tasks);
    received
}

#[test]
fn the_answers_of_all_tasks_are_those_of_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _writer) = dataset(folder.path());
    let workers = Workers::new(2).unwrap();
    let everything: Filter = "weight >= 0".parse().unwrap();
    let deleted = "id < 5000".parse().unwrap();
    dataset
        .delete(&workers, &deleted, &ng_dataset::ChangeOptions::new())
        .unwrap();
    let snapshot = dataset.snapshot().unwrap();
    let whole = Query::new(snapshot.source(), &workers).filter(&everything);
    let measures = Measure::list("count, sum(weight), distinct(id)").unwrap();
    let groups = GroupBy::list("cell(physical, 100)").unwrap();
    for bytes in [1, 3 * 4096 * 64, u64::MAX] {
        let (mut all, mut partial, mut best) = (Vec::new(), None, Vec::new());
        for task in tasks(&dataset, &snapshot, None, bytes) {
            let piece = task.open().unwrap();
            let query = Query::new(piece.source(), &workers)
                .filter(&everything)
                .positions_within(piece.positions());
            query
                .tokens(|places, tokens| {
                    all.extend(places.iter().copied().zip(tokens.iter().copied()));
                    Ok::<_, ng_dataset::ng_query::QueryError>(std::ops::ControlFlow::Continue(()))
                })
                .unwrap();
            let some = query.aggregate_partial(&groups, &measures).unwrap().value;
            match &mut partial {
                None => partial = Some(some),
                Some(partial) => partial.merge(some).unwrap(),
            }
            let top = query.top(3, Column::Weight, End::Least).unwrap().value;
            best.extend(top.ranked.iter().map(|ranked| ranked.position));
        }
        let mut expected = Vec::new();
        snapshot
            .for_each(0..snapshot.len(), |first, tokens| {
                expected.extend((first..).zip(tokens.iter().copied()));
                Ok::<_, DatasetError>(())
            })
            .unwrap();
        assert_eq!(all, expected);
        let one = whole.aggregate(&groups, &measures).unwrap().value;
        assert_eq!(partial.unwrap().finish().unwrap(), one);
        let top = whole.top(3, Column::Weight, End::Least).unwrap().value;
        let places: Vec<u64> = top.ranked.iter().map(|ranked| ranked.position).collect();
        assert!(
            places.iter().all(|place| best.contains(place)),
            "{places:?}"
        );
    }
}

/// Weights so far apart that the order of their additions shows.
#[test]
fn sums_have_the_same_bits_for_rows_that_begin_within_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, mut writer) = dataset(folder.path());
    let workers = Workers::new(1).unwrap();
    let some: Filter = "id = 17000".parse().unwrap();
    dataset
        .delete(&workers, &some, &ng_dataset::ChangeOptions::new())
        .unwrap();
    let far = |index: usize| {
        let exponent = (index * 7919 % 121) as i32 - 60;
        Token::new(index as u32).with_weight(1.1_f32 * 2_f32.powi(exponent))
    };
    writer.append_with(3 * 4096, far).unwrap();
    writer.commit().unwrap();
    let snapshot = dataset.snapshot().unwrap();
    let mut firsts = snapshot.shards().iter().map(|shard| shard.rows().start);
    assert!(firsts.any(|first| first % 4096 != 0), "{snapshot:?}");
    let measures = Measure::list("sum(weight)").unwrap();
    let whole = Query::new(snapshot.source(), &workers);
    let one = whole.aggregate(&[], &measures).unwrap().value;
    let mut all = None::<ng_dataset::ng_query::Partial>;
    for task in tasks(&dataset, &snapshot, None, 1) {
        let piece = task.open().unwrap();
        let query = Query::new(piece.source(), &workers).positions_within(piece.positions());
        let some = query.aggregate_partial(&[], &measures).unwrap().value;
        match &mut all {
            None => all = Some(some),
            Some(all) => all.merge(some).unwrap(),
        }
    }
    assert_eq!(all.unwrap().finish().unwrap(), one);
}

#[test]
fn a_filter_leaves_out_shards_that_their_zones_rule_out() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _writer) = dataset(folder.path());
    let snapshot = dataset.snapshot().unwrap();
    let files = |filter| {
        let tasks = tasks(&dataset, &snapshot, filter, 1 << 18);
        tasks.iter().map(|task| task.file).collect::<BTreeSet<_>>()
    };
    assert_eq!(files(None).len(), 3);
    // Of the open tail nothing is known.
    assert_eq!(files(Some("id < 100")).len(), 2);
    assert_eq!(files(Some("position between 9000 and 9100")).len(), 1);
}

#[test]
fn a_task_reads_the_same_rows_however_much_was_appended_since() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, mut writer) = dataset(folder.path());
    let snapshot = dataset.snapshot().unwrap();
    let tail = tasks(&dataset, &snapshot, None, u64::MAX).pop().unwrap();
    let workers = Workers::new(1).unwrap();
    let count = |task: &Task| {
        let piece = task.open().unwrap();
        let query = Query::new(piece.source(), &workers).positions_within(piece.positions());
        query.count().unwrap().value
    };
    assert_eq!(count(&tail), COUNT - 16_384);
    writer.append_with(100, |_| Token::new(0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(count(&tail), COUNT - 16_384);
    writer.close().unwrap();
    assert_eq!(count(&tail), COUNT - 16_384);
}

#[test]
fn a_task_refuses_another_file_of_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _writer) = dataset(folder.path());
    let snapshot = dataset.snapshot().unwrap();
    let mut tasks = tasks(&dataset, &snapshot, None, u64::MAX);
    let (last, first) = (tasks.pop().unwrap(), tasks.swap_remove(0));
    let path = |task: &Task| {
        dataset
            .path()
            .join("shards")
            .join(format!("{}.ngt", task.file))
    };
    let other = std::fs::read(path(&tasks[0])).unwrap();
    std::fs::write(path(&first), &other).unwrap();
    let refused = first.open().unwrap_err();
    assert!(
        matches!(refused, DatasetError::OtherShard { .. }),
        "{refused}"
    );
    std::fs::remove_file(path(&last)).unwrap();
    let gone = last.open().unwrap_err();
    assert!(matches!(gone, DatasetError::Io { .. }), "{gone}");
}

#[test]
fn a_shard_is_read_by_passes_over_any_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _writer) = dataset(folder.path());
    let snapshot = dataset.snapshot().unwrap();
    let workers = Workers::new(2).unwrap();
    let filter: Filter = "id between 8000 and 9000".parse().unwrap();
    let passes = snapshot.passes(None);
    let count = |source| Query::new(source, &workers).filter(&filter).count();
    assert_eq!(count(passes.source()).unwrap().value, 1001);
    for task in tasks(&dataset, &snapshot, None, 1 << 20) {
        let root = RealDir::open(dataset.path()).unwrap();
        let piece = task.open_in(root, dataset.path(), |_| Ok(None)).unwrap();
        let here = task.open().unwrap();
        let count = |piece: &ng_dataset::Piece| {
            let query = Query::new(piece.source(), &workers).positions_within(piece.positions());
            query.filter(&filter).count().unwrap().value
        };
        assert_eq!(count(&piece), count(&here));
    }
}

#[test]
fn bytes_that_are_no_task_are_refused_with_the_flaw() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, _writer) = dataset(folder.path());
    let snapshot = dataset.snapshot().unwrap();
    let tasks = tasks(&dataset, &snapshot, None, 1 << 20);
    let json = |task: &Task| {
        let bytes = task.to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.rsplit_once(",\n\"hash\"").unwrap().0.to_owned() + "}"
    };
    let check = |json: &str, flaw: &str| {
        let (_, bytes) = seal(json.as_bytes().to_vec());
        let refused = Task::from_bytes(&bytes).unwrap_err();
        assert!(refused.to_string().contains(flaw), "{refused}: {json}");
    };
    let (sealed, tail) = (json(&tasks[0]), json(tasks.last().unwrap()));
    let changed = |from: &str, to: &str| {
        assert!(sealed.contains(from), "{sealed}");
        sealed.replacen(from, to, 1)
    };
    check(&changed("ng-task 1", "ng-task 2"), "expected \"ng-task 1\"");
    check(&changed("\"start\":0", "\"start\":1"), "field positions");
    check(
        &changed("\"start\":0", "\"start\":18446744073709551615"),
        "field positions",
    );
    check(&changed("\"rows\":[0", "\"rows\":[9999"), "field rows");
    check(&changed("\"tail\":null", "\"more\":null"), "line 1");
    check(
        &changed("\"sealed\":{", "\"sealed\":null,\"x\":{"),
        "line 1",
    );
    check(&changed("\"count\"", "5"), "line 1");
    check(
        &tail.replacen("\"commit\":[\"", "\"commit\":[\"0", 1),
        "line 1",
    );
    let rows = tail.find("\"rows\":[0,").unwrap() + "\"rows\":[0,".len();
    check(&format!("{}9{}", &tail[..rows], &tail[rows..]), "field");
    let mut far = tasks[0].clone();
    far.start = 1 << 60;
    far.positions = far.start..far.start + 1;
    check(&json(&far), "field positions");
    let whole = tasks[0].to_bytes().unwrap();
    assert!(matches!(Task::from_bytes(&[]), Err(TaskFlaw::Seal(_))));
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(Task::from_bytes(&damaged).is_err(), "byte {at}");
        assert!(Task::from_bytes(&whole[..at]).is_err(), "{at} bytes");
    }
}
