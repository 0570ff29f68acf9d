"""95% intervals over pictures, not over composed clips.

A few hundred pictures tell thousands of clips, so clips count for far fewer than their number. The intervals draw
pictures with replacement; a clip counts as often as the pictures of both its peaks are in the draw together (the
bootstrap of crossed factors: A. B. Owen, *The pigeonhole bootstrap*, 2007). Rest faces and looks that last a moment
are not drawn.
"""

import numpy as np
from numpy.typing import NDArray

from emo_core.evaluation.clip_metrics import figures_of_tables
from emo_core.evaluation.people_intervals import percentile_interval
from emo_core.types import Doubles

_NUM_DRAWS = 1000


class Pictures:
    """Draws of pictures with replacement.

    Args:
        pictures: (N, 2) int, the pictures of both peaks of each clip; twice the same where it has one.

    Attributes:
        weights: (B, N) how often each clip is in each draw.
    """

    def __init__(self, pictures: NDArray[np.intp]) -> None:
        known, index = np.unique(pictures, return_inverse=True)
        drawn = np.random.default_rng(0).multinomial(len(known), np.full(len(known), 1 / len(known)), _NUM_DRAWS)
        first, second = index.reshape(pictures.shape).T
        self.weights = np.asarray(drawn[:, first] * np.where(first == second, 1, drawn[:, second]), np.float64)

    def mean(self, values: Doubles) -> tuple[float, float]:
        """Interval of the mean of values (N,)."""
        return percentile_interval(self.weights @ values / self.weights.sum(axis=1))

    def verdicts(
        self, truth: NDArray[np.intp], guesses: NDArray[np.intp], num_classes: int
    ) -> dict[str, tuple[float, float]]:
        """Intervals of the accuracy and the macro-F1 of `guesses` (N,) against the classes `truth` (N,)."""
        cells = np.zeros((len(truth), num_classes**2))
        cells[np.arange(len(truth)), truth * num_classes + guesses] = 1
        drawn = figures_of_tables((self.weights @ cells).reshape(-1, num_classes, num_classes))
        return {
            "accuracy_interval": percentile_interval(drawn["accuracy"]),
            "macro_f1_interval": percentile_interval(drawn["f1"].mean(axis=1)),
        }
