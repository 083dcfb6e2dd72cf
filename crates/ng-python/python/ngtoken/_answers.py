"""Answers of queries: numbers and arrays, each with ``stats`` of what was looked at."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ngtoken._errors import IndexWarning


def warn_of_index(told: Sequence[str]) -> None:
    """Warns of a faulty index."""
    for line in told:
        warnings.warn(line, IndexWarning, stacklevel=2)


class _Shown:
    """Objects shown as their parts by name."""

    __slots__ = ()
    _parts: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        parts = (f"{name}={getattr(self, name)!r}" for name in self._parts)
        return f"{type(self).__name__}({', '.join(parts)})"


class Stats(_Shown):
    """What a query looked at."""

    __slots__ = _parts = (
        "blocks",
        "blocks_looked_at",
        "blocks_skipped",
        "blocks_unread",
        "bytes_read",
        "records",
        "columns",
        "damaged_blocks",
        "damaged_tokens",
        "seconds",
        "warnings",
    )

    def __init__(
        self,
        blocks: tuple[int, int, int, int],
        bytes_read: int,
        source: tuple[bool, bool],
        damaged: tuple[int, int],
        seconds: float,
        warnings: tuple[str, ...],
    ) -> None:
        #: How many blocks there are, were looked at, were ruled out, and were answered by their
        #: zones or positions alone.
        self.blocks, self.blocks_looked_at, self.blocks_skipped, self.blocks_unread = blocks
        #: How many bytes of records and columns the blocks have that were looked at.
        self.bytes_read = bytes_read
        #: Whether records were looked at, and columns of the index.
        self.records, self.columns = source
        #: How many damaged blocks were left out, and how many tokens those have.
        self.damaged_blocks, self.damaged_tokens = damaged
        self.seconds = seconds
        #: What was put aside of the index.
        self.warnings = warnings


class Count(int):
    """A whole number, with ``stats``."""

    stats: Stats

    def __new__(cls, value: int, stats: Stats) -> "Count":
        count = super().__new__(cls, value)
        count.stats = stats
        return count

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class Truth(int):
    """True or False, with ``stats``."""

    stats: Stats

    def __new__(cls, value: bool, stats: Stats) -> "Truth":
        truth = super().__new__(cls, value)
        truth.stats = stats
        return truth

    def __repr__(self) -> str:
        return repr(bool(self))

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        return bool, (bool(self),)


class Number(float):
    """A number, with ``stats``."""

    stats: Stats

    def __new__(cls, value: float, stats: Stats) -> "Number":
        number = super().__new__(cls, value)
        number.stats = stats
        return number

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class Positions(_Shown):
    """Positions of tokens, in order."""

    __slots__ = ("positions", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("positions",)

    def __init__(self, positions: np.ndarray, stats: Stats) -> None:
        self.positions = positions
        self.stats = stats

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.positions)

    def __getitem__(self, index: Any) -> Any:
        return self.positions[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.positions, dtype, copy=copy)


class Found(_Shown):
    """Copies of tokens, an array of records, and their positions."""

    __slots__ = ("positions", "stats", "tokens")
    _parts: ClassVar[tuple[str, ...]] = ("positions", "tokens")

    def __init__(self, positions: np.ndarray, tokens: np.ndarray, stats: Stats) -> None:
        self.positions = positions
        self.tokens = tokens
        self.stats = stats

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tokens)

    def __getitem__(self, index: Any) -> Any:
        return self.tokens[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.tokens, dtype, copy=copy)


class Ranked(_Shown):
    """Tokens by rank: their positions and their values.

    It unpacks as the pair of values and positions.
    """

    __slots__ = ("by", "nan_weights", "positions", "stats", "values")
    _parts: ClassVar[tuple[str, ...]] = ("by", "positions", "values")

    def __init__(
        self,
        positions: np.ndarray,
        values: np.ndarray,
        by: str,
        nan_weights: int,
        stats: Stats,
    ) -> None:
        self.positions = positions
        #: In the units of the column.
        self.values = values
        self.by = by
        #: How many tokens were left out because their weight is NaN.
        self.nan_weights = nan_weights
        self.stats = stats

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.values, self.positions))


class Nearest(_Shown):
    """The tokens nearest to points, a row for each point: distances, then positions.

    It unpacks as the pair of both.
    """

    __slots__ = ("distances", "positions", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("distances", "positions")

    def __init__(self, distances: np.ndarray, positions: np.ndarray, stats: Stats) -> None:
        #: In units, ascending; inf where there is no token.
        self.distances = distances
        #: -1 where there is no token.
        self.positions = positions
        self.stats = stats

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.distances, self.positions))


class Within(_Shown):
    """The tokens within a ball: their positions, in order, and their distances in units.

    It unpacks as the pair of distances and positions.
    """

    __slots__ = ("distances", "positions", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("positions", "distances")

    def __init__(self, positions: np.ndarray, distances: np.ndarray, stats: Stats) -> None:
        self.positions = positions
        self.distances = distances
        self.stats = stats

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.distances, self.positions))


class Lookup(_Shown):
    """The positions of the tokens with some ids: an array for each id, in the order in which the
    ids were asked for."""

    __slots__ = ("_bounds", "_places", "ids", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("ids", "positions")

    def __init__(
        self, ids: np.ndarray, places: tuple[np.ndarray, np.ndarray], stats: Stats
    ) -> None:
        self.ids = ids
        # All positions one after the other, and where those of each id begin and end.
        self._places, self._bounds = places
        self.stats = stats

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.positions[index]
        which = range(len(self))[index]
        return self._places[self._bounds[which] : self._bounds[which + 1]]

    @property
    def positions(self) -> list[np.ndarray]:
        """An array of positions for each id, all slices of one array."""
        return list(self)

    @property
    def first(self) -> np.ndarray:
        """The first position of each id, or -1 if no token has it."""
        first = np.full(len(self), -1, "i8")
        begins, ends = self._bounds[:-1], self._bounds[1:]
        first[begins < ends] = self._places[begins[begins < ends]]
        return first


class Duplicates(Lookup):
    """The least ids that more than one token has, and their positions."""

    __slots__ = ("id_count", "repeats")
    _parts: ClassVar[tuple[str, ...]] = ("id_count", "repeats", "ids", "positions")

    def __init__(
        self,
        counts: tuple[int, int],
        ids: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        stats: Stats,
    ) -> None:
        super().__init__(ids, places, stats)
        #: How many ids more than one token has, and how many tokens repeat the id of an earlier
        #: one.
        self.id_count, self.repeats = counts


class Histogram(_Shown):
    """The number of values in each bin; the last bin includes its upper end."""

    __slots__ = ("above", "below", "column", "counts", "edges", "nan", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("column", "edges", "counts", "below", "above", "nan")

    def __init__(
        self,
        column: str,
        edges: np.ndarray,
        counts: np.ndarray,
        rest: tuple[int, int, int],
        stats: Stats,
    ) -> None:
        self.column = column
        #: Where the bins begin, and where the last one ends: one more than there are bins.
        self.edges = edges
        self.counts = counts
        #: How many values are less than the first edge, greater than the last one, and NaN.
        self.below, self.above, self.nan = rest
        self.stats = stats

    def __iter__(self) -> Iterator[np.ndarray]:
        """As ``numpy.histogram``: counts, then edges."""
        return iter((self.counts, self.edges))


class Groups(_Shown):
    """Measures, a row for each group: a column for each key, then for each measure."""

    __slots__ = ("_arrow", "_columns", "keys", "nan_weights", "stats")
    _parts: ClassVar[tuple[str, ...]] = ("_columns",)

    def __init__(
        self,
        columns: list[tuple[str, np.ndarray]],
        keys: int,
        nan_weights: np.ndarray,
        arrow: Any,
        stats: Stats,
    ) -> None:
        self._columns = dict(columns)
        #: The names of the key columns.
        self.keys = tuple(self._columns)[:keys]
        #: How many NaN weights each group left out of extremes and quantiles.
        self.nan_weights = nan_weights
        self._arrow = arrow
        self.stats = stats

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(self._columns)

    def __getitem__(self, column: str) -> np.ndarray:
        return self._columns[column]

    def __len__(self) -> int:
        return len(self.nan_weights)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each group as a dict."""
        columns = (values.tolist() for values in self._columns.values())
        for row in zip(*columns, strict=True):
            yield dict(zip(self._columns, row, strict=True))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._arrow.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table`` if pyarrow is installed, otherwise an `ArrowStream`."""
        from ngtoken import _frames

        return _frames.to_arrow(self._arrow)

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``."""
        from ngtoken import _frames

        return _frames.to_polars(self._arrow)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``."""
        from ngtoken import _frames

        return _frames.to_pandas(self._arrow)

    def _repr_html_(self) -> str:
        from ngtoken import _html

        return _html.table(self._columns, len(self))


class IndexInfo(_Shown):
    """An index after a build."""

    __slots__ = _parts = (
        "folder",
        "blocks",
        "read_blocks",
        "damaged",
        "columns",
        "ids",
        "boxes",
        "size_bytes",
        "warnings",
    )

    def __init__(
        self,
        folder: str,
        blocks: tuple[int, int, list[int]],
        has: tuple[list[str], bool, list[str]],
        size_bytes: int,
        warnings: list[str],
    ) -> None:
        self.folder = folder
        #: How many blocks are covered, how many were read, and which are damaged and left
        #: unindexed.
        self.blocks, self.read_blocks, self.damaged = blocks
        self.columns, self.ids, self.boxes = has
        self.size_bytes = size_bytes
        #: Why existing parts were made anew.
        self.warnings = warnings


class Sorted(_Shown):
    """The result of a sort."""

    __slots__ = _parts = ("path", "tokens", "temporary_files", "indexed_blocks")

    def __init__(self, path: str, counts: tuple[int, int, int]) -> None:
        self.path = path
        #: How many tokens; through how many temporary files they went, 0 in memory; and how many
        #: blocks have an index.
        self.tokens, self.temporary_files, self.indexed_blocks = counts
