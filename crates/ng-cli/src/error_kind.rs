//! The kind of an error, for readers of JSON.

use std::io;

use anyhow::Error;
use ng_dataset::DatasetError;
use ng_query::QueryError;
use ng_query::index::IndexError;
use ng_query::order::SortError;
use ng_store::{CreateError, IoError, OpenError, ReadError, RepairError, WriteError};

use crate::ending::{Ending, InputError, Misplaced, OutOfRange, ReportNotWritten};
use crate::own_output::OwnOutput;

/// Names the kind of an error. The names are part of the tool's interface.
pub(crate) fn kind_of(error: &Error) -> &'static str {
    error.chain().find_map(of_cause).unwrap_or(UNKNOWN)
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let kinds = [
        cause.downcast_ref().map(of_open),
        cause.downcast_ref().map(of_create),
        cause.downcast_ref().map(of_read),
        cause.downcast_ref().map(of_write),
        cause.downcast_ref().map(of_repair),
        cause.downcast_ref().map(of_query),
        cause.downcast_ref().map(of_io),
        cause.downcast_ref().map(of_sort),
        cause.downcast_ref().map(of_input),
        cause.downcast_ref().map(of_index),
        cause.downcast_ref().map(of_dataset),
        cause.downcast_ref().map(of_system),
        cause.is::<OwnOutput>().then_some("exists"),
        cause.is::<Misplaced>().then_some(USAGE),
        cause.is::<OutOfRange>().then_some("out_of_range"),
        cause.is::<Ending>().then_some("interrupted"),
        cause
            .is::<ReportNotWritten>()
            .then_some("report_not_written"),
    ];
    kinds.into_iter().flatten().next()
}

fn of_open(error: &OpenError) -> &'static str {
    match error {
        OpenError::Io(error) | OpenError::NotDurable { cause: error, .. } => of_io(error),
        OpenError::NotAFile { .. } => "not_a_file",
        OpenError::NotATokenFile { .. } => "not_a_token_file",
        OpenError::Version { .. }
        | OpenError::Features { .. }
        | OpenError::Unsupported { .. }
        | OpenError::ReadOnlyFeatures { .. } => "unsupported",
        OpenError::SlotLost { .. } => "slot_lost",
        OpenError::NoCommit { .. } => "no_commit",
        OpenError::LastGeneration { .. } => "full",
        OpenError::Truncated { .. } => "truncated",
        OpenError::Locked { .. } => "locked",
        OpenError::Forked { .. } => "forked",
        OpenError::Replaced { .. } => "replaced",
        OpenError::WentBack { .. } | OpenError::TakenBack { .. } => "taken_back",
        OpenError::MapDiffers { .. } => "map_differs",
        OpenError::Field { .. }
        | OpenError::HeaderDamaged { .. }
        | OpenError::TailDamaged { .. } => "damaged",
        _ => UNKNOWN,
    }
}

/// For a command line that makes no sense, whether its parser noticed or not.
pub(crate) const USAGE: &str = "usage";

/// For an error that this tool does not know yet: the enums may grow.
const UNKNOWN: &str = "other";

fn of_create(error: &CreateError) -> &'static str {
    match error {
        CreateError::Exists { .. } => "exists",
        CreateError::NotAFile { .. }
        | CreateError::FileName { .. }
        | CreateError::ReservedName { .. } => "not_a_file",
        CreateError::Locked { .. } => "locked",
        CreateError::Replaced { .. } => "replaced",
        CreateError::MaxTokens { .. } => "full",
        CreateError::Io(error) => of_io(error),
        CreateError::NameNotDurable { .. } => "name_not_durable",
        CreateError::Write(error) => of_write(error),
        _ => UNKNOWN,
    }
}

fn of_write(error: &WriteError) -> &'static str {
    match error {
        WriteError::Full { .. } | WriteError::LastGeneration { .. } => "full",
        WriteError::NoSpace { .. } | WriteError::NoSpaceAfterAll { .. } => "no_space",
        WriteError::FileTooLarge { .. } => "too_large",
        WriteError::OutcomeUnknown { .. } => "outcome_unknown",
        WriteError::Overtaken { .. } => "overtaken",
        WriteError::Truncated { .. } => "truncated",
        WriteError::Forked { .. } => "forked",
        WriteError::Replaced { .. } => "replaced",
        WriteError::Io { cause } | WriteError::Map { cause } => of_io(cause),
        WriteError::NotShown { cause, .. } => of_open(cause),
        // Neither is possible here: a failure ends the program, and it never writes to what it
        // opened for reading.
        WriteError::Poisoned { .. } | WriteError::ReadOnly { .. } => "io",
        _ => UNKNOWN,
    }
}

fn of_read(error: &ReadError) -> &'static str {
    match error {
        ReadError::Io(error) => of_io(error),
        ReadError::Truncated { .. } => "truncated",
        ReadError::BadBlock { .. } | ReadError::TableDamaged { .. } => "damaged",
        _ => UNKNOWN,
    }
}

fn of_repair(error: &RepairError) -> &'static str {
    match error {
        RepairError::Open(error) => of_open(error),
        RepairError::Read(error) => of_read(error),
        RepairError::Create(error) => of_create(error),
        RepairError::SameFile { .. } => "exists",
        RepairError::Stopped { .. } => "interrupted",
        _ => UNKNOWN,
    }
}

fn of_query(error: &QueryError) -> &'static str {
    match error {
        QueryError::Read(error) => of_read(error),
        QueryError::Map { source, .. } => of_system(source),
        QueryError::Question(_) => USAGE,
        QueryError::Part { source, .. } => source.downcast_ref().map_or(UNKNOWN, of_dataset),
        QueryError::TooManyGroups { .. } | QueryError::OutOfMemory { .. } => "memory",
        _ => UNKNOWN,
    }
}

fn of_sort(error: &SortError) -> &'static str {
    match error {
        SortError::Open(error) => of_open(error),
        SortError::Read(error) => of_read(error),
        SortError::Create(error) | SortError::WriteTemporary(error) => of_create(error),
        SortError::SameFile { .. } => "exists",
        SortError::Memory { .. } | SortError::OutOfMemory(_) => "memory",
        SortError::NoRoom { .. } => "no_space",
        SortError::Temporary { source, .. } => of_system(source),
        SortError::OpenFiles { .. } => "io",
        SortError::Stopped => "interrupted",
        _ => UNKNOWN,
    }
}

fn of_input(error: &InputError) -> &'static str {
    match error {
        InputError::Folder { .. } | InputError::TokenFile { .. } => "not_a_file",
        InputError::Read { source, .. } => of_system(source),
        InputError::Length { .. }
        | InputError::Record { .. }
        | InputError::Table { .. }
        | InputError::Count { .. } => "input",
    }
}

fn of_index(error: &IndexError) -> &'static str {
    match error {
        IndexError::Io { source, .. } => of_system(source),
        IndexError::Locked { .. } => "locked",
        IndexError::Changed { .. } => "taken_back",
        IndexError::Read(error) => of_read(error),
        _ => UNKNOWN,
    }
}

fn of_dataset(error: &DatasetError) -> &'static str {
    match error {
        DatasetError::Io { source, .. } => of_system(source),
        DatasetError::File(error) => of_io(error),
        DatasetError::NotADataset { .. } => "not_a_dataset",
        DatasetError::Exists { .. } => "exists",
        DatasetError::Manifest { .. }
        | DatasetError::KeptManifest { .. }
        | DatasetError::LastNumber { .. }
        | DatasetError::ShardShort { .. }
        | DatasetError::ShardMissing { .. }
        | DatasetError::OtherShard { .. } => "damaged",
        DatasetError::GenerationGone { .. } => "generation_gone",
        DatasetError::Locked { .. } => "locked",
        DatasetError::Conflict { .. } => "conflict",
        DatasetError::OutcomeUnknown { .. } => "outcome_unknown",
        DatasetError::Create(error) => of_create(error),
        DatasetError::Open(error) => of_open(error),
        DatasetError::Read(error) => of_read(error),
        DatasetError::Write(error) => of_write(error),
        DatasetError::Repair(error) => of_repair(error),
        DatasetError::Query(error) => of_query(error),
        DatasetError::Index(error) => of_index(error),
        DatasetError::Sort(error) => of_sort(error),
        DatasetError::NoRoom { .. } => "no_space",
        DatasetError::Assign(_) => "input",
        DatasetError::OtherDataset { .. } => "other_dataset",
        _ => UNKNOWN,
    }
}

fn of_io(error: &IoError) -> &'static str {
    of_system(&error.source)
}

fn of_system(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "not_found",
        io::ErrorKind::PermissionDenied => "permission_denied",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "no_space",
        io::ErrorKind::FileTooLarge => "too_large",
        _ => "io",
    }
}

#[cfg(test)]
mod tests {
    use ng_query::QuestionError;

    use super::*;

    #[test]
    fn an_error_has_its_own_kind_behind_whatever_wraps_it() {
        let path = || "a.ngt".into();
        let (have, need, generation) = (1, 2, 3);
        let lost = OpenError::SlotLost {
            path: path(),
            slot: 1,
            shown: 10,
            lost: None,
        };
        for (error, kind) in [
            (Error::from(lost), "slot_lost"),
            (OpenError::NoCommit { path: path() }.into(), "no_commit"),
            (OpenError::HeaderDamaged { path: path() }.into(), "damaged"),
            (OpenError::Replaced { path: path() }.into(), "replaced"),
            (
                RepairError::Open(OpenError::NoCommit { path: path() }).into(),
                "no_commit",
            ),
            (
                WriteError::Overtaken {
                    path: path(),
                    generation,
                }
                .into(),
                "overtaken",
            ),
            (WriteError::Forked { path: path() }.into(), "forked"),
            (
                QueryError::from(ReadError::Truncated {
                    path: path(),
                    have,
                    need,
                })
                .into(),
                "truncated",
            ),
            (QueryError::from(QuestionError::NoneWanted).into(), "usage"),
            (QueryError::TooManyGroups { most: 4096 }.into(), "memory"),
            (
                QueryError::OutOfMemory {
                    size_bytes: 1 << 40,
                    what: "positions",
                }
                .into(),
                "memory",
            ),
            (
                CreateError::Write(WriteError::Replaced { path: path() }).into(),
                "replaced",
            ),
            (
                WriteError::Truncated {
                    path: path(),
                    have,
                    need,
                }
                .into(),
                "truncated",
            ),
            (
                ReadError::Truncated {
                    path: path(),
                    have,
                    need,
                }
                .into(),
                "truncated",
            ),
            (
                WriteError::LastGeneration {
                    path: path(),
                    last: generation,
                }
                .into(),
                "full",
            ),
        ] {
            let told = error.to_string();
            assert_eq!(kind_of(&error), kind, "{told}");
            assert_eq!(kind_of(&error.context("behind")), kind, "{told}");
        }
    }
}
