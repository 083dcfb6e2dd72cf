"""Checks, with only the wheel and numpy installed, that the package is complete."""

import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np

import ngtoken

tokens = ngtoken.create_tokens_batch(100_000)
assert np.array_equal(tokens.column("id"), np.arange(100_000))
assert sum(token.id for token in tokens) == 4_999_950_000
assert sum(ngtoken.parallel_process(tokens, "count")) == 100_000
assert np.asarray(tokens).dtype == ngtoken.TOKEN_DTYPE
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "a.ngt"
    with ngtoken.TokenFile.create(path) as file:
        assert file.append(tokens) == 100_000
    for mode in ("map", "read"):
        file = ngtoken.TokenFile.open(path, mode=mode)
        assert file.verify().is_clean
        view = file.view()
        file.close()
        assert np.array_equal(view, tokens.view())
    file = ngtoken.TokenFile.open(path)
    some = file.where("id < 1000")
    assert (some.count(), some.any()) == (1_000, True)
    assert np.array_equal(np.asarray(some.positions()), np.arange(1_000))
    assert np.array_equal(np.asarray(some.tokens(limit=3)), tokens[:3])
    groups = some.aggregate(by="entity_type", measures="count, max(local_id)")
    assert list(groups) == [{"entity_type": 0, "count": 1_000, "max(local_id)": 999}]
    distances, positions = file.where("id >= 5").nearest([[0, 0, 0], [1, 2, 3]], k=2)
    assert (distances[0].tolist(), positions.tolist()) == ([0, 0], [[5, 6], [5, 6]])
    assert file.within([0, 0, 0], 1).positions.shape == (100_000,)
    counts, edges = file.histogram("id", bins=4)
    assert (counts.tolist(), len(edges)) == ([25_000] * 4, 5)
    assert file.find([7]).first.tolist() == [7]
    assert file.index("id", ids=True).blocks == 24  # Full ones.
    assert file.where("id = 7").count() == 1
    assert len(pickle.loads(pickle.dumps(file))) == 100_000
    assert np.array_equal(pickle.loads(pickle.dumps(tokens, 5)).view(), tokens.view())
    assert pickle.loads(pickle.dumps(tokens[7])) == tokens[7]
try:
    tokens.append(ngtoken.Token(1, weight=-1.0))
except ngtoken.FieldError as error:
    assert error.field == "weight"
else:
    raise AssertionError("a weight of -1 was accepted")
try:
    ngtoken._core._panic(within="call")
except ngtoken.InternalError as error:
    assert "panicked at src/work.rs:" in str(error), error
else:
    raise AssertionError("a panic raised nothing")
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"pyarrow", "polars", "pandas", "matplotlib"}
print(f"ngtoken {ngtoken.__version__} on Python {sys.version.split()[0]}, numpy {np.__version__}")
