"""What the package raises beside Python's own exceptions.

Each has `path`, `field`, `value` and `expected`, as far as they make sense, and so have the
``ValueError``, ``TypeError``, ``IndexError`` and ``OSError`` that the package raises.
"""

import io
from collections.abc import Callable
from typing import Any, TypeVar


class Error(Exception):
    """The base of the package's own exceptions."""

    #: The file that it is about.
    path: str | None = None
    #: The field or the parameter that it is about.
    field: str | None = None
    #: What was found there.
    value: Any = None
    #: What should have been.
    expected: str | None = None


class FieldError(Error, ValueError):
    """A value does not fit its field of a token."""


class DamagedError(Error):
    """A file is not as it was committed. `TokenFile.repair` saves what is whole."""


class FormatError(Error, ValueError):
    """A file is no token file, or one of a format that this version does not know."""


class LockedError(Error, BlockingIOError):
    """Somebody else has the file open to append to it."""


class ChangedError(Error):
    """A path names another file than it did, or a file went back behind what is shown."""


class NotDurableError(Error, OSError):
    """A commit cannot be known to be on the disk."""


class PoisonedError(Error, OSError):
    """An earlier failure made the writer refuse; the last commit stands. Open the file again."""


class FullError(Error, ValueError):
    """The file is not made for so many tokens."""


class ReadOnlyError(Error, io.UnsupportedOperation):
    """The file was opened for reading."""


class ClosedError(Error, ValueError):
    """The file is closed."""


class BusyError(Error, RuntimeError):
    """Another append is in progress."""


class ForkedError(Error, RuntimeError):
    """The object belongs to the process that this one was forked from."""


class InternalError(Error, RuntimeError):
    """A bug in ngtoken: the message names the place. Please report it."""


_Kind = TypeVar("_Kind", bound=Exception)


def wrong(kind: type[_Kind], field: str, value: Any, expected: str, told: str = "") -> _Kind:
    """An exception that says which field or parameter has which value, and what was expected."""
    error = kind(f"{told or f'{field} {value}'}, expected {expected}")
    facts = {"path": None, "field": field, "value": value, "expected": expected}
    for name, fact in facts.items():
        setattr(error, name, fact)
    return error


class IndexWarning(UserWarning):
    """A part of an index was ignored, and the query read the records; or none could be made."""


class LostCommitWarning(UserWarning):
    """The newest commit of a file may be lost, and an older one is shown."""

    #: The file that it is about.
    path: str | None = None


def raise_as_internal(panic: type[BaseException], place: Callable[[], str]) -> None:
    """Has a panic that pyo3 caught be raised as an `InternalError` that names its place."""

    def new(cls: type[BaseException], text: str = "no text", *rest: Any) -> InternalError:
        return InternalError(f"panicked at {place()}: {text}")

    # A class whose `__new__` gives an object of another one: what is raised is that.
    panic.__new__ = new  # type: ignore[method-assign,assignment]
