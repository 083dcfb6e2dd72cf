"""What other tools make of our columns, and we of theirs.

peers.py TOOL read FILE...   prints a JSON line for each file: count, sums, a filtered count
peers.py TOOL write FILE OUT...   reads FILE, and writes what is in it to each OUT
"""

import json
import sys

NUMBERS = ["rows", "ids", "weights", "x", "time", "some"]


def pyarrow_table(path):
    import pyarrow.csv
    import pyarrow.dataset
    import pyarrow.ipc
    import pyarrow.json
    import pyarrow.parquet

    if path.endswith(".arrows"):
        return pyarrow.ipc.open_stream(path).read_all()
    if path.endswith(".csv"):
        return pyarrow.csv.read_csv(path)
    if path.endswith(".jsonl"):
        return pyarrow.json.read_json(path)
    return pyarrow.dataset.dataset(path, format=path.rsplit(".")[-1]).to_table()


def pyarrow_numbers(path):
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pyarrow_table(path)
    some = pc.and_(pc.equal(table["entity_type"], 2), pc.greater(table["weight"], 8000.0))
    time = table["timestamp"]
    if pa.types.is_timestamp(time.type):
        time = time.cast(pa.timestamp("s", "UTC")).cast(pa.int64())
    return [
        table.num_rows,
        pc.sum(table["id"]).as_py(),
        pc.sum(table["weight"].cast(pa.float64())).as_py(),
        pc.sum(table["physical_x"].cast(pa.float64())).as_py(),
        pc.max(time).as_py(),
        pc.sum(some).as_py(),
    ]


def pyarrow_write(table, out):
    import pyarrow.csv
    import pyarrow.feather
    import pyarrow.ipc
    import pyarrow.parquet

    if out.endswith(".parquet"):
        pyarrow.parquet.write_table(table, out)
    elif out.endswith(".arrow"):
        pyarrow.feather.write_feather(table, out, compression="uncompressed")
    elif out.endswith(".arrows"):
        with pyarrow.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.csv.write_csv(table, out)


def polars_frame(path):
    import polars as pl

    read = {
        "parquet": pl.read_parquet,
        "arrow": pl.read_ipc,
        "arrows": pl.read_ipc_stream,
        "csv": lambda path: pl.read_csv(path, try_parse_dates=True),
        "jsonl": pl.read_ndjson,
    }
    return read[path.rsplit(".")[-1]](path)


def polars_numbers(path):
    import polars as pl

    frame = polars_frame(path)
    time = pl.col("timestamp")
    if frame["timestamp"].dtype == pl.String:
        time = time.str.to_datetime(time_zone="UTC")
        frame = frame.with_columns(time)
    if frame["timestamp"].dtype.is_temporal():
        time = pl.col("timestamp").dt.epoch("s")
    some = (pl.col("entity_type") == 2) & (pl.col("weight") > 8000.0)
    numbers = frame.select(
        rows=pl.len(),
        ids=pl.col("id").cast(pl.UInt64).sum(),
        weights=pl.col("weight").cast(pl.Float64).sum(),
        x=pl.col("physical_x").cast(pl.Float64).sum(),
        time=time.max(),
        some=some.sum(),
    )
    return list(numbers.row(0))


def polars_write(frame, out):
    if out.endswith(".parquet"):
        frame.write_parquet(out, compression="snappy")
    elif out.endswith(".arrow"):
        frame.write_ipc(out)
    elif out.endswith(".arrows"):
        frame.write_ipc_stream(out)
    elif out.endswith(".csv"):
        frame.write_csv(out)
    else:
        frame.write_ndjson(out)


def duckdb_from(path):
    if path.endswith((".arrow", ".arrows")):
        return "theirs"
    return "'" + path + "'"


def duckdb_numbers(path):
    import duckdb

    connection = duckdb.connect()
    if path.endswith((".arrow", ".arrows")):
        connection.register("theirs", pyarrow_table(path))
    kind = connection.sql(f"SELECT typeof(timestamp) FROM {duckdb_from(path)} LIMIT 1").fetchall()[0][0]
    time = "timestamp" if "INT" in kind else "epoch(timestamp::TIMESTAMPTZ)::BIGINT"
    return list(
        connection.sql(
            f"""SELECT count(*), sum(id)::UBIGINT, sum(weight::DOUBLE), sum(physical_x::DOUBLE),
                max({time}),
                count(*) FILTER (entity_type = 2 AND weight > 8000)
            FROM {duckdb_from(path)}"""
        ).fetchall()[0]
    )


def duckdb_write(path, out):
    import duckdb

    forms = {"parquet": "PARQUET", "csv": "CSV", "jsonl": "JSON"}
    form = forms[out.rsplit(".")[-1]]
    duckdb.sql(f"COPY (FROM {duckdb_from(path)}) TO '{out}' (FORMAT {form})")


def main(tool, verb, *paths):
    if tool == "duckdb":
        import duckdb
        import pyarrow
    else:
        __import__(tool)
    if verb == "probe":
        return
    if verb == "read":
        for path in paths:
            print(json.dumps(dict(zip(NUMBERS, globals()[tool + "_numbers"](path)))), flush=True)
        return
    source, *outs = paths
    if tool == "pyarrow":
        source = pyarrow_table(source)
    elif tool == "polars":
        source = polars_frame(source)
    for out in outs:
        globals()[tool + "_write"](source, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
