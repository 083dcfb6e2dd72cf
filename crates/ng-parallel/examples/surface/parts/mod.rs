//! The parts, one file per subject.

mod builders;
mod damage;
mod distances;
mod edited_copy;
mod flags_and_ids;
mod ingests;
mod many_maps;
mod memory;
mod raw_records;
mod readers;
mod registered;
mod seeded;
mod shards;
mod snapshots;
mod threads;
mod validity;
mod whole_files;
mod workers;

use crate::Outcome;
use crate::place::Place;

/// A part's claim, and the part.
type Part = (&'static str, fn(&Place) -> Outcome);

pub(crate) const ALL: [Part; 18] = [
    ("a token is changed by value", flags_and_ids::run),
    (
        "a token is built from another, all refusals at once",
        builders::run,
    ),
    ("distances are exact", distances::run),
    ("validity is ours or upstream's", validity::run),
    ("a store in memory is a vector, too", memory::run),
    ("a snapshot is a store and knows its commit", snapshots::run),
    ("more maps than fit at full size", many_maps::run),
    (
        "a reader is owned, and moves to later commits",
        readers::run,
    ),
    ("owned values are stored and sent", threads::run),
    ("readers register", registered::run),
    ("plain records are written and read", raw_records::run),
    ("an edited copy has the changes", edited_copy::run),
    ("damage is located and repaired", damage::run),
    (
        "workers are started, as many as available, or adopted",
        workers::run,
    ),
    ("shards are changed, mapped and gathered", shards::run),
    (
        "batches may fail, and are committed on the way",
        ingests::run,
    ),
    (
        "one generator per shard gives the same tokens each time",
        seeded::run,
    ),
    (
        "whole files are saved, loaded and verified on all threads",
        whole_files::run,
    ),
];
