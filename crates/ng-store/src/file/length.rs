use super::Head;
use crate::WriteError;
use crate::disk::{Disk, Source};

/// Checks that the file is as long as this writer made it: a write would leave a hole in
/// place of truncated data.
pub(super) fn check_length<D: Disk>(source: &Source<D>, head: &Head) -> Result<(), WriteError> {
    let have = source.len().map_err(|cause| WriteError::Io { cause })?;
    match have >= head.length {
        true => Ok(()),
        false => Err(WriteError::Truncated {
            path: source.path().to_owned(),
            have,
            need: head.length,
        }),
    }
}
