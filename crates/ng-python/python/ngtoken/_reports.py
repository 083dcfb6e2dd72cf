"""What files say about themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """The memory of tokens, in bytes. As text, in MiB."""

    #: 64 for each token.
    computed: int
    #: The memory reserved for them.
    reserved: int
    #: How much of it is in memory, according to the kernel; None unless asked for.
    resident: int | None
    #: How much of a file is mapped.
    mapped: int
    #: The size of the index beside the file, on disk.
    index: int

    def __str__(self) -> str:
        return f"{self.computed / 2**20:.2f}"


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file says about itself, as of a commit."""

    path: str
    #: The format's version, major and minor.
    version: tuple[int, int]
    #: The file's random id, in hexadecimal.
    file_id: str
    #: How many tokens are committed.
    tokens: int
    #: How many tokens it is made for.
    max_tokens: int
    #: The number of the commit; a new file has 0.
    generation: int
    #: The caller's number beside the commit.
    tag: int
    #: When the commit was made, in nanoseconds since 1970 UTC.
    committed_at_ns: int
    #: When the file was created, in nanoseconds since 1970 UTC.
    created_ns: int
    #: The length of the file in bytes, including holes.
    length: int
    #: How many of its bytes are behind what was committed.
    room_bytes: int
    #: Whether features unknown to this version forbid appending.
    read_only: bool
    #: What was wrong but harmless, or was repaired.
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadBlock:
    """A block whose tokens and hash do not agree."""

    block: int
    #: Its offset in the file, in bytes.
    offset: int
    #: The hash of the tokens found.
    found: int
    #: The hash that the file has for them.
    expected: int
    #: What is damaged: data, table, restorable tail, unreadable, cut, unknown.
    cause: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The result of a verification."""

    #: How many blocks were checked.
    blocks: int
    bad: tuple[BadBlock, ...]
    #: Whether the block table is the one that was committed.
    table_matches: bool
    #: The length of a file that is too short, and the length it should have at least.
    cut: tuple[int, int] | None
    #: What is wrong before the table.
    findings: tuple[str, ...]
    #: Whether every token is as it was committed.
    is_clean: bool


@dataclass(frozen=True, slots=True)
class RepairReport:
    """The result of a repair. Ranges are positions in the damaged file, ends excluded."""

    #: How many tokens the damaged file has.
    tokens: int
    #: The evidence for that number: slot, intent, last block.
    basis: str
    #: Whether a newer commit than the saved one may be lost.
    may_be_older: bool
    #: How many tokens match their hash, and are in the new file.
    kept: int
    lost: tuple[tuple[int, int], ...]
    #: What is in the new file as it was found, without a known hash.
    unproven: tuple[tuple[int, int], ...]
    #: What was kept by hashes that belong to no known commit.
    hash_only: tuple[tuple[int, int], ...]
    bad: tuple[BadBlock, ...]
    table_matches: bool
    #: The length of a file that is too short, and the length it should have at least.
    cut: tuple[int, int] | None
    findings: tuple[str, ...]
    #: Whether the new file is known to have every token.
    is_whole: bool
