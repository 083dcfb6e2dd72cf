"""A summary of tokens on one page."""

from typing import Any

import numpy as np

from ngtoken._answers import _Shown
from ngtoken._core import ENTITY_TYPES

_MEASURES = ("min", "quantile({}, 0.05)", "median", "mean", "quantile({}, 0.95)", "max")
_TITLES = ("min", "5 %", "median", "mean", "95 %", "max")
_FLAGS = (
    "active",
    "persistent",
    "mutable",
    "synchronized",
    "compressed",
    "encrypted",
    "dirty",
    "locked",
)
_DEFAULT = ["id", "timestamp", "weight", "radius", "strength", "physical"]
_BARS = " ▁▂▃▄▅▆▇█"


class Description(_Shown):
    """A summary of tokens."""

    __slots__ = (
        "columns", "count", "duplicates", "entity_types", "flags", "histograms", "invalid",
        "stats",
    )
    _parts = ("count", "invalid", "duplicates")

    #: How many tokens there are, how many are not valid, and how many repeat the id of an earlier
    #: one.
    count: int
    invalid: int
    duplicates: int
    #: For each column its least value, its quantiles, its mean and its greatest value.
    columns: dict[str, dict[str, float]]
    #: For each column the counts of 20 bins.
    histograms: dict[str, np.ndarray]
    #: How many tokens have each entity type, by its name, and each flag.
    entity_types: dict[str, int]
    flags: dict[str, int]
    #: What was looked at for each part.
    stats: tuple[Any, ...]

    def __str__(self) -> str:
        width = max(map(len, self.columns), default=0)
        lines = [f"{self.count} tokens", ""]
        lines.append(" " * width + "".join(f"{title:>13}" for title in _TITLES))
        for name, values in self.columns.items():
            numbers = "".join(f"{value:>13.6g}" for value in values.values())
            lines.append(f"{name:<{width}}{numbers} {_bars(self.histograms[name])}")
        lines += ["", "entity types  " + _shares(self.entity_types)]
        lines += ["flags         " + _shares(self.flags)]
        lines += [f"not valid     {self.invalid}", f"duplicates    {self.duplicates}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def describe(tokens: Any, columns: Any) -> Description:
    """Asks for all parts of a description, over the tokens of one moment."""
    tokens = tokens.snapshot()
    names = tokens.arrow_stream(_DEFAULT if columns is None else columns).columns
    asked = [
        measure.format(name) if "{}" in measure else f"{measure}({name})"
        for name in names
        for measure in _MEASURES
    ]
    measured = tokens.aggregate(measures=["count", *asked])
    values = [float(measured[name][0]) for name in measured.columns[1:]]
    histograms = [tokens.histogram(name, 20) for name in names]
    kinds = tokens.aggregate(["entity_type", *_FLAGS])
    counts = kinds["count"]
    invalid, duplicates = tokens.where("not valid").count(), tokens.duplicates(0)
    made = Description()
    made.count = int(measured["count"][0])
    made.columns = {
        name: dict(zip(_TITLES, values[place * 6 : place * 6 + 6], strict=True))
        for place, name in enumerate(names)
    }
    made.histograms = {found.column: found.counts for found in histograms}
    of_kind = np.bincount(kinds["entity_type"], counts).astype("i8")
    made.entity_types = {
        ENTITY_TYPES[number]: int(count) for number, count in enumerate(of_kind) if count
    }
    made.flags = {flag: int(counts[kinds[flag]].sum()) for flag in _FLAGS}
    made.invalid, made.duplicates = int(invalid), duplicates.repeats
    answers = [measured, *histograms, kinds, invalid, duplicates]
    made.stats = tuple(answer.stats for answer in answers)
    return made


def _bars(counts: np.ndarray) -> str:
    most = max(int(counts.max()), 1)
    return "".join(_BARS[-(-int(count) * 8 // most)] for count in counts)


def _shares(counts: dict[Any, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
