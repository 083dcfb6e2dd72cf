"""Datasets, each question compared with numpy or with one file of the same tokens."""

import gc
import os
import pickle
import subprocess
import sys
import threading
import warnings
from datetime import timedelta

import numpy as np
import pytest

import ngtoken
import ngtoken.dataset
from conftest import QUESTIONS, plain, varied
from ngtoken.dataset import Conflict, Gap, GenerationGone, NotADataset

COUNT = 20_000
ROLL = 8_192


def filled(path, records, roll=ROLL, **options):
    """A dataset of these records, in shards of a length."""
    dataset = ngtoken.dataset.create(path, **options)
    with dataset.writer(roll=roll) as writer:
        assert writer.append(records) == len(records)
    dataset.refresh()
    return dataset


def read(follower):
    """All arrays of a follower as one."""
    return np.concatenate([np.empty(0, ngtoken.TOKEN_DTYPE), *follower])


@pytest.fixture
def records():
    return varied(COUNT, 7)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.ngd"


@pytest.fixture(params=[False, True], ids=["verified", "mapped"])
def mapped(request):
    return request.param


def test_a_dataset_is_a_sequence_of_its_tokens(path, records, mapped):
    filled(path, records, tags={"made": "here"})
    dataset = ngtoken.dataset.open(path, mapped=mapped)
    assert (len(dataset), dataset.mapped, dataset.tags) == (COUNT, mapped, {"made": "here"})
    assert [each.positions for each in dataset.shards()] == [(0, 8192), (8192, 16384), (16384, COUNT)]
    assert dataset.path == path and len(dataset.id) == 32
    for some in (slice(None), slice(8000, 9000), slice(100, 8192), slice(0, 0), slice(None, None, -3)):
        assert np.array_equal(dataset[some], records[some])
    assert dataset[-1].tobytes() == records[-1].tobytes()
    assert np.array_equal(dataset.view(), records)
    assert np.array_equal(np.asarray(dataset), records)
    assert [token.id for token in dataset.slice(8190, 8195)] == records["id"][8190:8195].tolist()
    chunks = list(dataset.iter_chunks(3000))
    assert len(chunks) == 7 and np.array_equal(np.concatenate(chunks), records)
    places = np.array([0, 19_999, 8191, 8192, 5, 5])
    assert np.array_equal(dataset.take(places), records[places])
    assert np.array_equal(dataset.column("weight"), records["weight"])
    assert np.array_equal(dataset.coords("motor"), records["coords"][:, 2])
    assert repr(dataset).startswith(f"<ngtoken.Dataset {path} of 20000 tokens, generation ")
    with pytest.raises(IndexError):
        dataset[COUNT]


def test_what_is_within_one_mapped_shard_is_not_copied(path, records):
    filled(path, records)
    dataset = ngtoken.dataset.open(path, mapped=True)
    one, same = dataset[8192:8200], dataset[8192:8200]
    assert np.shares_memory(one, same) or one.ctypes.data == same.ctypes.data
    assert not one.flags.writeable
    across = dataset[8190:8200]
    del dataset
    gc.collect()
    assert np.array_equal(one, records[8192:8200]) and np.array_equal(across, records[8190:8200])


@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_a_dataset_answers_like_a_file(path, tmp_path, records, mapped, question):
    pytest.importorskip("pyarrow")
    ask = QUESTIONS[question]
    filled(path, records)
    with ngtoken.TokenFile.create(tmp_path / "one.ngt") as file:
        file.append(records)
    file = ngtoken.TokenFile.open(tmp_path / "one.ngt")
    dataset = ngtoken.dataset.open(path, mapped=mapped)
    for options in ({}, {"index": False}, {"verified": True}):
        for text in (None, "weight > 0.9 and position between 5000 and 15000"):
            of_file, of_dataset = ask(file.where(text)), ask(dataset.where(text, **options))
            assert plain(of_dataset) == plain(of_file)


def test_answers_are_those_of_numpy(path, records, mapped):
    filled(path, records)
    dataset = ngtoken.dataset.open(path, mapped=mapped)
    heavy = records["weight"] > 0.9
    assert dataset.where("weight > 0.9").count() == heavy.sum()
    assert np.array_equal(dataset.where("weight > 0.9").positions().positions, np.flatnonzero(heavy))
    assert dataset.find(int(records["id"][9000])).first[0] == np.flatnonzero(records["id"] == records["id"][9000])[0]
    assert dataset.lookup(int(records["id"][9000])) >= 0
    assert "parts" in dataset.explain() or dataset.explain()
    description = dataset.describe(["weight"])
    assert f"{COUNT:,}" in str(description) or str(COUNT) in str(description)


def test_shards_that_zones_rule_out_are_not_opened(path):
    records = varied(COUNT)
    records["timestamp"] = np.arange(COUNT)
    dataset = filled(path, records)
    count = dataset.where("timestamp < 100").count()
    assert count == 100 and count.stats.blocks_looked_at == 1
    for file in (path / "shards").glob("*.ngt"):
        if file.stem != dataset.shards()[0].file:
            file.unlink()
    assert ngtoken.dataset.open(path).where("timestamp < 100").count() == 100
    with pytest.raises(FileNotFoundError):
        ngtoken.dataset.open(path).where("timestamp > 100").tokens()


def test_frames_and_parquet(path, tmp_path, records):
    polars = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    dataset = filled(path, records)
    frame = dataset.to_polars(["id", "weight"], where="weight > 0.5")
    heavy = records[records["weight"] > 0.5]
    assert np.array_equal(frame["id"].to_numpy(), heavy["id"])
    lazy = dataset.scan_polars().filter(polars.col("weight") > 0.5).select("id").collect()
    assert np.array_equal(lazy["id"].to_numpy(), heavy["id"])
    assert len(dataset.to_pandas("id")) == COUNT
    out = tmp_path / "a.parquet"
    assert dataset.write_parquet(out, raw=True) == COUNT
    assert np.array_equal(ngtoken.read_parquet(out).view(), records)
    inside = path / "shards" / f"{dataset.shards()[0].file}.ngt"
    before = inside.read_bytes()
    with pytest.raises(ValueError, match="folder of the dataset"):
        dataset.write_parquet(inside, replace=True)
    assert inside.read_bytes() == before


def test_a_snapshot_stays_and_refresh_moves_on(path, records):
    dataset = filled(path, records[:100])
    before = dataset.snapshot()
    view = dataset[:10]
    with dataset.writer() as writer:
        writer.append(records[100:200])
        writer.commit()
        assert len(dataset) == 100
        assert dataset.refresh() and len(dataset) == 200
        assert not dataset.refresh()
    assert len(before) == 100 and np.array_equal(view, records[:10])
    assert np.array_equal(before.view(), records[:100])


def test_a_writer_rolls_commits_retains_and_closes(path, records):
    dataset = ngtoken.dataset.create(path)
    writer = dataset.writer(roll="4096", retain="2 shards", commit_every=1000)
    assert (writer.appended, writer.committed, writer.closed) == (0, 0, False)
    writer.append(iter([records[:1500], records[1500:4096]]))
    writer.append(ngtoken.create_tokens_batch(5))
    assert writer.appended == 4101
    writer.roll()
    writer.wait()
    for _ in range(3):
        writer.append(records[:4096])
    writer.commit()
    assert writer.committed == writer.appended and writer.due_in is None
    writer.close()
    writer.close()
    assert writer.closed and repr(writer) == f"<ngtoken.Writer of {path}, closed>"
    dataset.refresh()
    assert len(dataset.shards()) == 2
    with pytest.raises(ngtoken.ClosedError):
        writer.append(records[:1])


@pytest.mark.parametrize(
    ("option", "value", "raises"),
    [
        ("roll", 0, ValueError), ("roll", "0s", ValueError), ("roll", "5 shards", ValueError),
        ("roll", 1.5, TypeError), ("roll", True, TypeError), ("roll", ["4M", "x"], ValueError),
        ("retain", 5, TypeError), ("retain", "0 shards", ValueError), ("retain", "100g", ValueError),
        ("commit_every", timedelta(0), ValueError),
    ],
)
def test_amounts_that_are_none_are_refused(path, option, value, raises):
    dataset = ngtoken.dataset.create(path)
    with pytest.raises(raises, match="expected") as caught:
        dataset.writer(**{option: value})
    assert caught.value.field == option
    assert dataset.generations() == [0]


def test_amounts_are_those_of_the_tool():
    from ngtoken._amounts import amount, kept, seconds

    assert amount("roll", ["4M", "256MiB", "1h30m"]) == (4_000_000, 256 << 20, 5400)
    assert amount("roll", timedelta(milliseconds=250)) == (None, None, 0.25)
    assert amount("roll", None) is None
    assert kept("retain", ["5 shards", "1 shard", "100G", "7d"]) == [
        ("shards", 5), ("shards", 1), ("bytes", 100 << 30), ("seconds", 7 * 86_400),
    ]
    assert [seconds("older", each) for each in (0, 1.5, "1h", timedelta(days=1))] == [0, 1.5, 3600, 86_400]


def test_a_dropped_writer_warns_of_what_it_lost(path, records):
    dataset = ngtoken.dataset.create(path)
    writer = dataset.writer()
    writer.append(records[:7])
    with pytest.warns(ResourceWarning, match="7 appended tokens were not committed"):
        del writer
        gc.collect()
    assert dataset.close_tails() and dataset.generations()[-1] == dataset.generation


def test_a_block_that_raises_commits_nothing(path, records):
    dataset = ngtoken.dataset.create(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ZeroDivisionError), dataset.writer() as writer:
            writer.append(records[:5])
            writer.commit()
            writer.append(records[5:9])
            raise ZeroDivisionError
    dataset.refresh()
    assert np.array_equal(dataset.view(), records[:5])
    with dataset.writer(take_over=True):
        pass
    dataset.refresh()
    assert [each.open for each in dataset.shards()] == [False]


def test_a_follower_gets_everything_in_order_across_rolls(path, records):
    dataset = ngtoken.dataset.create(path)
    follower = dataset.follow(until_closed=True, timeout=30)

    def write():
        with dataset.writer(roll=4096) as writer:
            for start in range(0, COUNT, 1000):
                writer.append(records[start : start + 1000])
                writer.commit()

    # Without a tail there is nothing to wait for: the writer begins first.
    writing = threading.Thread(target=write)
    with dataset.writer():
        writing.start()
        got = []
        for some in follower:
            got.append(some)
            if sum(map(len, got)) == COUNT:
                break
        writing.join()
    assert np.array_equal(np.concatenate(got), records)
    assert list(follower) == []


def test_a_cursor_goes_on_where_it_was(path, records):
    dataset = filled(path, records)
    follower = dataset.follow(timeout=0)
    first = next(follower)
    rest = read(dataset.follow(follower.cursor, timeout=0))
    assert np.array_equal(np.concatenate([first, rest]), records)
    assert list(dataset.follow("now", timeout=0)) == []
    with pytest.raises(ValueError, match="start"):
        dataset.follow("here")
    other = ngtoken.dataset.create(path.with_name("b.ngd"))
    with pytest.raises(ngtoken.dataset.OtherDataset):
        other.follow(follower.cursor)
    for timeout in (-1, float("nan")):
        with pytest.raises(ValueError, match="timeout"):
            dataset.follow(timeout=timeout)


def test_retention_that_overtakes_a_follower_is_a_gap(path, records):
    dataset = ngtoken.dataset.create(path)
    follower = dataset.follow(timeout=0)
    with dataset.writer(roll=4096, retain="1 shard") as writer:
        writer.append(records[:16_384])
        writer.wait()
    dataset.refresh()
    dataset.gc(older=0)
    items = list(follower)
    gaps = [item for item in items if isinstance(item, Gap)]
    rows = sum(len(item) for item in items if not isinstance(item, Gap))
    assert gaps and rows + sum(gap.rows for gap in gaps) == 16_384


def test_updates_by_text_and_by_a_function_agree_with_numpy(path, records):
    dataset = filled(path, records)
    before = dataset.snapshot()
    report = dataset.update("weight > 0.9", set="weight = weight * 0.5")
    expected = records.copy()
    heavy = records["weight"] > 0.9
    expected["weight"][heavy] *= np.float32(0.5)
    assert report.matched == report.changed == heavy.sum() and report.generation == dataset.generation
    assert np.array_equal(dataset.view(), expected)
    assert np.array_equal(before.view(), records)

    seen = []

    def change(block, positions):
        seen.append(positions)
        block["flags"] |= 1
        assert len(block) <= 4096

    report = dataset.update("position >= 5000", set=change)
    expected["flags"][5000:] |= 1
    assert np.array_equal(dataset.view(), expected)
    assert np.array_equal(np.concatenate(seen), np.arange(5000, COUNT))

    dataset.update(set=lambda block: np.zeros_like(block))
    assert not dataset.view().tobytes().strip(b"\0")


def test_a_function_that_raises_changes_nothing(path, records):
    dataset = filled(path, records)
    generation = dataset.generation

    def fail(block):
        block["weight"] = 0
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        dataset.update(set=fail)
    with pytest.raises(ValueError, match="as many as it got"):
        dataset.update(set=lambda block: block[1:])
    with pytest.raises(TypeError, match="set"):
        dataset.update(set=5)
    for wrong in ("weight", "weight = 'a'", "wieght = 1"):
        with pytest.raises(ValueError):
            dataset.update(set=wrong)
    with pytest.raises(ValueError) as caught:
        dataset.update("wieght > 1", set="weight = 1")
    assert caught.value.field == "where"
    assert dataset.generations()[-1] == generation
    assert np.array_equal(ngtoken.dataset.open(path).view(), records)


def test_deletes_and_upserts_agree_with_numpy(path, records):
    records["id"] = np.arange(COUNT)
    dataset = filled(path, records)
    dry = dataset.delete("id < 9000", dry_run=True)
    assert (dry.generation, dry.deleted, len(dataset)) == (None, 9000, COUNT)
    report = dataset.delete("id < 9000")
    assert report.deleted == 9000 and report.shards_dropped == 1
    assert np.array_equal(dataset.view(), records[9000:])
    new = varied(3)
    new["id"] = [10_000, 50_000, 10_001]
    report = dataset.upsert(new)
    assert (report.changed, report.added) == (2, 1)
    expected = np.concatenate([records[9000:], new[1:2]])
    expected[[1000, 1001]] = new[[0, 2]]
    assert np.array_equal(dataset.view(), expected)


def test_a_change_from_another_base_is_a_conflict(path, records):
    dataset = filled(path, records[:10])
    base = dataset.generation
    dataset.update(set="weight = 0.5", base=base)
    with pytest.raises(Conflict) as caught:
        dataset.update(set="weight = 0.25", base=base)
    assert caught.value.field == "generation" and caught.value.path == str(path)
    assert (dataset[:]["weight"] == 0.5).all()


def test_shards_are_sorted_resharded_and_compacted(path, records):
    dataset = filled(path, records, roll=4096)
    assert len(dataset.shards()) == 5
    report = dataset.compact()
    assert (report.shards_before, report.shards_after, report.rows) == (5, 1, COUNT)
    assert np.array_equal(dataset.view(), records)
    assert dataset.reshard(shards=2).shards_after == 2
    assert dataset.reshard(4096).shards_after == 5
    dataset.sort("weight", shard_tokens=8192)
    order = np.argsort(records["weight"], kind="stable")
    assert np.array_equal(dataset.view(), records[order])
    assert {each.order for each in dataset.shards()} == {"weight"}
    with pytest.raises(ValueError, match="one of both"):
        dataset.reshard(5, shards=3)


def test_old_generations_can_be_read_until_they_are_collected(path, records):
    dataset = filled(path, records[:100])
    first = dataset.generation
    dataset.update(set="weight = 0")
    old = ngtoken.dataset.open(path, generation=first)
    assert np.array_equal(old.view(), records[:100])
    assert first in dataset.gc(older=0).read
    del old
    gc.collect()
    report = dataset.gc(older=0)
    assert first in report.removed_generations and report.freed_bytes > 0
    with pytest.raises(GenerationGone) as caught:
        ngtoken.dataset.open(path, generation=first)
    assert (caught.value.field, caught.value.value) == ("generation", first)
    assert isinstance(caught.value, ngtoken.dataset.DatasetError) and isinstance(caught.value, LookupError)
    with pytest.raises(ValueError, match="older"):
        dataset.gc(older="never")


def test_indexes_of_shards_are_built_and_used(path, records):
    dataset = filled(path, records)
    assert dataset.find([int(records["id"][9000])]).stats.records
    infos = dataset.index("weight", ids=True)
    assert len(infos) == 3 and all("weight" in info.columns and info.ids for info in infos)
    found = dataset.where("weight > 0.99").count()
    assert found == (records["weight"] > 0.99).sum() and found.stats.columns
    ignored = dataset.where("weight > 0.99", index=False).count()
    assert ignored == found and not ignored.stats.columns


def test_errors_name_their_cause(path, tmp_path, records):
    with pytest.raises(FileNotFoundError):
        ngtoken.dataset.open(path)
    tmp_path.joinpath("empty").mkdir()
    with pytest.raises(NotADataset, match="not a dataset") as caught:
        ngtoken.dataset.open(tmp_path / "empty")
    assert caught.value.path == str(tmp_path / "empty")
    dataset = filled(path, records)
    with pytest.raises(FileExistsError):
        ngtoken.dataset.create(path)
    newest = max(path.glob("manifest-*.json"))
    whole = newest.read_bytes()
    newest.write_bytes(whole.replace(b'"verb"', b'"verc"'))
    with pytest.warns(ngtoken.dataset.DatasetWarning, match="shown instead"):
        ngtoken.dataset.open(path)
    with pytest.raises(ngtoken.dataset.DamagedManifest):
        dataset.update(set="weight = 0")
    newest.write_bytes(whole)
    shard = path / "shards" / f"{dataset.shards()[1].file}.ngt"
    others = shard.with_name(f"{dataset.shards()[2].file}.ngt")
    shard.write_bytes(others.read_bytes())
    with pytest.raises(ngtoken.dataset.OtherShard):
        ngtoken.dataset.open(path).where("flags > 3", index=False).tokens()


def test_a_damaged_block_is_of_one_shard(path, records):
    dataset = filled(path, records)
    shard = path / "shards" / f"{dataset.shards()[1].file}.ngt"
    data = bytearray(shard.read_bytes())
    place = data.index(records[9000].tobytes())
    data[place] ^= 1
    shard.write_bytes(data)
    dataset = ngtoken.dataset.open(path)
    with pytest.raises(ngtoken.DamagedError):
        dataset.where("weight >= 0").tokens()
    skipped = dataset.where("weight >= 0", skip_damaged=True).tokens()
    assert skipped.stats.damaged_tokens == 4096 and len(skipped) == COUNT - 4096


SPAWNED = """
import pickle, sys
loaded = pickle.loads(sys.stdin.buffer.read())
print(*(len(each) for each in loaded))
"""


def in_another_process(things):
    done = subprocess.run(
        [sys.executable, "-c", SPAWNED], input=pickle.dumps(things), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [int(each) for each in done.stdout.split()]


def test_pickles_have_no_tokens_and_show_the_same_elsewhere(path, records):
    dataset = filled(path, records)
    with dataset.writer() as writer:
        writer.append(records[:100])
        writer.commit()
        dataset.refresh()
        things = [dataset, dataset.snapshot(), dataset.slice(50, 9000), dataset.where("weight > 0.5").positions().positions]
        pickled = pickle.dumps(things[:3])
        assert len(pickled) < 3000
        writer.append(records[:50])
        writer.commit()
        lens = in_another_process(things[:3])
        assert lens == [COUNT + 100, COUNT + 100, 8950]
    # It is sealed by now, and still begins with what was committed then.
    again = pickle.loads(pickled)
    assert np.array_equal(again[0].view(), np.concatenate([records, records[:100]]))
    assert again[0].refresh() and len(again[0]) == COUNT + 150
    assert np.array_equal(again[2].view(), records[50:9000])
    query = pickle.loads(pickle.dumps(dataset.where("weight > 0.5")))
    assert query.count() == dataset.where("weight > 0.5").count()


def test_loading_a_pickle_checks_what_it_loads(path, records, tmp_path):
    dataset = filled(path, records[:100])
    pickled = pickle.dumps(dataset)
    first = dataset.generation
    dataset.update(set="weight = 0")
    assert np.array_equal(pickle.loads(pickled).view(), records[:100])
    dataset.gc(older=0)
    with pytest.raises(GenerationGone):
        pickle.loads(pickled)
    path.rename(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        pickle.loads(pickled)
    filled(path, records[:100])
    with pytest.raises(ngtoken.dataset.OtherDataset, match="not the dataset that was pickled"):
        pickle.loads(pickled)
    assert first


def test_threads_write_change_and_read_at_once(path):
    records = varied(4096)
    records["id"] = np.arange(4096)
    dataset = ngtoken.dataset.create(path)
    failures, rounds, stop = [], 12, threading.Event()

    def guarded(work):
        try:
            work()
        except BaseException as error:
            failures.append(error)
            stop.set()

    def write():
        with ngtoken.dataset.open(path).writer(roll=4096) as writer:
            for _ in range(rounds):
                writer.append(records)
                writer.commit()

    def change():
        mine = ngtoken.dataset.open(path)
        while not stop.is_set():
            mine.update("id < 100", set="weight = 0.5")

    def look():
        mine, longest = ngtoken.dataset.open(path), 0
        while not stop.is_set():
            mine.refresh()
            view = mine.view()
            assert len(view) >= longest and len(view) % 4096 == 0
            assert np.array_equal(view["id"], np.tile(records["id"], len(view) // 4096))
            longest = len(view)

    others = [threading.Thread(target=guarded, args=(work,)) for work in (change, look, look)]
    writers = [threading.Thread(target=guarded, args=(write,)) for _ in range(2)]
    for thread in others + writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    assert not failures, failures
    dataset.refresh()
    assert len(dataset) == 2 * rounds * 4096


def test_a_dataset_tells_what_it_is_and_where_it_comes_from(path, records):
    dataset = filled(path, records, tags={"made": "here"})
    dataset.update("weight > 0.5", set="weight = 0.5")
    info = dataset.info()
    assert (info.path, info.id, info.generation) == (str(path), dataset.id, dataset.generation)
    assert (info.verb, info.tokens, info.tags) == ("update", COUNT, {"made": "here"})
    assert info.shards == 3 and info.findings == [] and info.disk_bytes > 64 * COUNT
    assert info.other_disk_bytes > 0 and info.orders == {}
    log = dataset.log()
    assert [each.generation for each in log] == sorted(dataset.generations(), reverse=True)
    assert (log[0].verb, log[0].rows, log[0].parent) == ("update", COUNT, "sound")
    assert (log[-1].verb, log[-1].parent, log[-1].follows) == ("create", "first", None)
    assert info.committed_at_ns == log[0].committed_at_ns >= log[1].committed_at_ns
    with dataset.writer() as writer:
        writer.append(records[:10])
        writer.commit()
        (tail,) = dataset.info().tails
        assert tail.rows == (0, 10) and tail.writer in (None, os.getpid())


def test_an_old_generation_is_made_the_newest_again(path, records):
    dataset = filled(path, records)
    before = dataset.generation
    dataset.delete("id >= 0")
    assert len(dataset) == 0
    assert dataset.checkout(before) == before + 2 == dataset.generation
    assert np.array_equal(dataset[:], records)
    with pytest.raises(GenerationGone):
        dataset.checkout(before + 50)


def test_damage_is_found_and_repaired_and_no_file_is_changed(path, records):
    dataset = filled(path, records)
    assert dataset.verify().is_clean
    shard = dataset.shards()[1].file
    file = path / "shards" / f"{shard}.ngt"
    content = bytearray(file.read_bytes())
    content[content.index(records[9000].tobytes()) + 8] ^= 1
    file.write_bytes(content)
    report = dataset.verify()
    assert not report.is_clean and report.tokens == COUNT and report.shards == 3
    (damaged,) = report.damaged
    assert damaged.file == shard and damaged.tokens == 8192 and damaged.problems
    assert report.manifest_faults == [] and report.unnamed == []
    planned = dataset.repair(dry_run=True)
    assert planned.generation is None and [each.file for each in planned.repaired] == [shard]
    done = dataset.repair(leave_out=True)
    (repaired,) = done.repaired
    assert done.generation == dataset.generation and repaired.kept == 4096
    assert bytes(content) == file.read_bytes()
    kept = np.concatenate([records[:8192], records[12288:]])
    assert np.array_equal(dataset[:], kept) and dataset.verify().is_clean
    assert not dataset.verify(generation=done.generation - 1).is_clean


def test_tasks_are_done_anywhere_and_give_the_same_rows(path, records):
    pyarrow = pytest.importorskip("pyarrow")
    dataset = filled(path, records)

    def rows(tasks):
        tables = [
            pyarrow.RecordBatchReader.from_stream(each).read_all()
            for task in tasks
            for each in ngtoken.dataset.run_task(task)
        ]
        return pyarrow.concat_tables(tables)

    tasks = dataset.where("weight > 0.3").tasks("position, weight", "weight < 0.6", task_bytes=1 << 18)
    assert len(tasks) == 5
    expected = dataset.to_arrow("position, weight", "weight > 0.3 and weight < 0.6")
    assert rows(tasks).equals(expected)
    with pytest.raises(TypeError, match="dataset"):
        dataset.slice(0, 5).where().tasks()
    # As a pool of processes returns them.
    for task in tasks:
        stream = ngtoken.dataset.run_task(task)
        again = pickle.loads(pickle.dumps(stream))
        assert pyarrow.table(again).equals(pyarrow.table(stream))
    dataset.delete("id >= 0")
    assert rows(tasks).equals(expected)
    assert len(filled(path.with_name("b.ngd"), records).tasks(where="weight > 2")) == 0
    for bad in (b"", tasks[0][:-1], tasks[0].replace(b"weight", b"height")):
        with pytest.raises(ValueError, match="task"):
            ngtoken.dataset.run_task(bad)
    with pytest.raises(TypeError, match="task"):
        ngtoken.dataset.run_task("a task")
