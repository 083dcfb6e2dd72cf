"""Datasets on object stores, which are read by ranges, each answer compared with the folder's."""

import os
import pickle
import shutil
import time
from threading import Event, Lock, Thread

import numpy as np
import pytest

import ngtoken
import ngtoken.dataset
from conftest import QUESTIONS, engine, plain, varied
from ngtoken.dataset import NotADataset, OtherDataset, OtherShard

pyarrow = pytest.importorskip("pyarrow")
fs = pytest.importorskip("pyarrow.fs")

COUNT = 100_000
ROLL = 32_768


class Counted(fs.FileSystemHandler):
    """A folder as a store that counts what is read."""

    def __init__(self, root):
        self.root = root
        self.reads = []
        self.lock = Lock()
        self.fails = lambda path: False

    def __eq__(self, other):
        return self is other

    def get_type_name(self):
        return "counted"

    def normalize_path(self, path):
        return path

    def get_file_info_selector(self, selector):
        local = fs.LocalFileSystem()
        some = fs.FileSelector(f"{self.root}/{selector.base_dir}", allow_not_found=True)
        return [
            fs.FileInfo(f"{selector.base_dir}/{each.base_name}", each.type, size=each.size)
            for each in local.get_file_info(some)
        ]

    def open_input_file(self, path):
        handler = self

        class File:
            """A file, whose reads are counted."""

            closed = False

            def __init__(self):
                self.file = open(handler.root / path, "rb")

            def read(self, count=-1):
                if handler.fails(path):
                    raise OSError("the store is gone")
                start = self.file.tell()
                got = self.file.read(count)
                with handler.lock:
                    handler.reads.append((path, start, len(got)))
                return got

            def seek(self, *where):
                return self.file.seek(*where)

            def tell(self):
                return self.file.tell()

            def readable(self):
                return True

            def seekable(self):
                return True

            def close(self):
                self.file.close()

        return pyarrow.PythonFile(File(), mode="r")

    def _none(self, *_):
        raise NotImplementedError

    copy_file = create_dir = delete_dir = delete_dir_contents = delete_file = _none
    delete_root_dir_contents = get_file_info = move = open_append_stream = _none
    open_input_stream = open_output_stream = _none

    def bytes_of(self, path):
        return sum(count for read, _, count in self.reads if read.endswith(path))


@pytest.fixture
def records():
    records = varied(COUNT, 5)
    # So that zones rule out shards and blocks.
    records["timestamp"] = np.arange(COUNT)
    return records


@pytest.fixture
def local(tmp_path, records):
    """A dataset with sealed shards, one of which has rows that were changed, and an open tail."""
    dataset = ngtoken.dataset.create(tmp_path / "a.ngd")
    with dataset.writer(roll=ROLL) as writer:
        writer.append(records)
    dataset.update("timestamp < 100", set="weight = 0.5")
    writer = dataset.writer()
    writer.append(records[:5000])
    writer.commit()
    dataset.refresh()
    yield dataset
    writer.close()


@pytest.fixture
def counted(tmp_path):
    return Counted(tmp_path)


@pytest.fixture
def remote(local, counted):
    return ngtoken.dataset.open("a.ngd", filesystem=fs.PyFileSystem(counted))


def test_a_store_gives_the_tokens_of_a_folder(local, remote):
    assert np.array_equal(remote[:], local[:])
    assert np.array_equal(remote[40_000:70_001], local[40_000:70_001])
    assert remote[-1].tobytes() == local[-1].tobytes()
    assert remote.generation == local.generation and remote.id == local.id
    assert remote.shards() == local.shards() and remote.tags == local.tags


@pytest.mark.parametrize("question", range(len(QUESTIONS)))
def test_a_store_gives_the_answers_of_a_folder(local, remote, question):
    ask = QUESTIONS[question]
    for options in ({}, {"index": False}):
        for text in (None, "weight > 0.9 and timestamp between 5000 and 45000"):
            here, there = ask(local.where(text)), ask(remote.where(text, **options))
            assert plain(there) == plain(here)


def test_zones_rule_out_shards_that_are_not_read(local, remote, counted):
    counted.reads.clear()
    assert remote.where("timestamp between 40000 and 40010").count() == 11
    shards = {each.file: each.positions for each in remote.shards()}
    read = {path for path, _, _ in counted.reads if path.endswith(".ngt")}
    within = {file for file, (start, end) in shards.items() if start <= 40_000 < end}
    tails = {each.file for each in remote.shards() if each.open}
    assert {path.split("/")[-1] for path in read} == {f"{file}.ngt" for file in within | tails}


def test_of_an_indexed_shard_only_the_blocks_that_matter_are_read(local, counted):
    local.index()
    remote = ngtoken.dataset.open("a.ngd", filesystem=fs.PyFileSystem(counted))
    shard = next(each for each in remote.shards() if each.positions[0] <= 50_000 < each.positions[1])
    counted.reads.clear()
    assert remote.where("timestamp between 50000 and 50010").count() == 11
    # A block, the head and the table.
    assert counted.bytes_of(f"{shard.file}.ngt") < 2 * 4096 * 64
    counted.reads.clear()
    assert remote.where("timestamp between 50000 and 50010", index=False).count() == 11
    assert counted.bytes_of(f"{shard.file}.ngt") > ROLL * 64


def test_a_scan_reads_each_byte_about_once_in_long_runs(local, remote, counted):
    remote.where("weight > 0.5").count()
    files = {path: (0, 0) for path, _, _ in counted.reads if path.endswith(".ngt")}
    for path, _, count in counted.reads:
        if path in files:
            calls, total = files[path]
            files[path] = (calls + 1, total + count)
    for path, (calls, total) in files.items():
        size = (counted.root / path).stat().st_size
        assert total <= size * 1.1, f"{path}: {total} of {size} bytes"
        assert calls <= 12, f"{path}: {calls} calls"


def test_a_damaged_block_fails_or_is_left_out(local, remote, counted):
    whole = local.where("weight > 0.5").count()
    shard = local.shards()[1]
    path = local.path / "shards" / f"{shard.file}.ngt"
    content = bytearray(path.read_bytes())
    at = content.index(local[50_000].tobytes())
    content[at + 8] ^= 1
    path.write_bytes(content)
    with pytest.raises(ngtoken.DamagedError, match=shard.file):
        remote.where("weight > 0.5").count()
    some = remote.where("weight > 0.5", skip_damaged=True).count()
    assert some < whole and some.stats.damaged_tokens == 4096


def test_a_store_that_fails_is_told_and_one_that_comes_back_answers(local, remote, counted):
    shard = local.shards()[0].file
    counted.fails = lambda path: path.endswith(f"{shard}.ngt")
    with pytest.raises(OSError, match="the store is gone"):
        remote.where("weight > 0.5").count()
    counted.fails = lambda path: False
    assert remote.where("weight > 0.5").count() == local.where("weight > 0.5").count()


def test_another_file_of_the_name_is_refused(local, remote):
    first, second = (local.path / "shards" / f"{each.file}.ngt" for each in local.shards()[:2])
    shutil.copy(second, first)
    with pytest.raises(OtherShard):
        remote.where("weight > 0.5").count()


def test_it_shows_what_was_published_when_it_is_refreshed(local, remote, counted):
    assert not remote.refresh()
    before = remote.generation
    local.delete("timestamp < 1000")
    assert remote.refresh() and remote.generation == before + 1 == local.generation
    assert np.array_equal(remote[:], local[:])
    old = ngtoken.dataset.open("a.ngd", before, filesystem=fs.PyFileSystem(counted))
    assert len(old) == COUNT + 5000


def test_it_cannot_be_changed_or_mapped(remote, counted):
    for change in (
        lambda: remote.delete("weight > 2"),
        lambda: remote.writer(),
        lambda: remote.compact(),
        lambda: remote.gc(),
        lambda: remote.index(),
        lambda: remote.checkout(1),
        lambda: remote.repair(),
    ):
        with pytest.raises(ngtoken.ReadOnlyError, match="a.ngd"):
            change()
    with pytest.raises(ValueError, match="mapped True, expected False"):
        ngtoken.dataset.open("a.ngd", mapped=True, filesystem=fs.PyFileSystem(counted))


def test_what_is_no_store_and_what_is_no_dataset_is_refused(tmp_path, counted):
    with pytest.raises(TypeError, match="filesystem int"):
        ngtoken.dataset.open("a.ngd", filesystem=5)
    with pytest.raises(NotADataset, match="nothing"):
        ngtoken.dataset.open("nothing", filesystem=fs.PyFileSystem(counted))


def test_a_pickle_shows_the_same_rows(local, tmp_path):
    store = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    remote = ngtoken.dataset.open("a.ngd", filesystem=store)
    assert remote.path == "a.ngd"
    dumped = pickle.dumps((remote, remote.where("weight > 0.5")))
    local.delete("timestamp < 1000")
    dataset, query = pickle.loads(dumped)
    assert len(dataset) == COUNT + 5000 and dataset.generation == local.generation - 1
    assert query.count() == remote.where("weight > 0.5").count()
    other = tmp_path / "b"
    shutil.move(tmp_path / "a.ngd", other)
    ngtoken.dataset.create(tmp_path / "a.ngd")
    with pytest.raises(OtherDataset):
        pickle.loads(dumped)
    shutil.rmtree(tmp_path / "a.ngd")
    shutil.move(other, tmp_path / "a.ngd")


def test_tasks_are_done_by_whoever_has_the_store(local, remote, counted):
    store = fs.PyFileSystem(counted)
    tasks = remote.tasks("position, weight", where="weight > 0.5", task_bytes=1 << 20)
    assert len(tasks) > 5
    batches = []
    for task in tasks:
        stream = ngtoken.dataset.run_task(task, filesystem=store)
        batches += [pyarrow.RecordBatchReader.from_stream(each).read_all() for each in stream]
    assert pyarrow.concat_tables(batches).equals(
        local.to_arrow("position, weight", where="weight > 0.5")
    )


def test_what_is_not_there_is_told_as_of_a_folder(local, remote):
    shard = local.shards()[0].file
    (local.path / "shards" / f"{shard}.ngt").unlink()
    with pytest.raises(FileNotFoundError) as missing:
        remote.where("weight > 0.5").count()
    assert missing.value.errno == 2 and shard in str(missing.value)


def test_what_python_raises_is_the_cause_and_ctrl_c_is_no_failure(local, remote, counted):
    shard = local.shards()[0].file

    def raises(error):
        def fails(path):
            if path.endswith(f"{shard}.ngt"):
                raise error
            return False

        counted.fails = fails

    raises(PermissionError(13, "no"))
    with pytest.raises(OSError) as failed:
        remote.where("weight > 0.5").count()
    assert isinstance(failed.value.__cause__, PermissionError)
    raises(KeyboardInterrupt())
    for ask in (
        lambda: remote.where("weight > 0.5").count(),
        lambda: remote[:10],
        lambda: remote.to_arrow("id", where="weight > 0.5"),
    ):
        with pytest.raises(KeyboardInterrupt):
            ask()
    counted.fails = lambda path: False
    assert len(remote[:10]) == 10


def test_zones_that_cannot_be_read_are_no_missing_zones(local, counted, monkeypatch):
    local.index()
    remote = ngtoken.dataset.open("a.ngd", filesystem=fs.PyFileSystem(counted))
    counted.fails = lambda path: "/zones-" in path
    with pytest.raises(OSError, match="the store is gone"):
        remote.where("weight > 0.5").count()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_child_is_refused_and_does_not_wait(local, remote, counted):
    inside, go = Event(), Event()

    def fails(path):
        inside.set()
        go.wait(60)
        return False

    assert remote.where("weight > 0.5").count() > 0
    counted.fails = fails
    other = Thread(target=lambda: remote.where("weight > 0.25", index=False).count())
    other.start()
    assert inside.wait(60)
    child = os.fork()
    if child == 0:
        try:
            remote.where("weight > 0.75", index=False).count()
        except ngtoken.ForkedError:
            os._exit(7)
        finally:
            os._exit(1)
    status = None
    for _ in range(600):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
    go.set()
    other.join()
    assert os.waitstatus_to_exitcode(status) == 7


def test_keys_of_a_uri_are_in_no_text():
    from ngtoken import _remote

    for uri, shown in (
        ("s3://key:secret@bucket/a?region=eu&scheme=http", "s3://bucket/a?region=eu&scheme=http"),
        ("s3://key:secret@bucket/a@b/c", "s3://bucket/a@b/c"),
        ("s3://bucket/a@b/c", "s3://bucket/a@b/c"),
        ("abfs://a:secret@b.net/c?client_secret=secret&region=x", "abfs://a@b.net/c?region=x"),
        ("abfs://:secret@b.net/c", "abfs://b.net/c"),
        ("gs://anonymous@bucket/a", "gs://anonymous@bucket/a"),
        ("file:///home/me@home/a", "file:///home/me@home/a"),
    ):
        assert _remote._shown(uri) == shown
    for options in ({}, {"filesystem": fs.LocalFileSystem()}):
        with pytest.raises(ValueError, match="URI that pyarrow knows") as refused:
            ngtoken.dataset.open("s3://key:se/cret@bucket/a.ngd", **options)
        assert "cret" not in str(refused.value) and refused.value.field == "path"
    with pytest.raises(ValueError, match="URI that pyarrow knows"):
        ngtoken.dataset.open("unknown://bucket/a.ngd")


def test_a_task_finds_the_place_of_a_uri_with_an_at_sign(local, tmp_path):
    shutil.copytree(local.path, tmp_path / "me@home" / "a.ngd")
    uri = f"file://{tmp_path}/me@home/a.ngd"
    store = fs.LocalFileSystem()
    for remote in (ngtoken.dataset.open(uri), ngtoken.dataset.open(uri, filesystem=store)):
        for task in remote.tasks("id"):
            for done in (
                ngtoken.dataset.run_task(task),
                ngtoken.dataset.run_task(task, filesystem=store),
            ):
                assert sum(1 for _ in done) > 0


def test_zones_that_go_while_they_are_read_are_missing_zones(local, counted):
    local.index()
    remote = ngtoken.dataset.open("a.ngd", filesystem=fs.PyFileSystem(counted))
    before = remote.where("weight > 0.5").count()

    def goes(path):
        if "/zones-" in path:
            raise FileNotFoundError(2, "another build has removed it", path)

    counted.fails = goes
    remote = ngtoken.dataset.open("a.ngd", filesystem=fs.PyFileSystem(counted))
    assert remote.where("weight > 0.5").count() == before


def test_places_that_are_none_are_refused(tmp_path):
    store = fs.LocalFileSystem()
    with pytest.raises(TypeError, match="path bytes, expected a str"):
        ngtoken.dataset.open(b"a.ngd", filesystem=store)
    with pytest.raises(ValueError, match="without NUL"):
        ngtoken.dataset.open("a\0b", filesystem=store)


def test_a_relative_path_stays_what_it_was(local, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = fs.LocalFileSystem()
    remote = ngtoken.dataset.open("a.ngd", filesystem=store)
    monkeypatch.chdir("/")
    assert remote.path == str(local.path) and remote.where("weight > 0.5").count() > 0
    uri = ngtoken.dataset.open(f"file://{local.path}", filesystem=store)
    assert uri.where("weight > 0.5").count() == remote.where("weight > 0.5").count()
    for task in uri.tasks("id"):
        assert sum(1 for _ in ngtoken.dataset.run_task(task, filesystem=store)) > 0
        assert sum(1 for _ in ngtoken.dataset.run_task(task)) > 0


def test_a_file_system_of_fsspec_shows_what_is_new(local):
    engine("fsspec")
    from fsspec.implementations.local import LocalFileSystem

    class Remembers(LocalFileSystem):
        """It lists a folder once, as those of stores do."""

        cachable = False
        lists = {}

        def ls(self, path, detail=False, **options):
            key = (path, detail)
            if key not in self.lists:
                self.lists[key] = super().ls(path, detail=detail, **options)
            return self.lists[key]

        def invalidate_cache(self, path=None):
            self.lists.clear()

    remote = ngtoken.dataset.open(str(local.path), filesystem=Remembers())
    local.delete("timestamp < 1000")
    assert remote.refresh() and len(remote) == len(local)


@pytest.fixture(scope="module")
def s3():
    """A store on this machine that speaks S3."""
    server = engine("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.mark.filterwarnings("default")
def test_s3_gives_the_answers_of_a_folder(local, s3):
    store = fs.S3FileSystem(
        access_key="key", secret_key="hidden", scheme="http", endpoint_override=s3, region="us-east-1",
        allow_bucket_creation=True,
    )
    store.create_dir("bucket")
    fs.copy_files(
        str(local.path), "bucket/a.ngd",
        source_filesystem=fs.LocalFileSystem(), destination_filesystem=store, use_threads=False,
    )
    uri = f"s3://key:hidden@bucket/a.ngd?scheme=http&endpoint_override={s3}&region=us-east-1"
    for remote in (
        ngtoken.dataset.open("bucket/a.ngd", filesystem=store),
        ngtoken.dataset.open(uri),
    ):
        assert np.array_equal(remote[:], local[:])
        some = "timestamp between 40000 and 41000"
        assert remote.where(some).count() == local.where(some).count()
        assert "hidden" not in repr(remote) + remote.path
        tasks = remote.tasks("id", task_bytes=1 << 21)
        assert all(b"hidden" not in task for task in tasks)
        done = [ngtoken.dataset.run_task(task, filesystem=store) for task in tasks]
        assert sum(pyarrow.table(rows).num_rows for rows in done) == len(local)
    with pytest.raises(NotADataset) as refused:
        ngtoken.dataset.open(uri.replace("a.ngd", "b.ngd"))
    assert "hidden" not in str(refused.value)
