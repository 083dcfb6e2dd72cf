"""Converts arguments to points."""

from typing import Any

import numpy as np

from ngtoken._errors import wrong
from ngtoken._records import unmasked


def points(given: Any, spaces: int) -> np.ndarray:
    """The argument as contiguous float64 numbers, three for each space of each point."""
    expected = "(3,) or (m, 3)" if spaces == 1 else f"({spaces}, 3) or (m, {spaces}, 3)"
    try:
        array = np.asarray(given)
    except ValueError:  # Rows of different lengths.
        found = "points in rows of different lengths"
        raise wrong(ValueError, "points", given, f"shape {expected}", found) from None
    if isinstance(given, np.ndarray):
        unmasked(given, "points")
    if array.size == 0 and array.dtype == np.float64:
        pass  # An empty list in numpy.
    elif array.dtype.kind not in "fiu":
        raise wrong(TypeError, "points", array.dtype, "numbers", f"points of {array.dtype}")
    one = (3,) if spaces == 1 else (spaces, 3)
    if array.shape not in (one, (len(array) if array.ndim else 0, *one)):
        found = f"points of shape {array.shape}"
        raise wrong(ValueError, "points", array.shape, f"shape {expected}", found)
    return np.ascontiguousarray(array.reshape(-1), "f8")
