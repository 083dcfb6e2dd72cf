//! The file that Python wrote: what the seeds and the mutations begin with.

use std::fs;
use std::path::{Path, PathBuf};

/// 4196 tokens, two commits, the newer one in slot 0.
pub(crate) const BYTES: &[u8] =
    include_bytes!("../../crates/ng-store/tests/fixtures/golden-1.1.ngt");

/// Where the table begins, behind all that an open reads and some zeros.
pub(crate) const TABLE_OFFSET: usize = 0x10000;

/// Behind header, slots and tail images, what an open does not read.
pub(crate) const HEAD_BYTES: usize = 0x5000;

/// Writes seeds into the corpus: libFuzzer's first argument that is no option.
/// It adds there what it finds.
pub(crate) fn write_seeds(seeds: &[(&str, Vec<u8>)]) {
    let Some(folder) = corpus() else {
        return;
    };
    for (name, seed) in seeds {
        let path = folder.join(name);
        let written = fs::write(&path, seed);
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// The corpus, unless single inputs are replayed.
fn corpus() -> Option<PathBuf> {
    let argument = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with('-'))?;
    let path = Path::new(&argument);
    path.is_dir().then(|| path.to_owned())
}
