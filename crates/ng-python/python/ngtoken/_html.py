"""HTML for notebooks."""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

#: How many rows are shown.
_ROWS = 10

_COLUMNS = ["position", "id", "entity_type", "weight", "timestamp", "physical"]


def tokens(of: Any) -> str:
    """The first tokens as a table, and how many there are."""
    from ngtoken import _core

    shown = of.snapshot()
    head = shown.tokens(limit=_ROWS + 1)
    vector = _core.TokenVec()
    vector.extend(head.tokens[:_ROWS])
    columns = {"position": head.positions[:_ROWS]}
    for name in _COLUMNS[1:-1]:
        columns[name] = vector.column(name)
    points = vector.coords("physical", decode=True)
    for axis, name in enumerate("xyz"):
        columns[f"physical_{name}"] = points[:, axis]
    if isinstance(of, _core.Tokens):
        rows = len(shown)
        place = f" {of.path}" if isinstance(of, _core.TokenFile) else ""
        title = f"<ngtoken.{type(of).__name__}{place} of {rows} tokens>"
        more = f"{rows:,} tokens"
    else:
        title = repr(of)
        rows = len(head)
        more = f"more than {_ROWS} tokens" if rows > _ROWS else f"{rows} tokens"
    return f"<div><p>{escape(title)}</p>{table(columns, rows)}<p>{more}</p></div>"


def table(columns: Mapping[str, np.ndarray], rows: int) -> str:
    """The first rows of columns as a table."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = []
    shown = min([rows, 2 * _ROWS, *map(len, columns.values())])
    for row in range(shown):
        cells = (escape(f"{values[row]}") for values in columns.values())
        body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    if len(body) < rows:
        body.append(f"<tr><td colspan={len(columns)}>… {rows - len(body):,} more</td></tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
