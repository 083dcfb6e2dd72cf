use std::convert::Infallible;

use ng_store::{BlockHasher, TokenSink};
use ng_token::Token;

use super::{Buffer, Cut, IngestError, IngestOptions, Make, Place, Unmade, ingest_on};
use crate::{Shard, Workers, serial};

/// Appends a copy of `tokens` to any sink, hashed by all threads of the operation and
/// written in place, without committing.
pub(crate) fn ingest_slice<S: TokenSink>(
    workers: &Workers,
    sink: &mut S,
    tokens: &[Token],
) -> Result<(), IngestError<S::Error>> {
    let Some(pool) = workers.pool()? else {
        return serial::ingest_slice(workers.stop(), sink, tokens);
    };
    let options = IngestOptions::new();
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, tokens.len(), &options);
    ingest_on(pool, &options, sink, cut, &Slice { place, tokens })
}

/// Makes nothing: the tokens exist and only need hashing.
pub(crate) struct Slice<'tokens, H> {
    pub(crate) place: Place<H>,
    pub(crate) tokens: &'tokens [Token],
}

impl<H: BlockHasher> Make for Slice<'_, H> {
    type Error = Infallible;

    fn make(&self, shard: &Shard, buffer: &mut Buffer) -> Result<(), Unmade<Infallible>> {
        let tokens = &self.tokens[shard.range.clone()];
        buffer.hash_of(tokens, self.place.position(shard), &self.place.hasher);
        Ok(())
    }

    fn tokens<'made>(&'made self, shard: &Shard, _buffer: &'made Buffer) -> &'made [Token] {
        &self.tokens[shard.range.clone()]
    }

    fn buffer(&self, longest: usize) -> Buffer {
        Buffer::with_capacity(0, longest)
    }
}
