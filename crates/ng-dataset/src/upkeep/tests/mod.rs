mod checkout;
mod crashes;
mod info;
mod log;
mod repair;
mod verify;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::place::manifest_name;
use crate::testing::*;
use crate::upkeep::CollectOptions;
use crate::{CreateOptions, Dataset, FileId, Manifest};

/// For streams on one machine.
const NOW: CollectOptions = CollectOptions::new().older(Duration::ZERO);

fn create() -> (TempDir, Dataset) {
    let temporary = tempfile::tempdir().unwrap();
    let dataset = Dataset::create(temporary.path(), &CreateOptions::new()).unwrap();
    (temporary, dataset)
}

/// Changes what a manifest says.
fn rewrite(dataset: &Dataset, generation: u64, edit: impl FnOnce(&mut Manifest)) {
    let path = dataset.path().join(manifest_name(generation));
    let mut manifest = Manifest::parse(&fs::read(&path).unwrap()).unwrap();
    edit(&mut manifest);
    fs::write(path, manifest.sealed().unwrap().1).unwrap();
}

/// Flips a bit of a file.
fn flip(path: &Path, offset: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset as usize] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn flip_manifest(dataset: &Dataset, generation: u64) {
    flip(&dataset.path().join(manifest_name(generation)), 20);
}

/// Flips a bit of a token.
fn flip_token(dataset: &Dataset, file: FileId, row: u64) {
    let path = dataset.place().shard_path(file);
    let reader = ng_store::BlockReader::open(&path).unwrap();
    let offset = reader.info().data_offset + row * 64 + 40;
    flip(&path, offset);
}

fn shown(dataset: &Dataset) -> Vec<u32> {
    ids(&dataset.snapshot().unwrap()).unwrap()
}

/// The names of all files below a folder.
fn listing(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(listing(&path)),
            false => all.push(path),
        }
    }
    all.sort();
    all
}
