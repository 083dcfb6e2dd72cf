"""The tutorial and the ten lines run as they stand, at a small size."""

import importlib.util
import os
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


def test_ten_lines_do_what_they_say(tmp_path):
    for needed in ("duckdb", "matplotlib", "polars", "pyarrow"):
        pytest.importorskip(needed)
    text = (PACKAGE / "examples/ten_lines.py").read_text(encoding="utf-8")
    small = text.replace("COUNT = 10_000_000", "COUNT = 20_000")
    done = subprocess.run(
        [sys.executable, "-c", small],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr
    assert "Nearest(distances" in done.stdout and "max(weight)" in done.stdout
    assert (tmp_path / "ten.png").read_bytes().startswith(b"\x89PNG")
