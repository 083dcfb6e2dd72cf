//! Memory that grows with the tokens, or with an answer: where the system refuses it, that
//! is an error, and not the end of the process.

use std::collections::TryReserveError;

use crate::QueryError;

/// Makes room for so many values, and no more.
pub(crate) fn with_capacity<T>(len: usize, what: &'static str) -> Result<Vec<T>, QueryError> {
    let mut values = Vec::new();
    let done: Result<(), TryReserveError> = values.try_reserve_exact(len);
    done.map_err(|_| refused::<T>(len, what))?;
    Ok(values)
}

/// Collects values whose number is known.
pub(crate) fn collected<T>(
    values: impl ExactSizeIterator<Item = T>,
    what: &'static str,
) -> Result<Vec<T>, QueryError> {
    let mut collected = with_capacity(values.len(), what)?;
    collected.extend(values);
    Ok(collected)
}

/// The error of so many values for which there was no room.
#[cold]
pub(crate) fn refused<T>(len: usize, what: &'static str) -> QueryError {
    QueryError::OutOfMemory {
        size_bytes: len.saturating_mul(size_of::<T>()),
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_has_is_an_error_that_says_for_what() {
        let refused = with_capacity::<u64>(1 << 59, "positions").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "out of memory: 4611686018427387904 bytes for positions refused"
        );
        assert_eq!(collected(0..3, "ids").unwrap(), [0, 1, 2]);
    }
}
