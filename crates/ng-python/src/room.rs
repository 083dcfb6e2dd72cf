//! Memory that grows with the tokens: a refusal by the system is a `MemoryError`.

use std::hint::black_box;

use ng_store::VecStoreError;

use crate::error::Error;

/// Appends values.
pub(crate) fn append<T>(
    all: &mut Vec<T>,
    more: impl ExactSizeIterator<Item = T>,
) -> Result<(), Error> {
    let done = all.try_reserve(more.len());
    done.map_err(|_| refused::<T>(all.len() + more.len()))?;
    all.extend(more);
    Ok(())
}

/// Collects values whose number is known.
pub(crate) fn collected<T>(values: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Error> {
    try_collected(values.map(Ok))
}

/// Collects values whose number is known, unless one is `None`.
pub(crate) fn try_collected<T>(
    values: impl ExactSizeIterator<Item = Result<T, Error>>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    let done = all.try_reserve_exact(values.len());
    done.map_err(|_| refused::<T>(values.len()))?;
    for value in values {
        all.push(value?);
    }
    Ok(all)
}

/// Fails if this many bytes are not available: before something takes about as many that cannot
/// fail.
pub(crate) fn check(bytes: usize) -> Result<(), Error> {
    let mut room = Vec::<u8>::new();
    let done = room.try_reserve_exact(bytes);
    // Else the compiler may leave out what nobody reads.
    black_box(&mut room);
    done.map_err(|_| refused::<u8>(bytes))
}

fn refused<T>(len: usize) -> Error {
    let size_bytes = len.saturating_mul(size_of::<T>());
    VecStoreError::OutOfMemory { size_bytes }.into()
}
