"""Hidden eyes and mouths, and faces that never move."""

import cv2
import numpy as np
import pytest

from emo_core.errors import NoFaceError
from emo_core.faces.cover import hidden_parts, is_still
from emo_core.faces.landmarks import FaceLandmarker
from emo_core.inference.pipeline import analyze
from emo_core.video.writer import write_video


@pytest.fixture(scope="module")
def meshes(laughter_frames):
    landmarker = FaceLandmarker()

    def landmarks(frame):
        first = landmarker.fit(frame, landmarker.detect(frame)[0])
        return landmarker.fit(frame, first.region).landmarks

    return [landmarks(frame) for frame in laughter_frames[:20]]


def bar(frame, points, colour):
    """A bar over both eyes."""
    left, right = points[[33, 263], 0] + (-20, 20)
    row = points[[159, 145, 386, 374], 1].mean()
    covered = frame.copy()
    covered[int(row - 22) : int(row + 18), int(left) : int(right)] = colour
    return covered


def glasses(frame, points):
    covered = frame.copy()
    for outer, inner in ((33, 133), (362, 263)):
        middle = points[[outer, inner], :2].mean(axis=0).astype(int)
        cv2.ellipse(covered, tuple(int(v) for v in middle), (34, 24), 0, 0, 360, (15, 15, 18), -1)
    return covered


def mask(frame, points):
    outline = points[[5, 50, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 280]]
    covered = frame.copy()
    cv2.fillPoly(covered, [cv2.convexHull(outline[:, :2].astype(np.int32))], (205, 215, 225))
    return covered


COVERS = {
    "black bar": (lambda frame, points: bar(frame, points, 0), "eyes"),
    "grey bar": (lambda frame, points: bar(frame, points, 120), "eyes"),
    "dark glasses": (glasses, "eyes"),
    "mask": (mask, "mouth"),
}


@pytest.mark.parametrize("kind", COVERS)
def test_no_verdict_on_a_face_whose_part_is_hidden(tmp_path, hybrid, laughter_frames, meshes, kind):
    cover, part = COVERS[kind]
    covered = [cover(frame, points) for frame, points in zip(laughter_frames, meshes, strict=False)]
    write_video(tmp_path / "covered.mp4", covered, 10.0)
    with pytest.raises(NoFaceError, match=f"The {part} of the face in covered.mp4 (is|are) hidden"):
        analyze(tmp_path / "covered.mp4", hybrid)


def test_frames_with_hidden_eyes_do_not_count_and_that_is_told(tmp_path, hybrid, laughter_frames, meshes):
    half = [bar(frame, points, 0) for frame, points in zip(laughter_frames[:15], meshes, strict=False)]
    write_video(tmp_path / "half.mp4", [*half, *laughter_frames[15:]], 10.0)
    analysis = analyze(tmp_path / "half.mp4", hybrid)
    assert not analysis.normalized.mask[:14].any()
    assert analysis.normalized.mask[16:].all()
    assert any("eyes are hidden" in warning for warning in analysis.warnings)


def test_a_photograph_is_told_from_a_person(tmp_path, hybrid, laughter_frames):
    write_video(tmp_path / "photo.mp4", [laughter_frames[3]] * 30, 10.0)
    write_video(tmp_path / "alive.mp4", laughter_frames[:30], 10.0)
    told = {}
    for name in ("photo", "alive"):
        warnings = analyze(tmp_path / f"{name}.mp4", hybrid).warnings
        told[name] = any(warning.startswith("Nothing in the face moves") for warning in warnings)
    assert told == {"photo": True, "alive": False}


def test_open_faces_hide_nothing(laughter_analysis):
    faces = laughter_analysis.normalized.faces
    assert not any(hidden.any() for hidden in hidden_parts(faces).values())
    assert not is_still(faces)
