"""NeuroGraph tokens in memory and in files that survive crashes, in numpy's manners."""

from ngtoken._core import (
    Buf,
    Token,
    TokenFile,
    Tokens,
    TokenVec,
    __version__,
    create_tokens_batch,
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
    InternalError,
    LockedError,
    NotDurableError,
    PoisonedError,
    ReadOnlyError,
)
from ngtoken._parallel import parallel_process
from ngtoken._reports import BadBlock, FileInfo, MemoryUsage, RepairReport, VerifyReport

__all__ = [
    "TOKEN_DTYPE",
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
    "InternalError",
    "LockedError",
    "MemoryUsage",
    "NotDurableError",
    "PoisonedError",
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
]
