"""Columns, tokens by position and id, sorted copies, compared with numpy on the same records."""

import numpy as np
import pytest
from codec import SCALES, SPACES
from conftest import make, varied
from hypothesis import given
from hypothesis import strategies as st

import ngtoken
from ngtoken import TokenFile, TokenVec

# More than a shard of 32,768 tokens, and not a whole number of blocks.
RECORDS = varied(70_001)


@pytest.fixture(params=["vector", "map", "read", "slice"])
def tokens(request, path):
    if request.param == "vector":
        vector = TokenVec()
        vector.extend(RECORDS)
        return vector
    if request.param == "slice":
        around = np.concatenate([varied(5_000, 1), RECORDS, varied(3, 2)])
        return TokenFile.open(make(path, around), mode="read").slice(5_000, -3)
    return TokenFile.open(make(path, RECORDS), mode=request.param)


def expected(name, decode=False):
    ids, flags = RECORDS["id"], RECORDS["flags"]
    if name in RECORDS.dtype.names:
        stored = RECORDS[name]
        scale = {"radius": 100, "strength": 255}.get(name) if decode else None
        return stored if scale is None else stored.astype("f4") / np.float32(scale)
    if "_" in name and name.split("_")[0] in SPACES:
        space, axis = SPACES.index(name.split("_")[0]), "xyz".index(name[-1])
        stored = RECORDS["coords"][:, space, axis]
        return stored.astype("f4") / np.float32(SCALES[space]) if decode else stored
    return {
        "position": np.arange(len(RECORDS), dtype="i8"),
        "domain": (ids >> 28).astype("u1"),
        "entity_type": (ids >> 24 & 15).astype("u1"),
        "local_id": ids & 0xFFFFFF,
        "flags_entity_type": (flags >> 8 & 15).astype("u1"),
    }[name]


COLUMNS = [
    *("position", "id", "domain", "entity_type", "local_id", "flags", "flags_entity_type"),
    *("weight", "radius", "strength", "timestamp", "physical_x", "motor_y", "abstract_z"),
]


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_what_numpy_makes_of_it(tokens, name, decode):
    column = tokens.column(name, decode)
    wanted = expected(name, decode)
    assert column.dtype == wanted.dtype
    assert column.flags.c_contiguous
    assert column.flags.owndata
    assert column.flags.writeable
    assert np.array_equal(column, wanted)


@pytest.mark.parametrize("space", range(8))
def test_points_are_rows(tokens, space):
    stored = RECORDS["coords"][:, space]
    assert np.array_equal(tokens.coords(SPACES[space]), stored)
    decoded = tokens.coords(SPACES[space], decode=True)
    assert (decoded.dtype, decoded.shape) == (np.dtype("f4"), (len(RECORDS), 3))
    assert np.array_equal(decoded, stored.astype("f4") / np.float32(SCALES[space]))


def test_of_no_tokens_there_is_an_empty_column(path, mode):
    for tokens in (TokenVec(), TokenFile.create(path, max_tokens=1 << 20, mode=mode)):
        assert tokens.column("weight").shape == (0,)
        assert tokens.coords("motor").shape == (0, 3)
        assert tokens.take([]).shape == (0,)
        assert tokens.lookup([5]).tolist() == [-1]
        assert len(tokens.sort("id")) == 0


def test_a_name_that_is_none_is_told_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean `weight`") as raised:
        TokenVec().column("wieght")
    assert (raised.value.field, raised.value.value) == ("column", "wieght")
    with pytest.raises(ValueError, match="space fysical, expected one of physical") as raised:
        TokenVec().coords("fysical")
    assert raised.value.field == "space"


def test_tokens_are_taken_by_position(tokens):
    rng = np.random.default_rng(3)
    positions = rng.integers(-len(RECORDS), len(RECORDS), 5_000)
    taken = tokens.take(positions)
    assert np.array_equal(taken, RECORDS[positions])
    taken["weight"] = 0  # It is a copy that belongs to the caller.
    assert np.array_equal(tokens.take(positions.tolist()), RECORDS[positions])
    assert tokens.take(np.array([[1, 2], [3, 4]], "u2")).tobytes() == RECORDS[1:5].tobytes()


@pytest.mark.parametrize("wrong", [len(RECORDS), -len(RECORDS) - 1, 2**62])
def test_a_position_beyond_the_tokens_is_named(tokens, wrong):
    with pytest.raises(IndexError, match=f"index {wrong} is out of range for 70001 tokens"):
        tokens.take([0, wrong, 1])


@pytest.mark.parametrize("wrong", [[0.5], ["a"], [True, False], [None]])
def test_positions_are_whole_numbers(wrong):
    for ask in (ngtoken.create_tokens_batch(9).take, ngtoken.create_tokens_batch(9).lookup):
        with pytest.raises(TypeError) as raised:
            ask(wrong)
        assert raised.value.field in ("positions", "ids")


@pytest.mark.parametrize("wrong", [-1, 2**32])
def test_an_id_beyond_32_bits_is_named(wrong):
    with pytest.raises(ValueError, match=f"id {wrong}, expected 0 to 4294967295") as raised:
        ngtoken.create_tokens_batch(9).lookup([1, wrong])
    assert raised.value.value == wrong
    with pytest.raises(ValueError):
        ngtoken.create_tokens_batch(9).lookup(np.array([2**64 - 1], "u8"))


def test_ids_are_looked_up(tokens):
    rng = np.random.default_rng(4)
    ids = np.concatenate([rng.choice(RECORDS["id"], 1_000), rng.integers(0, 2**32, 1_000)])
    first = {}
    for position, id_ in enumerate(RECORDS["id"].tolist()):
        first.setdefault(id_, position)
    found = tokens.lookup(ids)
    assert found.dtype == np.dtype("i8")
    assert found.tolist() == [first.get(id_, -1) for id_ in ids.tolist()]
    assert tokens.lookup(int(RECORDS["id"][5])) == first[int(RECORDS["id"][5])]


@given(st.lists(st.integers(0, 5), max_size=50), st.lists(st.integers(0, 7), max_size=10))
def test_the_first_of_many_is_found(ids, wanted):
    vector = TokenVec()
    vector.extend([ngtoken.Token(id_) for id_ in ids])
    expected = [ids.index(id_) if id_ in ids else -1 for id_ in wanted]
    assert vector.lookup(wanted).tolist() == expected


@pytest.mark.parametrize("by", ["weight", "id", ["entity_type", "timestamp"], "entity_type, time"])
def test_a_sorted_copy_is_in_order_and_has_all(tokens, by):
    ordered = tokens.sort(by)
    assert isinstance(ordered, TokenVec)
    keys = {
        "weight": [RECORDS["weight"]],
        "id": [RECORDS["id"]],
    }.get(by if isinstance(by, str) else "", [expected("timestamp"), expected("entity_type")])
    assert np.array_equal(ordered.view(), RECORDS[np.lexsort(keys)])
    assert np.array_equal(tokens.view(), RECORDS)


def test_in_the_order_of_a_space_what_is_next_is_near(tokens):
    points = tokens.sort("physical").coords("physical").astype("f8")
    steps = np.abs(np.diff(points, axis=0)).sum(axis=1)
    unsorted = np.abs(np.diff(RECORDS["coords"][:, 0].astype("f8"), axis=0)).sum(axis=1)
    assert steps.mean() < unsorted.mean() / 10
    assert sorted(tokens.sort("physical").column("id")) == sorted(RECORDS["id"])


@pytest.mark.parametrize("by", ["position", "wieght", "", ["id", "id"], "physical,id"])
def test_what_cannot_be_sorted_by_is_named(by):
    with pytest.raises(ValueError) as raised:
        TokenVec().sort(by)
    assert raised.value.field == "by"
    with pytest.raises(TypeError):
        TokenVec().sort(7)
