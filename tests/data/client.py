"""A program of somebody else, as a strict type checker sees it: tests/unit/test_public_api.py runs mypy on it."""

from typing import assert_type

from emo_core import (
    Analysis,
    Bundle,
    ClipResult,
    EmoError,
    Evaluation,
    Explanation,
    Study,
    VideoError,
    analyze,
    analyze_many,
    evaluate,
    explain_verdict,
    load_bundle,
    load_study,
    summarize,
    to_dict,
)


def judge(path: str) -> str:
    bundle = load_bundle()
    assert_type(bundle, Bundle)
    try:
        analysis = analyze(path, bundle)
    except EmoError as error:
        return str(error)
    assert_type(analysis, Analysis)
    assert_type(analysis.prediction.label, str)
    assert_type(explain_verdict(analysis, bundle, [0]), Explanation)
    assert_type([segment.start_s for segment in analysis.prediction.segments], list[float])
    assert isinstance(to_dict(analysis)["schema"], str)
    return analysis.prediction.label


def measure(folder: str) -> float:
    found = evaluate(folder, load_bundle())
    assert_type(found, Evaluation)
    return float(summarize(found).scores.accuracy.value or 0)


def compare(folder: str) -> int:
    for result in analyze_many([folder], load_bundle()):
        assert_type(result, ClipResult)
        assert_type(result.error, str)
    study = load_study(folder)
    assert_type(study, Study)
    return study.record.num_failed


def wrong() -> None:
    analyze(3, load_bundle())  # type: ignore[arg-type]
    raise VideoError("mine")
