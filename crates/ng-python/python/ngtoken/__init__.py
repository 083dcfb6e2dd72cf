"""NeuroGraph tokens in memory and in files that survive crashes, in numpy's manners."""

from typing import TYPE_CHECKING, Any

from ngtoken._core import (
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
    from ngtoken._reports import BadBlock, FileInfo, MemoryUsage, RepairReport, VerifyReport

__all__ = [
    "TOKEN_DTYPE",
    "ArrowStream",
    "BadBlock",
    "Buf",
    "BusyError",
    "ChangedError",
    "ClosedError",
    "DamagedError",
    "Error",
    "FieldError",
    "FileInfo",
    "ForkedError",
    "FormatError",
    "FullError",
    "IndexWarning",
    "InternalError",
    "LockedError",
    "LostCommitWarning",
    "MemoryUsage",
    "NotDurableError",
    "PoisonedError",
    "Query",
    "ReadOnlyError",
    "RepairReport",
    "Token",
    "TokenFile",
    "TokenVec",
    "Tokens",
    "VerifyReport",
    "__version__",
    "create_tokens_batch",
    "parallel_process",
    "read_parquet",
]

#: What is imported when it is first asked for: dataclasses cost more than all else here.
_LATER = {"BadBlock", "FileInfo", "MemoryUsage", "RepairReport", "VerifyReport"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from ngtoken import _reports

        return getattr(_reports, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
