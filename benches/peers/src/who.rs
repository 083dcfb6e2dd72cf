//! The stores that are measured.

use ng_lab::Pages;
use serde::{Serialize, Serializer};

/// One of the stores: ours and the peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    NgVec,
    NgMmap,
    Vec,
    BufWriter,
    Memmap2,
    Redb,
    RedbInsert,
    Lmdb,
    LmdbWriteMap,
    ArrowIpc,
    FullRead,
    MapRead,
    RawLoop,
}

impl Who {
    pub(crate) const ALL: [Self; 13] = [
        Self::NgVec,
        Self::NgMmap,
        Self::Vec,
        Self::BufWriter,
        Self::Memmap2,
        Self::Redb,
        Self::RedbInsert,
        Self::Lmdb,
        Self::LmdbWriteMap,
        Self::ArrowIpc,
        Self::FullRead,
        Self::MapRead,
        Self::RawLoop,
    ];

    /// The name in reports, and of its file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NgVec => "ng-vec",
            Self::NgMmap => "ng-mmap",
            Self::Vec => "vec",
            Self::BufWriter => "bufwriter",
            Self::Memmap2 => "memmap2",
            Self::Redb => "redb",
            Self::RedbInsert => "redb-insert",
            Self::Lmdb => "lmdb",
            Self::LmdbWriteMap => "lmdb-write-map",
            Self::ArrowIpc => "arrow-ipc",
            Self::FullRead => "full-read",
            Self::MapRead => "map-read",
            Self::RawLoop => "raw-loop",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|who| who.name() == name)
    }

    /// Whether it is ours rather than a peer.
    pub(crate) const fn is_ours(self) -> bool {
        matches!(self, Self::NgVec | Self::NgMmap)
    }

    /// Whether its tokens are on disk. Only equals are compared.
    pub(crate) const fn is_durable(self) -> bool {
        !matches!(self, Self::NgVec | Self::Vec | Self::RawLoop)
    }

    /// Whether its works are slow, and so have fewer rounds.
    pub(crate) const fn is_slow(self) -> bool {
        matches!(
            self,
            Self::Redb | Self::RedbInsert | Self::Lmdb | Self::LmdbWriteMap
        )
    }

    /// The store whose file it reads.
    pub(crate) const fn reads_from(self) -> Self {
        match self {
            Self::FullRead | Self::MapRead => Self::NgMmap,
            who => who,
        }
    }

    /// The pages of the memory that it touches.
    pub(crate) const fn pages(self) -> Pages {
        match self {
            Self::NgVec | Self::RawLoop => Pages::Huge,
            _ => Pages::Small,
        }
    }

    /// How it was set up.
    pub(crate) const fn settings(self) -> &'static str {
        match self {
            Self::NgVec => {
                "VecStore on huge pages; fill, map_reduce and gather of ng-parallel; try_clone"
            }
            Self::NgMmap => {
                "MmapStore, exact reservation, ingest of ng-parallel, one commit; read through its \
                 map by map_reduce, gather and verify of ng-parallel"
            }
            Self::Vec => "Vec::with_capacity and push; plain loops; Vec::clone",
            Self::BufWriter => "BufWriter of 1 MiB, a write_all for each token, flush, sync_all",
            Self::Memmap2 => {
                "set_len of a sparse file, stores through a shared map, flush; plain loops over \
                 the map"
            }
            Self::Redb => {
                "u32 to &[u8; 64], one write transaction, sorted inserts through a cursor, \
                 Durability::Immediate; read-only open, a cache for the whole file; verify is \
                 check_integrity"
            }
            Self::RedbInsert => "as redb, but Table::insert for each token, in key order",
            Self::Lmdb => {
                "heed: integer keys of u32, one write transaction of APPEND puts, a map sized for \
                 the tokens, synced on commit; read through its cursor and get"
            }
            Self::LmdbWriteMap => "as lmdb, with WRITE_MAP",
            Self::ArrowIpc => {
                "FixedSizeBinary(64), file format, batches of 65536, sync_all; read from a map \
                 without a copy, plain loops over the batches"
            }
            Self::FullRead => {
                "preads of 256 KiB over the tokens of ng-mmap's file into one buffer, nothing \
                 checked"
            }
            Self::MapRead => {
                "a plain loop over all words of ng-mmap's tokens, mapped before, nothing checked"
            }
            Self::RawLoop => "a plain loop over the memory of ng-vec",
        }
    }

    /// The packages it comes from.
    pub(crate) const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::NgVec | Self::NgMmap => &["ng-store"],
            Self::Vec | Self::BufWriter | Self::FullRead | Self::MapRead | Self::RawLoop => &[],
            Self::Memmap2 => &["memmap2"],
            Self::Redb | Self::RedbInsert => &["redb"],
            Self::Lmdb | Self::LmdbWriteMap => &["heed", "lmdb-master-sys"],
            Self::ArrowIpc => &["arrow-ipc"],
        }
    }
}

impl Serialize for Who {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The version of `package` that this program was built with.
pub(crate) fn version(package: &str) -> Option<&'static str> {
    let lock = include_str!("../Cargo.lock");
    let (_, entry) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(entry.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_by_name() {
        for who in Who::ALL {
            assert_eq!(Who::named(who.name()), Some(who));
        }
        assert_eq!(Who::named("sqlite"), None);
    }

    #[test]
    fn every_package_has_a_version() {
        for package in Who::ALL.iter().flat_map(|who| who.packages()) {
            let version = version(package);
            assert!(
                version.is_some_and(|version| version.contains('.')),
                "{package}: {version:?}"
            );
        }
        assert_eq!(version("no-such-package"), None);
    }
}
