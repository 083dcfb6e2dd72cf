"""Restores pickled objects."""

from typing import Any

from ngtoken import _core


def load_vector(records: Any) -> _core.TokenVec:
    """A vector of the pickled records, copied."""
    vector = _core.TokenVec()
    vector.extend(memoryview(records).cast("B"))
    return vector


def load_tokens(records: Any) -> _core.Tokens:
    """A snapshot of the pickled records."""
    return load_vector(records).snapshot()


def load_stream(query: _core.Query, columns: list[str], raw: bool) -> _core.ArrowStream:
    """The columns of a pickled query."""
    return query.arrow_stream(columns, raw=raw)


def load_rows(task: bytes, folder: Any, num_threads: int | None) -> _core.ArrowStream:
    """The rows of a task, read again."""
    return _core._run_task(task, lambda _: folder, num_threads)


def load_dataset(
    place: Any,
    id: bytes,
    generation: int,
    tails: list[bytes],
    mapped: bool,
    some: tuple[int, int] | None,
) -> _core.Tokens:
    """The dataset as it was shown, or some of its tokens."""
    return _core._reopen_dataset(place, id, generation, tails, mapped, some)


def load_file(
    path: str,
    file_id: bytes,
    tokens: int,
    chain: int,
    mode: str,
    some: tuple[int, int] | None,
) -> _core.Tokens:
    """The file, opened for reading, or some of the tokens it had when it was pickled."""
    file = _core._reopen(path, file_id, tokens, chain, mode)
    return file if some is None else file.slice(*some)
