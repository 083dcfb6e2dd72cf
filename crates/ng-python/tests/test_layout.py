"""The record is the same in Rust, in numpy, and in the tests' own codec."""

import numpy as np
from codec import RECORD, Record, fresh
from hypothesis import given
from hypothesis import strategies as st

import ngtoken
from ngtoken import _core

records = st.builds(
    Record,
    id=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 2**16 - 1),
    weight=st.floats(width=32, allow_nan=False),
    radius=st.integers(0, 255),
    strength=st.integers(0, 255),
    timestamp=st.integers(0, 2**32 - 1),
    coords=st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 24),
)


def test_fields_are_where_rust_has_them():
    ours = {name: offset for name, (_, offset) in ngtoken.TOKEN_DTYPE.fields.items()}
    ours["coordinates"] = ours.pop("coords")
    assert ours == dict(_core._field_offsets())
    assert ngtoken.TOKEN_DTYPE.itemsize == RECORD.size == 64


@given(records)
def test_numpy_reads_what_the_codec_writes(record):
    (row,) = np.frombuffer(record.to_bytes(), ngtoken.TOKEN_DTYPE)
    assert tuple(row["coords"].reshape(-1)) == record.coords
    for name in ("id", "flags", "weight", "radius", "strength", "timestamp"):
        assert row[name] == getattr(record, name)


@given(st.lists(records, max_size=20))
def test_records_come_back_as_they_were(all_records):
    raw = b"".join(record.to_bytes() for record in all_records)
    vector = ngtoken.TokenVec()
    assert vector.extend(raw) == len(all_records)
    assert vector.view().tobytes() == raw
    assert [Record.of_bytes(token.tobytes()) for token in vector] == all_records


@given(st.integers(0, 2**32 - 1))
def test_a_fresh_token_is_what_the_codec_says(id_):
    assert ngtoken.Token(id_).tobytes() == fresh(id_).to_bytes()


def test_the_buffer_says_what_the_dtype_says():
    vector = ngtoken.create_tokens_batch(3)
    assert np.asarray(vector).dtype == ngtoken.TOKEN_DTYPE
    view = memoryview(vector)
    assert (view.itemsize, view.shape, view.strides, view.readonly) == (64, (3,), (64,), True)
