//! The operations on the calling thread, one shard after the other.
//!
//! They are the oracle for the parallel ones, and what single-threaded
//! [`Workers`](crate::Workers) run. Same shards, same results, same errors.

use std::ops::Range;

use ng_store::{
    BlockReader, FileDraft, FileWriter, Filled, MapPass, TokenSink, Vacant, VecStore,
    VecStoreError, VerifyBlocks, VerifyReport,
};
use ng_token::Token;

use crate::error::guard;
use crate::for_each_shard::slices;
use crate::for_each_shard_mut::slices_mut;
use crate::gather::{append_to, gather_piece};
use crate::ingest::{Batches, Cut, Each, InShards, Place, Slice, ingest_alone};
use crate::load::{load_piece, load_with};
use crate::map_reduce::{map_window, reduce_in_order};
use crate::save::save_with;
use crate::verify::{shards, verify_shard};
use crate::{
    IngestError, IngestOptions, ParallelError, ParallelLoadError, ParallelSaveError, PassError,
    Shard, Shards, StopFlag, VerifyError,
};

/// Does what [`fill`](crate::fill()) does.
///
/// # Errors
///
/// As [`fill`](crate::fill()).
pub fn fill(
    stop: &StopFlag,
    store: &mut VecStore,
    count: usize,
    f: impl Fn(usize) -> Token,
) -> Result<(), ParallelError> {
    store.append_in_place(count, |vacant| {
        fill_shards(stop, vacant, |piece| Ok(piece.fill(&f)))
    })
}

/// Does what [`for_each_shard`](crate::for_each_shard()) does, in order.
///
/// # Errors
///
/// As [`for_each_shard`](crate::for_each_shard()).
pub fn for_each_shard(
    stop: &StopFlag,
    tokens: &[Token],
    f: impl Fn(Shard, &[Token]),
) -> Result<(), ParallelError> {
    let shards = Shards::new(tokens.len());
    for (shard, slice) in slices(tokens) {
        let number = shard.number;
        check_stop(stop, number, shards.len())?;
        guard(number, || f(shard, slice))?;
    }
    Ok(())
}

/// Does what [`for_each_shard_mut`](crate::for_each_shard_mut()) does, in order.
///
/// # Errors
///
/// As [`for_each_shard_mut`](crate::for_each_shard_mut()).
pub fn for_each_shard_mut(
    stop: &StopFlag,
    tokens: &mut [Token],
    f: impl Fn(Shard, &mut [Token]),
) -> Result<(), ParallelError> {
    let shards = Shards::new(tokens.len());
    for (shard, slice) in slices_mut(tokens) {
        let number = shard.number;
        check_stop(stop, number, shards.len())?;
        guard(number, || f(shard, slice))?;
    }
    Ok(())
}

/// Does what [`map_reduce`](crate::map_reduce()) does.
///
/// # Errors
///
/// As [`map_reduce`](crate::map_reduce()).
pub fn map_reduce<R>(
    stop: &StopFlag,
    tokens: &[Token],
    map: impl Fn(Shard, &[Token]) -> R,
    reduce: impl Fn(R, R) -> R,
) -> Result<Option<R>, ParallelError> {
    let shards = Shards::new(tokens.len());
    let mut mapped = Vec::with_capacity(shards.len());
    for (shard, slice) in slices(tokens) {
        let number = shard.number;
        check_stop(stop, number, shards.len())?;
        mapped.push(guard(number, || map(shard, slice))?);
    }
    reduce_in_order(mapped, reduce)
}

/// Does what [`map_reduce_pass`](crate::map_reduce_pass()) does.
///
/// # Errors
///
/// As [`map_reduce_pass`](crate::map_reduce_pass()).
pub fn map_reduce_pass<R>(
    stop: &StopFlag,
    pass: &MapPass<'_>,
    map: impl Fn(Shard, &[Token]) -> R,
    reduce: impl Fn(R, R) -> R,
) -> Result<Option<R>, PassError> {
    let shards = Shards::new(pass.snapshot().len());
    let mut mapped = Vec::with_capacity(shards.len());
    for shard in shards {
        let number = shard.number;
        check_stop(stop, number, shards.len())?;
        mapped.push(guard(number, || map_window(pass, shard, &map))??);
    }
    Ok(reduce_in_order(mapped, reduce)?)
}

/// Does what [`map_shards`](crate::map_shards()) does.
///
/// # Errors
///
/// As [`map_shards`](crate::map_shards()).
pub fn map_shards<R>(
    stop: &StopFlag,
    shards: Shards,
    map: impl Fn(Shard) -> R,
) -> Result<Vec<R>, ParallelError> {
    let mut mapped = Vec::with_capacity(shards.len());
    for shard in shards {
        let number = shard.number;
        check_stop(stop, number, shards.len())?;
        mapped.push(guard(number, || map(shard))?);
    }
    Ok(mapped)
}

/// Does what [`gather`](crate::gather()) does.
///
/// # Errors
///
/// As [`gather`](crate::gather()).
pub fn gather(
    stop: &StopFlag,
    tokens: &[Token],
    indices: &[usize],
    out: &mut Vec<Token>,
) -> Result<(), ParallelError> {
    append_to(out, indices.len(), |vacant| {
        fill_shards(stop, vacant, |piece| gather_piece(tokens, indices, piece))
    })
}

/// Does what [`ingest`](crate::ingest()) does.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// As [`ingest`](crate::ingest()).
pub fn ingest<S: TokenSink>(
    stop: &StopFlag,
    sink: &mut S,
    count: usize,
    f: impl Fn(usize) -> Token,
) -> Result<(), IngestError<S::Error>> {
    ingest_with(stop, &IngestOptions::new(), sink, count, f)
}

/// Does what [`ingest_with`](crate::ingest_with()) does, with one buffer.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// As [`ingest`](crate::ingest()).
pub fn ingest_with<S: TokenSink>(
    stop: &StopFlag,
    options: &IngestOptions,
    sink: &mut S,
    count: usize,
    f: impl Fn(usize) -> Token,
) -> Result<(), IngestError<S::Error>> {
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, count, options);
    ingest_alone(stop, options, sink, cut, &Each { place, f })
}

/// Does what [`ingest_batches`](crate::ingest_batches()) does.
///
/// # Errors
///
/// As [`ingest_batches`](crate::ingest_batches()).
///
/// # Panics
///
/// As [`ingest_batches`](crate::ingest_batches()).
pub fn ingest_batches<S: TokenSink, M>(
    stop: &StopFlag,
    sink: &mut S,
    count: usize,
    make: impl Fn(Range<usize>, &mut Vec<Token>) -> Result<(), M>,
) -> Result<(), IngestError<S::Error, M>> {
    ingest_batches_with(stop, &IngestOptions::new(), sink, count, make)
}

/// Does what [`ingest_batches_with`](crate::ingest_batches_with()) does, with one buffer.
///
/// # Errors
///
/// As [`ingest_batches`](crate::ingest_batches()).
///
/// # Panics
///
/// As [`ingest_batches`](crate::ingest_batches()).
pub fn ingest_batches_with<S: TokenSink, M>(
    stop: &StopFlag,
    options: &IngestOptions,
    sink: &mut S,
    count: usize,
    make: impl Fn(Range<usize>, &mut Vec<Token>) -> Result<(), M>,
) -> Result<(), IngestError<S::Error, M>> {
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, count, options);
    ingest_alone(stop, options, sink, cut, &Batches { place, make })
}

/// Does what [`ingest_shards`](crate::ingest_shards()) does.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// As [`ingest`](crate::ingest()).
pub fn ingest_shards<S: TokenSink>(
    stop: &StopFlag,
    sink: &mut S,
    shards: Shards,
    f: impl Fn(Shard, &mut [Token]),
) -> Result<(), IngestError<S::Error>> {
    ingest_shards_with(stop, &IngestOptions::new(), sink, shards, f)
}

/// Does what [`ingest_shards_with`](crate::ingest_shards_with()) does, with one buffer.
///
/// # Errors
///
/// As [`ingest`](crate::ingest()).
///
/// # Panics
///
/// As [`ingest`](crate::ingest()).
pub fn ingest_shards_with<S: TokenSink>(
    stop: &StopFlag,
    options: &IngestOptions,
    sink: &mut S,
    shards: Shards,
    f: impl Fn(Shard, &mut [Token]),
) -> Result<(), IngestError<S::Error>> {
    let place = Place::of(sink);
    let cut = Cut::of_plan(shards);
    ingest_alone(stop, options, sink, cut, &InShards { place, f })
}

/// Does what `ingest_slice` does.
pub(crate) fn ingest_slice<S: TokenSink>(
    stop: &StopFlag,
    sink: &mut S,
    tokens: &[Token],
) -> Result<(), IngestError<S::Error>> {
    let options = IngestOptions::new();
    let place = Place::of(sink);
    let cut = Cut::of_sink(sink, tokens.len(), &options);
    ingest_alone(stop, &options, sink, cut, &Slice { place, tokens })
}

/// Does what [`load`](crate::load()) does.
///
/// # Errors
///
/// As [`load`](crate::load()).
pub fn load(stop: &StopFlag, reader: &BlockReader) -> Result<VecStore, ParallelLoadError> {
    load_watched(stop, reader, |_| ())
}

/// Does what [`load_watched`](crate::load_watched()) does.
///
/// # Errors
///
/// As [`load_watched`](crate::load_watched()).
pub fn load_watched(
    stop: &StopFlag,
    reader: &BlockReader,
    watch: impl Fn(u64),
) -> Result<VecStore, ParallelLoadError> {
    load_with(reader, |store, pass, count| {
        store.append_in_place(count, |vacant| {
            fill_shards(stop, vacant, |piece| load_piece(pass, piece, &watch))
        })
    })
}

/// Does what [`save`](crate::save()) does.
///
/// # Errors
///
/// As [`save`](crate::save()).
pub fn save(
    stop: &StopFlag,
    tokens: &[Token],
    draft: FileDraft,
) -> Result<FileWriter, ParallelSaveError> {
    save_with(tokens, draft, |writer| ingest_slice(stop, writer, tokens))
}

/// Does what [`verify`](crate::verify()) does.
///
/// # Errors
///
/// As [`verify`](crate::verify()).
pub fn verify<B: VerifyBlocks + Sync>(
    stop: &StopFlag,
    blocks: &B,
) -> Result<VerifyReport, VerifyError> {
    verify_watched(stop, blocks, |_| ())
}

/// Does what [`verify_watched`](crate::verify_watched()) does.
///
/// # Errors
///
/// As [`verify_watched`](crate::verify_watched()).
pub fn verify_watched<B: VerifyBlocks + Sync>(
    stop: &StopFlag,
    blocks: &B,
    watch: impl Fn(u64),
) -> Result<VerifyReport, VerifyError> {
    let verify = |blocks: &dyn VerifyBlocks| {
        let shards = shards(blocks.block_count());
        let count = shards.len();
        let mut bad = Vec::new();
        for (number, shard) in shards.enumerate() {
            check_stop(stop, number, count)?;
            bad.extend(guard(number, || verify_shard(blocks, shard, &watch))??);
        }
        Ok(blocks.conclude(bad)?)
    };
    match blocks.verifying_pass() {
        Some(pass) => verify(&*pass),
        None => verify(blocks),
    }
}

/// Fills `vacant` shard by shard.
fn fill_shards<'room, E: From<ParallelError> + From<VecStoreError>>(
    stop: &StopFlag,
    vacant: Vacant<'room>,
    work: impl Fn(Vacant<'room>) -> Result<Filled<'room>, E>,
) -> Result<Filled<'room>, E> {
    let shards = Shards::new(vacant.len());
    let (empty, mut rest) = vacant.split_at(0);
    let mut filled = work(empty)?;
    for shard in shards {
        check_stop(stop, shard.number, shards.len())?;
        let (piece, tail) = rest.split_at(shard.range.len());
        filled = filled.join(guard(shard.number, || work(piece))??)?;
        rest = tail;
    }
    Ok(filled)
}

fn check_stop(stop: &StopFlag, shards_done: usize, shards: usize) -> Result<(), ParallelError> {
    if stop.is_stopped() {
        return Err(ParallelError::Stopped {
            shards_done,
            shards,
        });
    }
    Ok(())
}
