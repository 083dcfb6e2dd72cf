"""The tutorial runs as it stands, and the benchmark agrees with itself, at a small size."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
ROOT = PACKAGE.parent.parent


def test_the_tutorial_runs_and_draws(tmp_path, capsys):
    for needed in ("duckdb", "matplotlib", "polars", "pyarrow"):
        pytest.importorskip(needed)
    spec = importlib.util.spec_from_file_location("tutorial", PACKAGE / "examples/tutorial.py")
    assert spec and spec.loader
    tutorial = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tutorial)
    (tmp_path / "pictures").mkdir()
    tutorial.run(50_000, tmp_path, tmp_path / "pictures")
    told = capsys.readouterr().out
    assert told.startswith("# block 0\n50000 ") and "the nearest is `weight`" in told
    pictures = sorted(each.name for each in (tmp_path / "pictures").iterdir())
    text = tutorial.DOCUMENT.read_text(encoding="utf-8")
    assert pictures == ["python-space.png", "python-weight.png"]
    for picture in pictures:
        assert f"(pictures/{picture})" in text and (ROOT / "docs/pictures" / picture).exists()


def test_the_benchmark_agrees_with_itself():
    arguments = [ROOT / "benches/python.py", "--count", "20000", "--repeat", "1"]
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "count weight > 0.9, hot column" in done.stdout
