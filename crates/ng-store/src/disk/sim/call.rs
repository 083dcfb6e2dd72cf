/// One call of `Disk` or `Dir`, as logged.
///
/// Files are numbered in order of creation, from 0. Offsets and lengths are in bytes. Names
/// are paths from the root folder, which is the empty path itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the call")]
pub enum Call {
    /// `Disk::len`.
    Len { file: u64 },
    /// `Disk::set_len`.
    SetLen { file: u64, len: u64 },
    /// `Disk::read_at`.
    Read { file: u64, offset: u64, len: usize },
    /// `Disk::write_at`.
    Write { file: u64, offset: u64, len: usize },
    /// `Disk::write_uncached_at`.
    WriteUncached { file: u64, offset: u64, len: usize },
    /// `Disk::read_uncached_at`.
    ReadUncached { file: u64, offset: u64, len: usize },
    /// `Disk::allocate`.
    Allocate { file: u64, offset: u64, len: u64 },
    /// `Disk::start_writeback`.
    StartWriteback { file: u64, offset: u64, len: u64 },
    /// `Disk::finish_writeback`.
    FinishWriteback { file: u64, offset: u64, len: u64 },
    /// `Disk::drop_cached`.
    DropCached { file: u64, offset: u64, len: u64 },
    /// `Disk::sync`.
    Sync { file: u64 },
    /// `Dir::create_folder`.
    CreateFolder { name: String },
    /// `Dir::folder`.
    OpenFolder { name: String },
    /// `Dir::create_exclusive`.
    Create { name: String },
    /// `Dir::open`.
    Open { name: String },
    /// `Dir::rename` and `Dir::rename_noreplace`.
    Rename { from: String, to: String },
    /// `Dir::unlink`.
    Unlink { name: String },
    /// `Dir::names`.
    List { folder: String },
    /// `Dir::sync`.
    SyncDir { folder: String },
}

/// Which call it is, whatever its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of `Call`")]
pub enum CallKind {
    Len,
    SetLen,
    Read,
    Write,
    WriteUncached,
    ReadUncached,
    Allocate,
    StartWriteback,
    FinishWriteback,
    DropCached,
    Sync,
    CreateFolder,
    OpenFolder,
    Create,
    Open,
    Rename,
    Unlink,
    List,
    SyncDir,
}

impl Call {
    /// Which call it is.
    #[must_use]
    pub fn kind(&self) -> CallKind {
        match self {
            Self::Len { .. } => CallKind::Len,
            Self::SetLen { .. } => CallKind::SetLen,
            Self::Read { .. } => CallKind::Read,
            Self::Write { .. } => CallKind::Write,
            Self::WriteUncached { .. } => CallKind::WriteUncached,
            Self::ReadUncached { .. } => CallKind::ReadUncached,
            Self::Allocate { .. } => CallKind::Allocate,
            Self::StartWriteback { .. } => CallKind::StartWriteback,
            Self::FinishWriteback { .. } => CallKind::FinishWriteback,
            Self::DropCached { .. } => CallKind::DropCached,
            Self::Sync { .. } => CallKind::Sync,
            Self::CreateFolder { .. } => CallKind::CreateFolder,
            Self::OpenFolder { .. } => CallKind::OpenFolder,
            Self::Create { .. } => CallKind::Create,
            Self::Open { .. } => CallKind::Open,
            Self::Rename { .. } => CallKind::Rename,
            Self::Unlink { .. } => CallKind::Unlink,
            Self::List { .. } => CallKind::List,
            Self::SyncDir { .. } => CallKind::SyncDir,
        }
    }
}

impl CallKind {
    /// Whether the call changes what a power cut could leave.
    #[must_use]
    pub fn mutates(self) -> bool {
        self.changes() || self.syncs()
    }

    /// Whether the call changes what reads and openers see.
    pub(super) fn changes(self) -> bool {
        matches!(
            self,
            Self::SetLen
                | Self::Write
                | Self::WriteUncached
                | Self::Allocate
                | Self::CreateFolder
                | Self::Create
                | Self::Rename
                | Self::Unlink
        )
    }

    fn syncs(self) -> bool {
        matches!(
            self,
            Self::StartWriteback | Self::FinishWriteback | Self::Sync | Self::SyncDir
        )
    }
}
