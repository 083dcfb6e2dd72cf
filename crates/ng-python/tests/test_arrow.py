"""Columns out to pyarrow, Polars, DuckDB and pandas, and in from them."""

import gc
import os
import threading
import weakref
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import _core

pyarrow = pytest.importorskip("pyarrow")
polars = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
polars_testing = pytest.importorskip("polars.testing")

COUNT = 300_000
RECORDS = varied(COUNT, 3)
HEAVY = RECORDS["weight"] > np.float32(0.9)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = make(tmp_path_factory.mktemp("arrow") / "a.ngt", RECORDS)
    with ngtoken.TokenFile.open(path) as file:
        yield file


@pytest.fixture(scope="module", params=["vector", "map", "read"])
def tokens(request, file):
    if request.param == "vector":
        vector = ngtoken.TokenVec()
        vector.extend(RECORDS)
        return vector
    return file if request.param == "map" else ngtoken.TokenFile.open(file.path, mode="read")


def test_every_library_counts_and_sums_the_same(tokens):
    """By every way for columns."""
    ids, weights = int(RECORDS["id"].sum(dtype="u8")), RECORDS["weight"].sum(dtype="f8")
    table = tokens.to_arrow()
    assert isinstance(table, pyarrow.Table) and table.num_rows == COUNT
    import pyarrow.compute as pc

    assert pc.sum(table["id"]).as_py() == ids
    frame = tokens.to_polars(["id", "weight"])
    assert frame["id"].cast(polars.UInt64).sum() == ids
    assert frame["weight"].cast(polars.Float64).sum() == pytest.approx(weights)
    pandas = tokens.to_pandas("id,weight", where="weight > 0.9")
    assert pandas["id"].sum() == RECORDS["id"][HEAVY].sum(dtype="u8") and len(pandas) == HEAVY.sum()
    found = duckdb.sql("select count(*), sum(id), sum(weight::double) from tokens").fetchall()[0]
    assert found[:2] == (COUNT, ids) and found[2] == pytest.approx(weights)
    query = tokens.where("weight > 0.9")
    assert duckdb.sql("select count(*) from query").fetchall()[0] == (HEAVY.sum(),)
    assert polars.DataFrame(query).height == HEAVY.sum()


def test_duckdb_asks_a_file_object_by_its_name(file):
    tokens = file
    rows = duckdb.sql("from tokens select entity_type, count(*) n group by 1 order by 1").fetchall()
    kinds, counts = np.unique(RECORDS["id"] >> 24 & 15, return_counts=True)
    assert rows == list(zip(kinds.tolist(), counts.tolist(), strict=True))
    # Again: each query takes a stream of its own.
    assert duckdb.sql("select max(timestamp) from tokens").fetchall()


def test_columns_and_units(tokens):
    raw = tokens.to_arrow(["position", "physical", "timestamp", "radius"], raw=True)
    assert raw.column_names == [
        "position", "physical_x", "physical_y", "physical_z", "timestamp", "radius",
    ]
    np.testing.assert_array_equal(raw["position"], np.arange(COUNT))
    np.testing.assert_array_equal(raw["physical_y"], RECORDS["coords"][:, 0, 1])
    assert raw["timestamp"].type == pyarrow.uint32()
    units = tokens.to_arrow("physical_y,timestamp,radius")
    np.testing.assert_array_equal(units["physical_y"], tokens.column("physical_y", decode=True))
    assert units["timestamp"].type == pyarrow.timestamp("s", "UTC")
    some = tokens.to_arrow("position,id", where="weight > 0.9")
    np.testing.assert_array_equal(some["position"], np.flatnonzero(HEAVY))
    nothing = tokens.where("weight > 0.9")
    assert nothing.to_arrow("id", where="weight <= 0.9").num_rows == 0
    empty = ngtoken.TokenVec()
    assert empty.to_arrow("id,weight").schema == tokens.to_arrow("id,weight").schema
    assert empty.to_polars("id,weight").schema == tokens.to_polars("id,weight").schema


def test_a_stream_says_what_it_is_before_it_is_taken(file):
    stream = file.arrow_stream(["id", "weight"], "weight > 0.9")
    assert stream.columns == ["id", "weight"] and "id, weight" in repr(stream)
    assert pyarrow.schema(stream).names == ["id", "weight"]
    assert pyarrow.schema(file).names[0] == "id"
    batches = [pyarrow.RecordBatchReader.from_stream(batch).read_all() for batch in stream]
    assert sum(batch.num_rows for batch in batches) == HEAVY.sum() and len(batches) > 1
    # Each time it is taken.
    assert polars.DataFrame(stream).height == polars.DataFrame(stream).height == HEAVY.sum()


@pytest.mark.parametrize(
    ("columns", "told"),
    [("wieght", "did you mean `weight`"), ("id,id", "comes twice"), (["id", "physical_q"], "physical_q")],
)
def test_columns_that_are_none(tokens, columns, told):
    with pytest.raises(ValueError, match=told) as raised:
        tokens.to_arrow(columns)
    assert raised.value.field == "columns"
    with pytest.raises(TypeError, match="columns"):
        tokens.to_arrow(5)


def test_arrays_live_on_without_what_made_them(tmp_path):
    file = ngtoken.TokenFile.open(make(tmp_path / "a.ngt", RECORDS))
    reader = pyarrow.RecordBatchReader.from_stream(file.arrow_stream("id"))
    first = reader.read_next_batch()
    file.close()
    gone = weakref.ref(file)
    del file
    gc.collect()
    assert gone() is None
    rest = reader.read_all()
    ids = np.concatenate([first["id"].to_numpy(), rest["id"].to_numpy()])
    del reader, first, rest
    gc.collect()
    np.testing.assert_array_equal(ids, RECORDS["id"])


def test_a_stream_is_dropped_halfway_or_never_taken():
    vector = ngtoken.TokenVec()
    vector.extend(RECORDS)
    reader = pyarrow.RecordBatchReader.from_stream(vector.arrow_stream("id"))
    reader.read_next_batch()
    capsule = vector.__arrow_c_stream__()
    with pytest.raises(BufferError, match="view"):
        vector.append(ngtoken.Token(1))
    del reader, capsule
    gc.collect()
    vector.append(ngtoken.Token(1))
    assert len(vector) == COUNT + 1


def test_a_capsule_is_taken_once():
    vector = ngtoken.create_tokens_batch(10)
    capsule = vector.__arrow_c_stream__()

    class Once:
        def __arrow_c_stream__(self, requested_schema=None):
            return capsule

    assert pyarrow.table(Once()).num_rows == 10
    with pytest.raises(pyarrow.ArrowInvalid, match="released"):
        pyarrow.table(Once())
    with pytest.raises(ValueError, match="broke off"):
        ngtoken.TokenVec().extend(Once())


def damaged(path):
    """A file whose block 40 is damaged."""
    make(path, RECORDS)
    data = path.read_bytes()
    place = data.index(RECORDS[40 * 4096 :][:1].tobytes())
    with open(path, "r+b") as raw:
        raw.seek(place)
        raw.write(bytes([data[place] ^ 1]))
    return path


TAKES = {
    "batches": lambda file: list(file.arrow_stream("id")),
    "arrow": lambda file: file.to_arrow("id"),
    "polars": lambda file: file.to_polars("id"),
    "pandas": lambda file: file.to_pandas("id"),
    "scan": lambda file: file.scan_polars("id").collect(),
    "filtered": lambda file: file.scan_polars().filter(polars.col("id") > 7).collect(),
}


@pytest.mark.parametrize("name", TAKES)
def test_damage_is_of_its_class_whatever_takes_the_columns(tmp_path, name):
    """Over a C stream the class is lost."""
    path = damaged(tmp_path / "a.ngt")
    with ngtoken.TokenFile.open(path, mode="read") as file:
        with pytest.raises(ngtoken.DamagedError, match="block 40") as raised:
            TAKES[name](file)
        assert (raised.value.path, raised.value.field) == (str(path), "block 40")


def test_batches_end_after_damage(tmp_path):
    with ngtoken.TokenFile.open(damaged(tmp_path / "a.ngt"), mode="read") as file:
        batches = iter(file.arrow_stream("id"))
        with pytest.raises(ngtoken.DamagedError):
            list(batches)
        assert list(batches) == []


def test_a_closed_file_ends_a_stream_with_its_class(tmp_path):
    file = ngtoken.TokenFile.open(make(tmp_path / "a.ngt", RECORDS))
    stream = file.arrow_stream("id")
    file.close()
    for take in (list, pyarrow.table):
        with pytest.raises(ngtoken.ClosedError):
            take(stream)


def test_damage_ends_a_stream_with_its_place(tmp_path):
    path = damaged(tmp_path / "a.ngt")
    with ngtoken.TokenFile.open(path, mode="read") as file:
        with pytest.raises(pyarrow.ArrowInvalid, match="block 40"):
            pyarrow.table(file)
        with pytest.raises(ngtoken.DamagedError, match="block 40"):
            file.write_parquet(tmp_path / "a.parquet")
        assert not (tmp_path / "a.parquet").exists()
        rest = file.where(skip_damaged=True)
        assert rest.to_arrow("id").num_rows == COUNT - 4096


def test_streams_in_many_threads(tokens):
    sums = []

    def take():
        sums.append(pyarrow.table(tokens.arrow_stream("weight", "id >= 7"))["weight"].to_numpy().sum())

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sums) == 6 and len(set(sums)) == 1


def test_appending_columns_of_others(path):
    raw = pyarrow.table(ngtoken_vector(RECORDS[:5000]).arrow_stream(raw=True))
    with ngtoken.TokenFile.create(path) as file:
        assert file.append(raw) == 5000
        assert file.append(raw.to_reader(100)) == 5000
        assert file.append(polars.DataFrame(raw)) == 5000
        assert file.append(iter([raw, RECORDS[:7], ngtoken.Token(1), raw.slice(0, 0)])) == 5008
        file.commit()
        assert file.view()[:15_000].tobytes() == RECORDS[:5000].tobytes() * 3
        assert file.view()[15_000:20_007].tobytes() == RECORDS[:5000].tobytes() + RECORDS[:7].tobytes()
    units = ngtoken.TokenVec()
    units.extend(ngtoken_vector(RECORDS[:5000]).to_polars())
    assert units.view().tobytes() == RECORDS[:5000].tobytes()


def ngtoken_vector(records):
    vector = ngtoken.TokenVec()
    vector.extend(records)
    return vector


@pytest.mark.parametrize(
    ("table", "kind", "told"),
    [
        ({"weight": [1.0]}, ValueError, "no column id"),
        ({"id": [1], "wieght": [1.0]}, ValueError, "did you mean `weight`"),
        ({"id": [1, -1]}, ValueError, "row 1, column id: -1"),
        ({"id": [1, 2**40]}, ValueError, "row 1, column id"),
        ({"id": [1, None]}, ValueError, "row 1, column id: null"),
        ({"id": ["a"]}, TypeError, "column id is"),
        ({"id": [1], "physical_x": [400.0]}, ValueError, "physical_x: 400"),
    ],
)
def test_columns_of_others_that_do_not_fit(path, table, kind, told):
    with ngtoken.TokenFile.create(path) as file:
        with pytest.raises(kind, match=told):
            file.append(iter([RECORDS[:3], pyarrow.table(table)]))
        file.commit()
        assert len(file) == 0


def test_a_stream_that_breaks_off_appends_nothing(path):
    schema = pyarrow.schema([("id", pyarrow.uint32())])

    def batches():
        yield pyarrow.record_batch([pyarrow.array([1, 2], pyarrow.uint32())], schema)
        raise RuntimeError("in the middle")

    with ngtoken.TokenFile.create(path) as file:
        with pytest.raises(ValueError, match="in the middle"):
            file.append(pyarrow.RecordBatchReader.from_batches(schema, batches()))
        assert file.appended == 0


def of_batches(schema, *batches):
    """A stream that yields batches, or calls functions that raise, in order."""

    def next_ones():
        for batch in batches:
            yield batch() if callable(batch) else batch

    return pyarrow.RecordBatchReader.from_batches(schema, next_ones())


def raising(error):
    def raises():
        raise error

    return raises


IDS = pyarrow.schema([("id", pyarrow.uint32()), ("weight", pyarrow.float32())])


@pytest.mark.parametrize(
    ("batch", "told"),
    [
        (pyarrow.record_batch({"id": [1]}), "a batch has 1 columns, its schema 2"),
        (pyarrow.record_batch({"id": [1], "b": [2], "c": [3]}), "a batch has 3 columns, its schema 2"),
        (pyarrow.record_batch({"id": [1], "b": ["text"]}), "column weight of a batch does not fit"),
        (pyarrow.record_batch({"id": [[1]], "b": [2]}), "column id of a batch does not fit"),
    ],
)
def test_a_batch_that_does_not_fit_its_schema_is_refused(capfd, path, batch, told):
    # It was a panic in the import, reported as a bug of the package.
    with ngtoken.TokenFile.create(path) as file:
        with pytest.raises(ValueError, match=told):
            file.append(of_batches(IDS, batch))
        assert file.appended == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("raised", "kind"),
    [(MemoryError("no room"), MemoryError), (OSError(5, "no room"), OSError), (KeyError("no room"), ValueError)],
)
def test_a_stream_that_fails_says_what_the_other_end_says(raised, kind):
    with pytest.raises(kind, match="broke off.*no room") as told:
        ngtoken.TokenVec().extend(of_batches(IDS, raising(raised)))
    assert type(told.value) is kind
    if kind is OSError:
        assert told.value.errno == 5


@pytest.mark.parametrize("given", [pyarrow.chunked_array([[1, 2], [3]]), polars.Series("id", [1, 2])])
def test_a_column_alone_is_no_stream_of_columns(given):
    with pytest.raises(TypeError, match="expected a stream of columns") as raised:
        ngtoken.TokenVec().extend(given)
    assert raised.value.field == "tokens"


def test_a_stream_with_rows_that_are_null_is_refused():
    rows = pyarrow.array([{"id": 1}, None], pyarrow.struct([("id", pyarrow.uint32())]))
    with pytest.raises(ValueError, match="1 rows are null"):
        ngtoken.TokenVec().extend(pyarrow.chunked_array([rows]))


def test_weights_of_columns_may_be_any_as_those_of_records_may():
    weights = np.array([np.nan, -1.0, np.inf, 0.5], np.float32)
    vector = ngtoken.TokenVec()
    vector.extend(pyarrow.table({"id": np.arange(4, dtype=np.uint32), "weight": weights}))
    assert vector.column("weight").tobytes() == weights.tobytes()
    assert vector.where("not valid").positions().positions.tolist() == [0, 1]


def test_what_is_no_stream():
    class NotOne:
        def __arrow_c_stream__(self, requested_schema=None):
            return 5

    class OtherCapsule:
        def __arrow_c_stream__(self, requested_schema=None):
            return ngtoken.TokenVec().__arrow_c_schema__()

    with pytest.raises(TypeError, match="capsule named arrow_array_stream"):
        _core._ArrowPieces(NotOne())
    with pytest.raises(ValueError, match="incorrect name"):
        _core._ArrowPieces(OtherCapsule())


@pytest.mark.parametrize("raw", [False, True])
def test_parquet_there_and_back(tokens, tmp_path, raw):
    path = tmp_path / "a.parquet"
    assert tokens.write_parquet(path, raw=raw) == COUNT
    assert ngtoken.read_parquet(path).view().tobytes() == RECORDS.tobytes()
    import pyarrow.parquet as pq

    assert pq.read_table(path).num_rows == COUNT
    assert duckdb.sql(f"select count(*) from '{path}'").fetchall()[0] == (COUNT,)
    with pytest.raises(FileExistsError):
        tokens.write_parquet(path)
    written = tokens.write_parquet(
        path, "id,weight", "weight > 0.9", compression="none", replace=True
    )
    assert written == HEAVY.sum() == polars.read_parquet(path).height
    assert [each.name for each in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("name", ["a.ngt", "link.ngt", "hard.ngt", "a.ngt.index/a", "folder/a"])
def test_parquet_is_not_written_over_what_is_read(tmp_path, name):
    # It replaced the token file.
    path = make(tmp_path / "a.ngt", RECORDS[:5000])
    (tmp_path / "link.ngt").symlink_to(path)
    (tmp_path / "hard.ngt").hardlink_to(path)
    with ngtoken.TokenFile.open(path) as file:
        file.index()
        (tmp_path / "folder").symlink_to(tmp_path / "a.ngt.index")
        before = sorted(os.listdir(tmp_path / "folder"))
        for asked in (file, file.snapshot(), file.where("weight > 0.5")):
            with pytest.raises(ValueError, match="expected a") as raised:
                asked.write_parquet(tmp_path / name, replace=True)
            assert (raised.value.path, raised.value.field) == (str(tmp_path / name), "path")
        assert file.write_parquet(tmp_path / "other.ngt", replace=True) == 5000
        assert sorted(os.listdir(tmp_path / "folder")) == before
    assert len(ngtoken.TokenFile.open(path)) == 5000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_parquet_of_a_special_file_is_refused(tmp_path):
    # It waited for ever for somebody to write into the pipe.
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null", "/dev/zero"):
        with pytest.raises(ValueError, match="special file, expected a Parquet file") as raised:
            ngtoken.read_parquet(path)
        assert raised.value.path == str(path)


def test_parquet_that_is_none(tokens, tmp_path):
    with pytest.raises(FileNotFoundError) as missing:
        ngtoken.read_parquet(tmp_path / "none.parquet")
    assert missing.value.filename == str(tmp_path / "none.parquet")
    with pytest.raises(IsADirectoryError):
        ngtoken.read_parquet(tmp_path)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(ValueError, match="bad.parquet") as bad:
        ngtoken.read_parquet(tmp_path / "bad.parquet")
    assert bad.value.path == str(tmp_path / "bad.parquet")
    with pytest.raises(ValueError, match="compression brotli, expected snappy or none"):
        tokens.write_parquet(tmp_path / "b.parquet", compression="brotli")
    polars.DataFrame({"id": [1, -5]}).write_parquet(tmp_path / "value.parquet", compression="snappy")
    with pytest.raises(ValueError, match="row 1, column id: -5") as value:
        ngtoken.read_parquet(tmp_path / "value.parquet")
    assert (value.value.field, value.value.value) == ("id", "-5")


def test_groups_are_a_table(tokens):
    groups = tokens.aggregate("entity_type", "count,mean(weight)")
    kinds = np.unique(RECORDS["id"] >> 24 & 15)
    assert groups.to_arrow()["entity_type"].to_pylist() == kinds.tolist()
    assert groups.to_polars()["count"].sum() == COUNT
    assert groups.to_pandas()["count"].sum() == COUNT
    assert duckdb.sql("select sum(count) from groups").fetchall()[0] == (COUNT,)


TIME = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
EAST = timezone(timedelta(hours=5))
UTC_MS, UTC_NS = polars.Datetime("ms", "UTC"), polars.Datetime("ns", "UTC")

PREDICATES = {
    "heavy": (lambda c: c("weight") > 0.9, "not (weight < "),
    "both": (lambda c: (c("weight") <= 0.25) & (c("id") < 2**31), "id <= 2147483648"),
    "turned": (lambda c: polars.lit(0.5) < c("weight"), "not (weight < "),
    "equal": (lambda c: c("entity_type") == 3, "entity_type >= 3 and entity_type <= 3"),
    "units": (lambda c: (c("physical_x") >= 1.5) & (c("physical_x") < 2), "physical_x >= 1.4"),
    "wide": (lambda c: c("weight") > polars.lit(0.9, polars.Float64), "not (weight < "),
    "either": (lambda c: (c("weight") > 0.9) | (c("id") < 5), None),
    "partly": (lambda c: (c("weight") > 0.9) & c("id").is_between(5, 2**31), "not (weight < "),
    "computed": (lambda c: c("weight") * 2 > 1, None),
    "fraction": (lambda c: c("id") > 0.5, "id >= 0"),
    "far": (lambda c: c("id") > -5, "id >= -5"),
    "nan": (lambda c: c("weight") != float("nan"), None),
    "name": (lambda c: c("id").cast(polars.String) == "5", None),
    "since": (lambda c: c("timestamp") >= TIME, "timestamp >= 1700000000"),
    "before": (lambda c: c("timestamp") < TIME, "timestamp <= 1700000000"),
    "at": (lambda c: c("timestamp") == TIME, "timestamp >= 1700000000 and timestamp <= 1700000000"),
    "turned time": (lambda c: polars.lit(TIME) > c("timestamp"), "timestamp <= 1700000000"),
    "part of a second": (lambda c: c("timestamp") > TIME + MICRO, "timestamp >= 1700000000"),
    "end of a second": (lambda c: c("timestamp") <= TIME - MICRO, "timestamp <= 1700000000"),
    "milliseconds": (lambda c: c("timestamp") > polars.lit(TIME, UTC_MS), "timestamp >= 1700000000"),
    "nanoseconds": (lambda c: c("timestamp") > polars.lit(TIME, UTC_NS), "timestamp >= 1700000000"),
    "day": (lambda c: c("timestamp") >= TIME.date(), "timestamp >= 1699920000"),
    "elsewhere": (lambda c: c("timestamp") > TIME.astimezone(EAST), "timestamp >= 1700000000"),
    "before 1970": (lambda c: c("timestamp") > TIME.replace(year=1960), "timestamp >= -"),
    "span": (lambda c: c("timestamp").is_between(TIME, TIME + 9 * MICRO, closed="left"),
             "timestamp >= 1700000000 and timestamp <= 1700000001"),
    "parts of a time": (lambda c: c("timestamp").dt.hour() == 5, None),
    "number for a time": (lambda c: c("timestamp") > 5, None),
    "range": (lambda c: c("weight").is_between(0.25, 0.5, closed="none"), "not (weight < "),
    "lists": (lambda c: c("id").is_in([5, 7]), None),
}


@pytest.mark.parametrize("name", PREDICATES)
def test_polars_sees_the_same_rows_by_a_scan(name):
    """With NaN, which Polars considers greater than all numbers."""
    from ngtoken import _scan

    records = RECORDS[:50_000].copy()
    records["weight"][::97] = np.nan
    records["weight"][::89] = np.float32(0.9)
    records["timestamp"] = 1_700_000_000 + np.arange(50_000) % 7 - 3
    vector = ngtoken_vector(records)
    make_predicate, pushed = PREDICATES[name]
    predicate = make_predicate(polars.col)
    text = _scan.prefilter(predicate, raw=False)
    assert text is None if pushed is None else pushed in text
    expected = vector.to_polars().filter(predicate)
    scanned = vector.scan_polars().filter(predicate).collect()
    polars_testing.assert_frame_equal(scanned, expected)


class Recording:
    """Tokens, and the streams made from them."""

    def __init__(self, tokens):
        self.tokens, self.streams = tokens, []

    def where(self, filter):
        return self.tokens.where(filter)

    def arrow_stream(self, columns, where=None, raw=False):
        self.streams.append((columns, where))
        return self.tokens.arrow_stream(columns, where, raw)


def test_a_scan_makes_the_needed_columns_and_filters_in_rust(tokens):
    from ngtoken import _scan

    recording = Recording(tokens)
    scan = _scan.scan(recording, tokens.arrow_stream(), False)
    heavy = scan.filter(polars.col("entity_type") == 3)
    expected = int((RECORDS["id"] >> 24 & 15 == 3).sum())
    assert heavy.select("id").collect().height == expected
    columns, where = recording.streams.pop()
    assert sorted(columns) == ["entity_type", "id"]
    assert where == "entity_type >= 3 and entity_type <= 3"
    assert scan.select("weight", "id").collect().columns == ["weight", "id"]
    columns, where = recording.streams.pop()
    assert (sorted(columns), where) == (["id", "weight"], None)
    assert not recording.streams


@pytest.mark.parametrize(
    "column",
    ["radius", "strength", *(f"{space}_y" for space in (
        "physical", "sensory", "motor", "emotional", "cognitive", "social", "temporal", "abstract"
    ))],
)
def test_what_is_pushed_down_is_a_step_wider(column):
    """With Rust's steps: fewer would lose rows, many more would prefilter nothing."""
    from ngtoken import _scan

    records = np.zeros(1, ngtoken.TOKEN_DTYPE)
    records["coords"], records["radius"], records["strength"] = 1, 1, 1
    step = float(ngtoken_vector(records).column(column, decode=True)[0])
    text = _scan.prefilter(polars.col(column) >= 0.5, raw=False)
    assert text is not None
    low = float(text.removeprefix(f"{column} >= "))
    assert step * 0.999 <= 0.5 - low <= step * 1.1


def test_a_scan_makes_what_is_asked_for(tokens):
    scan = tokens.scan_polars()
    assert scan.collect_schema().names() == tokens.arrow_stream().columns
    assert scan.select(polars.len()).collect().item() == COUNT
    assert scan.head(70_000).collect().height == 70_000
    asked = scan.filter(polars.col("weight") > 0.9).select("id").collect()
    assert asked.columns == ["id"] and asked.height == HEAVY.sum()
    raw = tokens.scan_polars(["position", "physical"], raw=True)
    assert raw.filter(polars.col("physical_x") == 5).collect().height == (
        RECORDS["coords"][:, 0, 0] == 5
    ).sum()
    with pytest.raises(ValueError, match="did you mean"):
        tokens.scan_polars("wieght")


def test_a_scan_of_stored_times_takes_numbers(tokens):
    from ngtoken import _scan

    later = polars.col("timestamp") > 2**31
    assert _scan.prefilter(later, raw=True) == "timestamp >= 2147483648"
    raw = tokens.scan_polars("timestamp", raw=True).filter(later).collect()
    assert raw.height == (RECORDS["timestamp"] > 2**31).sum()


def test_times_are_of_utc_in_seconds_or_finer(tokens, tmp_path):
    """As documented."""
    timestamps = RECORDS["timestamp"][:10].astype("i8")
    some = tokens.slice(0, 10)
    assert some.to_arrow("timestamp").schema.field(0).type == pyarrow.timestamp("s", "UTC")
    frame = some.to_polars("timestamp")
    assert frame.schema["timestamp"] == polars.Datetime("ms", "UTC")
    np.testing.assert_array_equal(frame["timestamp"].dt.epoch("s"), timestamps)
    pandas = some.to_pandas("timestamp")["timestamp"]
    assert str(pandas.dtype) == "datetime64[s, UTC]"
    some.write_parquet(tmp_path / "a.parquet", "timestamp,id")
    import pyarrow.parquet as pq

    written = pq.read_schema(tmp_path / "a.parquet").field("timestamp").type
    assert written == pyarrow.timestamp("ms", "UTC")


def test_without_pyarrow_a_table_is_a_stream(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    stream = ngtoken.create_tokens_batch(5).to_arrow("id")
    assert isinstance(stream, ngtoken.ArrowStream)


@pytest.mark.parametrize("raw", [False, True])
def test_pandas_gets_the_same_frame_without_pyarrow(tokens, monkeypatch, raw):
    import sys

    import pandas

    columns = [*tokens.arrow_stream().columns, "position"]
    measures = "count,mean(weight),min(weight),max(timestamp),max(id),sum(id)"

    def ask():
        yield tokens.to_pandas(columns, raw=raw)
        yield tokens.to_pandas("id,timestamp", "weight > 0.9", raw)
        yield tokens.to_pandas("id,timestamp,physical", "id < 0", raw)
        yield tokens.aggregate("entity_type", measures).to_pandas()

    expected = list(ask())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for frame, other in zip(ask(), expected, strict=True):
        pandas.testing.assert_frame_equal(frame, other)
