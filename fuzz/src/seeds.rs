//! What libFuzzer begins with.

use std::fs;
use std::path::{Path, PathBuf};

/// Writes seeds into the corpus: libFuzzer's first argument that is not an option. It adds its
/// finds there.
pub(crate) fn write(seeds: &[(&str, Vec<u8>)]) {
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
