"""How work is done: ended by Ctrl-C, by threads that come and go, and whole after a panic."""

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
from conftest import make, varied

import ngtoken
from ngtoken import Token, TokenFile, TokenVec, create_tokens_batch, parallel_process

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for threads")


def threads():
    """The names of this process's threads, as the kernel knows them."""
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as name:
                names.append(name.read().strip())
        except OSError:
            pass  # It has ended meanwhile.
    return names


@contextmanager
def interrupts_of_work():
    """Raises KeyboardInterrupt where a signal is handled while a call works beside."""

    def interrupt(*_):
        if "ng-python" in threads():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def of_many_points(tokens):
    tokens.nearest(np.random.default_rng(1).uniform(-300, 300, (200, 3)), k=10)


def of_many_ids(tokens):
    tokens.find(np.arange(400_000))


def of_many_ids_looked_up(tokens):
    tokens.lookup(np.arange(400_000))


@on_linux
@pytest.mark.parametrize("ask", [of_many_points, of_many_ids, of_many_ids_looked_up])
def test_signals_are_handled_during_long_work_over_few_tokens(ask):
    """How long work may take was guessed from the number of tokens alone."""
    tokens = TokenVec()
    tokens.extend(varied(100_000))
    with pytest.raises(KeyboardInterrupt), interrupts_of_work():
        for _ in range(50):
            ask(tokens)


def test_threads_that_pass_by_do_not_keep_a_vector_from_changing():
    """An iterator, a length or a token of another thread was a view for a moment."""
    vector, failures, done = create_tokens_batch(200), [], threading.Event()

    def look():
        try:
            while not done.is_set():
                for token in vector:
                    assert token.id < 1_000_000
                assert vector.capacity >= len(vector) >= 200
                assert vector[7] == Token(7)
                assert vector.memory_usage().computed >= 200 * 64
        except BaseException as failure:
            failures.append(failure)

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    try:
        for number in range(20_000):
            vector.append(Token(number))
            vector[-1] = Token(number + 1)
            vector.truncate(200)
    finally:
        done.set()
        for looker in lookers:
            looker.join()
    assert not failures
