"""What files say about themselves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """What tokens cost, in bytes. As text it is what they have, in MiB."""

    #: 64 for each token.
    computed: int
    #: The memory that is held for them.
    reserved: int
    #: What of it is in memory, as the kernel says; None unless it was asked.
    resident: int | None
    #: What is mapped of a file.
    mapped: int
    #: What the index beside the file has on the disk.
    index: int

    def __str__(self) -> str:
        return f"{self.computed / 2**20:.2f}"


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file says about itself, as of a commit."""

    path: str
    #: The format's version, major and minor.
    version: tuple[int, int]
    #: The file's own id, random, in hexadecimal.
    file_id: str
    #: How many tokens are committed.
    tokens: int
    #: How many it is made for.
    max_tokens: int
    #: The number of the commit; a new file has 0.
    generation: int
    #: The caller's number beside the commit.
    tag: int
    #: When the commit was made, in nanoseconds since 1970 UTC.
    committed_at_ns: int
    #: When the file was created, in nanoseconds since 1970 UTC.
    created_ns: int
    #: How long the file is, in bytes, holes counted.
    length: int
    #: How many of its bytes are behind what was committed.
    room_bytes: int
    #: Whether features that this version does not know forbid appending.
    read_only: bool
    #: What was wrong and did not matter, or was mended.
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadBlock:
    """A block whose tokens and hash do not agree."""

    block: int
    #: Where it begins in the file, in bytes.
    offset: int
    #: The hash of the tokens that are there.
    found: int
    #: The hash that the file has for them.
    expected: int
    #: What is damaged: data, table, restorable tail, unreadable, cut, unknown.
    cause: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found."""

    #: How many blocks were checked.
    blocks: int
    bad: tuple[BadBlock, ...]
    #: Whether the block table is the one that was committed.
    table_matches: bool
    #: The length of a file that is too short, and the least that it should have.
    cut: tuple[int, int] | None
    #: What is wrong before the table.
    findings: tuple[str, ...]
    #: Whether every token is as it was committed.
    is_clean: bool


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did. Ranges are of positions in the damaged file, without their ends."""

    #: How many tokens the damaged file has.
    tokens: int
    #: What says how many: slot, intent, last block.
    basis: str
    #: Whether a newer commit than what was saved may be lost.
    may_be_older: bool
    #: How many of the tokens have their hash, and are in the new file.
    kept: int
    lost: tuple[tuple[int, int], ...]
    #: What is in the new file as it was found, and has no hash that is known.
    unproven: tuple[tuple[int, int], ...]
    #: What was kept by hashes for which no commit vouches any more.
    hash_only: tuple[tuple[int, int], ...]
    bad: tuple[BadBlock, ...]
    table_matches: bool
    #: The length of a file that is too short, and the least that it should have.
    cut: tuple[int, int] | None
    findings: tuple[str, ...]
    #: Whether the new file is known to have every token.
    is_whole: bool
