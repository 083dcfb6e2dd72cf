#!/usr/bin/env python3
"""Times how DuckDB, Polars, numpy, scipy, faiss and pyarrow answer queries over a token file.

    ng create t.ngt --tokens 10M --like clustered --seed 7
    python3 queries.py t.ngt                    # every question, one thread
    python3 queries.py t.ngt --threads 2 --only nearest,within
    python3 queries.py --list

A line of JSON for each peer of each question: what, who, tokens, threads, best, median and worst of the
repetitions after an untimed one, what must be built before and how long that took (build_ms), and the
answer, as numbers. The answers to a question must agree; otherwise an object with "disagrees" follows
the line, standard error says so, and the exit code is 1.

FILE is a token file that nobody writes, whose hashes are not checked, or raw records. It is mapped;
what a peer makes of it (tables, trees) comes from the map, and is not timed. Files go to a folder
that is removed at the end (--dir says where it is made).

--serve is for `cargo xtask bench --peers=queries`. A line of JSON with a question as "ask", "who",
and "times" is answered by the best of that many runs; one with a question as "read" and a "path" by
the contents of a file that answers it; "forget" drops what was built.

Needs Python 3.11 and numpy; a peer whose package is missing is left out and reported.
"""

import argparse
import importlib
import json
import os
import signal
import statistics
import struct
import sys
import tempfile
import time

if sys.version_info < (3, 11):
    sys.exit(f"queries.py: Python {sys.version.split()[0]}, expected 3.11 or newer")

PACKAGES = {
    "numpy": "numpy",
    "pyarrow": "pyarrow",
    "duckdb": "duckdb",
    "polars": "polars",
    "scipy": "scipy.spatial",
    "faiss": "faiss",
}

FIRST_SECONDS = 1_700_000_000
RADIUS = 300  # steps, of the small ball
WIDE_RADIUS = 3_000  # steps, of the ball of three conditions
NEAREST = 10
QUERIES = 1_000
QUERIES_OF_ALL = 100
TOP = 100
WANTED = 1_000

# How far float arithmetic may change an answer, relative to it.
EXACT = 0.0
DOUBLE = 1e-9
SINGLE = 1e-4
MOST_WHOLE = (1 << 53) - 1

TOKEN = [
    ("steps", "<i2", (8, 3)),
    ("id", "<u4"),
    ("flags", "<u2"),
    ("weight", "<f4"),
    ("radius", "u1"),
    ("strength", "u1"),
    ("timestamp", "<u4"),
]
MAGIC = b"\x89NGT\r\n\x1a\n"
SLOT_MAGIC = b"NGSLOT1\0"


class Wrong(Exception):
    """An error that the user can fix."""


class LeftOut(Wrong):
    """A peer that cannot run here."""


def told(error):
    return str(error) if isinstance(error, Wrong) else f"{type(error).__name__}: {error}"


# ---------------------------------------------------------------- the tokens


def place_of_tokens(path):
    """Returns the offset and the number of tokens of a token file, or of raw records."""
    with open(path, "rb") as file:
        head = file.read(0x5000)
        length = file.seek(0, os.SEEK_END)
    if not head.startswith(MAGIC):
        if length % 64:
            raise Wrong(f"{path}: {length} bytes, expected a token file or records of 64 bytes")
        return 0, length // 64
    if len(head) < 0x5000:
        raise Wrong(f"{path}: {length} bytes, expected a whole token file")
    (offset,) = struct.unpack_from("<Q", head, 72)
    copies = [at for slot in (0x1000, 0x3000) for at in (slot, slot + 2048)]
    slots = [at for at in copies if head[at : at + 8] == SLOT_MAGIC]
    commits = [(struct.unpack_from("<Q", head, at + 8), struct.unpack_from("<Q", head, at + 32)) for at in slots]
    if not commits:
        raise Wrong(f"{path}: no commit slot")
    ((_, (count,))) = max(commits)
    if offset + 64 * count > length:
        raise Wrong(f"{path}: {length} bytes, expected {offset + 64 * count} for {count} tokens")
    return offset, count


def read_records(path):
    offset, count = place_of_tokens(path)
    if count == 0:
        raise Wrong(f"{path}: no tokens")
    return np.memmap(path, np.dtype(TOKEN), "r", offset, count)


def shift(query, coordinate=0):
    """How many steps a query point is off its token, on an axis."""
    return (query * 37 + coordinate * 13) % 101 - 50


class Data:
    """The tokens of a file, and what peers make of them: each thing once, with its time.

    `data.native` is what `make_native` makes, and so on.
    """

    def __init__(self, path, folder, threads):
        self.records = read_records(path)
        self.count = len(self.records)
        self.folder = folder
        self.threads = threads
        self.files = 0
        self.forget()

    def forget(self):
        """Drops everything made."""
        self.made = {}
        self.build_ms = {}  # For each thing, without the time of its inputs.
        self.needs = {}
        self.used = set()

    def __getattr__(self, name):
        if name not in self.made:
            self.make(name, getattr(type(self), f"make_{name}"))
        self.used |= self.needs[name]
        return self.made[name]

    def make(self, name, maker):
        outer, self.used = self.used, {name}
        before, start = sum(self.build_ms.values()), time.perf_counter()
        self.made[name] = maker(self)
        elapsed = 1e3 * (time.perf_counter() - start)
        self.build_ms[name] = elapsed - (sum(self.build_ms.values()) - before)
        self.needs[name], self.used = self.used, outer

    def builds_of(self, prepare):
        """Returns the result of `prepare`, and the build time of each thing it needs."""
        self.used = set()
        prepared = prepare(self)
        return prepared, {name: round(self.build_ms[name], 3) for name in sorted(self.used)}

    def new_file(self, ending):
        """The path of a new file: emptying an old one would be timed."""
        self.files += 1
        return self.file(f"{self.files}.{ending}")

    def file(self, name):
        return os.path.join(self.folder, name)

    # Columns.

    def make_weight(self):
        return self.records["weight"].copy()

    def make_id(self):
        return self.records["id"].copy()

    def make_kind(self):
        return (self.records["id"] >> 24 & 15).astype("u1")

    def make_timestamp(self):
        return self.records["timestamp"].copy()

    def make_points(self):
        return np.ascontiguousarray(self.records["steps"][:, 0])

    def make_axes(self):
        return [self.records["steps"][:, 0, axis].copy() for axis in range(3)]

    def make_float_points(self):
        return self.points.astype(np.float32)

    def make_float_all(self):
        return np.ascontiguousarray(self.records["steps"].reshape(-1, 24)).astype(np.float32)

    # Tables and files.

    def make_table(self):
        columns = {name: getattr(self, name) for name in ("id", "weight", "kind", "timestamp")}
        return pa.table(columns | dict(zip("xyz", self.axes)))

    def make_parquet(self):
        pq.write_table(self.table, self.file("t.parquet"))
        return self.file("t.parquet")

    def make_arrow(self):
        with ipc.new_file(self.file("t.arrow"), self.table.schema) as file:
            file.write_table(self.table, max_chunksize=1 << 17)
        return self.file("t.arrow")

    def make_database(self):
        database = duckdb.connect()
        database.execute(f"set threads to {self.threads}")
        return database

    def make_arrow_in_duckdb(self):
        self.database.register("mem", self.table)
        return "mem"

    def make_native(self):
        self.database.execute(f"create table native as select * from {self.arrow_in_duckdb}")
        return "native"

    def make_frame(self):
        return pl.from_arrow(self.table)

    def make_exported_table(self):
        return exported_columns(self.records)

    # Indexes.

    def make_tree(self):
        return cKDTree(self.float_points, balanced_tree=False, compact_nodes=False)

    def make_flat(self):
        flat = faiss.IndexFlatL2(3)
        flat.add(self.float_points)
        return flat

    def make_flat_all(self):
        flat = faiss.IndexFlatL2(24)
        flat.add(self.float_all)
        return flat

    def make_ids_in_order(self):
        order = np.argsort(self.id, kind="stable")
        return order, self.id[order]

    # Parameters of the questions.

    @property
    def centre(self):
        """The centre of the balls: the physical point of the token in the middle."""
        return [int(steps) for steps in self.records["steps"][self.count // 2, 0]]

    @property
    def seconds(self):
        """The time range of 10,000 tokens, both ends inclusive, half-way through the file."""
        first = FIRST_SECONDS + self.count // 200
        return first, first + 99

    def queries(self, count, axes):
        """Points near tokens spread over the file, in steps."""
        at = np.arange(count, dtype=np.int64) * max(self.count // count, 1) % self.count
        points = self.records["steps"].reshape(-1, 24)[at, :axes].astype(np.int64)
        beside = shift(np.arange(count, dtype=np.int64)[:, None], np.arange(axes)[None, :])
        return (points + beside).clip(-32768, 32767)

    def wanted(self):
        """Ids of tokens spread over the file."""
        count = min(WANTED, self.count)
        return self.records["id"][np.arange(count, dtype=np.int64) * (self.count // count)]

    def distances(self, rows, query):
        """Exact squared distances, in steps, least first."""
        points = self.records["steps"].reshape(-1, 24)[rows, : len(query)].astype(np.int64)
        return np.sort(((points - query) ** 2).sum(1))


# ---------------------------------------------------------------- the questions

QUESTIONS = {}


class Peer:
    def __init__(self, who, prepare, packages, tolerance, one_thread, bytes_per_token):
        self.who = who
        self.prepare = prepare
        self.packages = ("numpy", *packages)
        self.tolerance = tolerance
        self.one_thread = one_thread
        self.bytes_per_token = bytes_per_token

    def missing(self):
        return [package for package in self.packages if package not in LOADED]


def peer(what, who, *packages, tolerance=EXACT, bytes_per_token=64):
    """Registers an answerer: a function that prepares, and returns the timed run and the function
    that makes numbers of its result."""

    def add(prepare):
        one_thread = who.startswith("numpy")
        added = Peer(who, prepare, packages, tolerance, one_thread, bytes_per_token)
        QUESTIONS.setdefault(what, []).append(added)
        return prepare

    return add


def once(check):
    """Checks the first answer only; it costs more than the question."""
    done = []

    def checked(answer):
        if not done:
            check(answer)
            done.append(True)

    return checked


def of_file(numbers):
    """Turns a file into numbers, and removes it."""

    def read(path):
        try:
            return numbers(path)
        finally:
            os.remove(path)

    return read


def one(result):
    return [int(result)]


def cell(rows):
    return [int(rows[0][0])]


# How many tokens weigh more than 0.9.


@peer("count-weight", "numpy records")
def _(data):
    return lambda: np.count_nonzero(data.records["weight"] > 0.9), one


@peer("count-weight", "numpy column")
def _(data):
    weight = data.weight
    return lambda: np.count_nonzero(weight > 0.9), one


def count_in_duckdb(data, table, where):
    database = data.database
    return lambda: database.execute(f"select count(*) from {table} where {where}").fetchall(), cell


@peer("count-weight", "duckdb table", "duckdb", "pyarrow")
def _(data):
    return count_in_duckdb(data, data.native, "weight > 0.9")


@peer("count-weight", "duckdb arrow", "duckdb", "pyarrow")
def _(data):
    return count_in_duckdb(data, data.arrow_in_duckdb, "weight > 0.9")


@peer("count-weight", "duckdb parquet", "duckdb", "pyarrow")
def _(data):
    return count_in_duckdb(data, f"'{data.parquet}'", "weight > 0.9")


def count_in_polars(data, where):
    frame = data.frame
    return lambda: frame.lazy().select(where.sum()).collect().item(), one


@peer("count-weight", "polars", "polars", "pyarrow")
def _(data):
    return count_in_polars(data, pl.col("weight") > 0.9)


# How many tokens are in a ball. Single precision is exact near it; squares beyond 2^24 are rounded,
# but those are far outside.


def numpy_ball(data, radius):
    axes, centre = data.axes, np.array(data.centre, np.float32)

    def run():
        x, y, z = (axis.astype(np.float32) - at for axis, at in zip(axes, centre))
        return x * x + y * y + z * z <= radius * radius

    return run


def duckdb_ball(data, radius):
    terms = (f"({axis}::float - ({at})::float)" for axis, at in zip("xyz", data.centre))
    return " + ".join(f"{term} * {term}" for term in terms) + f" <= {radius * radius}"


def polars_ball(data, radius):
    x, y, z = (pl.col(axis).cast(pl.Float32) - float(at) for axis, at in zip("xyz", data.centre))
    return x * x + y * y + z * z <= float(radius * radius)


@peer("count-ball", "numpy columns")
def _(data):
    ball = numpy_ball(data, RADIUS)
    return lambda: np.count_nonzero(ball()), one


@peer("count-ball", "duckdb table", "duckdb", "pyarrow")
def _(data):
    return count_in_duckdb(data, data.native, duckdb_ball(data, RADIUS))


@peer("count-ball", "polars", "polars", "pyarrow")
def _(data):
    return count_in_polars(data, polars_ball(data, RADIUS))


# How many objects and events of weight 0.5 and more are in a wide ball.


@peer("count-three", "numpy columns")
def _(data):
    weight, kind, ball = data.weight, data.kind, numpy_ball(data, WIDE_RADIUS)
    return lambda: np.count_nonzero((weight >= 0.5) & ((kind == 1) | (kind == 2)) & ball()), one


@peer("count-three", "duckdb table", "duckdb", "pyarrow")
def _(data):
    where = f"weight >= 0.5 and kind in (1, 2) and {duckdb_ball(data, WIDE_RADIUS)}"
    return count_in_duckdb(data, data.native, where)


@peer("count-three", "polars", "polars", "pyarrow")
def _(data):
    kinds = (pl.col("kind") == 1) | (pl.col("kind") == 2)
    return count_in_polars(data, (pl.col("weight") >= 0.5) & kinds & polars_ball(data, WIDE_RADIUS))


# Count and mean weight by entity type: 16 counts, and 16 means.


def groups(rows):
    counts, means = [0] * 16, [0.0] * 16
    for kind, count, mean in rows:
        counts[kind], means[kind] = count, mean
    return counts + means


@peer("group-by-type", "numpy bincount", tolerance=DOUBLE)
def _(data):
    kind, weight = data.kind, data.weight

    def numbers(result):
        counts, sums = result
        return counts.tolist() + (sums / counts.clip(1)).tolist()

    return lambda: (np.bincount(kind, minlength=16), np.bincount(kind, weight, 16)), numbers


def grouped_in_duckdb(data, table):
    database, question = data.database, f"select kind, count(*), avg(weight) from {table} group by kind"
    return lambda: database.execute(question).fetchall(), groups


@peer("group-by-type", "duckdb table", "duckdb", "pyarrow", tolerance=DOUBLE)
def _(data):
    return grouped_in_duckdb(data, data.native)


@peer("group-by-type", "duckdb parquet", "duckdb", "pyarrow", tolerance=DOUBLE)
def _(data):
    return grouped_in_duckdb(data, f"'{data.parquet}'")


@peer("group-by-type", "polars", "polars", "pyarrow", tolerance=SINGLE)
def _(data):
    frame, mean = data.frame, pl.col("weight").mean()
    return lambda: frame.lazy().group_by("kind").agg(pl.len(), mean).collect(), lambda table: groups(table.rows())


# Count and weight sum of the 10,000 tokens of a time range; the file is in the order of time.


@peer("time-range", "numpy sorted column", tolerance=DOUBLE)
def _(data):
    weight, timestamp, (first, last) = data.weight, data.timestamp, data.seconds

    def run():
        start = np.searchsorted(timestamp, np.uint32(first), "left")
        end = np.searchsorted(timestamp, np.uint32(last), "right")
        return end - start, weight[start:end].sum(dtype=np.float64)

    return run, lambda result: [int(result[0]), float(result[1])]


def range_in_duckdb(data, table):
    first, last = data.seconds
    database = data.database
    question = f"select count(*), sum(weight) from {table} where timestamp between {first} and {last}"
    return lambda: database.execute(question).fetchall(), lambda rows: [rows[0][0], rows[0][1] or 0.0]


@peer("time-range", "duckdb table", "duckdb", "pyarrow", tolerance=DOUBLE)
def _(data):
    return range_in_duckdb(data, data.native)


@peer("time-range", "duckdb parquet", "duckdb", "pyarrow", tolerance=DOUBLE)
def _(data):
    return range_in_duckdb(data, f"'{data.parquet}'")


@peer("time-range", "polars arrow file", "polars", "pyarrow", tolerance=SINGLE)
def _(data):
    path, (first, last) = data.arrow, data.seconds
    within, weight = pl.col("timestamp").is_between(first, last), pl.col("weight").sum()
    return (
        lambda: pl.scan_ipc(path).filter(within).select(pl.len(), weight).collect(),
        lambda table: list(table.row(0)),
    )


# The ten nearest of one point in the physical space: squared distances, in steps.


def nearest_rows(data, query):
    return lambda rows: data.distances(np.asarray(rows).ravel(), query).tolist()


def numpy_nearest(data, axes, query):
    """By a look at each token; exact."""
    steps, k = data.records["steps"].reshape(-1, 24), min(NEAREST, data.count)
    piece = 1 << 20

    def run():
        best = np.zeros(0, np.int64)
        for start in range(0, data.count, piece):
            away = ((steps[start : start + piece, :axes] - query) ** 2).sum(1)
            best = np.partition(np.concatenate([best, away]), min(k, len(best) + len(away)) - 1)[:k]
        return best

    return run, lambda best: np.sort(best).tolist()


@peer("nearest", "numpy records")
def _(data):
    return numpy_nearest(data, 3, data.queries(QUERIES, 3)[QUERIES // 2])


@peer("nearest", "faiss flat", "faiss", tolerance=SINGLE)
def _(data):
    flat, query, k = data.flat, data.queries(QUERIES, 3)[QUERIES // 2], min(NEAREST, data.count)
    asked = query[None].astype(np.float32)
    return lambda: flat.search(asked, k)[1], nearest_rows(data, query)


@peer("nearest", "duckdb table", "duckdb", "pyarrow", tolerance=SINGLE)
def _(data):
    query = data.queries(QUERIES, 3)[QUERIES // 2]
    terms = (f"({axis}::float - ({at})::float)" for axis, at in zip("xyz", query))
    away = " + ".join(f"{term} * {term}" for term in terms)
    question = f"select rowid, {away} d from {data.native} order by d limit {NEAREST}"
    database, distances = data.database, nearest_rows(data, query)
    return lambda: database.execute(question).fetchall(), lambda rows: distances([row for row, _ in rows])


# The ten nearest of each of 1000 points: how many, the sum of their squared distances, and that sum
# weighted by rank in the order of queries and distances.


def digest(values):
    values = np.asarray(values, np.int64).ravel().tolist()
    ranked = sum(rank * value for rank, value in enumerate(values, 1))
    return [len(values), sum(values), ranked & MOST_WHOLE]


@peer("nearest-1000", "scipy k-d tree", "scipy", bytes_per_token=150)
def _(data):
    tree, queries, k = data.tree, data.queries(QUERIES, 3), min(NEAREST, data.count)
    asked, ks = queries.astype(np.float64), np.arange(1, k + 1)

    @once
    def check(found):
        for at in (0, QUERIES // 2, QUERIES - 1):
            run, expected = numpy_nearest(data, 3, queries[at])
            if expected(run()) != found[at].tolist():
                raise Wrong(f"nearest-1000: query {at} is not what a look at each token says")

    def numbers(result):
        rows = result[1]
        found = [data.distances(rows[at], query) for at, query in enumerate(queries)]
        check(found)
        return digest(found)

    return lambda: tree.query(asked, ks, workers=data.threads), numbers


# How many tokens are in the ball around each of 1000 points.


@peer("within-1000", "scipy k-d tree", "scipy", bytes_per_token=150)
def _(data):
    tree, queries, points = data.tree, data.queries(QUERIES, 3), data.points
    asked = queries.astype(np.float64)

    @once
    def check(counts):
        for at in (0, QUERIES // 2, QUERIES - 1):
            away = ((points - queries[at]) ** 2).sum(1)
            if np.count_nonzero(away <= RADIUS * RADIUS) != counts[at]:
                raise Wrong(f"within-1000: query {at} is not what a look at each token says")

    def numbers(counts):
        check(counts)
        return digest(counts)

    return lambda: tree.query_ball_point(asked, RADIUS, workers=data.threads, return_length=True), numbers


# The ten nearest by all eight spaces, 24 axes in steps.


@peer("nearest-all", "numpy records")
def _(data):
    return numpy_nearest(data, 24, data.queries(QUERIES_OF_ALL, 24)[QUERIES_OF_ALL // 2])


@peer("nearest-all", "faiss flat", "faiss", tolerance=SINGLE, bytes_per_token=260)
def _(data):
    flat, k = data.flat_all, min(NEAREST, data.count)
    query = data.queries(QUERIES_OF_ALL, 24)[QUERIES_OF_ALL // 2]
    asked = query[None].astype(np.float32)
    return lambda: flat.search(asked, k)[1], nearest_rows(data, query)


@peer("nearest-all-100", "faiss flat", "faiss", tolerance=SINGLE, bytes_per_token=260)
def _(data):
    flat, queries, k = data.flat_all, data.queries(QUERIES_OF_ALL, 24), min(NEAREST, data.count)
    asked = queries.astype(np.float32)

    def numbers(rows):
        found = [data.distances(rows[at], query) for at, query in enumerate(queries)]
        return [sum(int(away.sum()) for away in found), *(int(away[-1]) for away in found)]

    return lambda: flat.search(asked, k)[1], numbers


# The 100 greatest weights: how many, their sum, the least of them. Weights are whole numbers of
# 2^24ths, so sums are exact.


def greatest(weights):
    weights = np.asarray(weights, np.float64)
    return [len(weights), float(weights.sum()), float(weights.min())]


@peer("top-100", "numpy column")
def _(data):
    weight, k = data.weight, min(TOP, data.count)
    return lambda: weight[np.argpartition(weight, data.count - k)[data.count - k :]], greatest


@peer("top-100", "duckdb table", "duckdb", "pyarrow")
def _(data):
    database, question = data.database, f"select * from {data.native} order by weight desc limit {TOP}"
    return lambda: database.execute(question).fetchall(), lambda rows: greatest([row[1] for row in rows])


@peer("top-100", "polars", "polars", "pyarrow")
def _(data):
    frame = data.frame
    return lambda: frame.lazy().top_k(TOP, by="weight").collect(), lambda table: greatest(table["weight"])


# All tokens in another order, durable in a new file: how many, the sum of their ids, and that sum
# with weights of 1 to 97 by position, so that the order counts.


def written(records, path):
    with open(path, "wb") as file:
        records.tofile(file)
        file.flush()
        os.fsync(file.fileno())
    return path


def order_of_file(path):
    ids = read_records(path)["id"].astype(np.uint64)
    ranked = int((ids * (np.arange(len(ids), dtype=np.uint64) % 97 + 1)).sum()) & MOST_WHOLE
    return [len(ids), int(ids.sum()), ranked]


@peer("sort-weight", "numpy argsort and take", bytes_per_token=220)
def _(data):
    def run():
        order = np.argsort(data.records["weight"], kind="stable")
        return written(data.records.take(order), data.new_file("raw"))

    return run, of_file(order_of_file)


def spread_bits(steps):
    """Moves 16 bits to every third of 48."""
    bits = (steps.astype(np.int64) + 32768).astype(np.uint64)
    for by, mask in ((16, 0x0000FF0000FF), (8, 0x00F00F00F00F), (4, 0x0C30C30C30C3), (2, 0x249249249249)):
        bits = (bits | bits << np.uint64(by)) & np.uint64(mask)
    return bits


@peer("sort-physical", "numpy z-order, argsort and take", bytes_per_token=260)
def _(data):
    """By a z-order curve, which numpy can do; ours is Hilbert's. So the order of the ids is not
    part of the answer."""
    def run():
        points = data.records["steps"][:, 0]
        x, y, z = (spread_bits(points[:, axis]) for axis in range(3))
        keys = x << np.uint64(2) | y << np.uint64(1) | z
        return written(data.records.take(np.argsort(keys, kind="stable")), data.new_file("raw"))

    return run, of_file(READERS["sort-physical"])


# The positions of 1000 ids: how many, and their sum.


def positions(found):
    return [len(found), int(np.asarray(found, np.int64).sum())]


@peer("find-1000", "numpy column")
def _(data):
    ids, wanted = data.id, data.wanted()
    return lambda: np.flatnonzero(np.isin(ids, wanted)), positions


@peer("find-1000", "numpy sorted ids", bytes_per_token=80)
def _(data):
    (order, ids), wanted = data.ids_in_order, data.wanted()
    return lambda: order[np.searchsorted(ids, wanted)], positions


@peer("find-1000", "duckdb table", "duckdb", "pyarrow")
def _(data):
    database, wanted = data.database, ", ".join(map(str, data.wanted()))
    question = f"select rowid from {data.native} where id in ({wanted})"
    return lambda: database.execute(question).fetchall(), lambda rows: positions([row for (row,) in rows])


@peer("find-1000", "polars", "polars", "pyarrow")
def _(data):
    frame, wanted = data.frame, pl.Series(data.wanted())
    return (
        lambda: frame.lazy().select(pl.col("id").is_in(wanted.implode()).arg_true()).collect(),
        lambda table: positions(table["id"]),
    )


# A Parquet file of seven columns (id, entity_type, weight, timestamp, and the physical point in
# units), on the disk: how many rows, and the sums of ids and weights.


def exported_columns(records):
    points = records["steps"][:, 0].astype(np.float32) / np.float32(100)
    columns = {
        "id": records["id"],
        "entity_type": (records["id"] >> 24 & 15).astype("u1"),
        "weight": records["weight"],
        "timestamp": records["timestamp"],
    }
    columns = {name: np.ascontiguousarray(column) for name, column in columns.items()}
    return pa.table(columns | {f"physical_{axis}": points[:, at].copy() for at, axis in enumerate("xyz")})


def exported(table, path):
    with open(path, "wb") as file:
        pq.write_table(table, file, compression="snappy", row_group_size=1 << 20)
        file.flush()
        os.fsync(file.fileno())
    return path


def sums_of_parquet(path):
    table = pq.read_table(path, columns=["id", "weight"])
    ids, weights = (table[name].to_numpy() for name in ("id", "weight"))
    return [len(ids), int(ids.astype(np.uint64).sum()), float(weights.sum(dtype=np.float64))]


@peer("export-parquet", "pyarrow from records", "pyarrow", tolerance=DOUBLE)
def _(data):
    def run():
        return exported(exported_columns(data.records), data.new_file("parquet"))

    return run, of_file(sums_of_parquet)


@peer("export-parquet", "pyarrow from columns", "pyarrow", tolerance=DOUBLE)
def _(data):
    table = data.exported_table
    return lambda: exported(table, data.new_file("parquet")), of_file(sums_of_parquet)


# What a file answers.
READERS = {
    "sort-weight": order_of_file,
    "sort-physical": lambda path: order_of_file(path)[:2],
    "export-parquet": sums_of_parquet,
}


# ---------------------------------------------------------------- the asking


def available_bytes():
    try:
        with open("/proc/meminfo") as lines:
            values = dict(line.split(":", 1) for line in lines)
        return int(values["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return 1 << 62


class Room:
    """Prepared peers, all of one question, to limit memory."""

    def __init__(self, data):
        self.data = data
        self.what = None
        self.prepared = {}

    def of(self, what, who):
        """Returns the peer, the timed run, the function that makes numbers, and build times."""
        if what != self.what:
            self.forget()
            self.what = what
        if who not in self.prepared:
            self.prepared[who] = self.prepare(what, who)
        return self.prepared[who]

    def prepare(self, what, who):
        found = next((peer for peer in QUESTIONS.get(what, ()) if peer.who == who), None)
        if found is None:
            raise Wrong(f"no peer called {who} answers {what}")
        if missing := found.missing():
            raise LeftOut(f"{who} needs {' and '.join(missing)}")
        needed, there = found.bytes_per_token * self.data.count, available_bytes()
        if needed > there:
            raise LeftOut(f"{who} needs {needed >> 20} MiB of memory, there are {there >> 20}")
        (run, numbers), builds = self.data.builds_of(found.prepare)
        return found, run, numbers, builds

    def forget(self):
        self.prepared.clear()
        self.data.forget()


def timed(run):
    start = time.perf_counter()
    result = run()
    return 1e3 * (time.perf_counter() - start), result


def agree(left, right, tolerance):
    """Whether two answers agree, as far as arithmetic allows."""
    near = lambda a, b: a == b or abs(a - b) <= tolerance * max(abs(a), abs(b))
    return len(left) == len(right) and all(map(near, left, right))


def measure(room, what, peer, repeat, patience):
    """Times a peer: once untimed, then as often as asked, or as patience allows."""
    found, run, numbers, builds = room.of(what, peer.who)
    first, result = timed(run)
    answer = numbers(result)
    times = []
    while len(times) < repeat and (len(times) < 2 or sum(times) + first < 1e3 * patience):
        ms, result = timed(run)
        times.append(ms)
        if numbers(result) != answer and found.tolerance == EXACT:
            raise Wrong(f"{what}: {peer.who} answers differently each time")
    return {
        "what": what,
        "who": peer.who,
        "tokens": room.data.count,
        "threads": 1 if peer.one_thread else room.data.threads,
        "best_ms": round(min(times), 4),
        "median_ms": round(statistics.median(times), 4),
        "worst_ms": round(max(times), 4),
        "repeats": len(times),
        "build_ms": builds,
        "answer": answer,
        "tolerance": peer.tolerance,
    }


def tell(line):
    print(json.dumps(line), flush=True)


def ask_all(room, only, repeat, patience):
    """Asks every peer every question. Returns whether all agree."""
    good = True
    for what, peers in QUESTIONS.items():
        if only and not any(word in what for word in only):
            continue
        lines = []
        for peer in peers:
            try:
                lines.append(measure(room, what, peer, repeat, patience))
                tell(lines[-1])
            except LeftOut as why:
                tell({"what": what, "who": peer.who, "skipped": str(why)})
            except Exception as why:  # The others continue.
                good = False
                tell({"what": what, "who": peer.who, "failed": told(why)})
        good &= all_agree(what, lines)
    return good


def all_agree(what, lines):
    for line in lines[1:]:
        tolerance = max(lines[0]["tolerance"], line["tolerance"])
        if not agree(lines[0]["answer"], line["answer"], tolerance):
            pair = [lines[0]["who"], line["who"]]
            tell({"what": what, "disagrees": pair, "answers": [lines[0]["answer"], line["answer"]]})
            print(f"DISAGREEMENT: {what}: {pair[0]} and {pair[1]} answer differently", file=sys.stderr)
            return False
    return True


def listed():
    versions = {name: getattr(module, "__version__", "") for name, module in LOADED.items()}
    peers = [
        {"what": what, "who": peer.who, "missing": peer.missing(), "one_thread": peer.one_thread}
        for what, peers in QUESTIONS.items()
        for peer in peers
    ]
    return {"python": sys.version.split()[0], "versions": versions, "peers": peers}


def serve_one(room, order):
    if "ask" in order:
        found, run, numbers, builds = room.of(order["ask"], order["who"])
        ms, result = timed(run)
        answer = numbers(result)
        for _ in range(order.get("times", 1) - 1):
            again, result = timed(run)
            ms = min(ms, again)
            if found.tolerance == EXACT and numbers(result) != answer:
                raise Wrong(f"{found.who} answers differently each time")
        return {"ms": ms, "answer": answer, "tolerance": found.tolerance, "build_ms": builds}
    if "read" in order:
        return {"answer": READERS[order["read"]](order["path"])}
    if "forget" in order:
        room.forget()
        return {}
    raise Wrong(f"{order}: expected ask, read or forget")


def serve(room):
    """Answers each line with a line, until the input ends."""
    tell(listed() | {"tokens": room.data.count})
    for line in sys.stdin:
        try:
            tell(serve_one(room, json.loads(line)))
        except Exception as why:  # A failed question is reported, and the next one asked.
            tell({"skipped" if isinstance(why, LeftOut) else "error": told(why)})


LOADED = {}


def load():
    for name, module in PACKAGES.items():
        try:
            importlib.import_module(module)
            LOADED[name] = sys.modules[name]
        except ImportError:
            continue
    names = globals()
    names["np"], names["pa"], names["duckdb"] = map(LOADED.get, ("numpy", "pyarrow", "duckdb"))
    names["pl"], names["faiss"] = map(LOADED.get, ("polars", "faiss"))
    if "pyarrow" in LOADED:
        names["pq"] = importlib.import_module("pyarrow.parquet")
        names["ipc"] = importlib.import_module("pyarrow.ipc")
    if "scipy" in LOADED:
        names["cKDTree"] = importlib.import_module("scipy.spatial").cKDTree


def set_threads(threads):
    """Runs before packages are loaded, as they read their environment once."""
    os.environ["POLARS_MAX_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(threads)
    # OpenMP threads that spin after one work would disturb the next.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    load()
    if "pyarrow" in LOADED:
        pa.set_cpu_count(threads)
    if "faiss" in LOADED:
        faiss.omp_set_num_threads(threads)


def positive(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}, expected a whole number from 1 on")
    return int(text)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", help="the token file, or raw records")
    parser.add_argument("--threads", type=positive, default=1, help="of each peer that has threads [1]")
    parser.add_argument("--repeat", type=positive, default=5, help="runs that are timed [5]")
    parser.add_argument("--patience", type=positive, default=30, metavar="S", help="seconds after which two runs are enough [30]")
    parser.add_argument("--only", default="", metavar="A,B", help="questions whose name has one of these words")
    parser.add_argument("--dir", help="where the folder for files is made [the system's]")
    parser.add_argument("--list", action="store_true", help="list who answers what, and what is missing")
    parser.add_argument("--serve", action="store_true", help="answer questions from standard input")
    asked = parser.parse_args()
    if not asked.list and asked.file is None:
        parser.error("expected a token file")
    return asked


def main():
    asked = arguments()
    set_threads(asked.threads)
    if asked.list or asked.serve and "numpy" not in LOADED:
        tell(listed())
        return 0
    if "numpy" not in LOADED:
        raise Wrong("numpy cannot be imported, and nothing runs without it")
    # Remove the folder also when the program is terminated.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="ng-queries-", dir=asked.dir) as folder:
        room = Room(Data(asked.file, folder, asked.threads))
        if asked.serve:
            serve(room)
            return 0
        only = [word for word in asked.only.split(",") if word]
        return 0 if ask_all(room, only, asked.repeat, asked.patience) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Wrong, OSError) as why:
        sys.exit(f"queries.py: {why}")
    except KeyboardInterrupt:
        sys.exit(130)
