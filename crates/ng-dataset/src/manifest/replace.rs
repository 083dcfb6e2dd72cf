//! Rows of a generation exchanged for others.

use std::ops::Range;

use ng_query::sealed::FileId;

use super::{Entry, Manifest, Sealed};
use crate::error::Conflict;

/// Rows of a file that other rows take the place of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taken {
    pub(crate) file: FileId,
    pub(crate) rows: Range<u64>,
    /// What was known of them when they were read, if what takes their place goes by that.
    pub(crate) sealed: Option<Sealed>,
}

impl Manifest {
    /// Puts entries in the place of rows: where the first of them were. Rows of an entry that are
    /// not taken stay, so an open tail stays open behind those that are, whether or not its writer
    /// has sealed it meanwhile.
    ///
    /// # Errors
    ///
    /// [`Conflict::RowsReplaced`] if any of the rows are no longer named, and
    /// [`Conflict::ShardCorrected`] if something else is said of them by now. The manifest is then
    /// in no defined state.
    pub(crate) fn replace(&mut self, taken: &[Taken], with: Vec<Entry>) -> Result<(), Conflict> {
        let mut place = None;
        for rows in taken {
            let at = self.take(rows)?;
            // What was put in front of it has moved nothing: entries only go.
            place = Some(place.map_or(at, |place: usize| place.min(at)));
        }
        let place = place.unwrap_or(self.entries.len());
        self.entries.splice(place..place, with);
        Ok(())
    }

    /// Puts entries in the place of rows, in front of all others.
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace).
    pub(crate) fn replace_in_front(
        &mut self,
        taken: &[Taken],
        with: Vec<Entry>,
    ) -> Result<(), Conflict> {
        for rows in taken {
            self.take(rows)?;
        }
        self.entries.splice(0..0, with);
        Ok(())
    }

    /// Returns rows as they are named.
    ///
    /// # Errors
    ///
    /// As [`replace`](Self::replace).
    pub(crate) fn entry_with(&self, rows: &Taken) -> Result<Entry, Conflict> {
        let entry = &self.entries[self.find(rows)?];
        Ok(entry.with_rows(rows.rows.start, Some(rows.rows.end)))
    }

    /// Finds the entry that has rows.
    fn find(&self, taken: &Taken) -> Result<usize, Conflict> {
        let (file, Range { start, end }) = (taken.file, taken.rows.clone());
        let holds = |entry: &Entry| {
            let ends_later = entry.rows.to.is_none_or(|to| end <= to);
            entry.file == file && entry.rows.from <= start && ends_later
        };
        let Some(at) = self.entries.iter().position(holds) else {
            return Err(Conflict::RowsReplaced { file });
        };
        match taken.sealed.is_some() && taken.sealed != self.entries[at].sealed {
            true => Err(Conflict::ShardCorrected { file }),
            false => Ok(at),
        }
    }

    /// Takes rows out, and returns where they were.
    fn take(&mut self, taken: &Taken) -> Result<usize, Conflict> {
        let at = self.find(taken)?;
        let Range { start, end } = taken.rows;
        let whole = self.entries.remove(at);
        let mut place = at;
        if whole.rows.from < start {
            self.entries
                .insert(at, whole.with_rows(whole.rows.from, Some(start)));
            place += 1;
        }
        if whole.rows.to.is_none_or(|to| end < to) {
            self.entries
                .insert(place, whole.with_rows(end, whole.rows.to));
        }
        Ok(place)
    }
}

impl Entry {
    /// The same file with fewer rows, whose zone and order still hold.
    fn with_rows(&self, from: u64, to: Option<u64>) -> Self {
        let mut entry = self.clone();
        entry.rows.from = from;
        entry.rows.to = to;
        entry
    }
}

#[cfg(test)]
mod tests {
    use ng_query::sealed::Hex;

    use super::*;
    use crate::manifest::Tags;

    const A: FileId = FileId([1; 16]);
    const B: FileId = FileId([2; 16]);
    const NEW: FileId = FileId([9; 16]);

    fn sealed() -> Sealed {
        Sealed {
            bytes: 0,
            committed_ns: 0,
            chain: Hex(0),
            slot: Hex(0),
            zone: None,
            order: None,
            stream: None,
        }
    }

    fn entry(file: FileId, rows: Range<u64>) -> Entry {
        Entry::sealed(file, rows, sealed())
    }

    fn manifest(entries: Vec<Entry>) -> Manifest {
        Manifest {
            entries,
            ..Manifest::first(FileId([0; 16]), Tags::new(), 0)
        }
    }

    fn check(before: Vec<Entry>, taken: &[(FileId, Range<u64>)], after: Option<Vec<Entry>>) {
        let taken = taken.iter().map(|(file, rows)| Taken {
            file: *file,
            rows: rows.clone(),
            sealed: None,
        });
        let mut manifest = manifest(before);
        let replaced = manifest.replace(&taken.collect::<Vec<_>>(), vec![entry(NEW, 0..1)]);
        match after {
            Some(after) => assert_eq!((replaced, manifest.entries), (Ok(()), after)),
            None => assert!(replaced.is_err(), "{manifest:?}"),
        }
    }

    #[test]
    fn new_rows_stand_where_the_first_of_the_old_ones_were() {
        let before = vec![entry(A, 0..5), entry(B, 0..7)];
        check(
            before.clone(),
            &[(A, 0..5)],
            Some(vec![entry(NEW, 0..1), entry(B, 0..7)]),
        );
        check(
            before.clone(),
            &[(B, 0..7)],
            Some(vec![entry(A, 0..5), entry(NEW, 0..1)]),
        );
        check(
            before.clone(),
            &[(A, 0..5), (B, 0..7)],
            Some(vec![entry(NEW, 0..1)]),
        );
        check(
            before,
            &[(B, 0..7), (A, 0..5)],
            Some(vec![entry(NEW, 0..1)]),
        );
    }

    #[test]
    fn rows_that_are_not_taken_stay() {
        check(
            vec![entry(A, 0..9)],
            &[(A, 2..5)],
            Some(vec![entry(A, 0..2), entry(NEW, 0..1), entry(A, 5..9)]),
        );
        check(
            vec![Entry::open(A, 0)],
            &[(A, 0..5)],
            Some(vec![entry(NEW, 0..1), Entry::open(A, 5)]),
        );
        // Sealed by its writer since it was rewritten.
        check(
            vec![entry(A, 0..8)],
            &[(A, 0..5)],
            Some(vec![entry(NEW, 0..1), entry(A, 5..8)]),
        );
    }

    #[test]
    fn rows_that_are_no_longer_named_are_a_conflict() {
        for taken in [(B, 0..1), (A, 0..6), (A, 0..1)] {
            check(vec![entry(A, 2..5)], &[taken], None);
        }
    }

    #[test]
    fn rows_of_which_something_else_is_said_are_a_conflict_for_who_went_by_it() {
        let mut corrected = entry(A, 0..9);
        corrected.sealed.as_mut().unwrap().bytes += 1;
        let taken = |sealed: Option<Sealed>| Taken {
            file: A,
            rows: 2..5,
            sealed,
        };
        for (was, conflict) in [
            (None, None),
            (corrected.sealed.clone(), None),
            (Some(sealed()), Some(Conflict::ShardCorrected { file: A })),
        ] {
            let mut manifest = manifest(vec![corrected.clone()]);
            let taken = taken(was);
            let named = manifest.entry_with(&taken);
            assert_eq!(named.as_ref().err(), conflict.as_ref());
            if let Ok(named) = named {
                assert_eq!(named, corrected.with_rows(2, Some(5)));
            }
            assert_eq!(manifest.replace(&[taken], Vec::new()).err(), conflict);
        }
    }
}
