"""Hybrid (compound) emotion in face video: CNN-LSTM with Q-based normalization.

Importing the package loads neither TensorFlow nor OpenCV; the names below are resolved on first use.

Example:
    >>> from emo_core import load_bundle, analyze
    >>> bundle = load_bundle("models/hybrid")                                   # doctest: +SKIP
    >>> analysis = analyze("assets/pexels_distress_to_laughter.mp4", bundle)     # doctest: +SKIP
    >>> analysis.prediction.label                                               # doctest: +SKIP
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "analysis",
    "BundleError": "errors",
    "DatasetError": "errors",
    "EmoError": "errors",
    "NoFaceError": "errors",
    "StudyError": "errors",
    "VideoError": "errors",
    "analyze": "inference.pipeline",
    "analyze_many": "studies.many",
    "load_bundle": "model.bundle",
    "load_study": "studies.tables",
    "to_dict": "report.serialization",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'emo_core' has no attribute {name!r}")
    return getattr(import_module(f"emo_core.{_HOMES[name]}"), name)
