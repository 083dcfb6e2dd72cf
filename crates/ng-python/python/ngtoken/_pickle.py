"""What pickles become again."""

from typing import Any

from ngtoken import _core


def load_vector(records: Any) -> "_core.TokenVec":
    """A vector of the records that were pickled, copied."""
    vector = _core.TokenVec()
    vector.extend(memoryview(records).cast("B"))
    return vector
