"""The Python package beside numpy, Polars and DuckDB, all in one run.

    python benches/python.py [--count 10_000_000] [--repeat 5] [--folder FOLDER] [--json]

Run it with an interpreter that has `ngtoken` and numpy (`cargo xtask python` makes one in
`target/python/venv`). Polars and DuckDB are measured where they are. Each way is run as
often as asked, all ways of a row in turns, and the best time counts. Answers are held against
each other before anything is timed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import ngtoken

Ways = dict[str, Callable[[], Any]]


class Slots:
    """What somebody makes of records who iterates over them in Python."""

    __slots__ = ("flags", "id", "radius", "strength", "timestamp", "weight")

    def __init__(self, id, flags, weight, radius, strength, timestamp):
        self.id, self.flags, self.weight = id, flags, weight
        self.radius, self.strength, self.timestamp = radius, strength, timestamp


def records(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    made = np.zeros(count, ngtoken.TOKEN_DTYPE)
    made["coords"] = rng.integers(-10_000, 10_000, (count, 8, 3), "i2")
    made["id"] = rng.integers(0, 16, count) << 24 | np.arange(count) & 0xFFFFFF
    made["weight"] = rng.random(count, "f4")
    made["timestamp"] = 1_700_000_000 + np.arange(count) // 1000
    return made


def optional(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        return None


def rows(array: np.ndarray, folder: Path) -> dict[str, Ways]:
    count = len(array)
    path = folder / "bench.ngt"
    with ngtoken.TokenFile.create(path, max_tokens=count) as writer:
        writer.append(array)
    file = ngtoken.TokenFile.open(path)
    vector = ngtoken.TokenVec(count)
    vector.extend(array)
    weights = np.ascontiguousarray(array["weight"])
    few = array[:200_000]
    few_tokens = ngtoken.TokenVec(len(few))
    few_tokens.extend(few)

    def append() -> int:
        with ngtoken.TokenFile.create(folder / "again.ngt", max_tokens=count, replace=True) as it:
            return it.append(array)

    def slots() -> int:
        fields = ("id", "flags", "weight", "radius", "strength", "timestamp")
        columns = zip(*(few[name].tolist() for name in fields), strict=True)
        return sum(1 for _ in map(lambda values: Slots(*values), columns))

    def loop() -> int:
        total = 0
        for _ in few_tokens:
            total += 1
        return total

    def chunks(of: Any) -> float:
        return sum(float(some["weight"].sum(dtype="f8")) for some in of)

    def grouped() -> list[int]:
        return np.bincount(array["id"] >> 24 & 15, minlength=16).tolist()

    size = 65_536
    table: dict[str, Ways] = {
        "create": {
            "ngtoken": lambda: len(ngtoken.create_tokens_batch(count)),
            "numpy zeros + arange": lambda: len(numpy_batch(count)),
        },
        "append to a file, durable": {
            "ngtoken": append,
            "numpy tofile + fsync": lambda: tofile(array, folder / "again.bin"),
        },
        "column id": {
            "ngtoken": lambda: int(vector.column("id").sum()),
            "numpy ascontiguousarray": lambda: int(np.ascontiguousarray(array["id"]).sum()),
        },
        "count weight > 0.9, records": {
            "ngtoken": lambda: int(file.where("weight > 0.9", index=False).count()),
            "numpy": lambda: int((array["weight"] > np.float32(0.9)).sum()),
            "all bytes are read": lambda: read_all(vector, array),
        },
        "sum of weights, chunk by chunk": {
            "ngtoken iter_chunks": lambda: chunks(vector.iter_chunks(size)),
            "numpy slices": lambda: chunks(array[at : at + size] for at in range(0, count, size)),
        },
        "200,000 objects": {"ngtoken for token in v": loop, "Python __slots__": slots},
        "count by entity type": {
            "ngtoken": lambda: file.aggregate("entity_type", "count")["count"].tolist(),
            "numpy bincount": grouped,
        },
        "10 nearest of a point": {
            "ngtoken": lambda: file.nearest([0, 0, 0], 10).positions[0].tolist(),
            "numpy": lambda: numpy_nearest(array, 10),
        },
    }
    file.index("weight")
    table["count weight > 0.9, hot column"] = {
        "ngtoken": lambda: int(file.where("weight > 0.9").count()),
        "numpy, contiguous": lambda: int((weights > np.float32(0.9)).sum()),
    }
    others(table, file)
    return table


def others(table: dict[str, Ways], file: ngtoken.TokenFile) -> None:
    """Adds what others make of the same columns, which they have in their own memory."""
    hot = table["count weight > 0.9, hot column"]
    kinds = table["count by entity type"]
    if polars := optional("polars"):
        frame = file.to_polars(["weight", "entity_type"])
        hot["Polars"] = lambda: frame.filter(polars.col("weight") > 0.9).height
        kinds["Polars"] = lambda: (
            frame.group_by("entity_type").len().sort("entity_type")["len"].to_list()
        )
    if duckdb := optional("duckdb"):
        connection = duckdb.connect()
        tokens = file.arrow_stream(["weight", "entity_type"])  # noqa: F841
        connection.sql("create table t as from tokens")
        hot["DuckDB"] = lambda: connection.sql(
            "select count(*) from t where weight > 0.9::float"
        ).fetchall()[0][0]
        kinds["DuckDB"] = lambda: [
            row[0]
            for row in connection.sql(
                "select count(*) from t group by entity_type order by entity_type"
            ).fetchall()
        ]


def numpy_batch(count: int) -> np.ndarray:
    made = np.zeros(count, ngtoken.TOKEN_DTYPE)
    made["id"] = np.arange(count, dtype="u4")
    return made


def tofile(array: np.ndarray, path: Path) -> int:
    with open(path, "wb") as out:
        array.tofile(out)
        os.fsync(out.fileno())
    return len(array)


def read_all(vector: ngtoken.TokenVec, array: np.ndarray) -> int:
    """The limit: every word of the records is read, and nothing else done. Returns what the
    others do, so that the row agrees."""
    np.frombuffer(array, "u8").max()
    return read_all.answer  # type: ignore[attr-defined]


def numpy_nearest(array: np.ndarray, k: int) -> list[int]:
    steps = array["coords"][:, 0].astype("i8")
    squared = np.square(steps).sum(1)
    near = np.argpartition(squared, k + 50)[: k + 50]
    return near[np.lexsort((near, squared[near]))][:k].tolist()


def started(count: int, path: Path) -> dict[str, float]:
    """Import, and opening and the first answer, beyond an interpreter with numpy."""
    asks = f"""
import time, numpy
start = time.perf_counter()
import ngtoken
imported = time.perf_counter()
file = ngtoken.TokenFile.open({str(path)!r})
assert file.where("timestamp = 1700000000").count() == 1000 * ({count} >= 1000) or {count} < 1000
answered = time.perf_counter()
private = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if "Private" in line)
print(imported - start, answered - imported, private)
"""
    alone = "print(sum(int(l.split()[1]) for l in open('/proc/self/smaps_rollup') if 'Private' in l))"
    base = int(python(f"import numpy; {alone}"))
    best = [min(column) for column in zip(*(map(float, python(asks).split()) for _ in range(5)), strict=True)]
    return {
        "import beyond numpy, ms": best[0] * 1e3,
        "open and first answer, ms": best[1] * 1e3,
        "private memory beyond numpy, MiB": (best[2] - base) / 1024,
    }


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def measure(ways: Ways, repeat: int) -> dict[str, float]:
    answers = {name: way() for name, way in ways.items()}
    first = next(iter(answers.values()))
    for name, answer in answers.items():
        same = np.allclose(first, answer, rtol=1e-9)
        if not same:
            raise SystemExit(f"{name} answers {answer}, expected {first}")
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeat):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    array = records(options.count)
    read_all.answer = int((array["weight"] > np.float32(0.9)).sum())  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        table = rows(array, Path(folder))
        found: dict[str, Any] = {
            row: measure(ways, options.repeat) for row, ways in table.items()
        }
        found["start"] = started(options.count, Path(folder) / "bench.ngt")
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for row, times in found.items():
        print(f"\n{row}")
        first = next(iter(times.values()))
        for name, value in times.items():
            if row == "start":
                print(f"  {name:<34} {value:10.2f}")
            else:
                print(f"  {name:<28} {value * 1e3:10.2f} ms  {value / first:6.2f} of ours")


if __name__ == "__main__":
    main()
