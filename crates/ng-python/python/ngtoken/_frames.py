"""Tables and frames of other libraries, from streams of columns."""

from typing import Any

import numpy as np


def to_arrow(stream: Any) -> Any:
    """A ``pyarrow.Table`` if pyarrow is installed, otherwise the stream."""
    try:
        import pyarrow  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        return stream
    # Batch by batch: a C stream would lose the class of an exception.
    batches = [pyarrow.RecordBatchReader.from_stream(each).read_all() for each in stream]
    return pyarrow.concat_tables(batches) if batches else pyarrow.schema(stream).empty_table()


def to_polars(stream: Any) -> Any:
    """A ``polars.DataFrame``."""
    polars = needed("polars", "polars")
    batches = [polars.DataFrame(each) for each in stream]
    return polars.concat(batches) if batches else polars.DataFrame(stream)


def to_pandas(stream: Any) -> Any:
    """A ``pandas.DataFrame``: by pyarrow if installed, otherwise from numpy arrays."""
    pandas = needed("pandas", None)
    table = to_arrow(stream)
    if table is not stream:
        return table.to_pandas()
    return pandas.DataFrame({name: _series(pandas, parts) for name, parts in stream._arrays()})


def _series(pandas: Any, parts: list[Any]) -> Any:
    """A column; times are in UTC."""
    column = pandas.Series(np.concatenate(parts), copy=False)
    return column.dt.tz_localize("UTC") if column.dtype.kind == "M" else column


def needed(name: str, extra: str | None) -> Any:
    """A module, or an error that says how to get it."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = f"ngtoken[{extra}]" if extra else name
        raise ImportError(f"{name} is needed here: pip install '{package}'", name=name) from error
