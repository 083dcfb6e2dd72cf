"""`benches/python.py` works, and its intervals are those of the signed ranks."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benches" / "python.py"

pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the script is not part of the package")


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_way_answers_the_same_and_has_a_line(tmp_path):
    # More tokens than a block has, so that the index has columns.
    small = [sys.executable, SCRIPT, "--count", "9000", "--rounds", "1", "--folder", tmp_path]
    done = subprocess.run(small, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for way in ("create_tokens_batch", "numpy tofile, fsync", "Polars", "DuckDB", "iter_chunks"):
        assert way in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_is_wrong_ends_the_run(bench):
    row = bench.Row("?", bench.Way("ngtoken", lambda: 1), [bench.Way("liar", lambda: 2)])
    with pytest.raises(SystemExit, match="liar answers 2, expected 1"):
        bench.measure(row, 1)


def test_intervals_are_those_of_the_signed_ranks(bench):
    # P(T <= 0) of 6 is 1/64; P(T <= 13) of 12 is 0.0212, and P(T <= 14) is 0.0261.
    assert [bench.signed_rank_cut(count) for count in (5, 6, 12)] == [None, 0, 13]
    times, low, high = bench.paired([1.0] * 6, [2.0, 2.0, 4.0, 4.0, 8.0, 8.0])
    assert (low, high) == pytest.approx((2.0, 8.0))
    assert times == pytest.approx(4.0)
    assert bench.verdict_of(2.0, low, high) == "reached"
    assert bench.verdict_of(3.0, low, high) == "open"
    assert bench.verdict_of(9.0, low, high) == "missed"
