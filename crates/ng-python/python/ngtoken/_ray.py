"""Questions about a dataset, asked by Ray: what is scheduled, tried again and moved, Ray does.

Each task of ``ngtoken.dataset`` is a task of Ray's, for one processor; its answer is put together
with the others where the question was asked.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from ngtoken import _core
from ngtoken._answers import Nearest, Stats
from ngtoken._frames import needed
from ngtoken._remote import Folder

#: A task, how many rows its answer has, if that is known, and how many it looks at.
Cut = tuple[bytes, int | None, int]

#: How many tasks are given to Ray for each of its processors, so that none waits for the next.
_AHEAD = 2


def to_ray(tasks: Sequence[Cut], folder: Folder | None, stream: Any) -> Any:
    """The columns of all tasks as a ``ray.data.Dataset``."""
    data = needed("ray.data", "ray")
    pyarrow = needed("pyarrow", "arrow")
    schema = pyarrow.schema(stream)
    if not tasks:
        return data.from_arrow(schema.empty_table())
    base = needed("ray.data.datasource", "ray").Datasource
    source = type("NgtokenDatasource", (_Source, base), {})(tasks, folder, schema, stream)
    return data.read_datasource(source, override_num_blocks=len(tasks))


class _Source:
    """The rows of tasks, for a class that has Ray's ``Datasource`` as another base."""

    def __init__(
        self, tasks: Sequence[Cut], folder: Folder | None, schema: Any, stream: Any
    ) -> None:
        super().__init__()
        # As long as it is there, no file of its generation is collected.
        self._stream = stream
        self._tasks = tasks
        self._folder = folder
        self._schema = schema
        # Arrow has no width for booleans of less than a byte.
        self._row_bytes: int = sum(max(1, each.type.bit_width // 8) for each in schema)

    def estimate_inmemory_data_size(self) -> int:
        """The size if all rows match."""
        return self._row_bytes * sum(rows for _, _, rows in self._tasks)

    def get_read_tasks(
        self,
        parallelism: int,
        per_task_row_limit: int | None = None,
        data_context: Any = None,
    ) -> list[Any]:
        """A read task for each task, whatever parallelism is asked for: they were cut by size."""
        return [self._read_task(cut, per_task_row_limit) for cut in self._tasks]

    def _read_task(self, cut: Cut, limit: int | None) -> Any:
        task, exact, rows = cut
        facts = needed("ray.data.block", "ray").BlockMetadata(
            num_rows=exact, size_bytes=rows * self._row_bytes, input_files=None, exec_stats=None
        )
        read = partial(_read, task, self._folder)
        made = needed("ray.data.datasource", "ray").ReadTask
        return made(read, facts, schema=self._schema, per_task_row_limit=limit)


def _read(task: bytes, folder: Folder | None) -> Iterator[Any]:
    """The rows of a task as tables; one without rows if none matches."""
    import pyarrow  # type: ignore[import-untyped, unused-ignore]

    stream = _core._run_task(task, lambda _: folder, 1)
    has_rows = False
    for each in stream:
        has_rows = True
        yield pyarrow.RecordBatchReader.from_stream(each).read_all()
    if not has_rows:
        yield pyarrow.schema(stream).empty_table()


class Partials(Iterator[bytes]):
    """The partial answers of all tasks, in their order."""

    def __init__(self, tasks: Sequence[Cut], folder: Folder | None) -> None:
        self._looked = _Looked()
        self._answers = _answers(_partial_of, tasks, folder)

    def __next__(self) -> bytes:
        partial_answer, counts = next(self._answers)
        self._looked.add(counts)
        return bytes(partial_answer)

    @property
    def stats(self) -> Stats:
        """What the answers so far looked at."""
        return self._looked.stats()


class _Looked:
    """What tasks looked at, added up."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._counts = [0] * 7

    def add(self, counts: Sequence[int]) -> None:
        self._counts = [sum(both) for both in zip(self._counts, counts, strict=True)]

    def stats(self) -> Stats:
        blocks, looked_at, skipped, unread, read, damaged, tokens = self._counts
        seconds = time.perf_counter() - self._began
        every = (blocks, looked_at, skipped, unread)
        return Stats(every, read, (looked_at > 0, False), (damaged, tokens), seconds, ())


def _partial_of(task: bytes, folder: Folder | None) -> tuple[bytes, list[int]]:
    (column,), counts = _columns_of(task, folder)
    (partial_answer,) = column.to_pylist()
    return bytes(partial_answer), counts


def nearest(tasks: Sequence[Cut], folder: Folder | None, points: int, k: int) -> Nearest:
    """The nearest of the nearest of all tasks: by distance, then by position."""
    looked = _Looked()
    distances = np.full((points, k), np.inf)
    positions = np.full((points, k), -1, np.int64)
    none = np.zeros(0, np.uint64)
    best: tuple[np.ndarray, ...] = (none.astype(np.uint32), none, none.astype(np.float64), none)
    for found, counted in _answers(_near_of, tasks, folder):
        looked.add(counted)
        point, order, distance, position = (
            np.concatenate(both) for both in zip(best, found, strict=True)
        )
        by = np.lexsort((position, order, point))
        counts = np.bincount(point, minlength=points)
        firsts = np.repeat(np.cumsum(counts) - counts, counts)
        kept = by[np.arange(len(by)) - firsts < k]
        best = (point[kept], order[kept], distance[kept], position[kept])
    point, _, distance, position = best
    counts = np.bincount(point, minlength=points)
    rank = np.arange(len(point)) - np.repeat(np.cumsum(counts) - counts, counts)
    distances[point, rank] = distance
    positions[point, rank] = position
    return Nearest(distances, positions, looked.stats())


def _near_of(task: bytes, folder: Folder | None) -> tuple[tuple[np.ndarray, ...], list[int]]:
    columns, counts = _columns_of(task, folder)
    return tuple(column.to_numpy() for column in columns), counts


def _columns_of(task: bytes, folder: Folder | None) -> tuple[list[Any], list[int]]:
    import pyarrow

    stream = _core._run_task(task, lambda _: folder, 1)
    (batch,) = stream
    table = pyarrow.RecordBatchReader.from_stream(batch).read_all()
    counts = table.schema.metadata[b"ngtoken.stats"].split()
    return table.columns, [int(count) for count in counts]


def _answers(function: Any, tasks: Sequence[Cut], folder: Folder | None) -> Iterator[Any]:
    """What a function makes of each task, in their order; a few more than Ray has processors are
    under way at once, so that answers do not heap up."""
    ray = needed("ray", "ray")
    remote = ray.remote(function).options(num_cpus=1, scheduling_strategy="SPREAD")
    if not ray.is_initialized():
        ray.init()
    where = ray.put(folder)
    under_way: deque[Any] = deque()
    try:
        for task, _, _ in tasks:
            # Nodes may come and go.
            most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
            while len(under_way) >= most:
                yield ray.get(under_way[0])
                under_way.popleft()
            under_way.append(remote.remote(task, where))
        while under_way:
            yield ray.get(under_way[0])
            under_way.popleft()
    finally:
        # After an error or Ctrl-C nobody waits for them.
        for answer in under_way:
            ray.cancel(answer)
