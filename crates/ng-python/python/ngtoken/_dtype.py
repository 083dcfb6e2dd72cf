"""The record as numpy knows it."""

import numpy as np

#: A token: 64 bytes, little-endian. There are no offsets in it, so that numpy takes its fast
#: ways, and no padding between fields, so that they are right; a test holds them to Rust's.
TOKEN_DTYPE = np.dtype(
    [
        ("coords", "<i2", (8, 3)),
        ("id", "<u4"),
        ("flags", "<u2"),
        ("weight", "<f4"),
        ("radius", "u1"),
        ("strength", "u1"),
        ("timestamp", "<u4"),
    ]
)
