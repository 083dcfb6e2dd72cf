use std::time::Duration;

/// An answer, and the work it took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The result.
    pub value: T,
    /// What was looked at.
    pub stats: Stats,
}

/// What a query looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The number of parts; 0 for a source that is not of [`Parts`](crate::Parts).
    pub parts: u64,
    /// How many parts were opened.
    pub parts_opened: u64,
    /// The number of blocks.
    pub blocks: u64,
    /// How many of them were looked at.
    pub blocks_looked_at: u64,
    /// How many were ruled out by their zones or positions.
    pub blocks_skipped: u64,
    /// How many were answered from zones or positions alone.
    pub blocks_unread: u64,
    /// The bytes of records and columns in the blocks that were looked at.
    pub bytes_read: u64,
    /// Whether records were looked at.
    pub records: bool,
    /// Whether columns of the index were looked at.
    pub columns: bool,
    /// How many damaged blocks were left out.
    pub damaged_blocks: u64,
    /// How many tokens the damaged blocks have.
    pub damaged_tokens: u64,
    /// The time from the call to the answer.
    pub elapsed: Duration,
}

impl Stats {
    /// Adds what another part of the same pass looked at.
    pub(crate) fn add(&mut self, other: &Self) {
        self.blocks_looked_at += other.blocks_looked_at;
        self.blocks_unread += other.blocks_unread;
        self.bytes_read += other.bytes_read;
        self.records |= other.records;
        self.columns |= other.columns;
        self.damaged_blocks += other.damaged_blocks;
        self.damaged_tokens += other.damaged_tokens;
    }

    /// Adds another pass over the same tokens for the same answer: bytes and times add up. A block
    /// that both passes looked at, or left out as damaged, counts once. A block is skipped only if
    /// both skipped it.
    pub fn add_pass(&mut self, other: &Self) {
        self.parts_opened = self.parts_opened.max(other.parts_opened);
        self.blocks_looked_at = self.blocks_looked_at.max(other.blocks_looked_at);
        self.blocks_unread = self.blocks_unread.max(other.blocks_unread);
        let seen = self.blocks_looked_at + self.blocks_unread;
        self.blocks_skipped = self.blocks_skipped.min(self.blocks.saturating_sub(seen));
        self.damaged_blocks = self.damaged_blocks.max(other.damaged_blocks);
        self.damaged_tokens = self.damaged_tokens.max(other.damaged_tokens);
        self.bytes_read += other.bytes_read;
        self.records |= other.records;
        self.columns |= other.columns;
        self.elapsed += other.elapsed;
    }
}
