//! A stream on a simulated disk, and what its writer was told is durable.

use std::path::Path;
use std::time::Duration;

use ng_dataset::ng_store::disk::sim::{SimDir, SimFs};
use ng_dataset::ng_token::Token;
use ng_dataset::{
    CreateOptions, Dataset, DatasetError, FollowOptions, Followed, Roll, Writer, WriterOptions,
};

pub(crate) const BLOCK: u32 = 4096;

pub(crate) type SimDataset = Dataset<SimDir>;
pub(crate) type SimWriter = Writer<SimDir>;

const PATH: &str = "sim.ngd";

pub(crate) fn create(fs: &SimFs) -> Result<SimDataset, DatasetError> {
    Dataset::create_in(fs.dir(), Path::new(PATH), &CreateOptions::new())
}

pub(crate) fn open(fs: &SimFs) -> Result<SimDataset, DatasetError> {
    Dataset::open_in(fs.dir(), Path::new(PATH))
}

/// Rolls at a block.
pub(crate) fn options() -> WriterOptions {
    WriterOptions::new().roll(Roll {
        tokens: Some(1),
        ..Roll::default()
    })
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Append(u32),
    Commit,
    Roll,
    Wait,
}

/// Appends the ids 0, 1, 2 and so on.
pub(crate) fn run(writer: &mut SimWriter, step: Step) -> Result<(), DatasetError> {
    match step {
        Step::Append(count) => {
            let first = writer.appended_tokens() as u32;
            writer.append_with(count as usize, |index| Token::new(first + index as u32))
        }
        Step::Commit => writer.commit(),
        Step::Roll => writer.roll(),
        Step::Wait => writer.wait(),
    }
}

/// The ids in the newest generation.
pub(crate) fn ids(dataset: &SimDataset) -> Vec<u32> {
    let snapshot = dataset.snapshot().unwrap();
    assert!(snapshot.findings().is_empty(), "{:?}", snapshot.findings());
    let mut ids = Vec::new();
    snapshot
        .for_each(0..snapshot.len(), |_, tokens| {
            ids.extend(tokens.iter().map(|token| token.id().raw()));
            Ok::<_, DatasetError>(())
        })
        .unwrap();
    ids
}

/// What a follower tells from the beginning until all tails are closed.
pub(crate) fn followed(dataset: &SimDataset) -> Vec<u32> {
    let options = FollowOptions::new().until_closed(true);
    let mut follower = dataset.follow(&options).unwrap();
    let mut ids = Vec::new();
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            Followed::Tokens(batch) => ids.extend(batch.tokens.iter().map(|it| it.id().raw())),
            Followed::Closed => return ids,
            other => panic!("{other:?}"),
        }
    }
}
