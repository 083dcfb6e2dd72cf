"""What the tests have in common."""

import os
import signal

import numpy as np
import pytest
from hypothesis import settings

import ngtoken

#: How many random lives there are, and three times as many as questions: see `test_lives.py`
#: and `test_oracle.py`. Without the variable the examples are the same each time, so that a
#: change is refused for what it does; with it, they are new.
LIVES = int(os.environ.get("NG_PYTHON_LIVES", "50"))

# No timed tests: the machine may be at something else.
same = "NG_PYTHON_LIVES" not in os.environ
settings.register_profile("here", deadline=None, print_blob=True, derandomize=same)
settings.load_profile("here")

#: How much longer than here those tests are that have a size.
SIZE = int(os.environ.get("NG_PYTHON_SIZE", "1"))

# Who started the tests may have told them to ignore Ctrl-C, as shells do in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)


def varied(count: int, seed: int = 0) -> np.ndarray:
    """Tokens whose bytes are random, but for weights, which are numbers."""
    rng = np.random.default_rng(seed)
    records = np.frombuffer(rng.bytes(64 * count), ngtoken.TOKEN_DTYPE).copy()
    records["weight"] = rng.random(count, np.float32)
    return records


@pytest.fixture
def path(tmp_path):
    """Where no file is yet."""
    return tmp_path / "a.ngt"


@pytest.fixture(params=["map", "read"])
def mode(request):
    """Both ways to look at a file."""
    return request.param


def make(path, records, mode="map", **options):
    """A file of these records, in one commit."""
    with ngtoken.TokenFile.create(path, max_tokens=1 << 20, mode=mode, **options) as file:
        file.append(records)
    return path
