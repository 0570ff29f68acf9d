"""Hybrid (compound) emotion in face video: CNN-LSTM with Q-based normalization.

The names below are the public ones. What they are and take is kept in ``tests/data/public_api.txt``, so that a break is
a decision. Importing the package loads neither TensorFlow nor OpenCV: each name is resolved on first use.

Example:
    >>> from emo_core import analyze, load_bundle
    >>> analysis = analyze("assets/demo/clips/person_01/other_4.mp4", load_bundle())
    >>> analysis.prediction.label in analysis.model.labels + ("unsure",)
    True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emo_core.analysis import Analysis
    from emo_core.errors import (
        BundleError,
        DatasetError,
        EmoError,
        ExportError,
        MissingPackageError,
        NoFaceError,
        StudyError,
        VideoError,
    )
    from emo_core.evaluation.clip_metrics import summarize
    from emo_core.evaluation.results import Evaluation
    from emo_core.evaluation.run import evaluate
    from emo_core.explain.clip import Explanation, explain_verdict
    from emo_core.inference.pipeline import analyze
    from emo_core.model.bundle import Bundle, load_bundle
    from emo_core.report.serialization import to_dict
    from emo_core.studies.many import ClipResult, analyze_many
    from emo_core.studies.tables import Study, load_study

__version__ = "0.1.0"
"""The one place that holds it: pyproject.toml, ``--version``, the app and every export read it here."""

SOFTWARE = f"Hybrid Emotion Studio {__version__}"
"""What every export says that it was written by."""

__all__ = [
    "Analysis",
    "Bundle",
    "BundleError",
    "ClipResult",
    "DatasetError",
    "EmoError",
    "Evaluation",
    "Explanation",
    "ExportError",
    "MissingPackageError",
    "NoFaceError",
    "Study",
    "StudyError",
    "VideoError",
    "analyze",
    "analyze_many",
    "evaluate",
    "explain_verdict",
    "load_bundle",
    "load_study",
    "summarize",
    "to_dict",
]

_HOMES = {
    "Analysis": "analysis",
    "Bundle": "model.bundle",
    "ClipResult": "studies.many",
    "Evaluation": "evaluation.results",
    "Explanation": "explain.clip",
    "Study": "studies.tables",
    "analyze": "inference.pipeline",
    "analyze_many": "studies.many",
    "evaluate": "evaluation.run",
    "explain_verdict": "explain.clip",
    "load_bundle": "model.bundle",
    "load_study": "studies.tables",
    "summarize": "evaluation.clip_metrics",
    "to_dict": "report.serialization",
}
"""Public name → module; what is not here is an error."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'emo_core' has no attribute {name!r}")
    return getattr(import_module(f"emo_core.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
