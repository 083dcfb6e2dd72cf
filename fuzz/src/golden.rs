//! The file that Python wrote, where the seeds and the mutations begin.

/// 4196 tokens, two commits, the newer one in slot 0.
pub(crate) const BYTES: &[u8] =
    include_bytes!("../../crates/ng-store/tests/fixtures/golden-1.1.ngt");

/// Where the table begins, behind everything that an open reads and some zeros.
pub(crate) const TABLE_OFFSET: usize = 0x10000;

/// Behind header, slots and tail images, what an open does not read.
pub(crate) const HEAD_BYTES: usize = 0x5000;
