"""Times the Python package beside Rust calls, numpy, Polars and DuckDB, all in one run.

    cargo xtask bench --peers=python [--count 10_000_000] [--rounds 12] [--folder FOLDER]

builds the package and the program that makes the Rust calls, and runs this. By hand:

    python benches/python.py --calls target/release/calls

with an interpreter that has `ngtoken` and numpy. Polars and DuckDB are measured if they are
installed. Every way answers once before anything is timed, and all answers to a question must
agree. Then each round runs every way of a row once, in random order. A row's ratio pairs ours with
another by round: how many times as fast ours is, the Hodges-Lehmann estimate on logarithms with its
95 % interval by signed ranks. A bar is reached or missed when the whole interval is on one side of
it, and open otherwise.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import ngtoken

CHUNK = 65_536
OBJECTS = 200_000
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Way:
    """One way to answer, and its time in seconds: the clock's, or what the call reports."""

    name: str
    answer: Callable[[], Any]
    bar: float | None = None
    tells_time: bool = False

    def timed(self) -> tuple[float, Any]:
        start = time.perf_counter()
        answer = self.answer()
        if self.tells_time:
            return answer
        return time.perf_counter() - start, answer


@dataclass
class Row:
    """A question, our way, and others, each with the bar for ours beside it."""

    question: str
    ours: Way
    others: list[Way] = field(default_factory=list)

    def ways(self) -> list[Way]:
        return [self.ours, *self.others]


class Calls:
    """The program that makes the Rust calls."""

    def __init__(self, program: Path, file: Path, again: Path):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program, file, again], stdin=pipe, stdout=pipe, text=True)

    def way(self, call: str, bar: float | None, answer: Any = None) -> Way:
        """A call as a way; its own number is the answer unless another is given."""

        def ask() -> tuple[float, Any]:
            print(call, THREADS, file=self.process.stdin, flush=True)
            nanoseconds, number = self.process.stdout.readline().split()
            return int(nanoseconds) / 1e9, int(number) if answer is None else answer

        name = "every line is read" if call == "read" else "the call of Rust"
        return Way(name, ask, bar, tells_time=True)


class Slots:
    """What people usually make of records to iterate over them in Python."""

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
        print(f"{name} is not installed, and not measured", file=sys.stderr)
        return None


def rows(array: np.ndarray, file: ngtoken.TokenFile, folder: Path, calls: Calls | None) -> list[Row]:
    """All rows; `file` holds the tokens of `array`, with an index of weights."""
    count = len(array)
    vector = ngtoken.TokenVec(count)
    vector.extend(array)
    few = array[:OBJECTS]
    few_tokens = ngtoken.TokenVec(len(few))
    few_tokens.extend(few)
    weights = np.ascontiguousarray(array["weight"])
    heavy = int((weights > np.float32(0.9)).sum())

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

    def of_rust(call: str, bar: float | None, answer: Any = None) -> list[Way]:
        return [calls.way(call, bar, answer)] if calls else []

    def column(name: str) -> Row:
        """A column as an array: only making the array is timed; its sum is the answer."""
        return Row(
            f"column {name}",
            Way("ngtoken", lambda: summed(lambda: vector.column(name)), tells_time=True),
            [
                Way(
                    "numpy ascontiguousarray",
                    lambda: summed(lambda: np.ascontiguousarray(array[name])),
                    2.0,
                    tells_time=True,
                ),
                *of_rust("read", None, int(array[name].sum())),
            ],
        )

    def slices() -> Any:
        return (array[at : at + CHUNK] for at in range(0, count, CHUNK))

    return [
        Row(
            "create_tokens_batch",
            Way("ngtoken", lambda: len(ngtoken.create_tokens_batch(count))),
            [*of_rust("create", 1 / 1.1), Way("numpy zeros, arange", lambda: len(fresh(count)))],
        ),
        Row(
            "append to a new file, durable",
            Way("ngtoken", append),
            [
                *of_rust("append", 1 / 1.1),
                Way("numpy tofile, fsync", lambda: tofile(array, folder / "again.bin")),
            ],
        ),
        column("id"),
        Row(
            "count weight > 0.9, records",
            Way("ngtoken", lambda: int(file.where("weight > 0.9", index=False).count())),
            [
                *of_rust("read", 0.95, heavy),
                Way("numpy", lambda: int((array["weight"] > np.float32(0.9)).sum())),
            ],
        ),
        Row(
            "count weight > 0.9, hot column",
            Way("ngtoken", lambda: int(file.where("weight > 0.9").count())),
            [Way("numpy, contiguous", lambda: int((weights > np.float32(0.9)).sum()), 1.0)],
        ),
        Row(
            "sum of weights by chunks",
            Way("ngtoken iter_chunks", lambda: chunks(vector.iter_chunks(CHUNK))),
            [Way("numpy slices", lambda: chunks(slices()), 0.95)],
        ),
        Row(
            f"iterate over {len(few):,} tokens",
            Way("ngtoken for token in v", loop),
            [Way("Python __slots__", slots, 1.0)],
        ),
        Row(
            "count by entity type",
            Way("ngtoken", lambda: file.aggregate("entity_type", "count")["count"].tolist()),
            [Way("numpy bincount", lambda: np.bincount(array["id"] >> 24 & 15).tolist())],
        ),
        Row(
            "10 nearest of a point",
            Way("ngtoken", lambda: file.nearest([0, 0, 0], 10).positions[0].tolist()),
            [Way("numpy", lambda: numpy_nearest(array, 10))],
        ),
    ]


def add_others(table: list[Row], file: ngtoken.TokenFile) -> None:
    """Adds Polars and DuckDB on the same columns, in their own memory."""
    by_name = {row.question: row.others for row in table}
    hot, kinds = by_name["count weight > 0.9, hot column"], by_name["count by entity type"]
    if polars := optional("polars"):
        frame = file.to_polars(["weight", "entity_type"])
        hot.append(Way("Polars", lambda: frame.filter(polars.col("weight") > 0.9).height, 1.0))
        groups = frame.lazy().group_by("entity_type").len().sort("entity_type")
        kinds.append(Way("Polars", lambda: groups.collect()["len"].to_list()))
    if duckdb := optional("duckdb"):
        connection = duckdb.connect()
        tokens = file.arrow_stream(["weight", "entity_type"])  # noqa: F841
        connection.sql("create table t as from tokens")
        counted = "select count(*) from t where weight > 0.9::float"
        hot.append(Way("DuckDB", lambda: connection.sql(counted).fetchall()[0][0]))
        grouped = "select count(*) from t group by entity_type order by entity_type"
        kinds.append(
            Way("DuckDB", lambda: [row[0] for row in connection.sql(grouped).fetchall()])
        )


def summed(make: Callable[[], np.ndarray]) -> tuple[float, int]:
    start = time.perf_counter()
    made = make()
    return time.perf_counter() - start, int(made.sum())


def fresh(count: int) -> np.ndarray:
    made = np.zeros(count, ngtoken.TOKEN_DTYPE)
    made["id"] = np.arange(count, dtype="u4")
    return made


def tofile(array: np.ndarray, path: Path) -> int:
    with open(path, "wb") as out:
        array.tofile(out)
        os.fsync(out.fileno())
    return len(array)


def numpy_nearest(array: np.ndarray, k: int) -> list[int]:
    steps = array["coords"][:, 0].astype("i8")
    squared = np.square(steps).sum(1)
    near = np.argpartition(squared, k + 50)[: k + 50]
    return near[np.lexsort((near, squared[near]))][:k].tolist()


STARTED = """
import time, numpy
start = time.perf_counter()
import ngtoken
imported = time.perf_counter()
file = ngtoken.TokenFile.open({path!r})
assert int(file.where("weight > 0.9").count()) == {heavy}
answered = time.perf_counter()
print(imported - start, answered - imported, {anonymous})
"""
# A process's own memory: pages of files it only reads belong to the page cache.
ANONYMOUS = """[int(line.split()[1]) for line in open("/proc/self/smaps_rollup")
    if line.startswith("Anonymous:")][0]"""


def start(path: Path, heavy: int, rounds: int) -> list[dict[str, Any]]:
    """A fresh interpreter with numpy imported: what ngtoken takes on top."""
    is_told = Path("/proc/self/smaps_rollup").exists()
    anonymous = ANONYMOUS if is_told else "0"
    asks = STARTED.format(path=str(path), heavy=heavy, anonymous=anonymous)
    base = int(python(f"import numpy\nprint({anonymous})"))
    samples = [[float(word) for word in python(asks).split()] for _ in range(rounds)]
    imports, answers, private = zip(*samples, strict=True)
    found = [
        bounded("import beyond numpy", [1e3 * seconds for seconds in imports], "ms", 20),
        bounded("open and first answer", [1e3 * seconds for seconds in answers], "ms", 50),
    ]
    if is_told:
        beyond = [(kib - base) / 1024 for kib in private]
        found.append(bounded("private memory beyond numpy", beyond, "MiB", 8))
    return found


def bounded(what: str, samples: list[float], unit: str, bar: float) -> dict[str, Any]:
    """Compares samples with their upper bound."""
    verdict = "reached" if max(samples) <= bar else "missed" if min(samples) > bar else "open"
    return {
        "what": what, "unit": unit, "median": statistics.median(samples), "least": min(samples),
        "most": max(samples), "bar": bar, "verdict": verdict,
    }  # fmt: skip


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def measure(row: Row, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way, a sample a round."""
    first = row.ours.timed()[1]
    for way in row.others:
        answer = way.timed()[1]
        if not np.allclose(first, answer, rtol=1e-9):
            raise SystemExit(f"{row.question}: {way.name} answers {answer}, expected {first}")
    samples: dict[str, list[float]] = {way.name: [] for way in row.ways()}
    for _ in range(rounds):
        for way in random.sample(row.ways(), len(row.ways())):
            samples[way.name].append(way.timed()[0])
    return samples


def paired(ours: list[float], other: list[float]) -> tuple[float, float, float]:
    """How many times as fast ours is, and the 95 % interval."""
    logs = np.log(np.array(other) / np.array(ours))
    pairs = np.sort([(a + b) / 2 for i, a in enumerate(logs) for b in logs[i:]])
    cut = signed_rank_cut(len(logs))
    low, high = (pairs[cut], pairs[-1 - cut]) if cut is not None else (-np.inf, np.inf)
    return float(np.exp(np.median(pairs))), float(np.exp(low)), float(np.exp(high))


def signed_rank_cut(count: int) -> int | None:
    """The rank among the ordered means of pairs where a 95 % interval begins; none if the
    rounds are too few."""
    ways = np.zeros(count * (count + 1) // 2 + 1)
    ways[0] = 1
    for rank in range(1, count + 1):
        ways[rank:] += ways[:-rank].copy()
    beyond = np.cumsum(ways) / 2.0**count
    outside = int((beyond <= 0.025).sum())
    return outside - 1 if outside else None


def verdict_of(bar: float | None, low: float, high: float) -> str:
    if bar is None:
        return ""
    return "reached" if low >= bar else "missed" if high < bar else "open"


def compared(row: Row, samples: dict[str, list[float]]) -> list[dict[str, Any]]:
    """A line of the table for each way."""
    ours = samples[row.ours.name]
    lines = []
    for way in row.ways():
        line: dict[str, Any] = {
            "question": row.question,
            "way": way.name,
            "median_ms": statistics.median(samples[way.name]) * 1e3,
            "best_ms": min(samples[way.name]) * 1e3,
            "samples_ns": [round(seconds * 1e9) for seconds in samples[way.name]],
        }
        if way is not row.ours:
            times, low, high = paired(ours, samples[way.name])
            line |= {"times_as_fast": times, "ci95": [low, high], "bar": way.bar}
            line["verdict"] = verdict_of(way.bar, low, high)
        lines.append(line)
    return lines


def per_token(samples: list[float], tokens: int) -> dict[str, Any]:
    nanoseconds = [seconds * 1e9 / tokens for seconds in samples]
    return bounded("for token in v, a token", nanoseconds, "ns", 100)


def show(lines: list[dict[str, Any]], bounds: list[dict[str, Any]]) -> None:
    print("| question | way | median ms | best ms | ours is times as fast | bar | |")
    print("|---|---|---|---|---|---|---|")
    for line in lines:
        ratio = bar = verdict = ""
        if "ci95" in line:
            low, high = line["ci95"]
            ratio = f"{line['times_as_fast']:.2f} [{low:.2f}, {high:.2f}]"
            bar = f"{line['bar']:.2f}" if line["bar"] else ""
            verdict = line["verdict"].replace("missed", "**missed**")
        times = f"{line['median_ms']:.2f} | {line['best_ms']:.2f}"
        print(f"| {line['question']} | {line['way']} | {times} | {ratio} | {bar} | {verdict} |")
    print("\n| | median | least | most | at most | |\n|---|---|---|---|---|---|")
    for bound in bounds:
        unit, (least, most) = bound["unit"], (bound["least"], bound["most"])
        figures = f"{bound['median']:.2f} {unit} | {least:.2f} | {most:.2f} | {bound['bar']} {unit}"
        print(f"| {bound['what']} | {figures} | {bound['verdict'].replace('missed', '**missed**')} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000_000, help="tokens (10M)")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="where files are made, and removed")
    parser.add_argument("--calls", type=Path, help="the program that makes the Rust calls")
    parser.add_argument("--out", type=Path, help="writes all samples as JSON")
    options = parser.parse_args()
    array = records(options.count)
    heavy = int((array["weight"] > np.float32(0.9)).sum())
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        path = folder / "bench.ngt"
        with ngtoken.TokenFile.create(path, max_tokens=options.count) as writer:
            writer.append(array)
        bounds = start(path, heavy, options.rounds)
        file = ngtoken.TokenFile.open(path)
        file.index("weight")
        calls = Calls(options.calls, path, folder / "again.ngt") if options.calls else None
        table = rows(array, file, folder, calls)
        add_others(table, file)
        lines = []
        for row in table:
            samples = measure(row, options.rounds)
            lines += compared(row, samples)
            if "ngtoken for token in v" in samples:
                tokens = min(OBJECTS, options.count)
                bounds.append(per_token(samples["ngtoken for token in v"], tokens))
    print(f"{options.count:,} tokens, {THREADS} threads, {options.rounds} rounds\n")
    show(lines, bounds)
    if options.out:
        options.out.write_text(json.dumps({"rows": lines, "bounds": bounds}, indent=1))


if __name__ == "__main__":
    main()
