"""Light and signals of HDR by the formulas of the standards, apart from those of the product."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BT709 = (0.640, 0.330), (0.300, 0.600), (0.150, 0.060)
BT2020 = (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)
"""Chromaticities x, y of red, green and blue as the standards state them."""


def to_xyz(primaries: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Matrix (3, 3) from linear RGB to CIE XYZ; white is D65."""
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in (*primaries, (0.3127, 0.3290))]).T
    return np.asarray(columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3]))


def pq_signal(light_cd_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signal in [0, 1] of a light: the inverse EOTF of SMPTE ST 2084."""
    root = (light_cd_m2 / 10000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * root) / (1 + 18.6875 * root)) ** 78.84375 * (light_cd_m2 > 0))


def hlg_signal(light_cd_m2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signals in [0, 1] of linear RGB (…, 3) in BT.2020 on a screen of 1000 cd/m²: inverse OOTF and OETF of BT.2100."""
    shown = light_cd_m2 / 1000
    luminance = np.maximum(shown @ to_xyz(BT2020)[1], 1e-9)[..., np.newaxis]
    scene = (shown * luminance ** ((1 - 1.2) / 1.2)).clip(0, 1)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright))
