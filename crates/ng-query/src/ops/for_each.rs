use std::ops::Range;

use ng_store::ReadError;
use ng_token::Token;

use crate::parts::open_part;
use crate::{Parts, QueryError, Source};

impl Source<'_> {
    /// Passes the tokens at some positions to `take`, in order, on this thread; those of files are
    /// read and verified, and passed up to a block at a time. Of parts, those that have any of the
    /// positions are opened, one at a time.
    ///
    /// # Errors
    ///
    /// [`QueryError`], and what `take` returns.
    ///
    /// # Panics
    ///
    /// If a position is not within the source.
    pub fn for_each<E: From<QueryError>>(
        &self,
        positions: Range<u64>,
        mut take: impl FnMut(&[Token]) -> Result<(), E>,
    ) -> Result<(), E> {
        let len = self.len();
        let is_within = positions.start <= positions.end && positions.end <= len;
        assert!(is_within, "positions {positions:?} of {len} tokens");
        match self {
            Self::Parts(parts) => in_parts(*parts, positions, &mut take),
            one => in_one(*one, positions, &mut take),
        }
    }
}

fn in_parts<E: From<QueryError>>(
    parts: &dyn Parts,
    positions: Range<u64>,
    take: &mut dyn FnMut(&[Token]) -> Result<(), E>,
) -> Result<(), E> {
    let mut base: u64 = 0;
    for part in 0..parts.part_count() {
        let end = base + parts.part_tokens(part);
        let some = positions.start.max(base)..positions.end.min(end);
        if some.start < some.end {
            let opened = open_part(parts, part)?;
            in_one(opened.source(), some.start - base..some.end - base, take)?;
        }
        base = end;
        if base >= positions.end {
            break;
        }
    }
    Ok(())
}

fn in_one<E: From<QueryError>>(
    source: Source<'_>,
    some: Range<u64>,
    take: &mut dyn FnMut(&[Token]) -> Result<(), E>,
) -> Result<(), E> {
    let slice = some.start as usize..some.end as usize;
    let taken = |tokens: &[Token]| take(tokens).map_err(Failed::Taking);
    let done = match source {
        Source::Tokens(tokens) => return take(&tokens[slice]),
        Source::Snapshot(snapshot) => return take(&snapshot[slice]),
        Source::Reader(reader) => reader.for_each(some, taken),
        Source::Rows(rows) => rows.for_each(some, taken),
        Source::Parts(_) => unreachable!("a part has no parts"),
    };
    done.map_err(|failed| match failed {
        Failed::Reading(error) => QueryError::from(error).into(),
        Failed::Taking(error) => error,
    })
}

/// Who failed.
enum Failed<E> {
    Reading(ReadError),
    Taking(E),
}

impl<E> From<ReadError> for Failed<E> {
    fn from(error: ReadError) -> Self {
        Self::Reading(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ng_store::{BlockReader, CreateOptions, VecStore};

    use super::*;
    use crate::{OpenPart, Zone};

    #[derive(Debug)]
    struct Two(Vec<Arc<OpenPart>>);

    impl Parts for Two {
        fn part_count(&self) -> usize {
            self.0.len()
        }

        fn part_tokens(&self, part: usize) -> u64 {
            self.0[part].source().len()
        }

        fn part_zone(&self, _part: usize) -> Option<&Zone> {
            None
        }

        fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
            Ok(self.0[part].clone())
        }
    }

    fn passed(source: Source<'_>, positions: Range<u64>) -> Vec<Token> {
        let mut all = Vec::new();
        let done = source.for_each(positions, |tokens| {
            all.extend_from_slice(tokens);
            Ok::<_, QueryError>(())
        });
        done.unwrap();
        all
    }

    #[test]
    fn every_kind_of_source_passes_the_tokens_of_a_range_in_order() {
        let tokens: Vec<Token> = (0..20_000).map(Token::new).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ngt");
        let store = VecStore::from_vec(tokens[..15_000].to_vec());
        store.save(&path, &CreateOptions::new()).unwrap();
        let reader = BlockReader::open(&path).unwrap();
        let rest: Arc<[Token]> = tokens[10_000..].into();
        let pass = OpenPart::of_pass(reader.pass(), 100..9_000, None).unwrap();
        let parts = Two(vec![
            Arc::new(OpenPart::of_reader_rows(reader.clone(), 0..100)),
            Arc::new(pass),
            Arc::new(OpenPart::of_tokens([])),
            Arc::new(OpenPart::of_reader_rows(reader.clone(), 9_000..10_000)),
            Arc::new(OpenPart::of_tokens(rest)),
        ]);
        for range in [0..20_000, 0..0, 50..9_500, 4_096..8_192, 9_999..10_001] {
            let expected = &tokens[range.start as usize..range.end as usize];
            assert_eq!(passed(Source::Parts(&parts), range.clone()), expected);
            assert_eq!(passed((&tokens).into(), range), expected);
        }
        assert_eq!(passed((&reader).into(), 7..14_000), &tokens[7..14_000]);
    }

    #[test]
    #[should_panic(expected = "positions 1..3 of 2 tokens")]
    fn positions_beyond_the_end_are_refused() {
        passed((&vec![Token::new(0); 2]).into(), 1..3);
    }
}
