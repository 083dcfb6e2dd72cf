"""Folders on object stores, for reading: what the file systems of pyarrow open."""

import re
from os import PathLike, fspath
from typing import Any

from ngtoken._frames import needed


class Folder:
    """A folder of a file system. It can be pickled if the file system can."""

    def __init__(self, filesystem: Any, path: str, name: str) -> None:
        self.filesystem = filesystem
        self.path = path.rstrip("/")
        #: How it is called in messages and tasks.
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return Folder, (self.filesystem, self.path, self.name)

    def folder(self, name: str) -> "Folder":
        """A folder in it, which may be empty: object stores have no empty folders."""
        return Folder(self.filesystem, f"{self.path}/{name}", f"{self.name}/{name}")

    def names(self) -> list[str]:
        """The names of what is in it."""
        fs = needed("pyarrow.fs", "arrow")
        found = self.filesystem.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        return [each.base_name for each in found]

    def open(self, name: str) -> "File":
        """Opens a file in it, for reading."""
        return File(self.filesystem.open_input_file(f"{self.path}/{name}"))

    def zones(self, index: str) -> list[tuple[str, bytes]]:
        """The manifest and the zones of a shard's index: their names and bytes."""
        folder = self.folder("shards").folder(index)
        some = [name for name in folder.names() if name.startswith(("index.json", "zones-"))]
        return [(name, folder.open(name).read()) for name in some]


class File:
    """A file that is read by ranges, by any number of threads."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.size: int = file.size()

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes of a range, as far as the file goes."""
        return bytes(self._file.read_at(length, offset))

    def __del__(self) -> None:
        self._file.close()

    def read(self) -> bytes:
        """The whole file."""
        return self.read_at(0, self.size)


def folder_of(place: str | PathLike[str], filesystem: Any) -> Folder | None:
    """The folder that a place names, on a file system of pyarrow's or fsspec's, or at a URI; None
    for a path."""
    place = fspath(place)
    if filesystem is not None:
        return Folder(_of_pyarrow(filesystem), place, place)
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place):
        return None
    fs = needed("pyarrow.fs", "arrow")
    filesystem, path = fs.FileSystem.from_uri(place)
    # Keys of a store are in no message and no task.
    return Folder(filesystem, path, re.sub(r"//[^/@]*@", "//", place))


def _of_pyarrow(filesystem: Any) -> Any:
    """A file system of pyarrow's; fsspec's are wrapped."""
    fs = needed("pyarrow.fs", "arrow")
    if isinstance(filesystem, fs.FileSystem):
        return filesystem
    if hasattr(filesystem, "protocol"):
        return fs.PyFileSystem(fs.FSSpecHandler(filesystem))
    from ngtoken._errors import wrong

    found = type(filesystem).__name__
    raise wrong(TypeError, "filesystem", found, "a file system of pyarrow's or fsspec's")
