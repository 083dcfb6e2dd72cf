//! New files that would overwrite the input.

use std::path::{Path, PathBuf};

use ng_query::index::is_in_index;
use ng_store::{Shown, is_same_file};
use thiserror::Error;

/// Why a path is refused for what is made from an input.
#[derive(Debug, Error)]
pub(crate) enum OwnOutput {
    #[error("{}: is the input itself, expected another file", Shown(path))]
    Input { path: PathBuf },
    #[error(
        "{}: is in the folder of the input's index, expected a path outside of it",
        Shown(path)
    )]
    Index { path: PathBuf },
    #[error(
        "{}: is in the folder of the dataset, expected a path outside of it",
        Shown(path)
    )]
    Dataset { path: PathBuf },
}

/// Refuses to overwrite the input, by whatever name or link, or to write into the folder of its
/// index, or of the dataset that it is.
pub(crate) fn refuse_own_output(input: &Path, output: &Path) -> Result<(), OwnOutput> {
    let path = || output.to_owned();
    match is_same_file(input, output) {
        true => Err(OwnOutput::Input { path: path() }),
        false if is_in_folder(input, output) => Err(OwnOutput::Dataset { path: path() }),
        false => refuse_index(input, output),
    }
}

/// Tells whether a path is in a folder, or would be created there.
fn is_in_folder(folder: &Path, path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    folder.is_dir()
        && absolute
            .ancestors()
            .skip(1)
            .any(|it| is_same_file(it, folder))
}

/// Refuses to write into the folder of an input's index: for verbs that may replace the input, or
/// check that themselves.
pub(crate) fn refuse_index(input: &Path, output: &Path) -> Result<(), OwnOutput> {
    match is_in_index(input, output) {
        true => Err(OwnOutput::Index {
            path: output.to_owned(),
        }),
        false => Ok(()),
    }
}
