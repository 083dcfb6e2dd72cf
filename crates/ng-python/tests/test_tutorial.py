"""The tutorial and the ten lines run unchanged, at a small size."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
ROOT = PACKAGE.parent.parent


def shape(text):
    """A text without its numbers and their padding."""
    text = re.sub(r"-?\d+(\.\d+)?(e[+-]\d+)?", "#", text)
    return re.sub(r"[─═]+", "─", re.sub(r"\s+", " ", text)).replace("# #", "#")


def test_the_tutorial_runs_prints_and_draws(tmp_path, capsys):
    for needed in ("duckdb", "matplotlib", "polars", "pyarrow"):
        pytest.importorskip(needed)
    spec = importlib.util.spec_from_file_location("tutorial", PACKAGE / "examples/tutorial.py")
    assert spec and spec.loader
    tutorial = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tutorial)
    (tmp_path / "pictures").mkdir()
    # Its first batch is that of the full count.
    printed = tutorial.run(250_000, tmp_path, tmp_path / "pictures")
    assert capsys.readouterr().out.startswith("# block 0\n250000 undefined [0.14116906 ")
    blocks = tutorial.blocks(tutorial.FULL)
    assert len(printed) == len(blocks) > 10
    for (block, expected), found in zip(blocks, printed, strict=True):
        assert shape(found) == shape(expected), block
        # Output that does not depend on the count.
        if "wieght" in block or "follow(" in block:
            assert found == expected != ""
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
