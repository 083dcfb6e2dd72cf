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

from ngtoken import _core
from ngtoken._core import ArrowStream, Dataset, Follower, Writer
from ngtoken._datasets import (
    ChangeReport,
    CollectReport,
    DatasetInfo,
    DatasetRepairReport,
    DatasetReport,
    Gap,
    GenerationInfo,
    Orphan,
    RepairedShard,
    ReshapeReport,
    ShardDamage,
    ShardInfo,
    TailInfo,
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
    "DatasetInfo",
    "DatasetRepairReport",
    "DatasetReport",
    "DatasetWarning",
    "Follower",
    "Gap",
    "GenerationGone",
    "GenerationInfo",
    "NotADataset",
    "Orphan",
    "OtherDataset",
    "OtherShard",
    "RepairedShard",
    "ReshapeReport",
    "ShardDamage",
    "ShardInfo",
    "TailInfo",
    "Writer",
    "create",
    "open",
    "run_task",
]


def create(path: str | PathLike[str], tags: Mapping[str, str] | None = None) -> Dataset:
    """Creates a dataset in a new or an empty folder; see `Dataset.create`."""
    return Dataset.create(path, tags)


def open(
    path: str | PathLike[str],
    generation: int | None = None,
    mapped: bool = False,
    *,
    filesystem: Any = None,
) -> Dataset:
    """Opens a dataset; see `Dataset.open`.

    One on an object store is opened by a URI that pyarrow knows, such as ``s3://bucket/tokens.ngd``,
    or by its path on a ``filesystem`` of pyarrow's or fsspec's. It can be read, not changed: the
    blocks that a question needs are read by range, and verified. It cannot be mapped.
    """
    from ngtoken._remote import folder_of

    folder = folder_of(path, filesystem)
    if folder is None:
        return Dataset.open(path, generation, mapped)
    if mapped:
        from ngtoken._errors import wrong

        raise wrong(ValueError, "mapped", True, "False for a dataset that is no folder of paths")
    return Dataset._open_remote(folder, generation)


def run_task(task: bytes, *, filesystem: Any = None, num_threads: int = 1) -> ArrowStream:
    """Does a task of `Dataset.tasks`, on any machine that can read the dataset, and returns its
    rows as a stream of Arrow batches: the same rows each time, or an error.

    ``filesystem`` is that by which the dataset was opened.
    """
    from ngtoken._remote import folder_of

    return _core._run_task(task, lambda place: folder_of(place, filesystem), num_threads)
