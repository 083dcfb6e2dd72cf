//! Checks that another revision's program understands this conductor.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::conductor::process::{Ended, Order, run_worker};
use crate::machine::interrupt::Interrupt;
use crate::model::NotComparable;
use crate::worker::protocol::{PROTOCOL, Place, Task};
use crate::worker::scenario::{Cell, Variant};

const TIMEOUT: Duration = Duration::from_secs(30);
/// The smallest task: one page.
const TASK: Task = Task::PageFaults { bytes: 4096 };
/// How a worker's refusal of another protocol begins, up to its own version.
const REFUSAL: [&str; 2] = ["protocol ", ", expected "];

/// Gives the program one small task. A worker of another protocol refuses it and names
/// its own.
///
/// # Errors
/// Outer: the program cannot be started. Inner: it is not a worker of this protocol.
pub(crate) fn shake_hands(
    program: &Path,
    interrupt: &Interrupt,
) -> io::Result<Result<(), NotComparable>> {
    let place = Place::default();
    let order = Order::plain(&TASK, &place, TIMEOUT);
    let ended = run_worker(program, &order, interrupt)?;
    Ok(match ended {
        Ended::Failed(reason) => Err(refused(reason)),
        // The interrupt is checked again before the first round.
        Ended::Reply(_) | Ended::Interrupted => Ok(()),
    })
}

/// Whether a worker of this protocol can mark phases for valgrind. One older than the task
/// cannot read it.
///
/// # Errors
/// The program cannot be started.
pub(crate) fn shakes_hands_on_marks(program: &Path, interrupt: &Interrupt) -> io::Result<bool> {
    let nothing = Task::Mark {
        cell: Cell {
            scenario: String::new(),
            variant: Variant::new(""),
            items: 0,
        },
        planted: BTreeMap::new(),
    };
    let place = Place::default();
    let ended = run_worker(program, &Order::plain(&nothing, &place, TIMEOUT), interrupt)?;
    Ok(!matches!(ended, Ended::Failed(_)))
}

fn refused(reason: String) -> NotComparable {
    match spoken(&reason).filter(|theirs| *theirs != PROTOCOL) {
        Some(theirs) => NotComparable::Protocol {
            theirs,
            ours: PROTOCOL,
        },
        None => NotComparable::NoWorker(reason),
    }
}

/// The version in `protocol 1, expected 2`: the worker's own is the second.
fn spoken(reason: &str) -> Option<u32> {
    let [before, between] = REFUSAL;
    let (_, rest) = reason.split_once(before)?;
    let (_, rest) = rest.split_once(between)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_another_protocol_is_distinguished_from_no_worker() {
        let reason = "worker exited with status 1: error: worker: protocol 1, expected 7\n";
        assert_eq!(
            refused(reason.to_owned()),
            NotComparable::Protocol {
                theirs: 7,
                ours: PROTOCOL
            }
        );
        for reason in [
            "",
            "worker killed by signal 9",
            "protocol , expected",
            "protocol 1, expected 99999999999",
        ] {
            let reason = reason.to_owned();
            assert_eq!(refused(reason.clone()), NotComparable::NoWorker(reason));
        }
    }
}
