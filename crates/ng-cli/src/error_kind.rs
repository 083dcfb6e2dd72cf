//! What kind of error it was, for those who read JSON.

use std::io;

use anyhow::Error;
use ng_store::{CreateError, IoError, OpenError, ReadError, RepairError, WriteError};

use crate::ending::{Ending, InputError, OutOfRange, ReportNotWritten};

/// Names the kind of an error. The names are part of the tool's interface.
pub(crate) fn kind_of(error: &Error) -> &'static str {
    error.chain().find_map(of_cause).unwrap_or("other")
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let kinds = [
        cause.downcast_ref().map(of_open),
        cause.downcast_ref().map(of_create),
        cause.downcast_ref().map(of_read),
        cause.downcast_ref().map(of_write),
        cause.downcast_ref().map(of_repair),
        cause.downcast_ref().map(of_io),
        cause.downcast_ref().map(of_input),
        cause.downcast_ref().map(of_system),
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
        OpenError::Io(error) => of_io(error),
        OpenError::NotAFile { .. } => "not_a_file",
        OpenError::NotATokenFile { .. } => "not_a_token_file",
        OpenError::Version { .. }
        | OpenError::Features { .. }
        | OpenError::Unsupported { .. }
        | OpenError::ReadOnlyFeatures { .. } => "unsupported",
        OpenError::SlotLost { .. } => "slot_lost",
        OpenError::LastGeneration { .. } => "full",
        OpenError::Truncated { .. } => "truncated",
        OpenError::Locked { .. } => "locked",
        OpenError::Replaced { .. } => "replaced",
        _ => "damaged",
    }
}

fn of_create(error: &CreateError) -> &'static str {
    match error {
        CreateError::Exists { .. } => "exists",
        CreateError::NotAFile { .. } | CreateError::FileName { .. } => "not_a_file",
        CreateError::Locked { .. } => "locked",
        CreateError::Replaced { .. } => "replaced",
        CreateError::MaxTokens { .. } => "full",
        CreateError::Io(error) => of_io(error),
        CreateError::Write(error) => of_write(error),
        _ => "io",
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
        WriteError::Io { cause } => of_io(cause),
        _ => "io",
    }
}

fn of_read(error: &ReadError) -> &'static str {
    match error {
        ReadError::Io(error) => of_io(error),
        ReadError::Truncated { .. } => "truncated",
        _ => "damaged",
    }
}

fn of_repair(error: &RepairError) -> &'static str {
    match error {
        RepairError::Open(error) => of_open(error),
        RepairError::Read(error) => of_read(error),
        RepairError::Create(error) => of_create(error),
        RepairError::SameFile { .. } => "exists",
        _ => "other",
    }
}

fn of_input(error: &InputError) -> &'static str {
    match error {
        InputError::Folder { .. } | InputError::TokenFile { .. } => "not_a_file",
        InputError::Read { source, .. } => of_system(source),
        InputError::Length { .. } | InputError::Record { .. } | InputError::Count { .. } => "input",
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
