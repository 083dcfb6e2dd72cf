use ng_store::disk::sim::{CallKind, Fault};

use crate::accident::{Accident, Rehearsal, another, cut};
use crate::amount::{count, scale};
use crate::check::check;
use crate::session::NAME;
use crate::size::all;
use crate::workload::{STEPS, Step, Workload};

/// How far a killed write gets, in bytes: nowhere, a sector, into a token.
const BYTES: [u64; 3] = [0, 512, 700];

const SEEDS: u64 = 6;
const IMAGES: usize = 8;

#[test]
fn what_an_appender_reports_after_a_kill_survives_a_power_cut() {
    all(SEEDS * scale(), |seed| {
        let rehearsal = Rehearsal::of(Workload::random(seed, STEPS));
        let (mut kills, mut between, mut images) = (0, 0, 0);
        for operation in 0..rehearsal.calls.len() as u64 {
            let kind = rehearsal.kind(operation);
            let bytes = match kind {
                CallKind::Write | CallKind::WriteUncached => &BYTES[..],
                _ => &BYTES[..1],
            };
            for &bytes in bytes {
                images += kill(&rehearsal, operation, bytes).unwrap_or_else(|fault| {
                    panic!("seed {seed}, killed {bytes} bytes into operation {operation} ({kind:?}): {fault}")
                });
                kills += 1;
            }
            let is_slot_sync = operation > 0
                && kind == CallKind::Sync
                && rehearsal.kind(operation - 1) == CallKind::Write;
            between += u64::from(is_slot_sync);
        }
        count("simulated kills", kills);
        count("simulated kills: between a write and its sync", between);
        count("crash images: after a simulated kill", images);
    });
}

/// Kills the program, lets another open the file and append, and cuts the
/// power after each.
fn kill(rehearsal: &Rehearsal, operation: u64, bytes: u64) -> Result<u64, String> {
    let accident = rehearsal.run_to(operation, Fault::Kill(bytes));
    let Accident {
        fs,
        session,
        failed,
        ..
    } = accident;
    if failed.is_none() {
        return Err("it lived".to_owned());
    }
    let allowed = session.allowed();
    drop(session);
    let found = check(&fs, &allowed)?;
    let mut next = another(&fs, found, &rehearsal.workload)?;
    if fs.names().iter().any(|name| name != NAME) {
        return Err(format!("left behind: {:?}", fs.names()));
    }
    let mut images = cut(&fs, &next, IMAGES, operation)?;
    for step in [Step::Append(3), Step::Commit { tag: 9 }] {
        next.step(&step).map_err(|error| format!("{error:?}"))?;
    }
    images += cut(&fs, &next, IMAGES, operation)?;
    Ok(images)
}
