use super::Cursor;

/// Where to begin to follow, and when to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowOptions {
    pub(super) from: From,
    pub(super) until_closed: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum From {
    #[default]
    Oldest,
    Now,
    Cursor(Cursor),
}

impl FollowOptions {
    /// From the oldest rows that are kept, without end.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins with what is committed from now on.
    #[must_use]
    pub fn from_now(mut self) -> Self {
        self.from = From::Now;
        self
    }

    /// Begins where another follower was.
    #[must_use]
    pub fn from_cursor(mut self, cursor: Cursor) -> Self {
        self.from = From::Cursor(cursor);
        self
    }

    /// Ends once there is no open tail with a writer, and nothing more to tell. A tail that a dead
    /// writer left has none: nobody holds its lock. Where the file system has no locks, the end
    /// comes when the tails are sealed.
    #[must_use]
    pub fn until_closed(mut self, until_closed: bool) -> Self {
        self.until_closed = until_closed;
        self
    }
}
