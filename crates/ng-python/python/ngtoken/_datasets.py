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


def takes_positions(function: Callable[..., Any]) -> bool:
    """Whether a function wants the positions beside the tokens."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each for each in parameters if each.kind in places and each.default is each.empty]
    return len(needed) > 1
