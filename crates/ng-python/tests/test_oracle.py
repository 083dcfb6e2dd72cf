"""Random questions about random tokens: each answer equals numpy's, wherever the tokens are.

The tokens have ties and extremes: few different values, all bits set, the ends of every range, NaN
and infinite weights. They are in a vector, a slice, a mapped file and a read one, with and without
an index. ``NG_PYTHON_LIVES`` sets three times the number of examples of each kind.
"""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from codec import SCALES, SPACES
from conftest import LIVES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ngtoken
from ngtoken import TOKEN_DTYPE, TokenFile, TokenVec

PLACES = ["vector", "slice", "map", "read", "map with an index", "read with an index"]

#: Values that many tokens have, and those at the ends.
WEIGHTS = [0.0, -0.0, 0.25, 0.5, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, 3.4e38]
STEPS = [0, 1, -1, 100, -32_768, 32_767]
IDS = [0, 1, 7, 2**24, 2**28, 2**31, 2**32 - 1]
TIMES = [0, 1, 1_700_000_000, 1_700_003_600, 2**32 - 1]


@st.composite
def records(draw):
    """Tokens, none or up to some blocks of them."""
    count = draw(st.sampled_from([0, 1, 2, 50, 4_095, 4_096, 4_097, 10_000]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    made = np.zeros(count, TOKEN_DTYPE)
    ties = draw(st.booleans())
    for name, some in (("weight", WEIGHTS), ("id", IDS), ("timestamp", TIMES)):
        spread = np.frombuffer(rng.bytes(4 * count), TOKEN_DTYPE[name])
        made[name] = np.where(rng.random(count) < (0.9 if ties else 0.2), rng.choice(some, count), spread)
    steps = rng.integers(-(2**15), 2**15, (count, 8, 3))
    chosen = rng.choice(STEPS, (count, 8, 3))
    made["coords"] = np.where(rng.random((count, 8, 3)) < (0.9 if ties else 0.1), chosen, steps)
    for name in ("flags", "radius", "strength"):
        made[name] = np.frombuffer(rng.bytes(2 * count), "<u2")
    return made


CONDITIONS = {
    "id >= 7": lambda r: r["id"] >= 7,
    "id = 4294967295": lambda r: r["id"] == 2**32 - 1,
    "weight > 0": lambda r: r["weight"] > 0,
    "weight <= 0.25": lambda r: r["weight"] <= 0.25,
    "not (weight >= 0)": lambda r: ~(r["weight"] >= 0),
    "entity_type in (0, 1, 15)": lambda r: np.isin(r["id"] >> 24 & 15, [0, 1, 15]),
    "active": lambda r: r["flags"] & 1 == 1,
    "timestamp < 1700000001": lambda r: r["timestamp"] < 1_700_000_001,
    "physical_x >= 0.01": lambda r: r["coords"][:, 0, 0] >= 1,
    "motor_z < 0": lambda r: r["coords"][:, 2, 2] < 0,
    "position >= 4096": lambda r: np.arange(len(r)) >= 4096,
    "physical in box(-1, -1, -1; 1, 1, 1)": lambda r: (
        (np.abs(r["coords"][:, 0].astype("i8")) <= 100).all(1)
    ),
    "abstract in ball(0, 0, 0; 0.0002)": lambda r: (
        np.square(r["coords"][:, 7].astype("i8")).sum(1) <= 4
    ),
}


@st.composite
def filters(draw):
    """A filter and its numpy equivalent; without one, all tokens."""
    names = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=3))
    if not names:
        return None, lambda records: np.ones(len(records), bool)
    joint = draw(st.sampled_from(["and", "or"]))
    combine = np.logical_and.reduce if joint == "and" else np.logical_or.reduce
    text = f" {joint} ".join(f"({name})" for name in names)
    return text, lambda records: combine([CONDITIONS[name](records) for name in names])


class Asked:
    """Tokens at a place, a filter, and numpy's selection."""

    def __init__(self, place, records, filter_, folder):
        self.records, self.place = records, place
        self.text, mask = filter_
        self.positions = np.flatnonzero(mask(records))
        self.matching = records[self.positions]
        self.tokens = self.put(place, folder)
        self.query = self.tokens if self.text is None else self.tokens.where(self.text)

    def put(self, place, folder):
        if place in ("vector", "slice"):
            around = np.ones(3, TOKEN_DTYPE) if place == "slice" else self.records[:0]
            vector = TokenVec()
            vector.extend(np.concatenate([around, self.records, around]))
            return vector.slice(3, -3) if place == "slice" else vector
        path = Path(folder) / "a.ngt"
        with TokenFile.create(path, max_tokens=1 << 20) as file:
            file.append(self.records)
        file = TokenFile.open(path, mode=place.split()[0])
        if "index" in place:
            file.index("weight,id,timestamp,physical,motor", ids=True, boxes="physical,abstract")
        return file


def asks(test):
    """Runs a query over every kind of tokens."""

    @pytest.mark.parametrize("place", PLACES)
    @settings(
        max_examples=-(-LIVES // 3),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
    )
    @given(records=records(), filter_=filters(), data=st.data())
    def asked(place, records, filter_, data):
        with tempfile.TemporaryDirectory() as folder:
            it = Asked(place, records, filter_, folder)
            test(it, data.draw)

    asked.__name__ = asked.__qualname__ = test.__name__
    asked.__doc__ = test.__doc__
    return asked


#: Columns by name, stored and in units, in the type in which numpy compares them.
STORED = {
    "id": lambda r: r["id"],
    "weight": lambda r: r["weight"],
    "timestamp": lambda r: r["timestamp"],
    "flags": lambda r: r["flags"],
    "radius": lambda r: r["radius"],
    "strength": lambda r: r["strength"],
    "entity_type": lambda r: (r["id"] >> 24 & 15).astype("u1"),
    "domain": lambda r: (r["id"] >> 28).astype("u1"),
    "local_id": lambda r: r["id"] & 0xFFFFFF,
    "physical_x": lambda r: r["coords"][:, 0, 0],
    "motor_z": lambda r: r["coords"][:, 2, 2],
    "abstract_y": lambda r: r["coords"][:, 7, 1],
}
UNITS = {"physical_x": 100, "motor_z": 1000, "abstract_y": 10_000, "radius": 100, "strength": 255}

#: Columns whose distinct values can be counted.
COUNTED = ("id", "timestamp", "flags", "entity_type", "domain", "local_id")

columns = st.sampled_from(sorted(STORED))


def in_units(name, records):
    return STORED[name](records).astype("f8") / UNITS.get(name, 1)


@asks
def test_what_matches(it, draw):
    limit = draw(st.none() | st.integers(0, 100))
    assert it.query.count() == len(it.positions)
    assert it.query.any() == (len(it.positions) > 0)
    assert np.array_equal(it.query.positions(limit), it.positions[:limit])
    found = it.query.tokens(limit)
    assert np.array_equal(found.positions, it.positions[:limit])
    assert found.tokens.tobytes() == it.matching[:limit].tobytes()


@asks
def test_measures(it, draw):
    """Over all and in groups: exact values are equal, sums of fractions nearly."""
    column = draw(columns)
    by = draw(st.sampled_from([None, "entity_type", "domain", "active"]))
    names = ["count", *(f"{measure}({column})" for measure in ("min", "max", "sum", "mean", "median"))]
    if column in COUNTED:
        names.append(f"distinct({column})")
    groups = it.query.aggregate(by, names)
    keys = {
        None: np.zeros(len(it.matching), int),
        "entity_type": it.matching["id"] >> 24 & 15,
        "domain": it.matching["id"] >> 28,
        "active": it.matching["flags"] & 1,
    }[by]
    expected = np.unique(keys) if by else [0]
    assert len(groups) == len(expected)
    if by:
        assert groups[by].astype(int).tolist() == expected.tolist()
    for row, key in zip(groups, expected, strict=True):
        measured(row, column, it.matching[keys == key])


def measured(row, column, some):
    assert row["count"] == len(some)
    values = in_units(column, some)
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        assert np.isnan(row[f"min({column})"]) and np.isnan(row[f"max({column})"])
        return
    ends = [row[f"{end}({column})"] for end in ("min", "max")]
    assert ends == pytest.approx([numbers.min(), numbers.max()], rel=1e-6, abs=0)
    # The higher one of the two in the middle: a value that is there.
    middle = np.sort(numbers)[len(numbers) // 2]
    assert row[f"quantile({column}, 0.5)"] == pytest.approx(middle, rel=1e-6)
    with np.errstate(invalid="ignore"):
        sums = values.sum(), values.mean()
    found = row[f"sum({column})"], row[f"mean({column})"]
    largest = np.abs(numbers[np.isfinite(numbers)]).sum() if len(numbers) else 0
    assert found == pytest.approx(sums, rel=1e-9, abs=1e-12 * largest, nan_ok=True)
    if column in COUNTED:
        assert row[f"distinct({column})"] == len(np.unique(STORED[column](some)))


@asks
def test_histograms(it, draw):
    column, bins = draw(columns), draw(st.integers(1, 60))
    values = in_units(column, it.matching)
    low, high = draw(st.sampled_from([(0.0, 1.0), (-1.0, 250.0), (0.0, 2.0**32), (-400.0, 400.0)]))
    found = it.query.histogram(column, bins, (low, high))
    assert found.nan == np.isnan(values).sum()
    assert (found.below, found.above) == ((values < low).sum(), (values > high).sum())
    assert len(found.counts) == bins and len(found.edges) == bins + 1
    inside = values[(values >= low) & (values <= high)]
    assert found.counts.sum() == len(inside)
    edges = found.edges
    assert edges == pytest.approx(np.linspace(low, high, bins + 1))
    places = np.floor((inside - low) / (high - low) * bins).astype("i8")
    expected = np.bincount(np.minimum(places, bins - 1), minlength=bins)
    # A value at an edge may fall on either side, by the last bit of a division.
    at_edge = np.isclose(inside[:, None], edges[None, :], rtol=1e-9, atol=0).sum()
    assert np.abs(found.counts - expected).sum() <= 2 * at_edge


@asks
def test_top(it, draw):
    column, k, least = draw(columns), draw(st.integers(1, 50)), draw(st.booleans())
    stored = STORED[column](it.matching)
    is_number = ~np.isnan(stored.astype("f8"))
    order = np.flatnonzero(is_number)
    keys = stored[order].astype("f8") * (1 if least else -1)
    order = order[np.argsort(keys, kind="stable")][:k]
    found = it.query.top(k, column, least=least)
    assert np.array_equal(found.positions[: len(order)], it.positions[order])
    values = in_units(column, it.matching)[order]
    assert np.asarray(found.values[: len(order)], "f8") == pytest.approx(values, rel=1e-6)


def squared(it, space, point):
    """Squared distances of what matches to a point, in steps."""
    number = SPACES.index(space)
    steps = it.matching["coords"][:, number].astype("i8")
    return np.square(steps - np.array(point)).sum(1)


points = st.tuples(*[st.sampled_from(STEPS) | st.integers(-(2**15), 2**15 - 1)] * 3)


@asks
def test_nearest(it, draw):
    """Points are on the grid, so that distances are exact."""
    space, k = draw(st.sampled_from(SPACES)), draw(st.integers(1, 20))
    asked = draw(st.lists(points, min_size=1, max_size=3))
    scale = SCALES[SPACES.index(space)]
    distances, positions = it.query.nearest(np.array(asked) / scale, k, space)
    assert distances.shape == positions.shape == (len(asked), k)
    for row, point in enumerate(asked):
        far = squared(it, space, point)
        order = np.argsort(far, kind="stable")[:k]
        padding = k - len(order)
        assert positions[row].tolist() == it.positions[order].tolist() + [-1] * padding
        expected = [*(np.sqrt(far[order]) / scale), *[np.inf] * padding]
        assert distances[row] == pytest.approx(expected, rel=1e-9)


@asks
def test_within(it, draw):
    space, point = draw(st.sampled_from(SPACES)), draw(points)
    scale = SCALES[SPACES.index(space)]
    radius = draw(st.sampled_from([0, 1, 150, 30_000, 120_000]))
    far = squared(it, space, point)
    # Half a step more, so that no token is exactly on the surface.
    inside = far <= (radius + 0.5) ** 2
    found = it.query.within(np.array(point) / scale, (radius + 0.5) / scale, space)
    assert np.array_equal(found.positions, it.positions[inside])
    assert found.distances == pytest.approx(np.sqrt(far[inside]) / scale, rel=1e-9)


@asks
def test_find_and_duplicates(it, draw):
    wanted = draw(st.lists(st.sampled_from(IDS) | st.integers(0, 2**32 - 1), max_size=8))
    ids = it.matching["id"]
    found = it.query.find(wanted)
    assert [places.tolist() for places in found] == [
        it.positions[ids == id_].tolist() for id_ in wanted
    ]
    seen, counts = np.unique(ids, return_counts=True)
    duplicates = it.query.duplicates(limit=5)
    assert duplicates.id_count == (counts > 1).sum()
    assert duplicates.repeats == (counts - 1).sum()
    assert duplicates.ids.tolist() == seen[counts > 1][:5].tolist()


@asks
def test_samples(it, draw):
    n, seed = draw(st.integers(1, 300)), draw(st.integers(0, 2**64 - 1))
    found = it.query.sample(n, seed)
    assert len(found) == min(n, len(it.positions))
    assert np.isin(found.positions, it.positions).all()
    assert (np.diff(found.positions) > 0).all()
    assert found.tokens.tobytes() == it.records[found.positions].tobytes()
    # The same, wherever the tokens are.
    vector = TokenVec()
    vector.extend(it.records)
    query = vector if it.text is None else vector.where(it.text)
    assert np.array_equal(query.sample(n, seed).positions, found.positions)


@asks
def test_columns_and_positions(it, draw):
    name, decode = draw(columns), draw(st.booleans())
    stored = STORED[name](it.records)
    expected = stored
    if decode and name in UNITS:
        expected = stored.astype("f4") / np.float32(UNITS[name])
    found = it.tokens.column(name, decode)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected, equal_nan=found.dtype.kind == "f")
    space = draw(st.sampled_from(SPACES))
    number = SPACES.index(space)
    steps = it.records["coords"][:, number]
    assert np.array_equal(it.tokens.coords(space), steps)
    decoded = steps.astype("f4") / np.float32(SCALES[number])
    assert np.array_equal(it.tokens.coords(space, decode=True), decoded)
    if len(it.records):
        places = st.integers(-len(it.records), len(it.records) - 1)
        places = draw(st.lists(places, max_size=30))
        assert it.tokens.take(places).tobytes() == it.records[places].tobytes()


@asks
def test_lookups(it, draw):
    wanted = draw(st.lists(st.sampled_from(IDS) | st.integers(0, 2**32 - 1), max_size=8))
    ids = it.records["id"]
    expected = [int(np.argmax(ids == id_)) if (ids == id_).any() else -1 for id_ in wanted]
    assert it.tokens.lookup(wanted).tolist() == expected


@asks
def test_sorts(it, draw):
    """Ties keep their order, and NaN comes last, as in numpy."""
    name = draw(columns)
    ordered = it.tokens.sort(name).view()
    keys = STORED[name](it.records)
    assert ordered.tobytes() == it.records[np.argsort(keys, kind="stable")].tobytes()
    assert it.tokens.sort("motor").view()["id"].sum() == it.records["id"].sum()
