//! Whole runs: from a request to the files of a report.

pub(crate) mod measure;
pub(crate) mod soak;
