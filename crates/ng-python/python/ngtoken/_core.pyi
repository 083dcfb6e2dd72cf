from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import (
    Any,
    Literal,
    Protocol,
    Self,
    SupportsIndex,
    TypeAlias,
    final,
    overload,
    type_check_only,
)

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer, disjoint_base

from ngtoken._answers import (
    Count,
    Duplicates,
    Found,
    Groups,
    Histogram,
    IndexInfo,
    Lookup,
    Nearest,
    Number,
    Positions,
    Ranked,
    Sorted,
    Truth,
    Within,
)
from ngtoken._datasets import (
    ChangeReport,
    CollectReport,
    DatasetInfo,
    DatasetRepairReport,
    DatasetReport,
    Gap,
    GenerationInfo,
    ReshapeReport,
    ShardInfo,
)
from ngtoken._describe import Description
from ngtoken._plot import Plot
from ngtoken._reports import FileInfo, MemoryUsage, RepairReport, VerifyReport

__all__ = [
    "ENTITY_TYPES",
    "ArrowStream",
    "Buf",
    "Dataset",
    "Follower",
    "Query",
    "Token",
    "TokenFile",
    "TokenVec",
    "Tokens",
    "Writer",
    "__version__",
    "_ArrowPieces",
    "_batch_of",
    "_field_offsets",
    "_map_named",
    "_panic",
    "_query_of",
    "_reopen",
    "_reopen_dataset",
    "_run_task",
    "_work_until_stopped",
    "create_tokens_batch",
    "read_parquet",
]

ENTITY_TYPES: tuple[str, ...]
__version__: str

_Path: TypeAlias = str | PathLike[str]
_Whole: TypeAlias = SupportsIndex
_Point: TypeAlias = Iterable[float] | npt.NDArray[Any]
_Place: TypeAlias = tuple[float, float, float]
_Names: TypeAlias = str | list[str]
_System: TypeAlias = int | _Names
_Array: TypeAlias = npt.NDArray[Any]
_Some: TypeAlias = _Array | np.void | Buffer | Token | Tokens | _Streams
_Given: TypeAlias = _Some | Iterable[_Some]
_Mode: TypeAlias = Literal["map", "read"]
_Cache: TypeAlias = Literal["auto", "keep", "bypass"]
_Space: TypeAlias = Literal[
    "physical", "sensory", "motor", "emotional", "cognitive", "social", "temporal", "abstract"
]

@final
class Token:
    def __new__(
        cls,
        id: _Whole | None = None,
        *,
        weight: float | None = None,
        radius: float | None = None,
        strength: float | None = None,
        timestamp: _Whole | None = None,
        entity_type: str | _Whole | None = None,
        system: _System | None = None,
        user: _Whole | None = None,
        flags: _Whole | None = None,
        physical: _Point | None = None,
        sensory: _Point | None = None,
        motor: _Point | None = None,
        emotional: _Point | None = None,
        cognitive: _Point | None = None,
        social: _Point | None = None,
        temporal: _Point | None = None,
        abstract: _Point | None = None,
    ) -> Self: ...
    @staticmethod
    def from_bytes(bytes: Buffer) -> Token: ...
    def tobytes(self) -> bytes: ...
    def replace(
        self,
        *,
        id: _Whole | None = None,
        weight: float | None = None,
        radius: float | None = None,
        strength: float | None = None,
        timestamp: _Whole | None = None,
        entity_type: str | _Whole | None = None,
        system: _System | None = None,
        user: _Whole | None = None,
        flags: _Whole | None = None,
        physical: _Point | None = None,
        sensory: _Point | None = None,
        motor: _Point | None = None,
        emotional: _Point | None = None,
        cognitive: _Point | None = None,
        social: _Point | None = None,
        temporal: _Point | None = None,
        abstract: _Point | None = None,
    ) -> Token: ...
    def validate(self, now: _Whole | None = None) -> None: ...
    @property
    def id(self) -> int: ...
    @property
    def domain(self) -> int: ...
    @property
    def entity_type(self) -> str: ...
    @property
    def local_id(self) -> int: ...
    @property
    def flags(self) -> int: ...
    @property
    def system(self) -> tuple[str, ...]: ...
    @property
    def active(self) -> bool: ...
    @property
    def user(self) -> int: ...
    @property
    def weight(self) -> float: ...
    @property
    def radius(self) -> float: ...
    @property
    def strength(self) -> float: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def coords(self) -> list[list[int]]: ...
    @property
    def physical(self) -> _Place: ...
    @property
    def sensory(self) -> _Place: ...
    @property
    def motor(self) -> _Place: ...
    @property
    def emotional(self) -> _Place: ...
    @property
    def cognitive(self) -> _Place: ...
    @property
    def social(self) -> _Place: ...
    @property
    def temporal(self) -> _Place: ...
    @property
    def abstract(self) -> _Place: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: object, /) -> bool: ...
    def __le__(self, other: object, /) -> bool: ...
    def __gt__(self, other: object, /) -> bool: ...
    def __ge__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, _memo: Any) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@type_check_only
class _Streams(Protocol):
    """Sources of Arrow columns: tables, frames, readers."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

@type_check_only
class _Columns(_Streams):
    """A schema of Arrow columns."""

    def __arrow_c_schema__(self) -> Any: ...

@type_check_only
class _Exports:
    """An object with the buffer protocol."""

    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...

@type_check_only
class _Asked(_Columns):
    """The operations on tokens and queries. Each uses as many threads as `where(num_threads=...)`
    says, or as there are processors."""

    def count(self) -> Count: ...
    def any(self) -> Truth: ...
    def positions(self, limit: _Whole | None = None) -> Positions: ...
    def tokens(self, limit: _Whole | None = None) -> Found: ...
    def aggregate(
        self, by: _Names | None = None, measures: _Names | None = None
    ) -> Groups: ...
    def histogram(
        self, column: str, bins: _Whole = 50, range: tuple[float, float] | None = None
    ) -> Histogram: ...
    def top(self, k: _Whole, by: str, *, least: bool = False) -> Ranked: ...
    def nearest(
        self,
        points: npt.ArrayLike | Token,
        k: _Whole = 10,
        space: _Space | None = None,
        *,
        weights: Mapping[str, float] | None = None,
    ) -> Nearest: ...
    def within(
        self, point: npt.ArrayLike | Token, radius: float, space: _Space = "physical"
    ) -> Within: ...
    def density(
        self, point: npt.ArrayLike | Token, radius: float, space: _Space = "physical"
    ) -> Number: ...
    def influence(
        self, point: npt.ArrayLike | Token, radius: float = 2.55, space: _Space = "physical"
    ) -> Number: ...
    def find(self, ids: npt.ArrayLike) -> Lookup: ...
    def duplicates(self, limit: _Whole = 1000) -> Duplicates: ...
    def sample(self, n: _Whole, seed: _Whole = 0) -> Found: ...
    def explain(self) -> str: ...
    def describe(self, columns: _Names | None = None) -> Description: ...
    @property
    def plot(self) -> Plot: ...
    def _repr_html_(self) -> str: ...
    def arrow_stream(
        self, columns: _Names | None = None, where: str | None = None, raw: bool = False
    ) -> ArrowStream: ...
    def to_arrow(
        self, columns: _Names | None = None, where: str | None = None, raw: bool = False
    ) -> Any: ...
    def to_polars(
        self, columns: _Names | None = None, where: str | None = None, raw: bool = False
    ) -> Any: ...
    def to_pandas(
        self, columns: _Names | None = None, where: str | None = None, raw: bool = False
    ) -> Any: ...
    def scan_polars(self, columns: _Names | None = None, raw: bool = False) -> Any: ...
    def write_parquet(
        self,
        path: _Path,
        columns: _Names | None = None,
        where: str | None = None,
        raw: bool = False,
        *,
        compression: Literal["snappy", "none"] = "snappy",
        replace: bool = False,
    ) -> int: ...

@type_check_only
class _Divided:
    """What engines ask, of a dataset and its queries."""

    def tasks(
        self,
        columns: _Names | None = None,
        where: str | None = None,
        raw: bool = False,
        *,
        task_bytes: _Whole = 134217728,
    ) -> list[bytes]: ...
    def to_ray(
        self,
        columns: _Names | None = None,
        where: str | None = None,
        raw: bool = False,
        *,
        task_bytes: _Whole = 134217728,
    ) -> Any: ...
    def ray_aggregate(
        self,
        by: _Names | None = None,
        measures: _Names | None = None,
        *,
        task_bytes: _Whole = 134217728,
    ) -> Groups: ...
    def ray_nearest(
        self,
        points: npt.ArrayLike | Token,
        k: _Whole = 10,
        space: _Space | None = None,
        *,
        weights: Mapping[str, float] | None = None,
        task_bytes: _Whole = 134217728,
    ) -> Nearest: ...

@final
class Query(_Asked, _Divided):
    def where(
        self,
        filter: str | None = None,
        *,
        index: bool | None = None,
        verified: bool | None = None,
        skip_damaged: bool | None = None,
        num_threads: _Whole | None = None,
    ) -> Query: ...
    def snapshot(self) -> Query: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    @property
    def filter(self) -> str | None: ...

@final
class ArrowStream(_Columns):
    def __iter__(self) -> Iterator[ArrowStream]: ...
    def _arrays(self) -> list[tuple[str, list[_Array]]]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    @property
    def columns(self) -> list[str]: ...

@final
class _ArrowPieces(Iterator[_Array]):
    def __new__(cls, given: _Streams) -> Self: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Array: ...

@disjoint_base
class Tokens(_Asked, _Exports):
    def where(
        self,
        filter: str | None = None,
        *,
        index: bool = True,
        verified: bool = False,
        skip_damaged: bool = False,
        num_threads: _Whole | None = None,
    ) -> Query: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Token: ...
    @overload
    def __getitem__(self, index: slice, /) -> _Array: ...
    def __iter__(self) -> Iterator[Token]: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> _Array: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __reduce_ex__(self, protocol: SupportsIndex) -> Any: ...
    def view(self) -> _Array: ...
    def tobytes(self) -> bytes: ...
    @property
    def _in_file(self) -> bool: ...
    def snapshot(self) -> Tokens: ...
    def slice(self, start: int | None = None, stop: int | None = None) -> Tokens: ...
    def iter_chunks(self, size: _Whole = 65536) -> _Chunks: ...
    def coords(self, space: _Space, decode: bool = False) -> _Array: ...
    def column(self, name: str, decode: bool = False) -> _Array: ...
    def take(self, positions: npt.ArrayLike) -> _Array: ...
    def sort(self, by: _Names, *, num_threads: _Whole | None = None) -> TokenVec: ...
    @overload
    def lookup(self, ids: int) -> int: ...
    @overload
    def lookup(self, ids: npt.ArrayLike) -> npt.NDArray[np.int64]: ...
    def memory_usage(self, deep: bool = False) -> MemoryUsage: ...

class _Chunks(Iterator[_Array]):
    def __len__(self) -> int: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Array: ...

@final
class TokenVec(Tokens):
    def __new__(cls, capacity: _Whole = 0) -> Self: ...
    def __setitem__(self, index: SupportsIndex, token: Token, /) -> None: ...
    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]: ...
    @property
    def capacity(self) -> int: ...
    def append(self, token: Token) -> None: ...
    def extend(self, tokens: _Given) -> int: ...
    def reserve(self, additional: _Whole) -> None: ...
    def truncate(self, count: _Whole) -> None: ...
    def clear(self) -> None: ...
    def view(self, *, writable: bool = False) -> _Array: ...
    def _panic(self) -> None: ...

@final
class TokenFile(Tokens):
    @staticmethod
    def create(
        path: _Path,
        *,
        max_tokens: _Whole | None = None,
        reserve: _Whole = 0,
        tag: _Whole = 0,
        replace: bool = False,
        mode: _Mode = "map",
        cache: _Cache = "auto",
    ) -> TokenFile: ...
    @staticmethod
    def open(
        path: _Path,
        *,
        append: bool = False,
        mode: _Mode = "map",
        older_commit: bool = False,
        damaged_tail: bool = False,
        cache: _Cache = "auto",
    ) -> TokenFile: ...
    @staticmethod
    def repair(
        path: _Path,
        out: _Path,
        *,
        compact: bool = False,
        replace: bool = False,
        keep_unproven: bool = False,
        older_commit: bool = False,
        salvage: bool = False,
    ) -> RepairReport: ...
    def append(self, tokens: _Given, *, num_threads: _Whole | None = None) -> int: ...
    def reserve(self, additional: _Whole) -> None: ...
    def commit(self, tag: _Whole | None = None) -> None: ...
    def refresh(self) -> bool: ...
    def close(self, *, commit: bool = True) -> None: ...
    def info(self) -> FileInfo: ...
    def verify(self, *, num_threads: _Whole | None = None) -> VerifyReport: ...
    def follow(
        self, interval: float = 0.1, *, start: _Whole | None = None, timeout: float | None = None
    ) -> Iterator[_Array]: ...
    def index(
        self,
        columns: _Names | None = None,
        *,
        ids: bool = False,
        boxes: _Names | None = None,
        only: bool = False,
        rebuild: bool = False,
        num_threads: _Whole | None = None,
    ) -> IndexInfo: ...
    def drop_index(self) -> bool: ...
    def sort_to(
        self,
        path: _Path,
        by: _Names,
        *,
        replace: bool = False,
        memory: _Whole | None = None,
        num_threads: _Whole | None = None,
    ) -> Sorted: ...
    @property
    def path(self) -> Path: ...
    @property
    def mode(self) -> _Mode: ...
    @property
    def writable(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    @property
    def appended(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        raised_type: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

_Amount: TypeAlias = int | str | timedelta
_Kept: TypeAlias = str | timedelta

@final
class Dataset(Tokens, _Divided):
    @staticmethod
    def create(path: _Path, tags: Mapping[str, str] | None = None) -> Dataset: ...
    @staticmethod
    def open(
        path: _Path, generation: _Whole | None = None, mapped: bool = False
    ) -> Dataset: ...
    @staticmethod
    def _open_remote(folder: Any, generation: _Whole | None = None) -> Dataset: ...
    def refresh(self) -> bool: ...
    def generations(self) -> list[int]: ...
    def shards(self) -> list[ShardInfo]: ...
    def writer(
        self,
        *,
        roll: _Amount | Iterable[_Amount] | None = None,
        commit_every: _Amount | Iterable[_Amount] | None = None,
        retain: _Kept | Iterable[_Kept] | None = None,
        take_over: bool = False,
    ) -> Writer: ...
    def close_tails(self) -> list[str]: ...
    def follow(
        self,
        start: str = "oldest",
        until_closed: bool = False,
        timeout: float | None = None,
    ) -> Follower: ...
    def update(
        self,
        where: str | None = None,
        *,
        set: str | Callable[..., Any],
        dry_run: bool = False,
        base: _Whole | None = None,
        tags: Mapping[str, str] | None = None,
        num_threads: _Whole | None = None,
    ) -> ChangeReport: ...
    def delete(
        self,
        where: str,
        *,
        dry_run: bool = False,
        base: _Whole | None = None,
        tags: Mapping[str, str] | None = None,
        num_threads: _Whole | None = None,
    ) -> ChangeReport: ...
    def upsert(
        self,
        tokens: _Given,
        *,
        dry_run: bool = False,
        base: _Whole | None = None,
        tags: Mapping[str, str] | None = None,
        num_threads: _Whole | None = None,
    ) -> ChangeReport: ...
    def sort(  # type: ignore[override]
        self,
        by: _Names,
        *,
        memory: _Whole | None = None,
        shard_tokens: _Whole | None = None,
        num_threads: _Whole | None = None,
    ) -> ReshapeReport: ...
    def reshard(
        self,
        tokens: _Whole | None = None,
        *,
        shards: _Whole | None = None,
        num_threads: _Whole | None = None,
    ) -> ReshapeReport: ...
    def compact(
        self,
        target: _Whole | None = None,
        *,
        smaller_than: _Whole | None = None,
        num_threads: _Whole | None = None,
    ) -> ReshapeReport: ...
    def gc(
        self,
        keep: _Whole | None = None,
        *,
        keep_from: _Whole | None = None,
        older: float | str | timedelta = "1h",
        dry_run: bool = False,
    ) -> CollectReport: ...
    def index(
        self,
        columns: _Names | None = None,
        ids: bool = False,
        boxes: _Names | None = None,
        *,
        only: bool = False,
        rebuild: bool = False,
        num_threads: _Whole | None = None,
    ) -> list[IndexInfo]: ...
    def info(self) -> DatasetInfo: ...
    def log(self) -> list[GenerationInfo]: ...
    def checkout(self, generation: _Whole) -> int: ...
    def verify(
        self, generation: _Whole | None = None, *, num_threads: _Whole | None = None
    ) -> DatasetReport: ...
    def repair(
        self,
        *,
        leave_out: bool = False,
        close_tails: bool = False,
        drop_missing: bool = False,
        recover_orphans: bool = False,
        dry_run: bool = False,
        num_threads: _Whole | None = None,
    ) -> DatasetRepairReport: ...
    @property
    def path(self) -> Path | str: ...
    @property
    def id(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def tags(self) -> dict[str, str]: ...
    @property
    def mapped(self) -> bool: ...

@final
class Writer:
    def append(self, tokens: _Given, *, num_threads: _Whole | None = None) -> int: ...
    def commit(self) -> None: ...
    def commit_if_due(self) -> None: ...
    def roll(self) -> None: ...
    def wait(self) -> None: ...
    def close(self, *, commit: bool = True) -> None: ...
    @property
    def due_in(self) -> float | None: ...
    @property
    def closed(self) -> bool: ...
    @property
    def path(self) -> Path: ...
    @property
    def appended(self) -> int: ...
    @property
    def committed(self) -> int: ...
    @property
    def generation(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        raised_type: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Follower(Iterator[_Array | Gap]):
    def __iter__(self) -> Self: ...
    def __next__(self) -> _Array | Gap: ...
    @property
    def cursor(self) -> str: ...
    @property
    def generation(self) -> int | None: ...

@final
class Buf(_Exports):
    @property
    def exports(self) -> int: ...
    @property
    def readonly(self) -> bool: ...
    @property
    def nbytes(self) -> int: ...

def read_parquet(path: _Path) -> TokenVec: ...
def create_tokens_batch(
    count: _Whole,
    start_id: _Whole = 0,
    timestamp: _Whole | None = None,
    num_threads: _Whole | None = None,
) -> TokenVec: ...

# For the package itself.
def _field_offsets() -> list[tuple[str, int]]: ...
def _map_named(
    tokens: Tokens, name: str, num_threads: _Whole, chunk: _Whole
) -> list[Any]: ...
def _panic(*, within: Literal["call", "work", "shard"] = "work") -> None: ...
def _batch_of(bytes: bytes | bytearray) -> ArrowStream: ...
def _query_of(
    tokens: Tokens,
    filter: str | None,
    how: tuple[bool, bool, bool, int | None, int | None],
) -> Query: ...
def _work_until_stopped() -> None: ...
def _reopen(
    path: _Path, file_id: bytes, tokens: int, chain: int, mode: str
) -> TokenFile: ...
def _reopen_dataset(
    place: Any,
    id: bytes,
    generation: int,
    tails: list[bytes],
    mapped: bool,
    range: tuple[int, int] | None,
) -> Tokens: ...
def _run_task(
    task: bytes, folder: Callable[[str], Any], num_threads: _Whole | None
) -> ArrowStream: ...
