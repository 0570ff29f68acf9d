"""One clip of a study with the real model: its part, its files, its failures."""

import io

import numpy as np

from emo_core.studies.judge import judge_clip
from emo_core.studies.judged import Work
from emo_core.studies.tables import table_of_clip
from emo_core.video.reader import open_video


def judge(path, bundle, **options):
    return judge_clip(Work("key", str(path), path.name, "digest", bundle.digest, **options), path, bundle)


def test_a_part_is_judged_and_told_on_the_clock_of_the_file(laughter, hybrid):
    found = judge(laughter, hybrid, part=(1.0, 3.0), reports=True)
    assert found.error == ""
    (row,) = found.people
    assert row["duration_s"] == 2.0
    frames = table_of_clip(found, "frames")
    np.testing.assert_allclose(frames["time_s"], np.arange(10, 30) / 10)
    assert frames["source_frame"].tolist() == list(range(10, 30))
    np.testing.assert_allclose(frames["source_timestamp_s"].astype(float), np.arange(10, 30) / 10, atol=1e-6)
    assert table_of_clip(found, "segments")["start_s"].min() == 1.0
    assert {"report.html", "analysis.json", "annotated.mp4", "frames.csv"} <= set(found.reports)
    with open_video(found.reports["annotated.mp4"], name="annotated.mp4") as reader:
        shown = [(time_s, frame.mean()) for clip in reader.clips(10.0)
                 for time_s, frame in zip(clip.timestamps_s, clip.frames, strict=True)]  # fmt: skip
    times_s = np.array([time_s for time_s, _ in shown])
    assert times_s[-1] < 3.05
    assert max(level for time_s, level in shown if time_s < 0.9) < min(level for time_s, level in shown if time_s > 1.1)
    rows = found.reports["frames.csv"].decode().splitlines()
    assert len(rows) == 21
    assert io.StringIO(rows[1]).read().startswith("1.000,")


def test_a_part_without_frames_and_a_file_that_is_none_are_sentences(laughter, tmp_path, hybrid):
    found = judge(laughter, hybrid, part=(50.0, 60.0))
    assert found.error == "“laughter.mp4” shows nothing between 50 and 60 s; correct start_s and end_s."
    assert found.is_final
    (tmp_path / "bad.mp4").write_text("text")
    assert judge(tmp_path / "bad.mp4", hybrid).error.startswith("“bad.mp4” is not a video")
    gone = judge(tmp_path / "gone.mp4", hybrid)
    assert (gone.is_final, gone.people) == (False, [])
