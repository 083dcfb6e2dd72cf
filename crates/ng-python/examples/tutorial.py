"""Runs the Python of docs/python.md as it stands there, in a folder of its own.

    python examples/tutorial.py [--count 10_000_000] [--folder FOLDER] [--pictures FOLDER]

It prints what each block prints. With --pictures, what was drawn is left there, by the names
that the document has for it.
"""

import argparse
import os
import re
import shutil
import tempfile
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs/python.md"


def blocks(count: int) -> list[str]:
    """The blocks of the document, of so many tokens."""
    text = DOCUMENT.read_text(encoding="utf-8").replace("COUNT = 10_000_000", f"COUNT = {count}")
    text = text.replace("sample=1_000_000", f"sample={min(count, 1_000_000)}")
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


def run(count: int, folder: Path, pictures: Path | None = None) -> None:
    """Runs the blocks, one after the other."""
    import matplotlib

    matplotlib.use("Agg")
    names: dict[str, object] = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for number, block in enumerate(blocks(count)):
            print(f"# block {number}")
            exec(compile(block, f"{DOCUMENT.name}, block {number}", "exec"), names)
        for picture in folder.glob("*.png") if pictures else ():
            shutil.copy(picture, pictures / f"python-{picture.name}")
    finally:
        os.chdir(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the files go; none are left without")
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    pictures = options.pictures and options.pictures.resolve()
    if options.folder:
        run(options.count, options.folder.resolve(), pictures)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(options.count, Path(folder), pictures)


if __name__ == "__main__":
    main()
