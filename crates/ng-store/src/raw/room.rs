use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;

use ng_token::Token;

use super::stream::{write_plain, write_streamed};
use crate::VecStoreError;

/// A unique lifetime: invariant, and chosen only by [`fill_in_place`], whose caller must
/// accept any.
type Brand<'room> = PhantomData<fn(&'room ()) -> &'room ()>;

/// Uninitialised capacity for tokens, lent by
/// [`VecStore::append_in_place`](crate::VecStore::append_in_place).
///
/// It can be split and sent to other threads. If it is dropped unfilled, the append fails.
#[derive(Debug)]
#[must_use = "room that is not filled makes the append fail"]
pub struct Vacant<'room> {
    slots: &'room mut [MaybeUninit<Token>],
    first_index: usize,
    stores: Stores,
    brand: Brand<'room>,
}

/// How the capacity is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stores {
    Plain,
    /// Non-temporal stores, past the caches.
    Streamed,
}

impl<'room> Vacant<'room> {
    /// Returns how many tokens fit.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Tells whether no token fits.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the position of the first token, counted from the start of the
    /// append.
    pub fn first_index(&self) -> usize {
        self.first_index
    }

    /// Splits the room into the first `mid` tokens and the rest. O(1).
    ///
    /// # Panics
    ///
    /// If `mid` exceeds [`len`](Self::len).
    pub fn split_at(self, mid: usize) -> (Self, Self) {
        let (left, right) = self.slots.split_at_mut(mid);
        let mid_index = self.first_index + mid;
        (
            Self::new(left, self.first_index, self.stores),
            Self::new(right, mid_index, self.stores),
        )
    }

    /// Fills the room with `f(first_index)`, `f(first_index + 1)` and so on.
    ///
    /// # Panics
    ///
    /// If `f` panics; this append then fails.
    #[inline]
    pub fn fill(self, f: impl Fn(usize) -> Token) -> Filled<'room> {
        let first_index = self.first_index;
        let end_index = first_index + self.slots.len();
        match self.stores {
            Stores::Plain => write_plain(self.slots, first_index, f),
            Stores::Streamed => write_streamed(self.slots, first_index, f),
        }
        Filled {
            range: first_index..end_index,
            brand: PhantomData,
        }
    }

    fn new(slots: &'room mut [MaybeUninit<Token>], first_index: usize, stores: Stores) -> Self {
        Self {
            slots,
            first_index,
            stores,
            brand: PhantomData,
        }
    }
}

/// The proof that a contiguous range of the room is filled.
///
/// Only [`Vacant::fill`] and [`join`](Self::join) create it, once for each piece, and it is
/// useless to any append but the one that lent the capacity:
///
/// ```compile_fail
/// use ng_store::{VecStore, VecStoreError};
/// use ng_token::Token;
///
/// let (mut one, mut other) = (VecStore::new(), VecStore::new());
/// one.append_in_place(1, |room_of_one| {
///     other.append_in_place(1, |room_of_other| {
///         // error: lifetime may not live long enough
///         Ok::<_, VecStoreError>(room_of_one.fill(|_| Token::new(1)))
///     })?;
///     Err::<_, VecStoreError>(VecStoreError::OutOfMemory { size_bytes: 0 })
/// });
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the append needs the proof of all its room"]
pub struct Filled<'room> {
    range: Range<usize>,
    brand: Brand<'room>,
}

impl Filled<'_> {
    /// Returns the positions that are filled, counted from the start of the
    /// append.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Joins this range with the one that follows it.
    ///
    /// Ranges of two appends do not even compile:
    ///
    /// ```compile_fail
    /// use ng_store::{VecStore, VecStoreError};
    /// use ng_token::Token;
    ///
    /// let (mut one, mut other) = (VecStore::new(), VecStore::new());
    /// one.append_in_place(1, |room_of_one| {
    ///     other.append_in_place(1, |room_of_other| {
    ///         let filled = room_of_other.fill(|_| Token::new(1));
    ///         // error: borrowed data escapes outside of closure
    ///         let _joined = room_of_one.fill(|_| Token::new(1)).join(filled);
    ///         Err(VecStoreError::OutOfMemory { size_bytes: 0 })
    ///     })?;
    ///     Err::<_, VecStoreError>(VecStoreError::OutOfMemory { size_bytes: 0 })
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// [`VecStoreError::NotAdjacent`] if `right` does not begin where this ends.
    pub fn join(self, right: Self) -> Result<Self, VecStoreError> {
        if self.range.end != right.range.start {
            return Err(VecStoreError::NotAdjacent {
                left: self.range,
                right: right.range,
            });
        }
        Ok(Self {
            range: self.range.start..right.range.end,
            brand: PhantomData,
        })
    }
}

/// Lends the first `count` spare tokens of `tokens` to `filler`, and adds them to the
/// vector once they come back filled.
///
/// # Errors
///
/// Those of `filler`, or `RoomNotFilled`; the length is then unchanged.
///
/// # Panics
///
/// If the spare capacity is less than `count`, or `filler` panics.
pub(crate) fn fill_in_place<E: From<VecStoreError>>(
    tokens: &mut Vec<Token>,
    count: usize,
    stores: Stores,
    filler: impl for<'room> FnOnce(Vacant<'room>) -> Result<Filled<'room>, E>,
) -> Result<(), E> {
    let slots = &mut tokens.spare_capacity_mut()[..count];
    let filled = filler(Vacant::new(slots, 0, stores))?.range;
    if filled != (0..count) {
        return Err(VecStoreError::RoomNotFilled {
            filled,
            room: count,
        }
        .into());
    }
    let len = tokens.len() + count;
    // SAFETY: `set_len` requires that (1) `len` is at most the capacity and (2) the
    // tokens between the old and the new length are initialised.
    // (1) Slicing the spare capacity above panics unless it holds `count` tokens.
    // (2) `filled` came in a `Filled` of this very call: `filler` must work for
    //     any `'room`, and `'room` is invariant, so no `Filled` of another call,
    //     on this store or another, has the type it must return. Inside one
    //     call a `Filled` begins in `Vacant::fill`, which takes its `Vacant`
    //     away and returns only after `write_plain` or `write_streamed` wrote
    //     every slot at the positions it names. `split_at` gives each slot to one `Vacant` and keeps position
    //     and slot together; `join` unites ranges that touch. So a range of
    //     `0..count` means that the slots 0 to `count` are all written. They
    //     stay so: a `Vacant` is the only way to them, and never un-writes.
    unsafe { tokens.set_len(len) };
    Ok(())
}
