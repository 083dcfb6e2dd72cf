/// What a power cut may do to a sector being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Atomicity {
    /// Nothing: a sector is old or new, as devices have long promised.
    #[default]
    Sector,
    /// It may begin as the new content and end as the synced one.
    Split,
    /// It may be noise, and so may its neighbours in a 4 KiB page that has
    /// unsynced sectors, since pages are written whole.
    Scramble,
}
