"""The record as a numpy dtype."""

import numpy as np

#: A token: 64 bytes, little-endian. Without explicit offsets, so that numpy takes its fast paths,
#: and without padding, so that the fields match Rust's, as a test checks.
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
