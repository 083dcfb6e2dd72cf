use std::fs::File;
use std::io::Read;

use ng_parallel::DEFAULT_SHARD_TOKENS;
use ng_store::{RawReader, TokenSink, TokenStore, VecStore};
use ng_token::{Token, as_bytes_mut};

use super::{Borders, Counts, Grouper, Partition, Partitions, TempFolder, sample};
use crate::order::SortError;
use crate::order::in_memory::write_sorted;
use crate::order::progress::Counter;
use crate::order::sort_file::Sort;

/// Appends the partitions, sorted, to a sink.
pub(super) struct Drain<'a, S> {
    sort: &'a Sort<'a>,
    folder: &'a mut TempFolder,
    counter: &'a Counter<'a>,
    sink: &'a mut S,
    /// Room for the tokens of a partition, reused for the next.
    room: VecStore,
}

impl<'a, S: TokenSink<Error: Into<SortError>>> Drain<'a, S> {
    pub(super) fn new(
        sort: &'a Sort<'a>,
        folder: &'a mut TempFolder,
        counter: &'a Counter<'a>,
        sink: &'a mut S,
    ) -> Self {
        Self {
            sort,
            folder,
            counter,
            sink,
            room: VecStore::new(),
        }
    }

    /// Appends partitions in the order of their keys. Each is removed once it is done.
    pub(super) fn all(&mut self, partitions: Vec<Partition>) -> Result<(), SortError> {
        for partition in partitions {
            self.sort.check_stop()?;
            if partition.has_one_key() {
                self.copy(&partition)?;
            } else if self.sort.budget.holds(partition.tokens) {
                self.sort(&partition)?;
            } else {
                self.partition_again(partition)?;
            }
        }
        Ok(())
    }

    /// Copies what is in order already.
    fn copy(&mut self, partition: &Partition) -> Result<(), SortError> {
        let (sort, counter, sink) = (self.sort, self.counter, &mut *self.sink);
        for_each_chunk(sort, partition, |tokens| {
            sink.append(tokens).map_err(Into::into)?;
            counter.add(tokens.len() as u64);
            Ok(())
        })
    }

    /// Sorts what fits in memory.
    fn sort(&mut self, partition: &Partition) -> Result<(), SortError> {
        let count = partition.tokens as usize;
        if self.room.len() < count {
            self.room = VecStore::new();
            self.room.reserve_exact(count)?;
            ng_parallel::fill(self.sort.workers, &mut self.room, count, |_| Token::ZERO)?;
        }
        let tokens = &mut self.room.tokens_mut()[..count];
        let mut reader = open(self.sort, partition)?;
        for chunk in tokens.chunks_mut(DEFAULT_SHARD_TOKENS) {
            self.sort.check_stop()?;
            read(&mut reader, partition, chunk)?;
        }
        write_sorted(self.sort, tokens, self.sink, self.counter)
    }

    /// Partitions what is too large: the sample missed too much of it.
    fn partition_again(&mut self, partition: Partition) -> Result<(), SortError> {
        self.room = VecStore::new();
        let sort = self.sort;
        let sample = sample::of_partition(sort, &partition)?;
        let borders = Borders::within(&partition.keys, sample, sort.wanted(partition.tokens));
        let (grouper, counts) = (Grouper::new(sort.order, &borders), Counts::default());
        let mut partitions = Partitions::begin(sort, self.folder, &borders, &counts);
        let mut groups = Vec::new();
        for_each_chunk(sort, &partition, |tokens| {
            groups.clear();
            let counts = grouper.group(tokens, &mut groups);
            partitions.append_groups(&groups, &counts)
        })?;
        drop(groups);
        let partitions = partitions.finish()?;
        drop(partition);
        self.all(partitions)
    }
}

/// Reads a temporary file from one end to the other.
fn for_each_chunk(
    sort: &Sort<'_>,
    partition: &Partition,
    mut take: impl FnMut(&[Token]) -> Result<(), SortError>,
) -> Result<(), SortError> {
    let mut reader = open(sort, partition)?;
    let mut chunk = vec![Token::ZERO; DEFAULT_SHARD_TOKENS];
    let mut left = partition.tokens;
    while left > 0 {
        sort.check_stop()?;
        let count = left.min(chunk.len() as u64) as usize;
        read(&mut reader, partition, &mut chunk[..count])?;
        take(&chunk[..count])?;
        left -= count as u64;
    }
    Ok(())
}

fn open(sort: &Sort<'_>, partition: &Partition) -> Result<RawReader, SortError> {
    let file = File::open(&partition.path).map_err(|source| SortError::Temporary {
        path: partition.path.clone(),
        source,
    })?;
    Ok(RawReader::new(file, sort.cache_of_many()))
}

fn read(
    reader: &mut RawReader,
    partition: &Partition,
    tokens: &mut [Token],
) -> Result<(), SortError> {
    let read = reader.read_exact(as_bytes_mut(tokens));
    read.map_err(|source| SortError::Temporary {
        path: partition.path.clone(),
        source,
    })
}
