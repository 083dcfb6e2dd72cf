"""`parallel_process`, Ctrl-C, panics, and pickles for other processes."""

import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import traceback

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import TokenFile, TokenVec, _core, create_tokens_batch, parallel_process


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("chunk", [1, 1_000, 65_536])
def test_results_are_in_order_and_names_do_what_functions_do(path, mode, threads, chunk):
    records = varied(3_000)
    vector = TokenVec()
    vector.extend(records)
    for tokens in (vector, TokenFile.open(make(path, records, replace=True), mode=mode), records):
        def ask(func, tokens=tokens):
            return parallel_process(tokens, func, num_threads=threads, chunk=chunk)

        assert ask(lambda view: view["id"].tolist()) == [
            records["id"][start : start + chunk].tolist() for start in range(0, 3_000, chunk)
        ]
        assert ask("count") == ask(len)
        assert all(type(count) is int for count in ask("count"))
        assert ask("sum_weight") == pytest.approx(ask(lambda view: view["weight"].sum(dtype="f8")))


def test_what_a_function_raises_comes_with_its_traceback():
    def fail_on_purpose(view):
        raise KeyError(int(view["id"][0]))

    with pytest.raises(KeyError, match="0") as raised:
        parallel_process(create_tokens_batch(100), fail_on_purpose, chunk=10)
    names = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert "fail_on_purpose" in names


@pytest.mark.parametrize(
    ("values", "kind", "field"),
    [
        ({"func": "mean"}, ValueError, "func"),
        ({"func": 7}, TypeError, "func"),
        ({"func": len, "num_threads": 0}, ValueError, "num_threads"),
        ({"func": len, "num_threads": 65_537}, ValueError, "num_threads"),
        # It hung: NaN is not less than 1.
        ({"func": len, "num_threads": float("nan")}, TypeError, "num_threads"),
        ({"func": len, "num_threads": 2.5}, TypeError, "num_threads"),
        ({"func": len, "num_threads": "4"}, TypeError, "num_threads"),
        ({"func": "count", "chunk": 0}, ValueError, "chunk"),
        # These were called a size.
        ({"func": len, "chunk": 2**60}, ValueError, "chunk"),
        ({"func": len, "chunk": 10**30}, ValueError, "chunk"),
        ({"func": len, "chunk": 10**5_000}, ValueError, "chunk"),
    ],
)
def test_what_cannot_be_processed_is_named(values, kind, field):
    with pytest.raises(kind, match=field) as raised:
        parallel_process(create_tokens_batch(3), **values)
    assert raised.value.field == field
    assert raised.value.expected in str(raised.value)


@pytest.mark.parametrize("within", ["call", "work", "shard"])
def test_a_panic_is_an_exception_that_names_the_place(within, capfd):
    with pytest.raises(ngtoken.InternalError, match=r"panicked at src/work\.rs:\d+:\d+: on purpose"):
        _core._panic(within=within)
    assert len(create_tokens_batch(3)) == 3


def test_ctrl_c_ends_long_work():
    """Only the signal ends the work, and the workers go on afterwards."""
    script = """
        import os, signal, threading, ngtoken
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            ngtoken._core._work_until_stopped()
        except KeyboardInterrupt:
            tokens = ngtoken.create_tokens_batch(4_000_000)
            print("interrupted", len(tokens.sort("id")))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "interrupted 4000000\n", done.stderr


def test_ctrl_c_in_an_append_appends_nothing(path):
    file = TokenFile.create(path, max_tokens=1 << 20)

    def tokens():
        yield varied(1_000)
        signal.raise_signal(signal.SIGINT)
        yield varied(1_000)

    with pytest.raises(KeyboardInterrupt):
        file.append(tokens())
    assert file.appended == 0


def describe(tokens):
    return type(tokens).__name__, len(tokens), int(tokens.column("id").sum())


def test_files_go_to_other_processes_as_paths(path, mode):
    records = varied(20_000)
    file = TokenFile.open(make(path, records), mode=mode)
    whole = int(records["id"].sum(dtype="u8"))
    some = int(records["id"][100:9_000].sum(dtype="u8"))
    assert len(pickle.dumps(file)) < 500
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(describe, (file,)) == ("TokenFile", 20_000, whole)
        assert pool.apply(describe, (file.snapshot(),)) == ("Tokens", 20_000, whole)
        assert pool.apply(describe, (file.slice(100, 9_000),)) == ("Tokens", 8_900, some)


def test_a_pickled_snapshot_stays_as_it_was(path, mode):
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    file.append(varied(5_000))
    file.commit()
    snapshot, whole = pickle.dumps(file.snapshot()), pickle.dumps(file)
    file.append(varied(5_000, 1))
    file.commit()
    assert np.array_equal(pickle.loads(snapshot).view(), varied(5_000))
    assert len(pickle.loads(whole)) == 10_000


def test_a_pickle_of_another_file_is_refused(path, mode):
    file = TokenFile.open(make(path, varied(5_000)), mode=mode)
    pickled = pickle.dumps(file.snapshot())
    file.close()
    path.unlink()
    with pytest.raises(FileNotFoundError) as raised:
        pickle.loads(pickled)
    assert raised.value.path == str(path)
    make(path, varied(5_000))
    with pytest.raises(ngtoken.ChangedError, match="file id") as raised:
        pickle.loads(pickled)
    assert raised.value.field == "file id"


def test_a_pickle_of_another_course_of_the_file_is_refused(path, tmp_path):
    make(path, create_tokens_batch(4_096))
    other = shutil.copy(path, tmp_path / "other.ngt")
    for where, first in ((path, 4_096), (other, 5_000)):
        with TokenFile.open(where, append=True) as file:
            file.append(create_tokens_batch(4_096, start_id=first))
    pickled = pickle.dumps(TokenFile.open(path))
    assert len(pickle.loads(pickled)) == 8_192
    os.replace(other, path)
    with pytest.raises(ngtoken.ChangedError, match="chain of the blocks") as raised:
        pickle.loads(pickled)
    assert raised.value.path == str(path)
    make(path, create_tokens_batch(100), replace=True)
    with pytest.raises(ngtoken.ChangedError, match="file id"):
        pickle.loads(pickled)


def test_a_pickle_of_a_file_that_lost_tokens_is_refused(path, tmp_path):
    make(path, create_tokens_batch(10))
    earlier = shutil.copy(path, tmp_path / "earlier.ngt")
    with TokenFile.open(path, append=True) as file:
        file.append(create_tokens_batch(10))
    pickled = pickle.dumps(TokenFile.open(path).snapshot())
    os.replace(earlier, path)
    with pytest.raises(ngtoken.ChangedError, match="tokens 10, expected 20 or more"):
        pickle.loads(pickled)
