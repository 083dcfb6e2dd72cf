"""Plots, if matplotlib is installed."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import varied

import ngtoken

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")


@pytest.fixture
def vector():
    vector = ngtoken.TokenVec()
    vector.extend(varied(5000))
    return vector


def test_a_histogram_has_the_counts_of_the_query(vector):
    ax = vector.plot.histogram("weight", 10)
    (stairs,) = ax.patches
    counts, edges, _ = stairs.get_data()
    np.testing.assert_array_equal(counts, vector.histogram("weight", 10).counts)
    np.testing.assert_allclose(edges, vector.histogram("weight", 10).edges)
    assert ax.get_xlabel() == "weight"
    assert not vector.where("position < 0").plot.histogram("weight", ax=ax) is None


def test_a_space_is_seen_along_its_axes(vector):
    axes = vector.plot.space("physical", bins=20)
    assert [ax.get_ylabel() for ax in axes] == ["physical_y", "physical_z", "physical_z"]
    counts = axes[0].collections[0].get_array()
    assert counts.sum() == 5000
    (one,) = vector.where("weight > 0.5").plot.space("motor", planes=("xz",), sample=100, bins=5)
    assert one.collections[0].get_array().sum() == 100
    with pytest.raises(ValueError, match="space psychic"):
        vector.plot.space("psychic")


def test_nothing_is_imported_that_nobody_asked_for():
    code = (
        "import sys, ngtoken; v = ngtoken.create_tokens_batch(5); v.where('id > 2').count(); "
        "print(sorted({'matplotlib', 'pyarrow', 'polars', 'pandas', 'dataclasses'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
