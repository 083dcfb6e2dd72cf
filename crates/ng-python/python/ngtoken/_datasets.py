"""What datasets say: their shards, and what was done with them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """A shard, as it is shown."""

    #: The random number of its file, in hexadecimal.
    file: str
    #: Which rows of the file count, the end excluded.
    rows: tuple[int, int]
    #: The positions of its tokens, the end excluded.
    positions: tuple[int, int]
    #: Whether a writer may still append to it.
    open: bool
    #: The length of the file; None for an open tail.
    bytes: int | None
    #: When its last token was committed, in nanoseconds since 1970 UTC; None for an open tail.
    committed_at_ns: int | None
    #: What its rows are sorted by.
    order: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows that were removed before a follower has read them."""

    #: How many.
    rows: int


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """What a change did, or would do."""

    #: The new generation; None if no token changed, or in a dry run.
    generation: int | None
    #: How many tokens the filter selected, or had an id that was given.
    matched: int
    #: How many tokens have other bytes than before.
    changed: int
    deleted: int
    added: int
    #: The files whose rows were replaced, or went.
    files: list[str]
    shards_rewritten: int
    #: How many shards went without a new one.
    shards_dropped: int
    #: How many shards were never opened.
    shards_pruned: int
    #: How many shards retention dropped meanwhile.
    shards_retired: int
    bytes_read: int
    bytes_written: int


@dataclass(frozen=True, slots=True)
class ReshapeReport:
    """What became of the shards."""

    #: The new generation; None if there was nothing to do.
    generation: int | None
    shards_before: int
    shards_after: int
    #: How many rows are in new shards.
    rows: int
    bytes_written: int


@dataclass(frozen=True, slots=True)
class CollectReport:
    """What was removed of old generations, and what was left."""

    #: The newest generation.
    generation: int
    oldest_kept: int
    removed_generations: list[int]
    removed_shards: int
    #: How many of these no generation had named.
    removed_orphans: int
    freed_bytes: int
    #: The generations that stay because somebody reads them.
    read: list[int]
    #: The generations that stay because they were the newest until recently.
    young_generations: list[int]
    #: How many unnamed files stay because they are too young, and because they are locked.
    young_files: int
    locked_files: int


@dataclass(frozen=True, slots=True)
class TailInfo:
    """An open tail."""

    #: The random number of its file, in hexadecimal.
    file: str
    #: Which of its rows are committed and count, the end excluded.
    rows: tuple[int, int]
    #: The process of its writer, if there is one and the system says which.
    writer: int | None


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What a dataset says about itself."""

    path: str
    #: Its random number, in hexadecimal.
    id: str
    #: The newest generation that can be read.
    generation: int
    #: What made it.
    verb: str
    #: When it was made, in nanoseconds since 1970 UTC.
    committed_at_ns: int
    #: No generation below this number is kept.
    oldest_kept: int
    #: How many generations are there, with those that a reader still has.
    generations: int
    #: How many entries of sealed shards it has.
    shards: int
    tails: list[TailInfo]
    #: How many tokens it has, with those that are committed in open tails.
    tokens: int
    #: How many bytes of the disk its files take.
    disk_bytes: int
    #: How many bytes of the disk other shards take: those of older generations, those that nobody
    #: has named so far, and those that nobody will.
    other_disk_bytes: int
    #: What its shards are sorted by, and how many of them.
    orders: dict[str, int]
    tags: dict[str, str]
    #: The damage that was found.
    findings: list[str]


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """A generation of the log. What it says is None if it cannot be read."""

    generation: int
    #: What is wrong with it; None if nothing is.
    damage: str | None
    #: What made it.
    verb: str | None
    #: When it was made, in nanoseconds since 1970 UTC.
    committed_at_ns: int | None
    #: No generation below this number was kept from then on.
    oldest_kept: int | None
    #: How many entries it has.
    shards: int | None
    #: How many of them are open tails.
    tails: int | None
    #: How many tokens the others have.
    rows: int | None
    tags: dict[str, str]
    #: The number of the generation that it follows.
    follows: int | None
    #: What became of that: "first" if there was none, "sound", "gone", "damaged" or "differs".
    parent: str | None


@dataclass(frozen=True, slots=True)
class ShardDamage:
    """What is wrong with a shard."""

    #: The random number of its file, in hexadecimal.
    file: str
    #: How many tokens the generation names of it.
    tokens: int
    problems: list[str]


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What `Dataset.verify` found."""

    #: The generation whose files were verified.
    generation: int
    #: How many manifests were read.
    manifests: int
    #: What is wrong with them: generations, and the problem of each.
    manifest_faults: list[tuple[int, str]]
    #: How many files were verified.
    shards: int
    #: How many tokens they have.
    tokens: int
    damaged: list[ShardDamage]
    #: The shards in the folder that no generation names, which is no damage.
    unnamed: list[str]
    #: Whether nothing is damaged. An index that has to be built anew is no damage.
    is_clean: bool


@dataclass(frozen=True, slots=True)
class RepairedShard:
    """A file that was repaired."""

    #: The damaged file.
    file: str
    #: The new one; None in a dry run.
    new: str | None
    #: How many tokens were kept; None in a dry run.
    kept: int | None
    #: How many rows the generation names that the damaged file does not have any more.
    missing_rows: int


@dataclass(frozen=True, slots=True)
class Orphan:
    """A shard that no generation names."""

    file: str
    #: "locked", "sound", "recovered", or what is wrong with it.
    state: str
    #: How many tokens it has, if it is sound.
    rows: int | None


@dataclass(frozen=True, slots=True)
class DatasetRepairReport:
    """What `Dataset.repair` did."""

    #: What was found of the newest generation that can be read.
    verified: DatasetReport
    #: Whether manifests above it are damaged.
    has_damaged_manifest: bool
    #: The generation that was published; None if there was nothing to do, or in a dry run.
    generation: int | None
    #: The files that were repaired into new ones.
    repaired: list[RepairedShard]
    #: The files that are sound, whose zones were computed anew.
    rezoned: list[str]
    #: The files that are sound, and of which the generation named another length, or an order in
    #: which they are not.
    corrected: list[str]
    #: The files that are no longer named, because they are not there or unreadable.
    dropped: list[str]
    #: The damaged files that are named as before, and why each could not be repaired.
    left: list[tuple[str, str]]
    #: The tails that were sealed.
    closed_tails: list[str]
    #: The shards that no generation names.
    orphans: list[Orphan]


def takes_positions(function: Callable[..., Any]) -> bool:
    """Whether a function wants the positions beside the tokens."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each for each in parameters if each.kind in places and each.default is each.empty]
    return len(needed) > 1
