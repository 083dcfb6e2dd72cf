"""NeuroGraph tokens in memory and in files that survive crashes, with a numpy-style interface."""

from typing import TYPE_CHECKING, Any

from ngtoken._core import (
    ENTITY_TYPES,
    ArrowStream,
    Buf,
    Query,
    Token,
    TokenFile,
    Tokens,
    TokenVec,
    __version__,
    create_tokens_batch,
    read_parquet,
)
from ngtoken._dtype import TOKEN_DTYPE
from ngtoken._errors import (
    BusyError,
    ChangedError,
    ClosedError,
    DamagedError,
    Error,
    FieldError,
    ForkedError,
    FormatError,
    FullError,
    IndexWarning,
    InternalError,
    LockedError,
    LostCommitWarning,
    NotDurableError,
    PoisonedError,
    ReadOnlyError,
)
from ngtoken._parallel import parallel_process

if TYPE_CHECKING:
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
        Stats,
        Truth,
        Within,
    )
    from ngtoken._describe import Description
    from ngtoken._reports import BadBlock, FileInfo, MemoryUsage, RepairReport, VerifyReport

__all__ = [
    "ENTITY_TYPES",
    "TOKEN_DTYPE",
    "ArrowStream",
    "BadBlock",
    "Buf",
    "BusyError",
    "ChangedError",
    "ClosedError",
    "Count",
    "DamagedError",
    "Description",
    "Duplicates",
    "Error",
    "FieldError",
    "FileInfo",
    "ForkedError",
    "FormatError",
    "Found",
    "FullError",
    "Groups",
    "Histogram",
    "IndexInfo",
    "IndexWarning",
    "InternalError",
    "LockedError",
    "Lookup",
    "LostCommitWarning",
    "MemoryUsage",
    "Nearest",
    "NotDurableError",
    "Number",
    "PoisonedError",
    "Positions",
    "Query",
    "Ranked",
    "ReadOnlyError",
    "RepairReport",
    "Sorted",
    "Stats",
    "Token",
    "TokenFile",
    "TokenVec",
    "Tokens",
    "Truth",
    "VerifyReport",
    "Within",
    "__version__",
    "create_tokens_batch",
    "parallel_process",
    "read_parquet",
]

#: Imported on first use, by module: dataclasses cost more than everything else here.
_LATER = {
    "_answers": (
        "Count", "Duplicates", "Found", "Groups", "Histogram", "IndexInfo", "Lookup", "Nearest",
        "Number", "Positions", "Ranked", "Sorted", "Stats", "Truth", "Within",
    ),
    "_describe": ("Description",),
    "_reports": ("BadBlock", "FileInfo", "MemoryUsage", "RepairReport", "VerifyReport"),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"ngtoken.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
