"""Neighbourhoods of quality (method §4, paper eq. 1): where they part, and which of them a sample is in.

The range of quality is divided into neighbourhoods that hold about equal numbers of samples, and what is learned, is
learned per neighbourhood: both normalizers of :mod:`emo_core.model.normalization` stand on this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emo_core.types import Doubles, check_shape

Ints: TypeAlias = NDArray[np.int64]


def neighbourhood_edges(quality: ArrayLike, num_neighbourhoods: int) -> Doubles:
    """Divide the range of quality into neighbourhoods of about equal numbers of samples (paper eq. 1, method §4).

    With q(1) ≤ … ≤ q(N) sorted, edge i = 1 … K−1 is l_i = ½ · (q(⌊i·N/K⌋) + q(⌊i·N/K⌋ + 1)); the outer edges are −∞ and
    +∞. An edge belongs to the neighbourhood below it. Edges that part the samples alike (equal ones, as ties and N < K
    make them) are merged and edges that part none are dropped: no neighbourhood is empty, fewer than K may remain.

    Args:
        quality: (N,) finite numbers, in any order.
        num_neighbourhoods: K ≥ 1.

    Returns:
        (at most K−1,) float64, strictly increasing interior edges.

    Raises:
        ValueError: no samples, a value that is not finite, or K < 1.

    Example:
        >>> neighbourhood_edges([1, 2, 3, 4, 5, 6, 7, 8], 4).tolist()
        [2.5, 4.5, 6.5]
    """
    ordered = np.sort(_checked_quality(quality, (None,)))
    if num_neighbourhoods < 1:
        raise ValueError(f"num_neighbourhoods is {num_neighbourhoods}, expected at least 1")
    if not len(ordered):
        raise ValueError("quality holds no samples, expected at least one")
    below = np.arange(1, num_neighbourhoods) * len(ordered) // num_neighbourhoods
    below = below[below > 0]  # N < K: there is no q(0)
    edges = 0.5 * (ordered[below - 1] + ordered[below])
    counts_below = np.searchsorted(ordered, edges, side="right")
    is_last_of_its_parting = np.append(np.diff(counts_below) > 0, True)[: len(edges)]
    return np.asarray(edges[is_last_of_its_parting & (counts_below < len(ordered))], np.float64)


def neighbourhood_index(quality: ArrayLike, edges: Doubles) -> Ints:
    """Find the neighbourhood of each sample: i such that l_i < q ≤ l_{i+1}, counted from 0 (paper eq. 1).

    Args:
        quality: any shape, finite.
        edges: (K−1,) increasing, from :func:`neighbourhood_edges`.

    Returns:
        The shape of `quality`, int64 in 0…K−1.

    Raises:
        ValueError: a quality is not finite.

    Example:
        >>> neighbourhood_index([1.0, 2.5, 2.6, 99.0], np.array([2.5, 4.5, 6.5])).tolist()
        [0, 0, 1, 3]
    """
    return np.asarray(np.searchsorted(edges, _checked_quality(quality), side="left"), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class QualityNormalizer:
    """What both normalizers share: the neighbourhoods, and a round trip through plain arrays for ``np.savez``."""

    edges: Doubles
    centres: Doubles
    counts: Ints
    interpolate: bool

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by field name, of the shapes told above, the inverse of :meth:`from_arrays`; no pickle needed."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Normalizer from its arrays (an open ``.npz`` will do).

        Raises:
            ValueError: an array is missing, unknown, or of the wrong shape or range.
        """
        names = {field.name for field in fields(cls)}
        if set(arrays) != names:
            raise ValueError(f"{cls.__name__} has arrays {sorted(arrays)}, expected {sorted(names)}")
        values: dict[str, Any] = {name: np.asarray(arrays[name]) for name in names}
        return cls(**values | {"interpolate": bool(values["interpolate"])})

    def _check_neighbourhoods(self) -> None:
        check_shape("counts", self.counts, (None,))
        check_shape("centres", self.centres, (len(self.counts),))
        check_shape("edges", self.edges, (len(self.counts) - 1,))
        if not all(np.all(np.isfinite(array)) and np.all(np.diff(array) > 0) for array in (self.edges, self.centres)):
            raise ValueError("edges and centres must be finite and increase")

    def _at(self, quality: ArrayLike, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Rows of `values` (K, C) at `quality` (...): of its neighbourhood, or linear between centres."""
        if not self.interpolate:
            return np.asarray(values[neighbourhood_index(quality, self.edges)])
        ranks = np.arange(len(self.centres), dtype=np.float64)
        position = np.asarray(np.interp(_checked_quality(quality), self.centres, ranks))
        lower = position.astype(np.int64)
        low, high = values[lower], values[np.minimum(lower + 1, len(values) - 1)]
        return np.asarray(low + (position - lower)[..., None] * (high - low))  # exact where both are equal


def divide(quality: ArrayLike, num_samples: int, num_neighbourhoods: int) -> tuple[Doubles, Ints, Doubles, Ints]:
    """Edges (K−1,), neighbourhood of each sample (N,), median quality (K,) and count (K,) of each neighbourhood."""
    values = _checked_quality(quality, (num_samples,))
    edges = neighbourhood_edges(values, num_neighbourhoods)
    index = neighbourhood_index(values, edges)
    centres = np.array([np.median(values[index == i]) for i in range(len(edges) + 1)])
    return edges, index, centres, np.bincount(index, minlength=len(centres)).astype(np.int64)


def own_weight(counts: Ints, shrinkage: float) -> Doubles:
    """Weight n / (n + shrinkage), (K,), of n samples (K,); 0 for n = 0."""
    if not shrinkage >= 0:
        raise ValueError(f"shrinkage is {shrinkage}, expected 0 or more")
    return np.asarray(counts / np.maximum(counts + shrinkage, 1e-300), np.float64)


def _checked_quality(quality: ArrayLike, shape: tuple[int | None, ...] | None = None) -> Doubles:
    values = np.asarray(quality, np.float64)
    if shape is not None:
        check_shape("quality", values, shape)
    if num_bad := int(np.count_nonzero(~np.isfinite(values))):
        raise ValueError(f"quality holds {num_bad} values that are not finite, expected numbers (0 where no face is)")
    return values
