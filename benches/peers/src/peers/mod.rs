//! The stores: one file for each, ours in `ours.rs`.

pub(crate) mod arrow_ipc;
pub(crate) mod bufwriter;
pub(crate) mod lmdb;
pub(crate) mod memmap2;
pub(crate) mod ours;
pub(crate) mod redb;
pub(crate) mod vec;

use std::any::Any;
use std::path::Path;

use anyhow::{Result, bail};
use ng_parallel::Workers;

use crate::reader::Reader;
use crate::who::Who;

/// Keeps tokens in a file.
pub(crate) trait FilePeer {
    /// Writes `count` tokens to a new file and syncs it. Returns whatever is still open, to be
    /// closed untimed.
    fn write(&self, path: &Path, count: usize, workers: &Workers) -> Result<Box<dyn Any>>;

    /// Opens a file that `write` made.
    fn open(&self, path: &Path, workers: Workers) -> Result<Box<dyn Reader>>;
}

/// Finds the store that keeps files under this name.
pub(crate) fn file_peer(who: Who) -> Result<&'static dyn FilePeer> {
    Ok(match who {
        Who::NgMmap => &ours::NgMmap,
        Who::BufWriter => &bufwriter::BufWriter,
        Who::Memmap2 => &memmap2::Memmap2,
        Who::Redb => &redb::Redb { cursor: true },
        Who::RedbInsert => &redb::Redb { cursor: false },
        Who::Lmdb => &lmdb::Lmdb { write_map: false },
        Who::LmdbWriteMap => &lmdb::Lmdb { write_map: true },
        Who::ArrowIpc => &arrow_ipc::ArrowIpc,
        Who::NgVec | Who::Vec | Who::FullRead | Who::MapRead | Who::RawLoop => {
            bail!("{} keeps no file", who.name())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{positions, sum_of_all, sum_of_matching, token};

    /// More than one of Arrow's batches and one of our blocks, and a multiple of neither.
    const COUNTS: [usize; 4] = [1, 1_000, 4_097, 70_001];

    fn workers(threads: usize) -> Workers {
        Workers::new(threads).unwrap()
    }

    fn check(reader: &dyn Reader, count: usize) {
        assert_eq!(reader.len().unwrap(), count as u64);
        assert_eq!(reader.first().unwrap(), token(0));
        assert_eq!(reader.sum_ids().unwrap(), sum_of_all(count as u64).ids);
        assert_eq!(reader.filter().unwrap(), sum_of_matching(count as u64));
        let positions = positions(count as u64);
        let mut out = Vec::new();
        reader.copy_out(&positions, &mut out).unwrap();
        let expected: Vec<_> = positions.iter().map(|position| token(*position)).collect();
        assert_eq!(out, expected);
    }

    #[test]
    fn every_file_gives_back_the_tokens() {
        let folder = tempfile::tempdir().unwrap();
        for who in Who::ALL {
            let Ok(peer) = file_peer(who) else { continue };
            for (count, threads) in COUNTS.into_iter().zip([1, 2, 3, 2]) {
                let path = folder.path().join(format!("{}-{count}", who.name()));
                drop(peer.write(&path, count, &workers(threads)).unwrap());
                check(&*peer.open(&path, workers(threads)).unwrap(), count);
            }
        }
    }

    #[test]
    fn memory_gives_back_the_tokens() {
        for count in COUNTS {
            check(&vec::create(count), count);
            check(&vec::create(count).clone(), count);
            for threads in 1..4 {
                let created = ours::create(count, workers(threads)).unwrap();
                check(&created, count);
                let mut raw = ours::create(count, workers(threads)).unwrap();
                raw.read_by_plain_loops();
                check(&raw, count);
                check(&ours::clone(&created).unwrap(), count);
            }
        }
    }

    #[test]
    fn nobody_writes_over_a_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        for who in Who::ALL {
            let Ok(peer) = file_peer(who) else { continue };
            let path = folder.path().join(who.name());
            std::fs::write(&path, "somebody's").unwrap();
            assert!(peer.write(&path, 1, &workers(1)).is_err(), "{}", who.name());
            assert_eq!(std::fs::read(&path).unwrap(), b"somebody's");
        }
    }
}
