"""Tokens as an IO source of Polars: columns and simple conditions are pushed down.

What is pushed down may let more rows through than match, never fewer: Polars tests each row against
the whole predicate itself.
"""

import json
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

#: Steps in a unit, for values stored in steps: how far a value in units may be off.
_STEPS = {
    "physical": 100,
    "sensory": 10_000,
    "motor": 1_000,
    "emotional": 10_000,
    "cognitive": 10_000,
    "social": 10_000,
    "temporal": 100,
    "abstract": 10_000,
    "radius": 100,
    "strength": 255,
}
_WHOLE = {
    "position", "id", "domain", "entity_type", "local_id", "flags", "flags_entity_type", "timestamp",
}
#: How many of each of Polars' time units a second has.
_IN_A_SECOND = {"Milliseconds": 10**3, "Microseconds": 10**6, "Nanoseconds": 10**9}
_SECONDS_A_DAY = 86_400
_MIRRORED = {"Gt": "Lt", "GtEq": "LtEq", "Lt": "Gt", "LtEq": "GtEq", "Eq": "Eq"}


def scan(tokens: Any, stream: Any, raw: bool) -> Any:
    """A ``polars.LazyFrame`` of the tokens, with the columns of a stream."""
    from ngtoken._frames import needed

    polars = needed("polars", "polars")
    register = needed("polars.io.plugins", "polars").register_io_source
    empty = tokens.where("position < 0").arrow_stream(stream.columns, raw=raw)
    schema = polars.DataFrame(empty).schema

    def source(
        with_columns: list[str] | None,
        predicate: Any,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[Any]:
        names = stream.columns if with_columns is None else with_columns
        where = None if predicate is None else prefilter(predicate, raw)
        # A frame without columns has no rows: make one, and drop it.
        try:
            made = tokens.arrow_stream(names or ["id"], where, raw)
        except ValueError:  # Numbers that ours cannot have.
            made = tokens.arrow_stream(names or ["id"], None, raw)
        left = math.inf if n_rows is None else n_rows
        for batch in made:
            frame = polars.DataFrame(batch)
            if predicate is not None:
                frame = frame.filter(predicate)
            if len(frame) > left:
                frame = frame.head(int(left))
            left -= len(frame)
            yield frame if names else frame.select([])
            if left <= 0:
                return

    return register(source, schema=schema)


def prefilter(predicate: Any, raw: bool) -> str | None:
    """A filter that lets through all rows that a Polars predicate does; None if none of its
    conditions is known."""
    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
        text = " and ".join(_conditions(tree, raw))
    except Exception:  # An unknown tree: nothing is pushed down.
        return None
    return text or None


def _conditions(tree: Any, raw: bool) -> Iterator[str]:
    """Conditions that hold wherever the tree does."""
    if not isinstance(tree, dict) or list(tree) not in (["BinaryExpr"], ["Function"]):
        return
    if "Function" in tree:
        yield from _between(tree["Function"], raw)
        return
    op, left, right = (tree["BinaryExpr"][part] for part in ("op", "left", "right"))
    if op in ("And", "LogicalAnd"):
        yield from _conditions(left, raw)
        yield from _conditions(right, raw)
        return
    if op not in _MIRRORED:
        return
    if "Column" in right:
        op, left, right = _MIRRORED[op], right, left
    yield from _compared(left, op, right, raw)


def _between(function: Any, raw: bool) -> Iterator[str]:
    """Conditions that hold wherever a column is between two values, inclusive."""
    if set(function["function"].get("Boolean", ())) != {"IsBetween"}:
        return
    column, low, high = function["input"]
    yield from _compared(column, "GtEq", low, raw)
    yield from _compared(column, "LtEq", high, raw)


def _compared(left: Any, op: str, right: Any, raw: bool) -> Iterator[str]:
    """Conditions that hold wherever a comparison does, if it compares a column."""
    if set(left) != {"Column"} or set(right) != {"Literal"}:
        return
    is_time = left["Column"] == "timestamp" and not raw
    value = _seconds(right["Literal"]) if is_time else _number(right["Literal"])
    if value is not None:
        yield from _condition(left["Column"], op, value, raw)


def _seconds(literal: Any) -> Fraction | None:
    """The seconds since 1970 UTC of a time or a day. Polars refuses to compare our times with
    others that have no time zone."""
    match literal:
        case {"Scalar": {"Datetime": [value, str(unit), _]}}:
            return Fraction(value, _IN_A_SECOND[unit])
        case {"Scalar": {"Date": days}}:
            return Fraction(days * _SECONDS_A_DAY)
    return None


def _number(literal: Any) -> float | int | None:
    """The number of a literal, however Polars wraps it."""
    while isinstance(literal, dict) and len(literal) == 1:
        (kind, literal), *_ = literal.items()
        if kind in ("Date", "Time", "DateTime", "Duration", "String", "Boolean", "Binary"):
            return None
    is_number = isinstance(literal, (int, float)) and not isinstance(literal, bool)
    return literal if is_number and math.isfinite(literal) else None


def _condition(column: str, op: str, value: float | Fraction, raw: bool) -> Iterator[str]:
    """A condition of ours that holds wherever Polars' does."""
    space = column.rpartition("_")[0] if column[-2:] in ("_x", "_y", "_z") else column
    low: float
    high: float
    if column in _WHOLE:
        low, high = math.floor(value), math.ceil(value)
    elif column == "weight":
        # Polars may compare as float32 or as float64.
        low, high = _float32(float(value), -1), _float32(float(value), 1)
    elif space in _STEPS and not raw:
        off = 1 / _STEPS[space] + abs(float(value)) * 1e-6
        low, high = float(value) - off, float(value) + off
    else:
        return
    # To Polars, NaN is greater than all numbers; for us it compares with none.
    if op in ("Gt", "GtEq", "Eq"):
        yield f"not ({column} < {low!r})" if column == "weight" else f"{column} >= {low!r}"
    if op in ("Lt", "LtEq", "Eq"):
        yield f"{column} <= {high!r}"


def _float32(value: float, direction: int) -> float:
    """A float32 below or above a value, by a step or two."""
    try:
        nearest = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    step = max(abs(nearest) * 2.0**-22, 2.0**-148)
    return float(nearest + direction * step)
