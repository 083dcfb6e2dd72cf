//! Why two runs cannot be compared at all.

/// Why two runs cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotComparable {
    /// A report of another form.
    #[error("report schema {found:?}, expected {expected:?}")]
    Schema {
        /// The report's schema.
        found: String,
        /// [`crate::model::SCHEMA`].
        expected: &'static str,
    },
    /// Another machine, or another compiler.
    #[error("it was measured elsewhere: {}", .0.join("; "))]
    Elsewhere(Vec<String>),
    /// The same machine, but other limits.
    #[error("the machine's limits are not those of that run: {}", .0.join("; "))]
    Limits(Vec<String>),
    /// The other revision's worker does not understand this conductor.
    #[error("its worker speaks protocol {theirs}, this conductor speaks {ours}")]
    Protocol {
        /// The protocol of the other revision.
        theirs: u32,
        /// This conductor's protocol.
        ours: u32,
    },
    /// The other revision's program is not a worker.
    #[error("its program is no worker: {0}")]
    NoWorker(String),
    /// The other revision's worker does not mark its phases.
    #[error("its worker does not mark phases for valgrind: it is older than --gate-instructions")]
    Unmarked,
    /// No phase is in both.
    #[error("no phase was measured in both: {0}")]
    NothingInCommon(String),
}
