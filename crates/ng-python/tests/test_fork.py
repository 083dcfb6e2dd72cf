"""Forks with open files: readers go on, appenders are refused, and nobody waits for ever."""

import os
import signal
import threading
import traceback

import numpy as np
import pytest
from conftest import SIZE, make, varied

import ngtoken
import ngtoken.dataset
from ngtoken import TokenFile, TokenVec, create_tokens_batch

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here"),
    # Newer Pythons warn of forks beside threads, which these tests try.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

#: After this many seconds a child that waits for a lock ends by a signal. None comes near it.
FOR_EVER = 900


def in_fork(work):
    """Runs work in a fork; an exception there fails the test."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(FOR_EVER)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_fork_reads_on_and_does_not_append(path, mode):
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)
    file.append(varied(5_000))
    file.commit()
    view = file.view()
    create_tokens_batch(500_000)  # So that there are workers.

    def work():
        assert np.array_equal(view, varied(5_000))
        assert np.array_equal(file.view(), varied(5_000))
        assert len(create_tokens_batch(500_000)) == 500_000
        with pytest.raises(ngtoken.ForkedError) as raised:
            file.append(varied(1))
        assert raised.value.path == str(path)
        with pytest.raises(ngtoken.ForkedError):
            file.commit()
        with pytest.raises(ngtoken.LockedError):
            TokenFile.open(path, append=True)
        file.close(commit=False)

    in_fork(work)
    file.append(varied(5))
    file.close()
    assert len(TokenFile.open(path)) == 5_005


def test_a_fork_in_the_middle_of_an_append(path, mode):
    """The child takes no part in it, and the parent goes on."""
    file = TokenFile.create(path, max_tokens=1 << 20, mode=mode)

    def work():
        assert len(file) == 0
        for change in (lambda: file.append(varied(1)), file.commit):
            with pytest.raises(ngtoken.ForkedError):
                change()

    def pieces():
        yield varied(5_000)
        in_fork(work)
        yield varied(5_000, 1)

    assert file.append(pieces()) == 10_000
    file.close()
    assert np.array_equal(
        TokenFile.open(path).view(), np.concatenate([varied(5_000), varied(5_000, 1)])
    )


def test_a_child_appends_once_its_parent_has_let_go(path, mode):
    TokenFile.create(path, max_tokens=1 << 20, mode=mode).close()

    def work():
        with TokenFile.open(path, append=True, mode=mode) as file:
            file.append(varied(100))

    in_fork(work)
    file = TokenFile.open(path, append=True, mode=mode)
    file.append(varied(100))
    file.close()
    assert len(TokenFile.open(path)) == 200


def test_threads_of_a_fork_share_a_file_and_a_vector(path, mode):
    """A lock held by one of them is not the parent's."""
    file = TokenFile.open(make(path, varied(9_000)), mode=mode)
    vector = TokenVec()

    def use(failures):
        try:
            for _ in range(200):
                assert len(file.view()) == len(file) == 9_000
                vector.append(ngtoken.Token(1))
                vector.reserve(1)
        except BaseException:
            failures.append(traceback.format_exc())

    def work():
        failures = []
        threads = [threading.Thread(target=use, args=(failures,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures, failures[0]
        assert len(vector) == 1_600

    in_fork(work)


class Busy:
    """Threads that are inside Rust most of the time, doing all kinds of work."""

    def __init__(self, path):
        records = varied(20_000)
        make(path, records)
        self.files = [TokenFile.open(path, mode=mode) for mode in ("map", "read")]
        self.files[0].index("weight,id", ids=True, boxes="physical")
        folder = path.with_suffix(".ngd")
        with ngtoken.dataset.create(folder).writer(roll=4_096) as writer:
            writer.append(records)
        self.datasets = [ngtoken.dataset.open(folder, mapped=mapped) for mapped in (True, False)]
        self.vector, self.grows = TokenVec(), TokenVec()
        self.vector.extend(records)
        self.records = records
        self.iterator = iter(self.vector)
        self.ends, self.failures = threading.Event(), []
        works = [
            *(
                lambda tokens=tokens: tokens.where("weight > 0.5").count()
                for tokens in (*self.files, *self.datasets)
            ),
            *(lambda file=file: file.nearest([0, 0, 0], 3) for file in self.files),
            *(lambda file=file: file.refresh() or file.column("id") for file in self.files),
            lambda: self.grows.extend(self.records[:5_000]) and self.grows.clear(),
            lambda: create_tokens_batch(100_000),
            lambda: next(self.iterator, None) or setattr(self, "iterator", iter(self.vector)),
            lambda: self.vector.sort("weight"),
        ]
        self.threads = [threading.Thread(target=self.work, args=(work,)) for work in works]

    def work(self, work):
        try:
            while not self.ends.is_set():
                work()
        except BaseException:
            self.failures.append(traceback.format_exc())

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *raised):
        self.ends.set()
        for thread in self.threads:
            thread.join()

    def ask(self):
        """What a fork does with all of this."""
        heavy = (self.records["weight"] > np.float32(0.5)).sum()
        for file in self.files:
            assert file.where("weight > 0.5").count() == heavy
            assert len(file.nearest([0, 0, 0], 3).positions[0]) == 3
            assert file.view().tobytes() == self.records.tobytes()
            with pytest.raises(ngtoken.ForkedError):
                file.refresh()
            assert len(TokenFile.open(file.path, mode=file.mode)) == 20_000
        for dataset in self.datasets:
            assert dataset.where("weight > 0.5").count() == heavy
            assert np.array_equal(dataset[:], self.records)
        assert len(self.vector.sort("id")) == 20_000
        assert len(create_tokens_batch(100_000)) == 100_000
        # What another thread was changing or reading from is refused, not waited for.
        for use in (lambda: self.grows.append(ngtoken.Token(1)), lambda: next(self.iterator)):
            try:
                use()
            except (ngtoken.ForkedError, BufferError, StopIteration):
                pass


def test_forks_while_others_are_at_work(path):
    with Busy(path) as busy:
        for _ in range(10 * SIZE):
            in_fork(busy.ask)
    assert not busy.failures, busy.failures[0]
