//! Values stored in structs, sent to other threads, and with named error types.

use std::thread;

use ng_parallel::*;
use ng_store::*;

use crate::Outcome;
use crate::maps;
use crate::place::Place;
use crate::samples::{file_of, sum, sum_to, token};

/// What a service stores of a file: nothing is borrowed.
struct Service {
    snapshot: Snapshot,
    reader: BlockReader,
    pass: BlockPass<'static>,
    blocks: Blocks,
}

pub(super) fn run(place: &Place) -> Outcome {
    let path = place.file("tokens.ngt");
    file_of(&path, 10_000)?;
    let reader = BlockReader::open(&path)?;
    let service = Service {
        snapshot: maps::open(&path, &MapOptions::new())?
            .snapshot()
            .slice(5_000..6_000),
        pass: reader.pass(),
        blocks: reader.blocks(),
        reader,
    };
    let total = thread::spawn(move || service.total());
    assert_eq!(
        total.join().map_err(|_| "the service panicked")??,
        sum_to(10_000)
    );
    all_are_shared();
    Ok(())
}

impl Service {
    fn total(self) -> Outcome<u64> {
        assert_eq!(self.snapshot.tokens()[0], token(5_000));
        assert_eq!(self.reader.get(5_000)?, Some(token(5_000)));
        let mut by_pass = 0;
        self.pass.for_each(0..self.pass.len(), |tokens| {
            by_pass += sum(tokens);
            Ok::<_, ReadError>(())
        })?;
        let mut by_blocks = 0;
        for block in self.blocks {
            by_blocks += sum(&block?);
        }
        assert_eq!(by_pass, by_blocks);
        Ok(by_pass)
    }
}

fn all_are_shared() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<(Snapshot, Commit, MmapStore, PrivateStore, VecStore)>();
    shared::<(BlockReader, BlockPass<'static>, MappedBlocks, Block)>();
    shared::<(FileWriter, FileDraft, RawDraft, RawReader)>();
    shared::<(Workers, StopFlag, Shards)>();
    shared::<(
        OpenError,
        ReadError,
        WriteError,
        CreateError,
        LoadError,
        IoError,
    )>();
    shared::<(
        RepairError,
        VecStoreError,
        WorkersError,
        ParallelError,
        PassError,
    )>();
    shared::<(VerifyError, ParallelLoadError, ParallelSaveError)>();
    shared::<IngestError<WriteError, ReadError>>();
}
