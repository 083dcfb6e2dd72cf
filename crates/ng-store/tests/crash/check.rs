use std::io;
use std::sync::Arc;

use ng_store::disk::Dir;
use ng_store::disk::sim::{SimFile, SimFs};
use ng_store::ng_token::as_bytes;
use ng_store::{BlockReader, Finding, ReadError, VerifyBlocks};

use crate::session::{Allowed, Content, NAME};

/// Reads all of the file, and tells which of the allowed contents it holds:
/// every token, generation, tag, and a clean verification. `None` is no file.
///
/// # Errors
///
/// What is wrong, in words.
pub(crate) fn check(fs: &SimFs, allowed: &Allowed) -> Result<Option<Arc<Content>>, String> {
    check_with(fs, allowed, of_a_cut)
}

/// Findings that a power cut between writes may leave: two commits in a slot's copies, a
/// copy not yet written, or a first commit without its slot. Nothing else ever appears with
/// whole sectors and honest syncs.
pub(crate) fn of_a_cut(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::CopiesDiffer { .. }
            | Finding::SlotCopy { slot: 1, .. }
            | Finding::FirstCommitMissing
    )
}

/// As [`check`], but allows findings at open beyond those of a cut between sectors.
pub(crate) fn check_with(
    fs: &SimFs,
    allowed: &Allowed,
    may_find: impl Fn(&Finding) -> bool,
) -> Result<Option<Arc<Content>>, String> {
    let file = match fs.dir().open(NAME, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return no_file(allowed),
        Err(error) => return Err(format!("cannot be opened: {error}")),
    };
    let reader = BlockReader::of_disk(file, NAME).map_err(|error| error.to_string())?;
    let content = find(&reader, allowed)?;
    verify(&reader, may_find)?;
    Ok(Some(content))
}

fn no_file(allowed: &Allowed) -> Result<Option<Arc<Content>>, String> {
    match &allowed.acked {
        Some(acked) => Err(format!("no file, expected generation {}", acked.generation)),
        None => Ok(None),
    }
}

/// Finds which allowed content the file holds. Two may share a generation: a failed
/// commit's, and the next appender's.
fn find(reader: &BlockReader<SimFile>, allowed: &Allowed) -> Result<Arc<Content>, String> {
    let generation = reader.info().generation;
    let names: Vec<u64> = allowed
        .contents()
        .map(|content| content.generation)
        .collect();
    let mut fault = format!("generation {generation}, expected one of {names:?}");
    for content in allowed.contents() {
        if content.generation == generation {
            match compare(reader, content) {
                Ok(()) => return Ok(Arc::clone(content)),
                Err(why) => fault = why,
            }
        }
    }
    Err(fault)
}

fn compare(reader: &BlockReader<SimFile>, content: &Content) -> Result<(), String> {
    let (have, expected) = (reader.len(), content.tokens.len() as u64);
    if (have, reader.info().tag) != (expected, content.tag) {
        return Err(format!(
            "{have} tokens, expected {expected}; or another tag"
        ));
    }
    let mut index = 0;
    let read = reader.for_each(0..have, |tokens| {
        let expected = &content.tokens[index..index + tokens.len()];
        // As bytes, because tokens compare slowly without optimisation.
        if as_bytes(tokens) != as_bytes(expected) {
            return Err(Unequal::At(index));
        }
        index += tokens.len();
        Ok(())
    });
    read.map_err(|error| format!("{error:?}"))
}

#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug")]
enum Unequal {
    At(usize),
    Unread(ReadError),
}

impl From<ReadError> for Unequal {
    fn from(error: ReadError) -> Self {
        Self::Unread(error)
    }
}

fn verify(
    reader: &BlockReader<SimFile>,
    may_find: impl Fn(&Finding) -> bool,
) -> Result<(), String> {
    let report = reader.verify().map_err(|error| error.to_string())?;
    // The caller decides which findings are allowed.
    let is_whole = report.bad.is_empty() && report.table_matches && report.cut.is_none();
    match is_whole && report.findings.iter().all(may_find) {
        true => Ok(()),
        false => Err(format!("{report:?}")),
    }
}
