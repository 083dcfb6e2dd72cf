"""Every query answers as numpy does on the same data."""

import gc
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import threading
import weakref
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from conftest import make, varied
from hypothesis import given, settings
from hypothesis import strategies as st

import ngtoken

COUNT = 20_000
RECORDS = varied(COUNT, 7)
# Including rare cases: the same id twice, NaN, no weight.
RECORDS["id"][10] = RECORDS["id"][4000]
RECORDS["weight"][[3, 9000]] = np.nan
RECORDS["weight"][[4, 9001]] = 0.0
RECORDS["timestamp"] = np.arange(COUNT) // 3 + 1_700_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("queries")


@pytest.fixture(scope="module", params=["vector", "map", "read", "index", "snapshot", "verified"])
def tokens(request, folder):
    """The same tokens in every place."""
    kind = request.param
    if kind == "vector":
        vector = ngtoken.TokenVec()
        vector.extend(RECORDS)
        return vector
    path = make(folder / f"{kind}.ngt", RECORDS)
    file = ngtoken.TokenFile.open(path, mode="read" if kind == "read" else "map")
    if kind == "index":
        file.index("weight,id,timestamp,physical", ids=True, boxes="physical")
    if kind == "snapshot":
        return file.snapshot()
    return file.where(verified=True) if kind == "verified" else file


def units(name, space):
    scale = {"physical": 100, "motor": 1000}[space]
    return RECORDS["coords"][:, ["physical", "sensory", "motor"].index(space)] / scale


FILTERS = {
    "weight > 0.9": lambda r: r["weight"] > np.float32(0.9),
    "not (weight > 0.5)": lambda r: ~(r["weight"] > 0.5),
    "weight != 0": lambda r: r["weight"] != 0,
    "id >= 2_000_000_000": lambda r: r["id"] >= 2_000_000_000,
    "entity_type = object": lambda r: (r["id"] >> 24 & 15) == 1,
    "domain in (3, 5)": lambda r: np.isin(r["id"] >> 28, [3, 5]),
    "active and not locked": lambda r: (r["flags"] & 0x81) == 1,
    "timestamp < 1700001000": lambda r: r["timestamp"] < 1_700_001_000,
    "position >= 5000 and position < 5003": lambda r: np.isin(np.arange(COUNT), [5000, 5001, 5002]),
    "physical_x < -1.5": lambda r: r["coords"][:, 0, 0] < -150,
    "physical in ball(0, 0, 0; 150)": lambda r: (
        np.square(r["coords"][:, 0].astype("i8")).sum(1) <= 15_000**2
    ),
}


@pytest.mark.parametrize("text", FILTERS)
def test_filters_select_what_numpy_selects(tokens, text):
    expected = np.flatnonzero(FILTERS[text](RECORDS))
    query = tokens.where(text)
    assert query.count() == len(expected)
    assert query.any() == (len(expected) > 0)
    np.testing.assert_array_equal(query.positions(), expected)
    found = query.tokens()
    np.testing.assert_array_equal(found.positions, expected)
    assert found.tokens.tobytes() == RECORDS[expected].tobytes()
    assert query.positions(limit=2).positions.tolist() == expected[:2].tolist()
    assert query.tokens(limit=1).tokens.tobytes() == RECORDS[expected[:1]].tobytes()


@given(
    weight=st.floats(-0.5, 1.5, width=32),
    low=st.integers(0, 2**32 - 1),
    bits=st.integers(0, 15),
)
@settings(max_examples=50)
def test_conditions_of_any_numbers(weight, low, bits):
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS[:3000])
    some = RECORDS[:3000]
    text = f"weight <= {weight!r} and id >= {low} or domain = {bits}"
    expected = (some["weight"] <= np.float32(weight)) & (some["id"] >= low) | (some["id"] >> 28 == bits)
    assert vector.where(text).count() == expected.sum()


def test_queries_chain_and_never_change(tokens):
    one = tokens.where("weight > 0.5")
    two = one.where("id >= 2_000_000_000")
    both = (RECORDS["weight"] > 0.5) & (RECORDS["id"] >= 2_000_000_000)
    assert two.count() == both.sum()
    assert one.count() == (RECORDS["weight"] > 0.5).sum()
    assert two.where(num_threads=1, index=False).count() == both.sum()
    assert "weight > 0.5" in two.filter and "id >= 2000000000" in repr(two)
    with pytest.raises(AttributeError):
        two.filter = "other"


def test_aggregates_are_those_of_numpy(tokens):
    groups = tokens.aggregate(
        "entity_type", ["count", "min(id)", "max(weight)", "sum(timestamp)", "mean(physical_x)"]
    )
    kinds = RECORDS["id"] >> 24 & 15
    assert groups.columns[0] == "entity_type" and groups.keys == ("entity_type",)
    assert len(groups) == len(np.unique(kinds))
    for row in groups:
        some = RECORDS[kinds == row["entity_type"]]
        assert row["count"] == len(some)
        assert row["min(id)"] == some["id"].min()
        assert row["max(weight)"] == np.nanmax(some["weight"])
        assert row["sum(timestamp)"] == some["timestamp"].sum(dtype="u8")
        mean = some["coords"][:, 0, 0].mean() / 100
        assert row["mean(physical_x)"] == pytest.approx(mean, rel=1e-12)
    assert groups.stats.blocks == 5


def test_aggregates_without_groups_and_of_nothing(tokens):
    number = RECORDS["weight"][~np.isnan(RECORDS["weight"])]
    all_ = tokens.aggregate(measures="count,median(weight),distinct(id),stddev(timestamp)")
    assert all_["count"].tolist() == [COUNT] and all_["distinct(id)"][0] == COUNT - 1
    assert all_["quantile(weight, 0.5)"][0] in number
    assert all_["stddev(timestamp)"][0] == pytest.approx(RECORDS["timestamp"].std(ddof=1))
    assert all_.nan_weights.tolist() == [2]
    nothing = tokens.where("position < 0").aggregate(measures="count,min(id)")
    assert nothing["count"].tolist() == [0] and np.isnan(nothing["min(id)"][0])
    by_flag = tokens.aggregate(["active", "time(3600)"])
    assert by_flag["active"].dtype == bool and by_flag["time(3600)"].dtype.kind == "M"
    assert by_flag["count"].sum() == COUNT
    assert tokens.aggregate()["count"].tolist() == [COUNT]


def test_histograms_are_those_of_numpy(tokens):
    found = tokens.histogram("weight", 10, (0.0, 1.0))
    numbers = RECORDS["weight"][~np.isnan(RECORDS["weight"])].astype("f8")
    counts, edges = np.histogram(numbers, 10, (0.0, 1.0))
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_allclose(found.edges, edges)
    assert (found.below, found.above, found.nan) == (0, 0, 2)
    counts, edges = tokens.histogram("id", 7)
    np.testing.assert_array_equal(counts, np.histogram(RECORDS["id"], 7)[0])
    assert (edges[0], edges[-1]) == (RECORDS["id"].min(), RECORDS["id"].max())
    inner = tokens.histogram("physical_x", 4, (-100, 100))
    x = RECORDS["coords"][:, 0, 0] / 100
    assert (inner.below, inner.above) == ((x < -100).sum(), (x > 100).sum())
    one = tokens.where("position = 77")
    for asked in (None, 2 * (float(RECORDS["weight"][77]),)):
        counts, edges = np.histogram(RECORDS["weight"][77:78].astype("f8"), 10, asked)
        found = one.histogram("weight", 10, asked)
        np.testing.assert_array_equal(found.counts, counts)
        np.testing.assert_allclose(found.edges, edges)
    empty = tokens.where("position < 0").histogram("id", 3)
    assert empty.counts.tolist() == [0, 0, 0] and np.isnan(empty.edges).all()


@pytest.mark.parametrize("least", [False, True])
@pytest.mark.parametrize("by", ["weight", "id", "physical_x"])
def test_top_is_what_a_stable_sort_gives(tokens, by, least):
    values = {
        "weight": RECORDS["weight"],
        "id": RECORDS["id"].astype("i8"),
        "physical_x": RECORDS["coords"][:, 0, 0] / 100,
    }[by]
    order = np.argsort(values if least else -values, kind="stable")[:5]
    found = tokens.top(5, by, least=least)
    np.testing.assert_array_equal(found.positions, order)
    np.testing.assert_allclose(found.values, values[order].astype("f8"), rtol=1e-6)
    assert len(found) == 5 and found.by == by
    assert found.nan_weights == (2 if by == "weight" else 0)
    top_values, positions = found
    assert top_values is found.values and positions is found.positions


def squared(space, point):
    """Squared distances in steps of a space."""
    number, scale = {"physical": (0, 100), "motor": (2, 1000)}[space]
    steps = RECORDS["coords"][:, number].astype("i8")
    return np.square(steps - np.round(np.array(point) * scale).astype("i8")).sum(1), scale


def test_nearest_is_what_numpy_finds(tokens):
    points = np.array([[0.0, 0, 0], [100.5, -2.25, 30], [-327, 327, 1]])
    distances, positions = tokens.nearest(points, 4)
    assert distances.shape == positions.shape == (3, 4)
    for row, point in enumerate(points):
        steps, scale = squared("physical", point)
        order = np.argsort(steps, kind="stable")[:4]
        np.testing.assert_array_equal(positions[row], order)
        np.testing.assert_allclose(distances[row], np.sqrt(steps[order]) / scale)
    one = tokens.nearest(points[1], k=4)
    np.testing.assert_array_equal(one.positions, positions[1:2])
    np.testing.assert_array_equal(tokens.nearest(points.tolist(), 4).positions, positions)
    np.testing.assert_array_equal(tokens.nearest(points.astype("f4"), 4).positions, positions)


def test_nearest_in_several_spaces(tokens):
    weights = {"physical": 1.0, "motor": 0.5}
    point = np.array([[1.0, 2, 3], [0.5, -0.5, 0]])
    found = tokens.nearest(point, 3, weights=weights)
    (one, one_scale), (two, two_scale) = squared("physical", point[0]), squared("motor", point[1])
    total = one / one_scale**2 + two / two_scale**2 * 0.5
    order = np.argsort(total, kind="stable")[:3]
    np.testing.assert_array_equal(found.positions, [order])
    np.testing.assert_allclose(found.distances, [np.sqrt(total[order])])


def test_fewer_than_k_are_padded(tokens):
    few = tokens.where("position >= 5000 and position < 5003")
    distances, positions = few.nearest([[0, 0, 0], [1, 1, 1]], 5)
    assert (np.sort(positions[:, :3]) == [5000, 5001, 5002]).all()
    assert (positions[:, 3:] == -1).all() and np.isinf(distances[:, 3:]).all()
    distances, positions = few.where("position < 0").nearest([0, 0, 0], 2)
    assert positions.tolist() == [[-1, -1]] and np.isinf(distances).all()
    assert tokens.nearest(np.empty((0, 3)), 2).distances.shape == (0, 2)


def test_balls(tokens):
    point, radius = [10.0, -20.0, 5.0], 60.0
    steps, scale = squared("physical", point)
    inside = np.flatnonzero(steps <= (radius * scale) ** 2)
    found = tokens.within(point, radius)
    np.testing.assert_array_equal(found.positions, inside)
    np.testing.assert_allclose(found.distances, np.sqrt(steps[inside]) / scale)
    distances, positions = found
    assert distances is found.distances and positions is found.positions
    density = tokens.density(point, radius)
    assert density == pytest.approx(len(inside) / (4 / 3 * np.pi * radius**3))
    # Around a token, so that something is reached.
    middle = RECORDS["coords"][77, 0] / 100
    steps, scale = squared("physical", middle)
    reach = RECORDS["radius"].astype("f8")
    distance = np.sqrt(steps)
    hit = (distance <= reach) & (reach > 0)
    fields = RECORDS["strength"][hit] / 255 * (1 - distance[hit] / reach[hit])
    influence = tokens.influence(middle)
    assert influence == pytest.approx(fields.sum()) and influence.stats.blocks == 5


def test_find_and_duplicates(tokens):
    twice = int(RECORDS["id"][10])
    missing = next(id for id in range(100) if id not in RECORDS["id"])
    found = tokens.find([twice, missing, int(RECORDS["id"][77])])
    assert [places.tolist() for places in found] == [[10, 4000], [], [77]]
    assert found.first.tolist() == [10, -1, 77] and found[0].tolist() == [10, 4000]
    assert found.ids.tolist()[:2] == [twice, missing] and len(found) == 3
    duplicates = tokens.duplicates()
    ids, counts = np.unique(RECORDS["id"], return_counts=True)
    assert duplicates.ids.tolist() == ids[counts > 1].tolist()
    assert duplicates.id_count == (counts > 1).sum() and duplicates.repeats == (counts - 1).sum()
    assert [10, 4000] in [places.tolist() for places in duplicates]
    assert len(tokens.duplicates(limit=0)) == 0


def test_samples_are_the_same_for_a_seed(tokens):
    one, two = tokens.sample(100, seed=3), tokens.sample(100, 3)
    np.testing.assert_array_equal(one.positions, two.positions)
    assert one.tokens.tobytes() == RECORDS[one.positions].tobytes()
    assert (np.diff(one.positions) > 0).all() and len(one) == 100
    assert tokens.sample(100, 4).positions.tolist() != one.positions.tolist()
    assert len(tokens.where("position < 7").sample(100)) == 7


def test_descriptions_and_plans(tokens):
    text = str(tokens.describe())
    assert "20000 tokens" in text and "physical_z" in text and "active" in text
    description = tokens.describe(["weight"])
    assert description.duplicates == 1 and list(description.columns) == ["weight"]
    assert description.columns["weight"]["max"] == np.nanmax(RECORDS["weight"])
    assert description.histograms["weight"].sum() == COUNT - 2
    assert "<pre>" in description._repr_html_()
    kinds, counts = np.unique(RECORDS["id"] >> 24 & 15, return_counts=True)
    names = [ngtoken.ENTITY_TYPES[kind] for kind in kinds]
    assert description.entity_types == dict(zip(names, counts.tolist(), strict=True))
    assert "object" in text and "controller" in text
    plan = tokens.where("weight > 0.5 and not locked").explain()
    assert "20000 tokens in 5 blocks" in plan and "weight" in plan


class Growing:
    """A file that is appended to and refreshed before any query."""

    def __init__(self, of, reader, writer):
        self.of, self.reader, self.writer = of, reader, writer

    def __getattr__(self, name):
        self.writer.append(RECORDS[:777])
        self.writer.commit()
        self.reader.refresh()
        return getattr(self.of, name)


@pytest.mark.parametrize("text", [None, "weight >= 0"])
def test_a_description_is_of_one_commit(path, mode, text):
    """Each part was a separate query over whatever was shown by then."""
    from ngtoken import _describe

    make(path, RECORDS)
    with (
        ngtoken.TokenFile.open(path, mode=mode) as reader,
        ngtoken.TokenFile.open(path, append=True) as writer,
    ):
        of = reader if text is None else reader.where(text)
        found = _describe.describe(Growing(of, reader, writer), ["id", "weight"])
        assert COUNT < len(reader) and found.count <= len(reader)
        assert sum(found.entity_types.values()) == found.count
        assert found.histograms["id"].sum() == found.count
        some = reader.view()[: len(reader)]
        some = some if text is None else some[some["weight"] >= 0]
        assert found.count == len(some)
        assert found.flags == {
            name: ((some["flags"] >> bit & 1) == 1).sum() for bit, name in enumerate(_describe._FLAGS)
        }
        assert found.duplicates == len(some) - len(np.unique(some["id"]))


def test_a_notebook_shows_one_commit(path):
    make(path, RECORDS[:5])
    with ngtoken.TokenFile.open(path) as reader, ngtoken.TokenFile.open(path, append=True) as writer:

        class File(Growing):
            __class__ = ngtoken.TokenFile

        from ngtoken import _html

        html = _html.tokens(File(reader, reader, writer))
        assert "of 782 tokens" in html and "<p>782 tokens</p>" in html and "772 more" in html


def test_a_snapshot_of_a_query_stays_as_it_is(path):
    make(path, RECORDS[:1000])
    with ngtoken.TokenFile.open(path) as reader, ngtoken.TokenFile.open(path, append=True) as writer:
        query = reader.where("weight >= 0")
        fixed, before = query.snapshot(), int(query.count())
        writer.append(RECORDS[:1000])
        writer.commit()
        reader.refresh()
        assert query.count() == 2 * before and fixed.count() == before
        assert fixed.filter == query.filter and fixed.where("weight < 0").count() == 0


def test_answers_say_what_they_looked_at(tokens):
    count = tokens.where("position < 5000").count()
    assert (count, count.stats.blocks, count.stats.blocks_skipped) == (5000, 5, 3)
    assert count.stats.warnings == () and count.stats.seconds >= 0
    assert repr(count) == "5000" and count + 1 == 5001
    assert "blocks=5" in repr(count.stats)
    any_ = tokens.where("position < 5000").any()
    assert repr(any_) == "True" and any_.stats.blocks == 5
    assert "positions" in repr(tokens.top(2, "id"))


def test_threads_do_not_change_answers(tokens):
    sums = {
        tokens.where("weight >= 0", num_threads=threads).aggregate(measures="sum(weight)")["sum(weight)"][0]
        for threads in (1, 2, 5)
    }
    assert len(sums) == 1


def test_slices_have_positions_of_their_own():
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS)
    some = vector.slice(5000, 9500)
    expected = np.flatnonzero(RECORDS["weight"][5000:9500] > 0.9)
    np.testing.assert_array_equal(some.where("weight > 0.9").positions(), expected)
    assert some.where("position < 10").count() == 10


@pytest.mark.parametrize("verified", [False, True])
def test_slices_of_files(path, mode, verified):
    with ngtoken.TokenFile.open(make(path, RECORDS), mode=mode) as file:
        some = file.slice(5000, 9500).where("weight > 0.9", verified=verified)
        expected = np.flatnonzero(RECORDS["weight"][5000:9500] > np.float32(0.9))
        np.testing.assert_array_equal(some.positions(), expected)
        np.testing.assert_array_equal(some.sample(10**6).positions, expected)
        assert file.slice(0, 5000).where("id >= 0", verified=verified).count() == 5000


def test_a_query_asks_what_is_shown_when_it_is_asked(path):
    make(path, RECORDS[:1000])
    with ngtoken.TokenFile.open(path) as reader, ngtoken.TokenFile.open(path, append=True) as file:
        query, fixed = reader.where("id >= 0"), reader.snapshot().where("id >= 0")
        file.append(RECORDS[1000:])
        file.commit()
        assert (query.count(), fixed.count()) == (1000, 1000)
        assert fixed.where(verified=True).count() == 1000
        assert reader.refresh()
        assert (query.count(), fixed.count()) == (COUNT, 1000)
        # For a past commit, the file verifies its own part.
        assert fixed.where(verified=True).positions().positions.tolist() == list(range(1000))
    with pytest.raises(ngtoken.ClosedError) as raised:
        query.count()
    assert raised.value.path == str(path)
    assert fixed.count() == 1000


def test_a_vector_cannot_change_under_a_question_and_can_behind_it():
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS)
    query = vector.where("weight > 0.9")
    before = query.count()
    vector.extend(RECORDS)
    assert query.count() == 2 * before
    found = query.tokens()
    vector.extend(RECORDS)  # The answer is a copy.
    del query, vector
    gc.collect()
    assert (found.tokens["weight"] > 0.9).all()


def test_a_damaged_block_is_named_and_can_be_left_out(path):
    make(path, RECORDS)
    data = path.read_bytes()
    # The third block: found by its first token.
    place = data.index(RECORDS[2 * 4096 :][:1].tobytes())
    with open(path, "r+b") as raw:
        raw.seek(place)
        raw.write(bytes([data[place] ^ 1]))
    file = ngtoken.TokenFile.open(path)
    assert file.where("id >= 0").count() == COUNT
    with pytest.raises(ngtoken.DamagedError, match="block 2") as raised:
        file.where("weight >= 0", verified=True).count()
    assert (raised.value.path, raised.value.field) == (str(path), "block 2")
    with ngtoken.TokenFile.open(path, mode="read") as reader, pytest.raises(ngtoken.DamagedError):
        reader.aggregate(measures="sum(weight)")
    rest = file.where("id >= 0", verified=True, skip_damaged=True).tokens()
    assert len(rest) == COUNT - 4096
    assert (rest.stats.damaged_blocks, rest.stats.damaged_tokens) == (1, 4096)
    info = file.index("weight")
    assert info.damaged == [2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wieght > 0.5", "the nearest is `weight`\n  wieght > 0.5\n  ^^^^^^"),
        ("weight > ", "expected"),
        ("weight > 0.5 and", "expected"),
        ("weight >= 'a'", "^"),
        ("physical in ball(0, 0, 0; -1)", "radius -1"),
        ("(" * 1000, "levels"),
        ("", "expected"),
    ],
)
def test_a_filter_that_is_none_says_where(text, told):
    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        ngtoken.TokenVec().where(text)
    assert raised.value.field == "filter"
    assert raised.value.expected


#: Queries that make no sense, the exception's class, a part of its text, and its field.
SENSELESS = [
    (lambda v: v.nearest([0, 0, 0], 0), ValueError, "k is 0, expected 1 or more", "k"),
    (lambda v: v.nearest([0, 0, 0], -1), ValueError, "k -1, expected 0 to", "k"),
    (lambda v: v.nearest([0, 0, 0], 10**60), ValueError, "k 1000", "k"),
    (lambda v: v.nearest([0, 0, 0], "1"), TypeError, "k '1' of type str, expected a whole", "k"),
    (lambda v: v.nearest([0, np.nan, 0], 1), ValueError, "y NaN of a point", "points"),
    (lambda v: v.nearest([[0, 0, np.inf]], 1), ValueError, "z inf of a point", "points"),
    (lambda v: v.nearest([0, 0], 1), ValueError, r"points of shape \(2,\), expected", "points"),
    (lambda v: v.nearest(np.zeros((2, 2, 3)), 1), ValueError, "points of shape", "points"),
    (lambda v: v.nearest(5, 1), ValueError, r"points of shape \(\)", "points"),
    (lambda v: v.nearest([[0, 0, 0], [1, 1]], 1), ValueError, "different lengths", "points"),
    (lambda v: v.nearest(["a", "b", "c"], 1), TypeError, "expected numbers", "points"),
    (lambda v: v.nearest([0, 0, 0], 1, "psychic"), ValueError, "space psychic, expected", "space"),
    (lambda v: v.nearest([0, 0, 0], 1, 5), TypeError, "space 5 of type int", "space"),
    (
        lambda v: v.nearest([0, 0, 0], 1, "motor", weights={"motor": 1}),
        ValueError, "beside weights", "space",
    ),
    (lambda v: v.nearest([0, 0, 0], 1, weights={"motor": -1.0}), ValueError, "weight -1", "weights"),
    (lambda v: v.nearest([0, 0, 0], 1, weights={"motor": "1"}), TypeError, "a number", "weights"),
    (lambda v: v.nearest([0, 0, 0], 1, weights={5: 1.0}), TypeError, "a string", "weights"),
    (lambda v: v.nearest([0, 0, 0], 1, weights={}), ValueError, "no space", "weights"),
    (lambda v: v.within([0, 0, 0], -1.0), ValueError, "radius -", "radius"),
    (lambda v: v.within([0, 0, 0], np.nan), ValueError, "radius NaN", "radius"),
    (lambda v: v.within([0, 0, 0], "1"), TypeError, "radius '1' of type str", "radius"),
    (lambda v: v.within([0, 0, 0], 10**400), ValueError, "expected a number", "radius"),
    (lambda v: v.within([0, np.nan, 0], 1.0), ValueError, "y NaN of a point", "point"),
    (lambda v: v.within([[0, 0, 0], [1, 1, 1]], 1.0), ValueError, "points 2, expected 1", "points"),
    (lambda v: v.density([0, 0, 0], 0.0), ValueError, "radius 0", "radius"),
    (lambda v: v.top(0, "weight"), ValueError, "k is 0", "k"),
    (lambda v: v.top(3, "wieght"), ValueError, "did you mean `weight`", "by"),
    (lambda v: v.top(3, "position"), ValueError, "position", "by"),
    (lambda v: v.top(3, 5), TypeError, "by 5 of type int, expected a string", "by"),
    (lambda v: v.histogram("weight", 0), ValueError, "0 bins, expected 1 to", "bins"),
    (lambda v: v.histogram("weight", 10**9), ValueError, "1000000000 bins", "bins"),
    (lambda v: v.histogram("weight", "5"), TypeError, "bins '5' of type str", "bins"),
    (lambda v: v.histogram("weight", 5, (1.0, 0.0)), ValueError, "bins from 1", "range"),
    (lambda v: v.histogram("weight", 5, (np.nan, 1.0)), ValueError, "bins from NaN", "range"),
    (lambda v: v.histogram("weight", 5, ("a", "b")), TypeError, "two numbers", "range"),
    (lambda v: v.histogram("weight", 5, 7), TypeError, "two numbers", "range"),
    (lambda v: v.histogram("colour"), ValueError, "colour", "column"),
    (lambda v: v.histogram("position"), ValueError, "position", "column"),
    (lambda v: v.aggregate("colour"), ValueError, "colour", "by"),
    (lambda v: v.aggregate("active,active"), ValueError, "twice", "by"),
    (lambda v: v.aggregate(measures="count,count"), ValueError, "twice", "by"),
    (lambda v: v.aggregate(measures="mean(colour)"), ValueError, "colour", "measures"),
    (lambda v: v.aggregate(measures="average(weight)"), ValueError, "average", "measures"),
    (lambda v: v.aggregate(measures="quantile(weight, 2)"), ValueError, "quantile 2", "measures"),
    (lambda v: v.aggregate(5), TypeError, "by", "by"),
    (lambda v: v.sample(0), ValueError, "n 0, expected 1 to", "n"),
    (lambda v: v.sample(5, -1), ValueError, "seed -1", "seed"),
    (lambda v: v.find([-1]), ValueError, "id -1, expected 0 to 4294967295", "id"),
    (lambda v: v.find([2**32]), ValueError, "id 4294967296", "id"),
    (lambda v: v.find([0.5]), TypeError, "whole numbers", "ids"),
    (lambda v: v.positions(limit=-1), ValueError, "limit -1", "limit"),
    (lambda v: v.where(5), TypeError, "filter 5 of type int, expected a string", "filter"),
    (lambda v: v.describe("colour"), ValueError, "colour", "columns"),
    (lambda v: v.to_arrow(where=5), TypeError, "where 5 of type int", "where"),
]


@pytest.mark.parametrize(("ask", "kind", "told", "field"), SENSELESS)
def test_questions_that_make_no_sense(ask, kind, told, field):
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS[:100])
    with pytest.raises(kind, match=told) as raised:
        ask(vector)
    assert raised.value.field == field
    assert raised.value.value is not None and raised.value.expected
    assert not raised.value.expected.startswith("what ")


def test_a_number_of_threads_is_named():
    with pytest.raises(ValueError, match="num_threads 0"):
        ngtoken.TokenVec().where(num_threads=0)


def test_an_index_answers_and_can_go(path):
    order = np.argsort(RECORDS["timestamp"], kind="stable")
    with ngtoken.TokenFile.open(make(path, RECORDS[order])) as file:
        before = file.where("timestamp < 1700000100").count()
        assert before.stats.blocks_looked_at == 5 and before.stats.records
        info = file.index(["weight", "timestamp"], ids=True)
        assert (info.blocks, info.read_blocks, info.ids) == (4, 4, True)
        assert info.columns == ["weight", "timestamp"] and info.size_bytes > 0
        after = file.where("timestamp < 1700000100").count()
        assert (after, after.stats.columns) == (before, True)
        # Nothing is known about the last block, which is not full.
        assert after.stats.blocks_looked_at == 2 and after.stats.blocks_skipped == 3
        aside = file.where("timestamp < 1700000100", index=False).count()
        assert aside.stats.blocks_looked_at == 5 and not aside.stats.columns
        assert "an index" in file.where("weight > 1").explain()
        assert file.index().read_blocks == 0
        assert file.drop_index() and not file.drop_index()
        assert not file.where("timestamp < 1700000100").count().stats.columns
        with pytest.raises(ValueError, match="did you mean `weight`") as raised:
            file.index("wieght")
        assert raised.value.field == "columns"
        with pytest.raises(ValueError, match="position"):
            file.index("position")
        with pytest.raises(ValueError, match="space psychic"):
            file.index(boxes="psychic")
    with pytest.raises(ngtoken.ClosedError):
        file.index()


def test_a_file_in_the_place_of_another_has_not_its_index(path):
    # Each query to the new file warned, until its index was built.
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        file.index("weight")
        assert file.where("weight > 0.9").count().stats.columns
        make(path, RECORDS[::-1].copy(), replace=True)
        assert not path.with_name(f"{path.name}.index").exists()
        assert file.where("weight > 0.9").count() == (RECORDS["weight"] > np.float32(0.9)).sum()
    with ngtoken.TokenFile.open(path) as file:
        assert file.where("weight > 0.9").count().stats.warnings == ()
        file.index("weight")
        repaired = path.with_name("b.ngt")
        ngtoken.TokenFile.repair(path, repaired)
        with ngtoken.TokenFile.open(repaired) as other:
            other.index("weight")
        ngtoken.TokenFile.repair(path, repaired, replace=True)
    with ngtoken.TokenFile.open(repaired) as other:
        assert other.where("weight > 0.9").count().stats.warnings == ()


def test_nothing_is_written_into_the_index_that_is_read(path):
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        file.index("weight")
        folder = path.with_name(f"{path.name}.index")
        before = sorted(folder.iterdir())
        for write, field in (
            (lambda out: file.sort_to(out, "id"), "path"),
            (lambda out: ngtoken.TokenFile.repair(path, out), "out"),
        ):
            with pytest.raises(ValueError, match="expected a path outside of it") as raised:
                write(folder / "b.ngt")
            assert (raised.value.path, raised.value.field) == (str(folder / "b.ngt"), field)
        assert sorted(folder.iterdir()) == before


def test_a_chain_of_filters_is_as_long_as_can_be_read_back():
    # 20,000 of them took seconds, and their text was no filter.
    vector = ngtoken.create_tokens_batch(10)
    query = vector.where("id >= 0")
    for least in range(1, 1024):
        query = query.where(f"id >= {least % 8}")
    assert query.count() == vector.where(query.filter).count() == 3
    with pytest.raises(ValueError, match="filter number 1025 of a chain, expected at most 1024"):
        query.where("id >= 0")
    nested = vector.where("(" * 63 + "id >= 0" + ")" * 63)
    many = vector.where(" or ".join(["id = 1"] * 10_000))
    for query, more in ((nested, "id < 5"), (many, many.filter)):
        try:
            longer = query.where(more)
        except ValueError as error:
            assert "more than" in str(error)
        else:
            assert vector.where(longer.filter).count() == longer.count()


def test_a_rotten_index_is_a_warning_and_no_answer(path):
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        file.index("weight")
    (columns,) = (path.parent / f"{path.name}.index").glob("columns-*.arrow")
    data = bytearray(columns.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(byte ^ 255 for byte in data[middle : middle + 64])
    columns.write_bytes(data)
    expected = (RECORDS["weight"] > np.float32(0.9)).sum()
    with ngtoken.TokenFile.open(path) as file:
        told = r"rebuild=True\) makes it anew\); the records answered"
        with pytest.warns(ngtoken.IndexWarning, match=told):
            count = file.where("weight > 0.9").count()
        assert count == expected and len(count.stats.warnings) == 1
        file.index(rebuild=True)
        count = file.where("weight > 0.9").count()
        assert count == expected and not count.stats.warnings


def test_a_look_up_takes_an_index_as_far_as_it_is_right(path, mode):
    """Without one, with one of all blocks, of fewer, of another file, and with one that rots:
    it is always the same."""
    make(path, RECORDS)
    ids = np.concatenate([RECORDS["id"][::777], [1, 2, 3]]).astype("u4")
    first = {}
    for position, id in enumerate(RECORDS["id"].tolist()):
        first.setdefault(id, position)
    expected = [first.get(id, -1) for id in ids.tolist()]

    def warning(told):
        return pytest.warns(ngtoken.IndexWarning, match=told) if told else nullcontext()

    def check(source, warns=None):
        """That it answers right, and by what."""
        with ngtoken.TokenFile.open(path, mode=mode) as file:
            with warning(warns):
                assert file.lookup(ids).tolist() == expected
            with warning(warns):
                assert file.lookup(int(ids[1])) == expected[1] and file.lookup(1) == expected[-3]
            with warning(warns):
                found = file.find(ids)
            assert [p[0] if len(p) else -1 for p in found.positions] == expected
            assert (found.stats.records, found.stats.columns) == source
            plain = file.where(index=False).find(ids)
            assert not plain.stats.columns and len(plain) == len(found)

    check((True, False))
    folder = path.parent / f"{path.name}.index"
    with ngtoken.TokenFile.open(path) as file:
        file.index(ids=True)
    # The records answer for the last block, which is not full.
    check((True, True))
    with ngtoken.TokenFile.open(path, append=True) as file:
        file.append(RECORDS[:9000])
    check((True, True))
    (sorted_ids,) = folder.glob("ids-*.arrow")
    data = bytearray(sorted_ids.read_bytes())
    for place in range(4096, len(data) - 4096, 4096):
        data[place] ^= 1
    sorted_ids.write_bytes(data)
    # An open index belongs to a commit: the next commit opens it anew.
    with ngtoken.TokenFile.open(path, append=True) as file:
        file.append(RECORDS[:1])
    check((True, True), warns="makes it anew")
    other = make(path.parent / "b.ngt", RECORDS[::-1].copy())
    with ngtoken.TokenFile.open(other) as file:
        file.index(ids=True)
    shutil.rmtree(folder)
    shutil.copytree(path.parent / "b.ngt.index", folder)
    check((True, False), warns="index of file")


def test_a_file_sorts_into_another(path, tmp_path):
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        report = file.sort_to(tmp_path / "b.ngt", "id")
        assert (report.tokens, report.temporary_files, report.indexed_blocks) == (COUNT, 0, 4)
        with ngtoken.TokenFile.open(tmp_path / "b.ngt") as sorted_:
            expected = RECORDS[np.argsort(RECORDS["id"], kind="stable")]
            assert sorted_.view().tobytes() == expected.tobytes()
        with pytest.raises(FileExistsError):
            file.sort_to(tmp_path / "b.ngt", "id")
        file.sort_to(tmp_path / "b.ngt", "physical", replace=True)
        with ngtoken.TokenFile.open(tmp_path / "b.ngt") as near:
            found = near.nearest([0, 0, 0], 3)
            np.testing.assert_array_equal(found.distances, file.nearest([0, 0, 0], 3).distances)
            assert near.index().boxes == ["physical"]
        with pytest.raises(ValueError, match="expected another"):
            file.sort_to(path, "id", replace=True)
        with pytest.raises(ValueError, match="colour"):
            file.sort_to(tmp_path / "c.ngt", "colour")
        with pytest.raises(ValueError, match="memory"):
            file.sort_to(tmp_path / "c.ngt", "id", memory=1)
        assert not (tmp_path / "c.ngt").exists()


def test_a_sorted_file_that_can_have_no_index_is_whole(path, tmp_path):
    (tmp_path / "b.ngt.index").write_text("in the way")
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        with pytest.warns(ngtoken.IndexWarning, match="b.ngt: sorted, and has no index: "):
            report = file.sort_to(tmp_path / "b.ngt", "id")
    assert (report.tokens, report.indexed_blocks) == (COUNT, 0)
    with ngtoken.TokenFile.open(tmp_path / "b.ngt") as sorted_:
        expected = RECORDS[np.argsort(RECORDS["id"], kind="stable")]
        assert sorted_.view().tobytes() == expected.tobytes()


def test_queries_go_to_other_processes(tokens):
    query = tokens.where("weight > 0.5", num_threads=2).where("id >= 2_000_000_000")
    again = pickle.loads(pickle.dumps(query))
    assert "weight > 0.5" in again.filter and again.count() == query.count()
    for protocol in range(2, 6):
        assert pickle.loads(pickle.dumps(query, protocol)).count() == query.count()


def test_a_pickled_query_of_a_file_is_small_and_keeps_what_it_asks(path):
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        bytes_ = pickle.dumps(file.where("weight > 0.9", verified=True, skip_damaged=True))
        assert len(bytes_) < 1000
        data = bytearray(path.read_bytes())
        place = data.index(RECORDS[5000:5001].tobytes())
        with open(path, "r+b") as raw:
            raw.seek(place)
            raw.write(bytes([data[place] ^ 1]))
        count = pickle.loads(bytes_).count()
        assert count.stats.damaged_blocks == 1


def measured(query):
    groups = query.aggregate("entity_type,active,time(3600)", "count,mean(weight),min(id)")
    return groups, query.nearest([0, 0, 0], 3), query.describe("weight")


def test_what_is_found_comes_back_from_another_process(path):
    make(path, RECORDS)
    with ngtoken.TokenFile.open(path) as file:
        query = file.where("weight > 0.5")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            groups, nearest, description = pool.apply(measured, (query,))
        here, near, _ = measured(query)
    assert list(groups) == list(here) and groups.keys == here.keys
    assert groups.columns == here.columns and groups.stats.blocks == 5
    assert groups["time(3600)"].dtype == here["time(3600)"].dtype
    np.testing.assert_array_equal(nearest.positions, near.positions)
    assert description.count == (RECORDS["weight"] > 0.5).sum()


@pytest.mark.parametrize("protocol", range(2, 6))
def test_groups_and_streams_are_pickled(tokens, protocol):
    pyarrow = pytest.importorskip("pyarrow")
    groups = tokens.aggregate("entity_type,domain", "count,mean(weight)")
    again = pickle.loads(pickle.dumps(groups, protocol))
    found, expected = again.to_arrow(), groups.to_arrow()
    assert found.schema == expected.schema and found.num_rows > 20
    assert repr(found.to_pylist()) == repr(expected.to_pylist())  # With NaN.
    none = tokens.where("position < 0").aggregate("domain")
    assert pickle.loads(pickle.dumps(none, protocol)).to_arrow().equals(none.to_arrow())
    stream = tokens.arrow_stream("id,physical_x", "weight > 0.5", raw=True)
    assert pyarrow.table(pickle.loads(pickle.dumps(stream, protocol))).equals(pyarrow.table(stream))


def test_bytes_that_are_no_batch_are_refused():
    from ngtoken import _core

    for bytes_ in (b"", b"abc", bytes(100), b"\xff" * 64):
        with pytest.raises(ValueError, match="pickled batch"):
            _core._batch_of(bytes_)


def test_notebooks_show_tokens_and_answers(tokens):
    html = tokens._repr_html_()
    assert html.startswith("<div>") and "physical_x" in html and str(RECORDS["id"][0]) in html
    assert "<table>" in tokens.aggregate("domain")._repr_html_()
    assert "0 tokens" in tokens.where("position < 0")._repr_html_()


def test_ctrl_c_ends_a_query_within_a_block():
    """Few tokens for many points are long work too, which Ctrl-C ends once it runs."""
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS)
    points = np.random.default_rng(0).uniform(-300, 300, (100_000, 2, 3))
    is_over = threading.Event()

    def interrupt_work():
        while not is_over.is_set():
            tasks = Path("/proc/self/task").glob("*/comm")
            if any(task.read_text() == "ng-python\n" for task in tasks):
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=interrupt_work)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            vector.nearest(points / 1000, 10, weights={"physical": 1.0, "motor": 2.0})
    finally:
        is_over.set()
        thread.join()
    assert vector.where("id < 5").count() == (RECORDS["id"] < 5).sum()


def test_answers_have_public_classes(tokens):
    assert isinstance(tokens.count(), ngtoken.Count) and isinstance(tokens.any(), ngtoken.Truth)
    assert isinstance(tokens.count().stats, ngtoken.Stats)
    assert isinstance(tokens.aggregate(), ngtoken.Groups)
    assert isinstance(tokens.describe("id"), ngtoken.Description)
    for name in ngtoken.__all__:
        assert getattr(ngtoken, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Answers'"):
        ngtoken.Answers  # noqa: B018


def test_entity_types_have_their_numbers_names():
    assert len(ngtoken.ENTITY_TYPES) == 16
    for number, name in enumerate(ngtoken.ENTITY_TYPES):
        assert ngtoken.Token(number << 24).entity_type == name
        assert ngtoken.Token(entity_type=name).id >> 24 == number


def test_objects_have_weak_references(path):
    with ngtoken.TokenFile.open(make(path, RECORDS)) as file:
        for of in (file, ngtoken.TokenVec(), file.snapshot(), file.where(), file.arrow_stream()):
            assert weakref.ref(of)() is of
        query = file.where()
        gone = weakref.ref(query)
        del query
        gc.collect()
        assert gone() is None
