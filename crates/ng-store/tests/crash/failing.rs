use ng_store::WriteError;
use ng_store::disk::sim::{CallKind, Failure, Fault, SimFs};

use crate::accident::{Accident, Rehearsal, cut};
use crate::amount::{count, scale};
use crate::check::check;
use crate::session::{Failed, NAME, Session};
use crate::size::all;
use crate::workload::{Step, Workload};

/// The operations that fail, one at a time.
const OPERATIONS: u64 = 256;

/// How many steps run after the failed one.
const LATER_STEPS: usize = 12;

/// How many steps make that many operations.
const LONG_STEPS: usize = 160;

const SEEDS: u64 = 2;

const FAULTS: [Fault; 7] = [
    Fault::Fail(Failure::Interrupted),
    Fault::Fail(Failure::Io),
    Fault::FailForgetting(Failure::Io),
    Fault::Fail(Failure::NoSpace),
    Fault::Short(0),
    Fault::Short(1),
    Fault::Short(700),
];

/// The result a program sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Nothing,
    NoRoom,
    Error,
}

#[test]
fn every_operation_may_fail_in_every_way() {
    // The first is one with early writeback.
    for seed in (3..).take((SEEDS * scale()) as usize) {
        let rehearsal = Rehearsal::of(Workload::random(seed, LONG_STEPS));
        all(OPERATIONS, |operation| {
            fail_in_every_way(&rehearsal, operation);
        });
        count("operations that failed in every way", OPERATIONS);
    }
}

fn fail_in_every_way(rehearsal: &Rehearsal, operation: u64) {
    let seed = rehearsal.workload.seed;
    let kind = rehearsal.kind(operation);
    let (mut faults, mut errors, mut images) = (0, 0, 0);
    for fault in FAULTS {
        let Some(mut right) = right(kind, fault) else {
            continue;
        };
        if rehearsal.is_quiet(operation) {
            right = &[Outcome::Nothing];
        }
        let context = format!("seed {seed}, operation {operation} ({kind:?}), {fault:?}");
        let run = run(rehearsal, operation, fault);
        let (outcome, checked) = run.unwrap_or_else(|why| panic!("{context}: {why}"));
        assert!(
            right.contains(&outcome),
            "{context}: {outcome:?}, expected one of {right:?}"
        );
        faults += 1;
        errors += u64::from(outcome != Outcome::Nothing);
        images += checked;
    }
    count("operation faults", faults);
    count("operation faults: seen as an error", errors);
    count("crash images: after an operation fault", images);
}

/// The expected result by the table of faults; `None` if there is no such fault.
fn right(kind: CallKind, fault: Fault) -> Option<&'static [Outcome]> {
    use CallKind::{
        Allocate, DropCached, FinishWriteback, List, Read, StartWriteback, Sync, SyncDir, Write,
        WriteUncached,
    };
    use Failure::{Interrupted, NoSpace};

    Some(match (fault, kind) {
        // What others left behind may stay.
        (Fault::Fail(_), List) => &[Outcome::Nothing],
        // A hint without effect.
        (Fault::Fail(_), DropCached) => &[Outcome::Nothing],
        // No failed sync is retried.
        (Fault::Fail(Interrupted), Sync | SyncDir) => &[Outcome::Error],
        (Fault::Fail(Interrupted), _) => &[Outcome::Nothing],
        // If more was requested than needed, the needed part may be there.
        (Fault::Fail(NoSpace) | Fault::Short(_), Allocate) => &[Outcome::NoRoom, Outcome::Nothing],
        // Of a file that is being created, nothing is left in either case.
        (Fault::Fail(NoSpace), Write | WriteUncached) => &[Outcome::Error, Outcome::NoRoom],
        (Fault::Fail(_), _) => &[Outcome::Error],
        (Fault::FailForgetting(_), Sync | StartWriteback | FinishWriteback) => &[Outcome::Error],
        // A read of nothing would be the end of the file, which does not move.
        (Fault::Short(0), Write | WriteUncached) => &[Outcome::Error],
        (Fault::Short(1..), Read | Write | WriteUncached) => &[Outcome::Nothing],
        _ => return None,
    })
}

/// Runs a workload into a fault and beyond, checking every promise on the way. Also returns
/// how many crash images were checked.
fn run(rehearsal: &Rehearsal, operation: u64, fault: Fault) -> Result<(Outcome, u64), String> {
    let accident = rehearsal.run_to(operation, fault);
    let Accident {
        fs,
        mut session,
        failed,
        step,
        later,
    } = accident;
    let outcome = match &failed {
        None => Outcome::Nothing,
        Some(failed) if failed.is_no_room() => Outcome::NoRoom,
        Some(_) => Outcome::Error,
    };
    if let Some(failed) = failed {
        if step.is_some() && outcome == Outcome::NoRoom && session.writer().is_poisoned() {
            return Err("no room, and poisoned".to_owned());
        }
        // The writer, which may be poisoned, still lives: so do its readers.
        check(&fs, &session.allowed())?;
        match step {
            None => {
                expect_nothing_left(&fs)?;
                recreate(&mut session, rehearsal)
            }
            Some(step) => go_on(&mut session, &failed, step),
        }
        .map_err(|again| format!("{failed:?}, and then {again:?}"))?;
    }
    for step in later
        .iter()
        .take(LATER_STEPS)
        .chain(&[Step::Append(9), Step::Commit { tag: 5 }])
    {
        let done = session.step(step);
        done.map_err(|error| format!("later: {step:?}: {error:?}"))?;
    }
    check(&fs, &session.allowed())?;
    let images = cut(&fs, &session, 2, operation)?;
    Ok((outcome, images))
}

/// An unneeded temporary file is gone.
fn expect_nothing_left(fs: &SimFs) -> Result<(), String> {
    match fs.names().iter().all(|name| name == NAME) {
        true => Ok(()),
        false => Err(format!("left behind: {:?}", fs.names())),
    }
}

/// After a failed creation there is no file, or a complete one.
fn recreate(session: &mut Session, rehearsal: &Rehearsal) -> Result<(), Failed> {
    match session.create(&rehearsal.workload) {
        // Its name may not be durable.
        Err(Failed::Create(ng_store::CreateError::Exists { .. })) => session.reopen(),
        other => other,
    }
}

/// Repeats a step that lacked space, or could not open the file; after anything else the
/// writer refuses until the file is reopened.
fn go_on(session: &mut Session, failed: &Failed, step: Step) -> Result<(), Failed> {
    if !session.has_writer() {
        return session.step(&step);
    }
    if failed.is_no_room() {
        return session.step(&step);
    }
    assert!(session.writer().is_poisoned(), "{failed:?}");
    for step in [Step::Append(1), Step::Reserve(1), Step::Commit { tag: 99 }] {
        let refused = session.step(&step);
        assert!(
            matches!(refused, Err(Failed::Write(WriteError::Poisoned { .. }))),
            "{step:?}: {refused:?}"
        );
    }
    session.reopen()
}
