"""What counts as tokens: arrays, records of 64 bytes, tokens, iterables of them."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ngtoken import _core
from ngtoken._dtype import TOKEN_DTYPE
from ngtoken._errors import wrong

#: How many single tokens are gathered into one array.
_BATCH = 4096

#: How many tokens of a file that is read are in memory at once: 16 MiB.
_PIECE = 1 << 18

_EXPECTED = (
    "an array of TOKEN_DTYPE, records of 64 bytes, a Token, Tokens, or an iterable of them"
)


def pieces(given: Any) -> Iterable[np.ndarray]:
    """Contiguous arrays of ``TOKEN_DTYPE`` with all tokens of the argument, in order: a tuple of at
    most one if all are at hand, otherwise an iterator, which may reuse an array once it is asked
    for the next one."""
    if isinstance(given, _core.Tokens):
        return _of_tokens(given)
    whole = _whole(given)
    if whole is not None:
        return (whole,) if len(whole) else ()
    if hasattr(given, "__arrow_c_stream__"):
        return _core._ArrowPieces(given)
    if isinstance(given, (str, dict)) or not isinstance(given, Iterable):
        raise _wrong(given)
    return _of_iterable(given)


def _of_tokens(given: _core.Tokens) -> Iterable[np.ndarray]:
    """All tokens at once if in memory or mapped; piece by piece if they are read."""
    if given._in_file:
        return given.iter_chunks(_PIECE)
    return (given.view(),) if len(given) else ()


def _of_iterable(given: Iterable[Any]) -> Iterator[np.ndarray]:
    batch = bytearray()
    for item in given:
        if isinstance(item, _core.Token):
            batch += item.tobytes()
            if len(batch) < _BATCH * TOKEN_DTYPE.itemsize:
                continue
        if batch:
            yield np.frombuffer(batch, TOKEN_DTYPE)
            batch = bytearray()
        if isinstance(item, _core.Tokens):
            yield from _of_tokens(item)
        elif hasattr(item, "__arrow_c_stream__"):
            yield from _core._ArrowPieces(item)
        elif not isinstance(item, _core.Token):
            array = _whole(item)
            if array is None:
                raise _wrong(item)
            if len(array):
                yield array
    if batch:
        yield np.frombuffer(batch, TOKEN_DTYPE)


def _whole(given: Any) -> np.ndarray | None:
    """The tokens of an object that has all of them at hand, otherwise None."""
    if isinstance(given, _core.Token):
        return np.frombuffer(given.tobytes(), TOKEN_DTYPE)
    if isinstance(given, np.void) and given.dtype.names:
        return _records(np.array([given]))
    if isinstance(given, np.ndarray):
        return _records(unmasked(given, "tokens"))
    return _of_buffer(given)


def _of_buffer(given: Any) -> np.ndarray | None:
    """The records of an object with the buffer protocol, otherwise None."""
    try:
        view = memoryview(given)
    except TypeError:
        return None
    if view.itemsize not in (1, TOKEN_DTYPE.itemsize):
        found = f"items of {view.itemsize} bytes"
        raise wrong(TypeError, "tokens", found, _EXPECTED, f"tokens of {found}")
    return _records(np.frombuffer(view if view.c_contiguous else view.tobytes(), "u1"))


def unmasked(array: np.ndarray, name: str) -> np.ndarray:
    """The same array; refuses masked values."""
    if type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray):
        mask = np.ascontiguousarray(np.ma.getmaskarray(array))
        count = int(np.count_nonzero(mask.view(np.bool_)))
        if count:
            found = f"{name} with {count} masked values"
            raise wrong(ValueError, name, f"with {count} masked values", "none that are", found)
    return array


def _records(array: np.ndarray) -> np.ndarray:
    if array.dtype == TOKEN_DTYPE:
        return np.ascontiguousarray(array).reshape(-1)
    if array.dtype.names:
        return _by_name(array)
    # 64-byte items also count: V64 and S64, rows of 64 bytes, and consecutive bytes.
    is_record = array.dtype.itemsize == TOKEN_DTYPE.itemsize and array.dtype.kind in "VS"
    is_bytes = array.dtype.itemsize == 1 and array.dtype.kind in "uiV"
    if is_record or is_bytes:
        flat = np.ascontiguousarray(array).reshape(-1).view("u1")
        if flat.size % TOKEN_DTYPE.itemsize == 0:
            return flat.view(TOKEN_DTYPE)
        told = f"length {flat.size} bytes"
        raise wrong(ValueError, "length", flat.size, "a multiple of 64", told)
    raise wrong(TypeError, "dtype", array.dtype, "TOKEN_DTYPE")


def _by_name(array: np.ndarray) -> np.ndarray:
    """Copies fields by name: from another byte order, another order, or with padding."""
    names, wanted = set(array.dtype.names or ()), set(TOKEN_DTYPE.names or ())
    if names != wanted:
        odd = ", ".join(sorted(names ^ wanted))
        raise wrong(TypeError, odd, sorted(names), "those of TOKEN_DTYPE", f"fields {odd}")
    for name in TOKEN_DTYPE.names or ():
        found, expected = array.dtype[name], TOKEN_DTYPE[name]
        if found.newbyteorder("<") != expected:
            raise wrong(TypeError, name, found, str(expected), f"field {name} of {found}")
    copy = np.empty(array.size, TOKEN_DTYPE)
    for name in TOKEN_DTYPE.names or ():
        copy[name] = array[name].reshape(copy[name].shape)
    return copy


def _wrong(given: Any) -> Exception:
    return wrong(TypeError, "tokens", f"of type {type(given).__name__}", _EXPECTED)


#: The refusal of positions and ids that need more than 64 bits.
_TOO_LARGE: dict[str, tuple[type[Exception], str]] = {
    "ids": (ValueError, "0 to 4294967295"),
    "positions": (IndexError, "positions of tokens"),
}


def whole_numbers(given: Any, name: str) -> np.ndarray:
    """The argument as a contiguous array of 64-bit numbers, in one dimension."""
    array = np.asarray(given)
    if isinstance(given, np.ndarray):
        unmasked(given, name)
    if not isinstance(given, np.ndarray) and array.dtype.kind in "fO" and array.size:
        array = _of_large(given, array, name)
    if array.size == 0 and array.dtype.kind == "f":
        array = array.astype("i8")  # An empty list in numpy.
    if array.dtype.kind not in "iu":
        raise wrong(TypeError, name, array.dtype, "whole numbers", f"{name} of {array.dtype}")
    if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo("i8").max:
        kind, expected = _TOO_LARGE[name]
        raise wrong(kind, name, int(array.max()), expected)
    return np.ascontiguousarray(array.reshape(-1), "i8")


def _of_large(given: Any, array: np.ndarray, name: str) -> np.ndarray:
    """The same array; refuses whole numbers that numpy has no type for."""
    items = np.asarray(given, object).reshape(-1)
    if all(isinstance(item, (int, np.integer)) for item in items):
        limits = np.iinfo("i8")
        for item in items:
            if not limits.min <= item <= limits.max:
                kind, expected = _TOO_LARGE[name]
                raise wrong(kind, name, item, expected)
    return array


def as_array(view: np.ndarray, dtype: Any, copy: bool | None) -> np.ndarray:
    """``__array__`` of a view."""
    if dtype is not None and np.dtype(dtype) != view.dtype:
        if copy is False:
            raise ValueError(f"dtype {np.dtype(dtype)} needs a copy, expected {view.dtype}")
        return view.astype(dtype)
    return view.copy() if copy else view
