/// How a dataset is repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairOptions {
    leave_out: bool,
    close_tails: bool,
    drop_missing: bool,
    recover_orphans: bool,
    dry_run: bool,
}

impl RepairOptions {
    /// Bad blocks become zero tokens; shards that cannot be repaired stay named.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves bad blocks out, so that the tokens after them move forward.
    #[must_use]
    pub const fn leave_out(mut self, leave_out: bool) -> Self {
        self.leave_out = leave_out;
        self
    }

    /// Seals the open tails that no writer has.
    #[must_use]
    pub const fn close_tails(mut self, close_tails: bool) -> Self {
        self.close_tails = close_tails;
        self
    }

    /// Takes shards out whose files are not there, or of which nothing can be read: their tokens
    /// are given up.
    #[must_use]
    pub const fn drop_missing(mut self, drop_missing: bool) -> Self {
        self.drop_missing = drop_missing;
        self
    }

    /// Appends the shards that no generation names, if they are sound and nobody has their lock.
    ///
    /// They may be those that only a damaged manifest named. They may as well be those of a change
    /// that died before it was published: then tokens occur twice. Or a collector was about to
    /// remove them, or died before it did: then deleted tokens are back. So look at them first, with
    /// a [dry run](Self::dry_run).
    #[must_use]
    pub const fn recover_orphans(mut self, recover_orphans: bool) -> Self {
        self.recover_orphans = recover_orphans;
        self
    }

    /// Writes nothing, and reports what would be done.
    #[must_use]
    pub const fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    pub(super) const fn leaves_out(&self) -> bool {
        self.leave_out
    }

    pub(super) const fn closes_tails(&self) -> bool {
        self.close_tails
    }

    pub(super) const fn drops_missing(&self) -> bool {
        self.drop_missing
    }

    pub(super) const fn recovers_orphans(&self) -> bool {
        self.recover_orphans
    }

    pub(super) const fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}
