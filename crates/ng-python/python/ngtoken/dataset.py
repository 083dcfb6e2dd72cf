"""Datasets: many token files as one, with changes, deletions, and streams without end.

``create`` and ``open`` return a `Dataset`, which is asked like a file::

    import ngtoken.dataset

    dataset = ngtoken.dataset.create("tokens.ngd")
    with dataset.writer(roll="4M") as writer:
        writer.append(tokens)
    dataset.refresh()
    dataset.where("weight > 0.9").count()
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from ngtoken._core import Dataset, Follower, Writer
from ngtoken._datasets import (
    ChangeReport,
    CollectReport,
    Gap,
    ReshapeReport,
    ShardInfo,
)
from ngtoken._errors import (
    Conflict,
    DamagedManifest,
    DatasetError,
    DatasetWarning,
    GenerationGone,
    NotADataset,
    OtherDataset,
    OtherShard,
)

__all__ = [
    "ChangeReport",
    "CollectReport",
    "Conflict",
    "DamagedManifest",
    "Dataset",
    "DatasetError",
    "DatasetWarning",
    "Follower",
    "Gap",
    "GenerationGone",
    "NotADataset",
    "OtherDataset",
    "OtherShard",
    "ReshapeReport",
    "ShardInfo",
    "Writer",
    "create",
    "open",
]


def create(path: str | PathLike[str], tags: Mapping[str, str] | None = None) -> Dataset:
    """Creates a dataset in a new or an empty folder; see `Dataset.create`."""
    return Dataset.create(path, tags)


def open(
    path: str | PathLike[str], generation: int | None = None, mapped: bool = False
) -> Dataset:
    """Opens a dataset; see `Dataset.open`."""
    return Dataset.open(path, generation, mapped)
