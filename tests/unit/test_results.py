"""The page of results says what the records of the shipped model say, figure by figure."""

import pytest

from emo_core.emotions import display_name
from emo_core.files.folders import ROOT, SHIPPED_MODEL
from emo_core.measured import read_measured
from tests.tiny import read_json

PAGE = ROOT / "docs" / "explanation" / "results.md"


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text("utf-8").replace("**", "")


@pytest.fixture(scope="module")
def measured():
    return read_measured(read_json(SHIPPED_MODEL / "metrics.json"))


def between(interval, form, scale=1):
    return " – ".join(f"{scale * end:{form}}" for end in interval)


def test_real_clips(text, measured):
    record = measured.real_clips
    whole = record.parts[0]
    honest, mean = whole.cross_validated, whole.mean_of_frame_emotions
    assert (
        f"| {record.num_clips} parts of videos of {record.num_people} people "
        f"| {honest.macro_recall:.2f} (95% interval over people {between(honest.interval, '.2f')}) "
        f"| {mean.macro_recall:.2f} ({between(mean.interval, '.2f')}) |"
    ) in text
    for row, plain in zip(honest.by_class, mean.by_class, strict=True):
        unsure = f", {row.unsure} of them *unsure*" if row.label == "other" else ""
        name = display_name(row.label).lower()
        assert f"| {name}{', the weak side' if row.label == 'sadness_fear' else ''} | {row.num} | " in text
        assert f"| {row.num} | {row.right} right{unsure} | {plain.right} |" in text
    gif, video = record.parts[1:]
    told, plain = (
        "; ".join(f"{getattr(part, by).macro_recall:.2f}" for part in (gif, video))
        for by in ("cross_validated", "mean_of_frame_emotions")
    )
    assert f"| {gif.num_clips}; {video.num_clips} | {told} | {plain} |" in text
    assert f"(0.{round(100 * record.compared.lstm_alone)})" in text


def test_portraits(text, measured):
    found = measured.portraits
    seen = found.num_pictures - found.num_without_face
    accuracy = found.scores.accuracy
    assert (
        f"| {seen} pictures of {found.num_people} people | accuracy {accuracy.value:.1%} "
        + f"(95% interval over people {between(accuracy.interval, '.1f', 100)}%), "
        f"macro-F1 {found.scores.macro_f1.value:.3f}, calibration error {found.scores.calibration_error.value:.3f} |"
    ) in text
    rows = [next(row for row in found.per_class if row.label == name) for name in ("neutral", "happiness", "surprise")]
    told = "; ".join(f"{100 * row.recall:.0f}%" for row in rows)
    assert f"| {told}; " in text


def test_presence(text, measured):
    rows = {(row.pair, row.on): row for row in measured.presence}
    for pair, stills in (("amusement_surprise", "stills, second half"), ("sadness_fear", "stills, all")):
        told = [rows[pair, on] for on in (stills, "rendered")]
        assert not any(row.chose for row in told)
        counts = "; ".join(f"{row.false_blends.num}, {row.recall.num}" for row in told)
        false, found = ("; ".join(share(getattr(row, name)) for row in told) for name in ("false_blends", "recall"))
        assert f"rendered | {counts} | {false} | {found} |" in text


def share(found):
    """A share and its interval, as the page writes them; one decimal below 5%, and no unit at none."""
    value = 100 * found.value
    told = "0" if not value else f"{value:.1f}%" if value < 5 else f"{value:.0f}%"
    return f"{told} ({between(found.interval, '.0f', 100)}%)"


def test_stills_composed_and_rendered(text, measured):
    stills, clips, rendered = measured.real_stills, measured.composed_clips, measured.rendered_clips
    assert f"accuracy {100 * stills.accuracy:.1f}%" in text
    assert f"calibration error {stills.calibration_error:.3f} |" in text
    recalls = {row.label: row.recall for row in stills.per_class}
    assert f"(recall of disgust {recalls['disgust']:.2f},\n  contempt {recalls['contempt']:.2f})" in text
    for found in (clips.clean, clips.degraded):
        assert f"accuracy {100 * found.accuracy:.1f}% (" in text
        assert f"macro-F1 {found.macro_f1:.3f} (mean of frame emotions: accuracy" in text
    assert (
        f"| {clips.neutral.num_clips:,} clips | {100 * clips.neutral.called_hybrid:.1f}% are called a hybrid |" in text
    )
    assert (
        f"| {rendered.num_clips} clips, {rendered.num_people} people | accuracy {100 * rendered.accuracy:.1f}%" in text
    )
    stories = clips.clean.by_story
    told = f"({100 * stories['lowered eyes'][0]:.0f}% and {100 * stories['quiet sadness'][0]:.0f}% right)"
    assert told in text
