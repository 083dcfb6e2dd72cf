"""Functions over chunks of tokens, on many threads."""

import operator
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ngtoken import _core
from ngtoken._errors import wrong

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["parallel_process"]


def parallel_process(
    tokens: Any,
    func: Callable[[np.ndarray], Any] | str,
    num_threads: int = 4,
    chunk: int = 65536,
) -> list[Any]:
    """Calls ``func`` with each chunk of tokens, an array, and returns its results in order.

    ``tokens`` are a vector, a file, a snapshot, or what ``TokenVec.extend`` takes. Python code runs
    on one thread at a time, so a Python function gains from more threads only if it releases the
    GIL, as numpy does in long operations. The names "count" and "sum_weight" run in Rust, on the
    given number of threads.

    An exception of ``func`` is raised here, with its traceback; chunks not begun by then are
    skipped.
    """
    num_threads = _whole("num_threads", num_threads)
    chunk = _whole("chunk", chunk)
    if not isinstance(tokens, _core.Tokens):
        vector = _core.TokenVec()
        vector.extend(tokens)
        tokens = vector
    if isinstance(func, str):
        return _core._map_named(tokens, func, num_threads, chunk)
    if not callable(func):
        kind = type(func).__name__
        raise wrong(TypeError, "func", f"of type {kind}", "a function of an array, or a name")
    return _in_threads(tokens, func, num_threads, chunk)


def _in_threads(
    tokens: Any, func: Callable[[np.ndarray], Any], num_threads: int, chunk: int
) -> list[Any]:
    # Importing it costs more than the package.
    from concurrent.futures import ThreadPoolExecutor

    results: list[Any] = []
    waiting: list[Future[Any]] = []
    with ThreadPoolExecutor(num_threads, "ngtoken") as threads:
        try:
            for view in tokens.iter_chunks(chunk):
                waiting.append(threads.submit(func, view))
                # Arrays of a file that is read are in memory: no more than the threads need soon.
                if len(waiting) > 2 * num_threads:
                    results.append(waiting.pop(0).result())
            while waiting:
                results.append(waiting.pop(0).result())
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return results


#: The most threads that Rust starts, and the most tokens that memory has room for.
_MOST = {"num_threads": 65_536, "chunk": sys.maxsize // 64}


def _whole(name: str, value: Any) -> int:
    """A whole number within a parameter's range."""
    try:
        number = operator.index(value)
    except TypeError:
        found = f"{value!r} of type {type(value).__name__}"
        raise wrong(TypeError, name, found, "a whole number") from None
    if 1 <= number <= _MOST[name]:
        return number
    bits = number.bit_length()
    # Python shows no number of more than some thousand digits.
    shown = number if bits <= 128 else f"of {bits} bits"
    raise wrong(ValueError, name, shown, f"1 to {_MOST[name]}")
