"""Amounts of a stream as the tool `ng` has them: tokens, bytes, a time, shards."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ngtoken._errors import wrong

_COUNT = re.compile(r"(\d+)([kKMG]?)")
_BYTES = re.compile(r"(\d+)([KMGT])iB")
_ROOM = re.compile(r"(\d+)([KMGT])(?:iB)?")
_SHARDS = re.compile(r"(\d+) ?shards?")
_TIMES = re.compile(r"(?:\d+(?:ms|s|m|h|d|w))+")
_TIME = re.compile(r"(\d+)(ms|s|m|h|d|w)")
_THOUSANDS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9}
_BINARY = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
#: The most that Rust and the system count in.
_MOST = 1 << 63

_AMOUNT = (
    "tokens such as 4_000_000 or '4M', bytes such as '256MiB', or a time such as '10m' or a "
    "timedelta, more than none"
)
_KEPT = "shards such as '5 shards', bytes such as '100G', or a time such as '7d' or a timedelta"


def _time(given: Any) -> float | None:
    if isinstance(given, timedelta):
        return given.total_seconds()
    if isinstance(given, str) and _TIMES.fullmatch(given):
        return sum(int(number) * _SECONDS[unit] for number, unit in _TIME.findall(given))
    return None


def _each(given: Any) -> Iterable[Any]:
    return given if isinstance(given, (list, tuple)) else (given,)


def _amount(name: str, given: Any) -> tuple[str, float]:
    if isinstance(given, int) and not isinstance(given, bool):
        kind, amount = "tokens", float(given)
        if 0 < given < _MOST:
            return kind, given
    elif (seconds := _time(given)) is not None:
        if 0 < seconds < _MOST:
            return "seconds", seconds
    elif isinstance(given, str):
        for kind, pattern, units in (("bytes", _BYTES, _BINARY), ("tokens", _COUNT, _THOUSANDS)):
            if found := pattern.fullmatch(given):
                amount = int(found[1]) * units[found[2]]
                if 0 < amount < _MOST:
                    return kind, amount
    else:
        raise wrong(TypeError, name, f"of type {type(given).__name__}", _AMOUNT)
    raise wrong(ValueError, name, given, _AMOUNT)


Amount = tuple[int | None, int | None, float | None]


def amount(name: str, given: Any) -> Amount | None:
    """Tokens, bytes and seconds; None if nothing is given."""
    if given is None:
        return None
    found: dict[str, Any] = {"tokens": None, "bytes": None, "seconds": None}
    for each in _each(given):
        kind, value = _amount(name, each)
        found[kind] = value
    return found["tokens"], found["bytes"], found["seconds"]


def kept(name: str, given: Any) -> list[tuple[str, float]]:
    """What a stream keeps: kinds and amounts."""
    return [] if given is None else [_kept(name, each) for each in _each(given)]


def _kept(name: str, given: Any) -> tuple[str, float]:
    seconds = _time(given)
    if seconds is not None and 0 < seconds < _MOST:
        return "seconds", seconds
    if isinstance(given, str):
        if (found := _SHARDS.fullmatch(given)) and int(found[1]) > 0:
            return "shards", int(found[1])
        if found := _ROOM.fullmatch(given):
            return "bytes", int(found[1]) * _BINARY[found[2]]
    if not isinstance(given, (str, timedelta)):
        raise wrong(TypeError, name, f"of type {type(given).__name__}", _KEPT)
    raise wrong(ValueError, name, given, _KEPT)


def seconds(name: str, given: Any) -> float:
    """A time, which may be none."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        found: float | None = float(given)
    else:
        found = _time(given)
    if found is None or not 0 <= found < _MOST:
        raise wrong(ValueError, name, given, "seconds, a time such as '1h', or a timedelta")
    return found
