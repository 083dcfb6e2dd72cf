"""The package's own exceptions.

Each has `path`, `field`, `value` and `expected`, where they apply, and so do the ``ValueError``,
``TypeError``, ``IndexError`` and ``OSError`` that the package raises.
"""

import io
from collections.abc import Callable
from typing import Any, TypeVar


class Error(Exception):
    """The base of the package's own exceptions."""

    #: The file concerned.
    path: str | None = None
    #: The field or the parameter concerned.
    field: str | None = None
    #: The value found.
    value: Any = None
    #: What was expected.
    expected: str | None = None


class FieldError(Error, ValueError):
    """A value does not fit its field of a token."""


class DamagedError(Error):
    """A file differs from what was committed. `TokenFile.repair` saves what is whole."""


class FormatError(Error, ValueError):
    """Not a token file, or one of a format unknown to this version."""


class LockedError(Error, BlockingIOError):
    """Another writer has the file open for appending."""


class ChangedError(Error):
    """A path names another file now, or the file is older than what is shown."""


class NotDurableError(Error, OSError):
    """A commit may not be on the disk."""


class PoisonedError(Error, OSError):
    """The writer refuses after a failed write; the last commit stands. Open the file again."""


class FullError(Error, ValueError):
    """The file is not made for that many tokens."""


class ReadOnlyError(Error, io.UnsupportedOperation):
    """The file was opened for reading."""


class ClosedError(Error, ValueError):
    """The file is closed."""


class BusyError(Error, RuntimeError):
    """Another append is in progress."""


class ForkedError(Error, RuntimeError):
    """The object belongs to the parent of this fork."""


class DatasetError(Error):
    """The base of the exceptions that only datasets have."""


class NotADataset(DatasetError, ValueError):
    """The path names no dataset: a folder without a manifest."""


class DamagedManifest(DatasetError, DamagedError):
    """A generation cannot be read. Nothing is published until it is repaired."""


class GenerationGone(DatasetError, LookupError):
    """No generation of this number is kept."""


class Conflict(DatasetError):
    """Another publisher changed what this change had started from."""


class OtherShard(DatasetError, ChangedError):
    """A shard is not the file that the generation names."""


class OtherDataset(DatasetError, ChangedError):
    """The path names another dataset than the one that is meant."""


class InternalError(Error, RuntimeError):
    """A bug in ngtoken: the message names the place. Please report it."""


_Kind = TypeVar("_Kind", bound=Exception)


def wrong(kind: type[_Kind], field: str, value: Any, expected: str, told: str = "") -> _Kind:
    """An exception that names the field or parameter, its value, and what was expected."""
    error = kind(f"{told or f'{field} {value}'}, expected {expected}")
    facts = {"path": None, "field": field, "value": value, "expected": expected}
    for name, fact in facts.items():
        setattr(error, name, fact)
    return error


class IndexWarning(UserWarning):
    """A part of an index was ignored, and the query read the records; or none could be made."""


class DatasetWarning(UserWarning):
    """A part of a dataset is damaged, and is not shown."""

    #: The dataset concerned.
    path: str | None = None


class LostCommitWarning(UserWarning):
    """The newest commit of a file may be lost, and an older one is shown."""

    #: The file concerned.
    path: str | None = None


def raise_as_internal(panic: type[BaseException], place: Callable[[], str]) -> None:
    """Makes pyo3 raise the panics it catches as `InternalError` with their place."""

    def new(cls: type[BaseException], text: str = "no text", *rest: Any) -> InternalError:
        return InternalError(f"panicked at {place()}: {text}")

    # A class whose `__new__` returns an object of another class: that object is raised.
    panic.__new__ = new  # type: ignore[method-assign,assignment]
