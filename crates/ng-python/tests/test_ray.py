"""Ray of two nodes on this machine: each answer compared with that of the dataset itself.

Two nodes on one machine prove that answers are right and that lost work is done again, not that they
are faster.
"""

import gc
import os
import runpy
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import ngtoken
import ngtoken.dataset
from conftest import engine, plain, varied

ray = engine("ray")
engine("ray.data")
engine("ray.util.scheduling_strategies")
cluster_utils = engine("ray.cluster_utils")
pyarrow = pytest.importorskip("pyarrow")

# Ray warns of its own future, and leaves sockets and processes to the end.
pytestmark = pytest.mark.filterwarnings("default")

TOKENS = int(os.environ.get("NG_RAY_TOKENS", "400000"))
#: Tasks of a sixtieth of the tokens.
TASK_BYTES = max(4096 * 64, TOKENS * 64 // 60)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Ten shards, of which one has rows that were changed, and an open tail."""
    dataset = ngtoken.dataset.create(tmp_path_factory.mktemp("ray") / "a.ngd")
    records = varied(TOKENS // 10, 3)
    with dataset.writer(roll=max(4096, TOKENS // 10)) as writer:
        for part in range(10):
            records["id"] = np.arange(len(records)) + part * len(records)
            records["timestamp"] = records["id"]
            writer.append(records)
    dataset.update("timestamp < 1000", set="weight = weight * 0.5")
    writer = dataset.writer()
    writer.append(records[:5000])
    writer.commit()
    dataset.refresh()
    yield dataset
    writer.close()


@pytest.fixture(scope="module")
def cluster():
    """A head and another node, each of one processor."""
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    store = {"num_cpus": 1, "object_store_memory": 256 << 20}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=store)
    cluster.add_node(**store)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def second_node(cluster):
    """The other node, there again if a test removed it."""
    if not cluster.worker_nodes:
        cluster.add_node(num_cpus=1, object_store_memory=256 << 20)
    cluster.wait_for_nodes()
    both = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    # So that the first to start a process does not do everything.
    ready = ray.remote(num_cpus=1)(lambda: None)
    ray.get([ready.options(scheduling_strategy=on(node, soft=False)).remote() for node in both])
    return next(iter(cluster.worker_nodes))


def alive():
    return sum(node["Alive"] for node in ray.nodes())


def is_alone():
    """Whether one node is left, which Ray notices after a while."""
    for _ in range(120):
        if alive() == 1:
            return True
        time.sleep(0.5)
    return False


def is_head(node):
    """Whether a node is the one that has the cluster's own processes."""
    return "node:__internal_head__" in node["Resources"]


def dataset_task_bytes(dataset):
    """Of about eight tasks."""
    return len(dataset) * 64 // 8


def table_of(data):
    """The rows of a Ray dataset in the order of their positions."""
    tables = [ray.get(each) for each in data.to_arrow_refs()]
    return pyarrow.concat_tables(tables).sort_by("position")


def test_two_nodes_are_there_and_both_do_tasks(dataset, second_node):
    assert alive() == 2

    @ray.remote(num_cpus=1, scheduling_strategy="SPREAD")
    def where(task):
        time.sleep(0.02)
        stream = ngtoken.dataset.run_task(task)
        return ray.get_runtime_context().get_node_id(), sum(1 for _ in stream)

    done = ray.get([where.remote(task) for task in dataset.tasks(task_bytes=TASK_BYTES)])
    assert len({node for node, _ in done}) == 2


@pytest.mark.parametrize("where", [None, "weight > 0.9", "timestamp between 5000 and 5999", "weight > 2"])
def test_rows_are_those_of_the_dataset(dataset, second_node, where):
    columns = "position, id, weight, flags"
    data = dataset.to_ray(columns, where=where, task_bytes=TASK_BYTES)
    expected = dataset.to_arrow(columns, where=where)
    assert data.schema().base_schema.equals(expected.schema)
    assert data.count() == len(expected)
    assert table_of(data).equals(expected.combine_chunks())


def test_counts_are_known_without_reading(second_node, tmp_path):
    small = ngtoken.dataset.create(tmp_path / "b.ngd")
    with small.writer() as writer:
        writer.append(varied(20_000))
    small.refresh()
    data = small.to_ray()
    shutil.rmtree(small.path / "shards")
    assert data.count() == 20_000


def test_values_are_raw_if_asked_for(dataset, second_node):
    data = dataset.where("timestamp < 3000").to_ray("position, physical", raw=True)
    expected = dataset.where("timestamp < 3000").to_arrow("position, physical", raw=True)
    assert table_of(data).equals(expected.combine_chunks())


@pytest.mark.parametrize("by", [None, "entity_type", "cell(physical, 200)"])
def test_aggregates_have_the_same_bits(dataset, second_node, by):
    measures = "count, sum(weight), mean(weight), min(id), max(id), distinct(flags), median(flags)"
    for where in (None, "weight > 0.5"):
        query = dataset.where(where)
        here, there = query.aggregate(by, measures), query.ray_aggregate(by, measures, task_bytes=TASK_BYTES)
        assert plain(there) == plain(here)


def test_aggregates_that_need_two_passes_are_refused(dataset, second_node):
    with pytest.raises(ValueError, match="two passes"):
        dataset.ray_aggregate(measures="median(weight)")


def test_the_nearest_are_the_same(dataset, second_node):
    points = [[0, 0, 0], [10, 20, -30], [1e4, 0, 0]]
    for options in (
        {"space": "physical"},
        {"space": "motor"},
        {"weights": {"physical": 1.0, "emotional": 0.5}},
    ):
        given = points if "space" in options else [[each, each] for each in points]
        here = dataset.nearest(given, 9, **options)
        there = dataset.ray_nearest(given, 9, task_bytes=TASK_BYTES, **options)
        assert np.array_equal(there.positions, here.positions)
        assert np.array_equal(there.distances, here.distances)
    token = dataset[7]
    few = dataset.where("timestamp < 3")
    here, there = few.nearest(token, 5), few.ray_nearest(token, 5, task_bytes=TASK_BYTES)
    assert plain(there) == plain(here) and there.positions[0, 3] == -1


def test_tasks_read_what_was_there_when_they_were_cut(dataset, second_node):
    data = dataset.to_ray("position, weight", task_bytes=TASK_BYTES)
    expected = dataset.to_arrow("position, weight").combine_chunks()
    generation = dataset.generation
    dataset.delete("timestamp between 2000 and 2999")
    assert table_of(data).equals(expected)
    dataset.checkout(generation)


def test_a_ray_dataset_keeps_its_generation(tmp_path, second_node):
    small = ngtoken.dataset.create(tmp_path / "b.ngd")
    with small.writer() as writer:
        writer.append(varied(20_000))
    small.refresh()
    data = small.to_ray("position, id")
    expected = small.to_arrow("position, id").combine_chunks()
    small.delete("id >= 0")
    small.gc(older=0)
    assert len(small) == 0 and table_of(data).equals(expected)
    data = None
    gc.collect()


def test_parts_of_what_there_is_and_nothing_at_all(tmp_path, dataset, second_node):
    empty = ngtoken.dataset.create(tmp_path / "b.ngd")
    assert empty.to_ray("id").count() == 0
    assert plain(empty.ray_aggregate(measures="count")) == plain(empty.aggregate(measures="count"))
    near = empty.ray_nearest([[0, 0, 0]], 3)
    assert near.positions.tolist() == [[-1, -1, -1]] and np.isinf(near.distances).all()
    data = dataset.to_ray("position, weight", where="weight > 0.5", task_bytes=TASK_BYTES)
    assert data.limit(5).count() == 5 and len(data.take(3)) == 3
    assert dataset.where("weight > 0.5").count() == data.count()


def test_a_store_is_asked_by_ray_as_a_folder_is(dataset, second_node):
    fs = engine("pyarrow.fs")
    store = fs.SubTreeFileSystem(str(dataset.path.parent), fs.LocalFileSystem())
    remote = ngtoken.dataset.open(dataset.path.name, filesystem=store)
    measures = "count, sum(weight)"
    there = remote.ray_aggregate("entity_type", measures, task_bytes=TASK_BYTES)
    assert plain(there) == plain(dataset.aggregate("entity_type", measures))
    data = remote.to_ray("position, id", where="weight > 0.9", task_bytes=TASK_BYTES)
    expected = dataset.to_arrow("position, id", where="weight > 0.9")
    assert table_of(data).equals(expected.combine_chunks())


def test_a_task_that_was_lost_with_its_node_is_done_again_and_reads_the_same(
    tmp_path, dataset, cluster, second_node
):
    lost = next(node["NodeID"] for node in ray.nodes() if node["Alive"] and not is_head(node))

    @ray.remote(num_cpus=1, scheduling_strategy="SPREAD", max_retries=3)
    def rows(number, task):
        node = ray.get_runtime_context().get_node_id()
        (tmp_path / f"{number}-{node}").touch()
        if node == lost:
            time.sleep(600)
        return pyarrow.table(ngtoken.dataset.run_task(task))

    tasks = dataset.tasks("position, id", task_bytes=dataset_task_bytes(dataset))
    tables = [rows.remote(number, task) for number, task in enumerate(tasks)]
    for _ in range(600):
        if list(tmp_path.glob(f"*-{lost}")):
            break
        time.sleep(0.1)
    cluster.remove_node(second_node, allow_graceful=False)
    table = pyarrow.concat_tables(ray.get(tables))
    assert table.equals(dataset.to_arrow("position, id"))
    tried = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert len(tried) > len(set(tried)) == len(tasks)


def test_damage_is_told_as_it_is_here(dataset, second_node, tmp_path):
    small = ngtoken.dataset.create(tmp_path / "b.ngd")
    with small.writer() as writer:
        writer.append(varied(20_000))
    small.refresh()
    (shard,) = (each for each in small.shards() if not each.open)
    path = small.path / "shards" / f"{shard.file}.ngt"
    content = bytearray(path.read_bytes())
    content[content.index(small[9_000].tobytes()) + 8] ^= 1
    path.write_bytes(content)
    with pytest.raises(ngtoken.DamagedError, match=shard.file):
        small.ray_aggregate("entity_type", "sum(weight)")
    some = small.where(skip_damaged=True)
    counted = some.ray_aggregate(measures="count")
    assert plain(counted) == [{"count": 20_000 - 4096}]
    assert (counted.stats.damaged_blocks, counted.stats.damaged_tokens) == (1, 4096)
    assert some.ray_nearest([[0, 0, 0]]).stats.damaged_tokens == 4096
    assert some.to_ray("id").count() == 20_000 - 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of processes as Linux tells it")
def test_the_costs_that_the_documents_have_can_be_measured(dataset, second_node):
    examples = Path(__file__).parent.parent / "examples"
    costs = runpy.run_path(str(examples / "ray_costs.py"))
    measured = dict(costs["figures"](dataset, 1))
    assert {"memory: raylets", "our smallest task, one after another"} <= set(measured)
    assert all(text.split()[1] in ("ms", "s", "MB") for text in measured.values())
    assert costs["made"](dataset.path.with_name("c.ngd"), 10_000).where().count() == 10_000


def test_a_node_that_goes_in_the_middle_of_a_scan_changes_no_row(dataset, cluster, second_node):
    expected = dataset.to_arrow("position, id, weight").combine_chunks()
    data = dataset.to_ray("position, id, weight", task_bytes=4096 * 64)
    tables = []
    for batch in data.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        tables.append(batch)
        if len(tables) == 3:
            cluster.remove_node(second_node, allow_graceful=False)
    assert is_alone()
    assert pyarrow.concat_tables(tables).sort_by("position").equals(expected)


def test_a_node_that_goes_in_the_middle_of_a_question_changes_no_answer(dataset, cluster, second_node, monkeypatch):
    from ngtoken import _ray

    class CutShort(_ray.Partials):
        answers = 0

        def __next__(self):
            self.answers += 1
            if self.answers == 5:
                cluster.remove_node(second_node, allow_graceful=False)
            return super().__next__()

    monkeypatch.setattr(_ray, "Partials", CutShort)
    measures = "count, sum(weight), max(id)"
    there = dataset.ray_aggregate("entity_type", measures, task_bytes=4096 * 64)
    assert is_alone()
    assert plain(there) == plain(dataset.aggregate("entity_type", measures))
