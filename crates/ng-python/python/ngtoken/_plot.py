"""Plots of tokens by matplotlib, which is imported on first use."""

from typing import Any

import numpy as np


class Plot:
    """Draws the tokens of a vector, a file or a query."""

    __slots__ = ("_tokens",)

    def __init__(self, tokens: Any) -> None:
        self._tokens = tokens

    def space(
        self,
        space: str = "physical",
        *,
        planes: tuple[str, ...] = ("xy", "xz", "yz"),
        sample: int | None = None,
        bins: int = 200,
        axes: Any = None,
        seed: int = 0,
    ) -> Any:
        """Draws the density of tokens in a space, seen along each axis; returns the axes.

        Each plane is a density map of all tokens, or of a ``sample`` of them.
        """
        pyplot = _pyplot()
        points = self._points(space, sample, seed)
        if axes is None:
            _, axes = pyplot.subplots(
                1, len(planes), figsize=(4 * len(planes), 4), squeeze=False, layout="constrained"
            )
        axes = np.atleast_1d(axes).reshape(-1)
        for ax, plane in zip(axes, planes, strict=True):
            across, up = ("xyz".index(axis) for axis in plane)
            counts, *edges = np.histogram2d(points[:, across], points[:, up], bins)
            shown = np.ma.masked_equal(counts.T, 0)
            ax.pcolormesh(*edges, shown, norm="log", cmap="viridis", rasterized=True)
            ax.set(xlabel=f"{space}_{plane[0]}", ylabel=f"{space}_{plane[1]}", aspect="equal")
        return axes

    def histogram(
        self, column: str, bins: int = 50, range: tuple[float, float] | None = None, ax: Any = None
    ) -> Any:
        """Draws a histogram of a column; returns the axes."""
        pyplot = _pyplot()
        found = self._tokens.histogram(column, bins, range)
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
        if np.isfinite(found.edges).all():
            ax.stairs(found.counts, found.edges, fill=True)
        ax.set(xlabel=column, ylabel="tokens")
        return ax

    def _points(self, space: str, sample: int | None, seed: int) -> np.ndarray:
        from ngtoken import _core

        of = self._tokens
        if sample is not None or not isinstance(of, _core.Tokens):
            found = of.tokens() if sample is None else of.sample(sample, seed)
            of = _core.TokenVec()
            of.extend(found.tokens)
        points: np.ndarray = of.coords(space, decode=True)
        return points


def _pyplot() -> Any:
    from ngtoken._frames import needed

    needed("matplotlib", None)
    import matplotlib.pyplot

    return matplotlib.pyplot
