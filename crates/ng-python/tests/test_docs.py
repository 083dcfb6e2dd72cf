"""The examples of the documents run as printed."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent
DOCUMENTS = {"README.md": PACKAGE.parent.parent / "README.md", "package": PACKAGE / "README.md"}


def test_no_document_has_a_figure_left_to_fill_in():
    for path in (PACKAGE.parent.parent / "docs").glob("*.md"):
        assert "{{" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_python_of_a_document_runs(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENTS[name].read_text(), re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {})
    if name == "README.md":
        assert capsys.readouterr().out == "[0 1 2] 0.0 [ 7 -1]\n"
