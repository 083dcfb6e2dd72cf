//! What to do about an error, where that is known.

use anyhow::Error;
use ng_store::{CreateError, ReadError, RepairError};

use crate::args::Command;

pub(crate) fn hint(error: &Error, command: &Command) -> Option<&'static str> {
    if is_taken(error) && !command.replaces() {
        return Some("--replace replaces it");
    }
    let is_bad = |error: &ReadError| matches!(error, ReadError::BadBlock { .. });
    let bad_block = error.downcast_ref().is_some_and(is_bad);
    bad_block
        .then_some("`ng verify FILE` names all that is bad, `ng repair FILE NEW` saves the rest")
}

/// Tells whether the name of a new file is taken.
fn is_taken(error: &Error) -> bool {
    let created = error.downcast_ref();
    let repaired = error.downcast_ref().and_then(|error| match error {
        RepairError::Create(error) => Some(error),
        _ => None,
    });
    matches!(created.or(repaired), Some(CreateError::Exists { .. }))
}
