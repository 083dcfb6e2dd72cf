"""Follows the commits of others."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ngtoken._errors import wrong

#: The most tokens of an array: 16 MiB, which a file that is read holds in memory.
_MOST = 1 << 18

#: The longest sleep of a thread, in seconds: about what the system can count.
_LONGEST = 1_000_000_000


def follow(
    file: Any, interval: float, start: int | None, timeout: float | None
) -> Iterator[np.ndarray]:
    """`TokenFile.follow`; its parameters are checked at once."""
    for name, seconds in (("interval", interval), ("timeout", timeout)):
        if seconds is not None and not seconds >= 0:
            raise wrong(ValueError, name, seconds, "0 or more seconds")
    if interval > _LONGEST:
        raise wrong(ValueError, "interval", interval, f"at most {_LONGEST} seconds")
    shown = len(file)
    position = shown if start is None else start
    if not 0 <= position <= shown:
        raise wrong(ValueError, "start", start, f"0 to {shown}")
    return _follow(file, interval, position, timeout)


def _follow(
    file: Any, interval: float, position: int, timeout: float | None
) -> Iterator[np.ndarray]:
    quiet_since = time.monotonic()
    while True:
        new = file.slice(position)
        for some in new.iter_chunks(_MOST):
            position += len(some)
            yield some
        if len(new):
            quiet_since = time.monotonic()
        if file.refresh() or len(file) > position:
            continue
        if timeout is not None and time.monotonic() - quiet_since >= timeout:
            return
        time.sleep(interval)
