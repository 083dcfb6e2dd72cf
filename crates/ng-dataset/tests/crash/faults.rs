use std::sync::Arc;

use ng_dataset::ng_store::disk::Dir;
use ng_dataset::ng_store::disk::sim::{CallKind, Failure, Fault, SimDir, SimFs, When};
use ng_dataset::ng_store::{CreateError, WriteError};
use ng_dataset::{DatasetError, Retention};

use crate::stream::{BLOCK, Step, create, ids, open, options, run};

fn poisoned(error: &DatasetError) -> bool {
    matches!(error, DatasetError::Write(WriteError::Poisoned { .. }))
}

/// Whatever fails, the tokens that were acknowledged are there, and nothing twice.
#[test]
fn an_operation_that_fails_loses_nothing_that_was_acknowledged() {
    let steps = [
        Step::Append(10),
        Step::Commit,
        Step::Append(5000),
        Step::Commit,
        Step::Append(9000),
        Step::Wait,
    ];
    let whole = SimFs::new();
    let dataset = create(&whole).unwrap();
    let begin = whole.operations();
    let mut writer = dataset.writer(&options()).unwrap();
    steps
        .iter()
        .for_each(|step| run(&mut writer, *step).unwrap());
    drop(writer);
    let end = whole.operations();
    for failure in [Failure::Io, Failure::NoSpace] {
        for at in begin..end {
            check_fault(&steps, at, Fault::Fail(failure));
            check_fault(&steps, at, Fault::FailForgetting(failure));
        }
    }
    for at in begin..end {
        check_fault(&steps, at, Fault::Kill(0));
    }
}

fn check_fault(steps: &[Step], at: u64, fault: Fault) {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    fs.inject(When::Operation(at), fault);
    let (mut acked, mut appended) = (0, 0);
    if let Ok(mut writer) = dataset.writer(&options()) {
        for step in steps {
            // What may be retried is: the next step is another call.
            let _ = run(&mut writer, *step);
            acked = writer.committed_tokens();
            appended = writer.appended_tokens();
        }
    }
    let dataset = open(&fs).unwrap();
    let found = ids(&dataset);
    let context = format!("{fault:?} at {at}: {} of {acked}..={appended}", found.len());
    assert!(found.iter().copied().eq(0..found.len() as u32), "{context}");
    assert!(
        (acked..=appended).contains(&(found.len() as u64)),
        "{context}"
    );
    dataset.close_tails().unwrap();
    assert_eq!(ids(&dataset), found, "{context}");
}

#[test]
fn a_roll_without_room_is_tried_again_by_the_next_call() {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    let mut writer = dataset.writer(&options()).unwrap();
    run(&mut writer, Step::Append(10)).unwrap();
    run(&mut writer, Step::Commit).unwrap();
    fs.set_capacity(Some(fs.used_sectors()));
    // It has to roll on the way.
    let full = run(&mut writer, Step::Append(6000)).unwrap_err();
    let is_no_space = matches!(
        full,
        DatasetError::Create(CreateError::Write(WriteError::NoSpace { .. }))
            | DatasetError::Write(WriteError::NoSpace { .. })
    );
    assert!(is_no_space, "{full:?}");
    assert_eq!(writer.appended_tokens(), 10);
    fs.set_capacity(None);
    run(&mut writer, Step::Append(6000)).unwrap();
    writer.close().unwrap();
    assert!(ids(&dataset).into_iter().eq(0..6010));
}

#[test]
fn a_failed_sealing_is_told_by_the_next_call_and_the_writer_refuses() {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    let mut writer = dataset.writer(&options()).unwrap();
    run(&mut writer, Step::Append(10)).unwrap();
    run(&mut writer, Step::Commit).unwrap();
    let renames = fs.operations_of(CallKind::Rename);
    // The first is that of the next tail.
    fs.inject(
        When::Nth(CallKind::Rename, renames + 1),
        Fault::Fail(Failure::Io),
    );
    run(&mut writer, Step::Append(BLOCK)).unwrap();
    let failed = run(&mut writer, Step::Wait).unwrap_err();
    assert!(!poisoned(&failed), "{failed:?}");
    assert_eq!(fs.pending_faults(), 0);
    for step in [Step::Append(1), Step::Commit, Step::Roll, Step::Wait] {
        let refused = run(&mut writer, step).unwrap_err();
        assert!(poisoned(&refused), "{step:?}: {refused:?}");
    }
    assert_eq!(writer.committed_tokens(), 10);
    assert!(poisoned(&writer.close().unwrap_err()));
    // The full tail was committed, and waits to be taken over.
    assert_eq!(ids(&dataset).len(), BLOCK as usize);
    let closed = dataset.close_tails().unwrap();
    assert_eq!(closed.len(), 1);
    assert!(ids(&dataset).into_iter().eq(0..BLOCK));
}

#[test]
fn a_writer_that_cannot_begin_leaves_no_file() {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    let renames = fs.operations_of(CallKind::Rename);
    // The second is that of the manifest.
    fs.inject(
        When::Nth(CallKind::Rename, renames + 1),
        Fault::Fail(Failure::Io),
    );
    dataset.writer(&options()).unwrap_err();
    assert_eq!(fs.pending_faults(), 0);
    let shards = SimDir::folder(&Arc::new(fs.dir()), "shards").unwrap();
    assert!(shards.names().unwrap().is_empty());
    dataset.writer(&options()).unwrap();
}

#[test]
fn a_collector_that_fails_is_told_and_the_stream_goes_on() {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    let options = options().retain(Retention::Shards(1));
    let mut writer = dataset.writer(&options).unwrap();
    run(&mut writer, Step::Append(BLOCK)).unwrap();
    run(&mut writer, Step::Wait).unwrap();
    let unlinks = fs.operations_of(CallKind::Unlink);
    fs.inject(
        When::Nth(CallKind::Unlink, unlinks),
        Fault::Fail(Failure::Io),
    );
    run(&mut writer, Step::Append(BLOCK)).unwrap();
    let failed = run(&mut writer, Step::Wait).unwrap_err();
    assert!(!poisoned(&failed) && fs.pending_faults() == 0, "{failed:?}");
    run(&mut writer, Step::Append(BLOCK + 5)).unwrap();
    run(&mut writer, Step::Wait).unwrap();
    assert_eq!(dataset.generations().unwrap(), [writer.generation()]);
    writer.close().unwrap();
    assert!(ids(&dataset).into_iter().eq(3 * BLOCK..3 * BLOCK + 5));
}

#[test]
fn closing_needs_no_next_tail() {
    let fs = SimFs::new();
    let dataset = create(&fs).unwrap();
    let mut writer = dataset.writer(&options()).unwrap();
    let renames = fs.operations_of(CallKind::Rename);
    fs.inject(
        When::Nth(CallKind::Rename, renames),
        Fault::Fail(Failure::NoSpace),
    );
    // More than half: the next tail is made ahead.
    run(&mut writer, Step::Append(3000)).unwrap();
    writer.close().unwrap();
    assert_eq!(fs.pending_faults(), 0);
    assert_eq!(ids(&dataset).len(), 3000);
}
