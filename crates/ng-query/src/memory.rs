//! Memory that grows with the tokens or with an answer: a refusal by the system is an error, not
//! the end of the process.

use std::collections::{HashMap, TryReserveError};
use std::hash::Hash;
use std::hint::black_box;

use crate::QueryError;

/// There was no memory; the caller adds what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

impl From<TryReserveError> for Refused {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// Makes room for more values, and for as many again as there are, so that values that come a few
/// at a time are seldom moved.
#[inline]
pub(crate) fn reserve<T>(
    values: &mut Vec<T>,
    more: usize,
    what: &'static str,
) -> Result<(), QueryError> {
    let done = values.try_reserve(more);
    done.map_err(|_| refused::<T>(values.len().saturating_add(more), what))
}

/// Appends a value.
#[inline]
pub(crate) fn push<T>(values: &mut Vec<T>, value: T, what: &'static str) -> Result<(), QueryError> {
    if values.len() == values.capacity() {
        reserve(values, 1, what)?;
    }
    values.push(value);
    Ok(())
}

/// Fills up to a number of values, if there are fewer.
#[inline]
pub(crate) fn fill_up<T: Default>(
    values: &mut Vec<T>,
    len: usize,
    what: &'static str,
) -> Result<(), QueryError> {
    if let Some(more) = len.checked_sub(values.len()) {
        reserve(values, more, what)?;
        values.resize_with(len, T::default);
    }
    Ok(())
}

/// Makes room for one more key, if there is none.
#[inline]
pub(crate) fn room_for_one<K: Eq + Hash, V>(
    map: &mut HashMap<K, V>,
    what: &'static str,
) -> Result<(), QueryError> {
    if map.len() == map.capacity() {
        let done = map.try_reserve(1);
        done.map_err(|_| refused::<(K, V)>(map.len().saturating_add(1), what))?;
    }
    Ok(())
}

/// Copies values.
pub(crate) fn copied<T: Copy>(values: &[T], what: &'static str) -> Result<Vec<T>, QueryError> {
    collected(values.iter().copied(), what)
}

/// How much must be left when something small is made: 64 KiB.
const SPARE: usize = 64 << 10;

/// Fails if little is left: small pieces would use all of it, and the few bytes that other threads
/// need meanwhile cannot fail gracefully.
pub(crate) fn spare() -> Result<(), Refused> {
    let mut room = Vec::<u8>::new();
    room.try_reserve_exact(SPARE)?;
    // Else the compiler may leave out what nobody reads.
    black_box(&mut room);
    Ok(())
}

/// Makes a number of values on the heap.
pub(crate) fn boxed<T, const N: usize>(new: impl FnMut() -> T) -> Result<Box<[T; N]>, Refused> {
    spare()?;
    let mut values = Vec::new();
    values.try_reserve_exact(N)?;
    values.resize_with(N, new);
    // Exactly as many as an array of them has.
    values.into_boxed_slice().try_into().map_err(|_| Refused)
}

/// A value on the heap, made from zeros on first use.
#[inline]
pub(crate) fn made<T: Default, const N: usize>(
    place: &mut Option<Box<[T; N]>>,
) -> Result<&mut [T; N], Refused> {
    match place {
        Some(made) => Ok(made),
        None => Ok(place.insert(boxed(T::default)?)),
    }
}

/// Makes room for exactly this many values.
pub(crate) fn with_capacity<T>(len: usize, what: &'static str) -> Result<Vec<T>, QueryError> {
    let mut values = Vec::new();
    let done = values.try_reserve_exact(len);
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

/// The error for a number of values without room.
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
        let mut values = vec![7_u64];
        let refused = reserve(&mut values, usize::MAX, "positions").unwrap_err();
        assert!(
            matches!(refused, QueryError::OutOfMemory { .. }),
            "{refused}"
        );
        push(&mut values, 8, "positions").unwrap();
        assert_eq!(values, [7, 8]);
        assert_eq!(boxed(|| 5).unwrap(), Box::new([5_u8; 3]));
        assert_eq!(collected(0..3, "ids").unwrap(), [0, 1, 2]);
    }
}
