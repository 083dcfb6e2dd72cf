use std::path::Path;

use ng_store::disk::sim::{CallKind, Failure, Fault, SimFs, When};
use ng_store::file::{Draft, Identity, Stamp};
use ng_store::ng_token::Token;
use ng_store::{CreateError, CreateOptions, Finding, WriteError};

use crate::accident::{Accident, Rehearsal, another, cut_with};
use crate::amount::{count, scale};
use crate::check::{check, of_a_cut};
use crate::session::{NAME, Session};
use crate::size::all;
use crate::workload::{STEPS, Step, Workload};

const SEEDS: u64 = 8;
const IMAGES: usize = 16;

/// Failures of a sync, its pages kept or forgotten.
const FAULTS: [Fault; 5] = [
    Fault::Fail(Failure::Io),
    Fault::FailForgetting(Failure::Io),
    Fault::Fail(Failure::NoSpace),
    Fault::FailForgetting(Failure::NoSpace),
    Fault::FailForgetting(Failure::Interrupted),
];

#[test]
fn a_failed_sync_is_an_error_and_the_last_commit_or_the_next_survives() {
    all(SEEDS * scale(), |seed| {
        // Of sixteen seeds, this is the one with early writeback.
        let rehearsal = Rehearsal::of(Workload::random(
            if seed == 0 { 3 } else { seed + 100 },
            STEPS,
        ));
        let (mut syncs, mut images) = (0, 0);
        for operation in 0..rehearsal.calls.len() as u64 {
            let kind = rehearsal.kind(operation);
            if !matches!(kind, CallKind::Sync | CallKind::StartWriteback) {
                continue;
            }
            for fault in FAULTS {
                // Writeback that was interrupted is started again.
                if kind == CallKind::StartWriteback && is_interrupted(fault) {
                    continue;
                }
                images += fail(&rehearsal, operation, fault).unwrap_or_else(|why| {
                    panic!("seed {seed}, operation {operation} ({kind:?}), {fault:?}: {why}")
                });
                syncs += 1;
            }
        }
        count("failed syncs", syncs);
        count("crash images: after a failed sync", images);
    });
}

fn is_interrupted(fault: Fault) -> bool {
    matches!(fault, Fault::FailForgetting(Failure::Interrupted))
}

/// A first slot whose sync failed may never reach the disk. The next appender repeats its
/// commit in the other slot, and reports it.
fn may_find(finding: &Finding) -> bool {
    of_a_cut(finding) || matches!(finding, Finding::Slot { slot: 1 })
}

/// Cuts the power at once; after another appender reported the file; and after
/// that appender's commit.
fn fail(rehearsal: &Rehearsal, operation: u64, fault: Fault) -> Result<u64, String> {
    let accident = rehearsal.run_to(operation, fault);
    let Accident {
        fs,
        mut session,
        failed,
        ..
    } = accident;
    if failed.is_none() {
        return Err("no error".to_owned());
    }
    if session.has_writer() && !session.writer().is_poisoned() {
        return Err("not poisoned".to_owned());
    }
    let cut = |session: &Session| cut_with(&fs, session, IMAGES, operation, may_find);
    let mut images = cut(&session)?;
    let allowed = session.allowed();
    drop(session);
    let found = check(&fs, &allowed)?;
    let mut next = another(&fs, found, &rehearsal.workload)?;
    images += cut(&next)?;
    for step in [Step::Append(100), Step::Commit { tag: 9 }] {
        next.step(&step).map_err(|error| format!("{error:?}"))?;
    }
    images += cut(&next)?;
    Ok(images)
}

/// The sync of a publication would succeed, since its pages count as clean.
#[test]
fn a_draft_whose_commit_failed_is_not_published() {
    for fault in FAULTS {
        // The sync of the content, and that of the slot.
        for sync in [0, 1] {
            let fs = SimFs::new();
            let identity = Identity {
                file_id: [7; 16],
                created_ns: 1,
            };
            let options = CreateOptions::new().max_tokens(1 << 20);
            let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &options, identity);
            let mut draft = draft.unwrap();
            draft.writer().append(&[Token::new(7)]).unwrap();
            fs.inject(When::Nth(CallKind::Sync, sync), fault);
            draft.writer().commit(Stamp::default()).unwrap_err();
            let error = draft.publish().unwrap_err();
            assert!(
                matches!(error, CreateError::Write(WriteError::Poisoned { .. })),
                "{fault:?}: {error}"
            );
            assert_eq!(fs.names(), Vec::<String>::new());
        }
    }
}
