"""Folders on object stores, for reading: what the file systems of pyarrow open."""

import re
from os import PathLike, fspath
from os.path import abspath
from typing import Any
from urllib.parse import unquote, urlsplit

from ngtoken._errors import wrong
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
        # File systems of fsspec's may remember an older list.
        known: Any = getattr(getattr(self.filesystem, "handler", None), "fs", None)
        if hasattr(known, "invalidate_cache"):
            known.invalidate_cache(self.path)
        found = self.filesystem.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        return [each.base_name for each in found]

    def open(self, name: str) -> "File":
        """Opens a file in it, for reading."""
        return File(self.filesystem.open_input_file(f"{self.path}/{name}"))

    def zones(self, index: str) -> list[tuple[str, bytes]]:
        """The manifest and the zones of a shard's index: their names and bytes."""
        folder = self.folder("shards").folder(index)
        some = [name for name in folder.names() if name.startswith(("index.json", "zones-"))]
        try:
            return [(name, folder.open(name).read()) for name in some]
        except FileNotFoundError:
            # Another build has taken its place, and the records answer without it.
            return []


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
    text: Any = fspath(place)
    if not isinstance(text, str):
        raise wrong(TypeError, "path", type(text).__name__, "a str or a path")
    is_uri = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None
    if filesystem is None and not is_uri:
        return None
    if "\0" in text:
        raise wrong(ValueError, "path", text, "one without NUL")
    fs = needed("pyarrow.fs", "arrow")
    if filesystem is None:
        return _at_uri(fs, text)
    found = _of_pyarrow(fs, filesystem)
    path = _path_of(text) if is_uri else text
    if isinstance(found, fs.LocalFileSystem):
        path = abspath(path)
    return Folder(found, path, _shown(text) if is_uri else path)


#: What of a URI's query may be in messages and tasks: no keys.
_TOLD = ("endpoint_override", "region", "scheme")


def _at_uri(fs: Any, uri: str) -> Folder:
    """The folder at a URI."""
    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
    except ValueError:
        # Its message would show the keys.
        raise _unknown(uri) from None
    return Folder(filesystem, path, _shown(uri))


def _unknown(uri: str) -> Exception:
    """The error of a URI that is none. A key with a slash ends its authority, so whatever is before
    an at sign may be a key."""
    scheme, _, rest = uri.partition("?")[0].partition("://")
    expected = "a URI that pyarrow knows, with its keys percent-encoded"
    return wrong(ValueError, "path", f"{scheme}://{rest.rpartition('@')[2]}", expected)


def _shown(uri: str) -> str:
    """A URI without its keys, which names the same folder."""
    parts = urlsplit(uri)
    before, at, host = parts.netloc.rpartition("@")
    # A container, a user or "anonymous"; of S3, the one key of two.
    user = "" if parts.scheme == "s3" else before.partition(":")[0]
    told = [each for each in parts.query.split("&") if each.partition("=")[0] in _TOLD]
    query = f"?{'&'.join(told)}" if told else ""
    return f"{parts.scheme}://{user + at if user else ''}{host}{parts.path}{query}"


def _path_of(uri: str) -> str:
    """The path of a URI on its file system."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme in ("s3", "gs", "gcs"):
        if ":" in host:
            raise _unknown(uri)
        return unquote(host + parts.path)
    if parts.scheme == "file":
        return unquote(parts.path)
    fs = needed("pyarrow.fs", "arrow")
    return str(_at_uri(fs, uri).path)


def _of_pyarrow(fs: Any, filesystem: Any) -> Any:
    """A file system of pyarrow's; fsspec's are wrapped."""
    if isinstance(filesystem, fs.FileSystem):
        return filesystem
    if hasattr(filesystem, "protocol"):
        return fs.PyFileSystem(fs.FSSpecHandler(filesystem))
    found = type(filesystem).__name__
    raise wrong(TypeError, "filesystem", found, "a file system of pyarrow's or fsspec's")
