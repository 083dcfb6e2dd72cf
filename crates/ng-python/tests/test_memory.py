"""Streams in and out: memory holds one piece, however long the stream.

Each way runs in its own process, once short and once long, which report the peak growth of their
private memory. ``NG_PYTHON_SIZE`` multiplies the length of the long one.
"""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import SIZE

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="no /proc tells what memory is whose"
)

PIECE = 1 << 15
SHORT, LONG = 1 << 19, (1 << 19) + (SIZE << 20)  # 32 MiB, and 96 MiB or more.
#: How much more the longer one may take; it is longer by 64 MiB or more.
MORE = 40 << 20

TOOLS = """
import sys, threading
import numpy as np
import ngtoken
from ngtoken import TOKEN_DTYPE, TokenFile, TokenVec, _core

path, count = sys.argv[1], int(sys.argv[2])

def own():
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("RssAnon:"))
    return int(line.split()[1]) << 10

def pieces(start=0):
    for first in range(start, count, PIECE):
        some = np.zeros(min(PIECE, count - first), TOKEN_DTYPE)
        some["id"] = np.arange(first, first + len(some))
        some["weight"] = 0.5
        yield some

def made(mode):
    with TokenFile.create(path, max_tokens=count) as file:
        file.append(pieces())
    return TokenFile.open(path, mode=mode)

class Watched:
    # What looks on; the stream looks itself as well, at each of its pieces.
    def __enter__(self):
        self.before = self.most = own()
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.look_on)
        self.thread.start()
        return self

    def look_on(self):
        while not self.ends.wait(0.002):
            self.look()

    def look(self):
        self.most = max(self.most, own())

    def __exit__(self, *raised):
        self.look()
        self.ends.set()
        self.thread.join()
        print(self.most - self.before)

def watched(stream):
    with Watched() as watch:
        seen = 0
        for piece in stream:
            seen += len(piece)
            watch.look()
    return seen
"""

WAYS = {
    "append": """
        file = TokenFile.create(path, max_tokens=count, mode=MODE)
        with Watched():
            assert file.append(pieces()) == count
            file.commit()
    """,
    "append a file": """
        made(MODE)
        other = TokenFile.create(path + ".2", max_tokens=count)
        with Watched():
            assert other.append(TokenFile.open(path, mode=MODE)) == count
            other.commit()
    """,
    "append columns": """
        stream = made(MODE).arrow_stream(raw=True)
        other = TokenFile.create(path + ".2", max_tokens=count)
        with Watched():
            assert other.append(stream) == count
            other.commit()
    """,
    "iter_chunks": "assert watched(made(MODE).iter_chunks(PIECE)) == count",
    "follow": "assert watched(made(MODE).follow(0.0, start=0, timeout=0.0)) == count",
    "tokens": """
        with Watched():
            assert sum(1 for _ in made(MODE).slice(0, count // 4)) == count // 4
    """,
    "parallel_process": """
        tokens = made(MODE)
        with Watched():
            assert sum(ngtoken.parallel_process(tokens, len, chunk=PIECE)) == count
            assert sum(ngtoken.parallel_process(tokens, "count", chunk=PIECE)) == count
    """,
    "questions": """
        tokens = made(MODE)
        with Watched():
            assert tokens.where("weight > 0.9").count() == 0
            assert tokens.aggregate("entity_type", "count,mean(weight)")["count"].sum() == count
            assert tokens.lookup([count - 1, count]).tolist() == [count - 1, -1]
            assert len(tokens.top(5, "id")) == 5
    """,
    "arrow_stream": """
        stream = made(MODE).arrow_stream(["id", "weight"])
        assert watched(_core._ArrowPieces(stream)) == count
    """,
    "arrow_stream of a filter": """
        stream = made(MODE).arrow_stream(["id", "weight"], "weight > 0.1")
        assert watched(_core._ArrowPieces(stream)) == count
    """,
    "pyarrow": """
        import pyarrow
        stream = pyarrow.RecordBatchReader.from_stream(made(MODE))
        assert watched(batch["id"] for batch in stream) == count
    """,
    "duckdb": """
        import duckdb
        tokens = made(MODE)
        duckdb.sql("set threads = 1")  # Each of its threads holds batches.
        with Watched():
            found = duckdb.sql("select count(*), max(id) from tokens").fetchall()
        assert found == [(count, count - 1)]
    """,
    "polars": """
        import polars
        scan = made(MODE).scan_polars()
        with Watched():
            found = scan.filter(polars.col("weight") > 0.9).select("id").collect()
        assert found.height == 0
    """,
    "write_parquet": """
        tokens = made(MODE)
        with Watched():
            assert tokens.write_parquet(path + ".parquet", raw=True) == count
    """,
}


def grown(tmp_path, way, mode, count):
    """How far memory grew, in bytes."""
    script = f"PIECE, MODE = {PIECE}, {mode!r}\n{TOOLS}\n{textwrap.dedent(way)}"
    folder = tmp_path / str(count)
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "a.ngt"), str(count)],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr
    return max(map(int, done.stdout.split()))


#: What a mapped file shows is in no process's own memory.
SHOWN = ("iter_chunks", "follow", "tokens", "parallel_process", "questions", "append a file")


@pytest.mark.parametrize(
    ("way", "mode"),
    [(way, mode) for way in WAYS for mode in ("map", "read") if mode == "read" or way not in SHOWN],
)
def test_memory_does_not_grow_with_a_stream(tmp_path, way, mode):
    if way.split()[0] in ("pyarrow", "duckdb", "polars"):
        pytest.importorskip(way)
    short, long = (grown(tmp_path, WAYS[way], mode, count) for count in (SHORT, LONG))
    print(f"{way}, {mode}: {short >> 20} and {long >> 20} MiB")
    assert long <= short + MORE


def test_what_parquet_becomes_is_held_once(tmp_path):
    """A vector holds all tokens, and making it takes little more."""
    way = """
        made(MODE).write_parquet(path + ".parquet", raw=True)
        with Watched():
            assert len(ngtoken.read_parquet(path + ".parquet")) == count
    """
    short, long = (grown(tmp_path, way, "map", count) for count in (SHORT, LONG))
    assert long <= short + 64 * (LONG - SHORT) + MORE
