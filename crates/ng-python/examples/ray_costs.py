"""What Ray costs: start-up, memory, the price of a task, and scans through it beside direct ones.

    python examples/ray_costs.py [TOKENS]

It starts two nodes of one processor each on this machine, so it shows what Ray takes, not what many
machines give. It needs ``ngtoken[ray]``, Linux for the memory, and 64 bytes of disk a token.
"""

import logging
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import ray
import ray.data
from ray.cluster_utils import Cluster

import ngtoken
import ngtoken.dataset

NODE = {"num_cpus": 1, "object_store_memory": 512 << 20}
COLUMNS = ["id", "weight"]


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        dataset = made(Path(folder) / "a.ngd", count)
        began = time.perf_counter()
        cluster = started()
        ray.get(ray.remote(num_cpus=1)(nothing).remote())
        show("two nodes, until the first task returned", f"{time.perf_counter() - began:.1f} s")
        # Both nodes have a process that knows the package.
        list(rows(dataset))
        for name, text in figures(dataset, rounds=5):
            show(name, text)
        show("the scan, one node removed in the middle", f"{without_a_node(cluster, dataset):.1f} s")
        ray.shutdown()
        cluster.shutdown()


def show(name: str, text: str) -> None:
    print(f"| {name} | {text} |", flush=True)


def made(path: Path, count: int) -> ngtoken.dataset.Dataset:
    """A dataset of random tokens in ten shards."""
    dataset = ngtoken.dataset.create(path)
    rng = np.random.default_rng(1)
    with dataset.writer(roll=max(4096, count // 10)) as writer:
        for start in range(0, count, 1 << 20):
            some = min(1 << 20, count - start)
            records = np.frombuffer(rng.bytes(64 * some), ngtoken.TOKEN_DTYPE).copy()
            records["weight"] = rng.random(some, np.float32)
            writer.append(records)
    dataset.refresh()
    return dataset


def started() -> Cluster:
    """Two nodes, and this process as their driver."""
    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    cluster.add_node(**NODE)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    cluster.wait_for_nodes()
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    return cluster


def figures(dataset: ngtoken.dataset.Dataset, rounds: int) -> Any:
    """Names and values, each a median of rounds, with the least and the greatest."""
    for name, size in memory().items():
        yield f"memory: {name}", f"{size / 1e6:.0f} MB"
    empty = ray.remote(num_cpus=1)(nothing)
    yield "an empty task, one after another", each(rounds, 50, lambda: ray.get(empty.remote()))
    at_once = partial(all_at_once, empty, 1000)
    yield "an empty task, 1,000 at once", each(rounds, 1, at_once, of=1000)
    smallest = dataset.tasks(COLUMNS, task_bytes=1)[0]
    remote = ray.remote(num_cpus=1)(drained)
    yield "our smallest task, one after another", each(
        rounds, 50, lambda: ray.get(remote.remote(smallest))
    )
    yield "the same without Ray", each(rounds, 50, lambda: drained(smallest))
    points = np.zeros((1, 3))
    for name, through, direct in (
        ("scan of two columns", lambda: list(rows(dataset)), lambda: list(dataset.arrow_stream(COLUMNS))),
        (
            "aggregate by entity_type",
            lambda: dataset.ray_aggregate("entity_type", "count, mean(weight)"),
            lambda: dataset.aggregate("entity_type", "count, mean(weight)"),
        ),
        (
            "10 nearest to a point",
            lambda: dataset.ray_nearest(points),
            lambda: dataset.nearest(points),
        ),
    ):
        yield f"{name}, through Ray", times(rounds, through)
        yield f"{name}, directly", times(rounds, direct)


def rows(dataset: ngtoken.dataset.Dataset, task_bytes: int = 1 << 27) -> Any:
    """The tables of a scan through Ray."""
    data = dataset.to_ray(COLUMNS, task_bytes=task_bytes)
    return data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1)


def nothing() -> None:
    """An empty task."""


def drained(task: bytes) -> int:
    """How many batches a task has."""
    return sum(1 for _ in ngtoken.dataset.run_task(task))


def all_at_once(function: Any, count: int) -> None:
    ray.get([function.remote() for _ in range(count)])


def without_a_node(cluster: Cluster, dataset: ngtoken.dataset.Dataset) -> float:
    """The seconds of a scan that loses a node after its first tables."""
    began = time.perf_counter()
    for number, _ in enumerate(rows(dataset, task_bytes=1 << 23)):
        if number == 2:
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    return time.perf_counter() - began


def seconds_of(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def times(rounds: int, call: Callable[[], Any]) -> str:
    taken = sorted(seconds_of(call) for _ in range(rounds))
    return f"{statistics.median(taken):.2f} s ({taken[0]:.2f} to {taken[-1]:.2f})"


def each(rounds: int, calls: int, call: Callable[[], Any], of: int = 1) -> str:
    """The milliseconds of a call, of which a round makes some."""
    taken = sorted(
        sum(seconds_of(call) for _ in range(calls)) / (calls * of) * 1e3 for _ in range(rounds)
    )
    return f"{statistics.median(taken):.2f} ms ({taken[0]:.2f} to {taken[-1]:.2f})"


def memory() -> dict[str, int]:
    """The bytes of the driver and of Ray's processes, by what they are; pages that several map are
    divided among them."""
    sizes: dict[str, int] = defaultdict(int)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            pages = (process / "smaps_rollup").read_text()
        except OSError:
            continue
        name = "the driver" if process.name == str(os.getpid()) else kind(words)
        if name:
            lines = (line.split() for line in pages.splitlines())
            sizes[name] += sum(int(line[1]) << 10 for line in lines if line[0] == "Pss:")
    sizes["all of these"] = sum(sizes.values())
    return dict(sizes)


def kind(words: list[str]) -> str | None:
    """What a process of Ray's is, by its command line."""
    command = " ".join(words)
    program = Path(words[0]).name
    if program in ("gcs_server", "raylet"):
        return {"gcs_server": "GCS server", "raylet": "raylets"}[program]
    if command.startswith("ray::") or "default_worker.py" in command:
        return "worker processes"
    if "/ray/" in command:
        return "dashboard, agents and monitors"
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000)
