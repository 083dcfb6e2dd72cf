"""Runs the Python of docs/python.md exactly as printed, in a folder of its own.

    python examples/tutorial.py [--count 10_000_000] [--folder FOLDER] [--pictures FOLDER]
                                [--check]

It prints the output of each block. With --pictures, plots are left there, by the names that the
document uses. With --check, at 10 million tokens, each block must print the output shown below it.
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs/python.md"
FULL = 10_000_000

#: A block, and its output.
_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)


def blocks(count: int) -> list[tuple[str, str]]:
    """The blocks of the document, for a number of tokens, each with the output below it."""
    text = DOCUMENT.read_text(encoding="utf-8").replace("COUNT = 10_000_000", f"COUNT = {count}")
    text = text.replace("sample=1_000_000", f"sample={min(count, 1_000_000)}")
    return _BLOCK.findall(text)


def run(count: int, folder: Path, pictures: Path | None = None) -> list[str]:
    """Runs the blocks, one after the other, and returns what each prints."""
    import matplotlib

    matplotlib.use("Agg")
    names: dict[str, object] = {}
    before = Path.cwd()
    os.chdir(folder)
    printed = []
    try:
        for number, (block, _) in enumerate(blocks(count)):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, f"{DOCUMENT.name}, block {number}", "exec"), names)
            printed.append(out.getvalue())
            print(f"# block {number}\n{out.getvalue()}", end="")
        for picture in folder.glob("*.png") if pictures else ():
            shutil.copy(picture, pictures / f"python-{picture.name}")
    finally:
        os.chdir(before)
    return printed


def check(printed: list[str]) -> None:
    """Compares the output of blocks at the full count with the output below them."""
    wrong = []
    for number, ((_, expected), found) in enumerate(zip(blocks(FULL), printed, strict=True)):
        if found != expected:
            wrong.append(f"block {number} printed\n{found}expected\n{expected}")
    if wrong:
        raise SystemExit("\n".join(wrong))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=FULL)
    parser.add_argument("--folder", type=Path, help="where the files go; without it none are left")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check and options.count != FULL:
        parser.error(f"--check needs {FULL} tokens")
    pictures = options.pictures and options.pictures.resolve()
    with tempfile.TemporaryDirectory() as folder:
        printed = run(options.count, (options.folder or Path(folder)).resolve(), pictures)
    if options.check:
        check(printed)


if __name__ == "__main__":
    main()
