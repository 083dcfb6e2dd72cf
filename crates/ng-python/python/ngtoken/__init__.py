"""NeuroGraph tokens in memory and in files that survive crashes, in numpy's manners."""

from ngtoken._core import Buf, Token, Tokens, TokenVec, __version__, create_tokens_batch
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

__all__ = [
    "TOKEN_DTYPE",
    "Buf",
    "BusyError",
    "ChangedError",
    "ClosedError",
    "DamagedError",
    "Error",
    "FieldError",
    "ForkedError",
    "FormatError",
    "FullError",
    "InternalError",
    "LockedError",
    "NotDurableError",
    "PoisonedError",
    "ReadOnlyError",
    "Token",
    "TokenVec",
    "Tokens",
    "__version__",
    "create_tokens_batch",
]
