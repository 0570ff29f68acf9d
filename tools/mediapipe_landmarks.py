"""Write tests/data/mediapipe_landmarks.npz: what MediaPipe itself finds in frames of the sample clip.

MediaPipe is no requirement of the project. To make the file again, from the root of the project:

    python3.11 -m venv .venv-mediapipe
    .venv-mediapipe/bin/pip install mediapipe==1.2.2 av==18.1.0
    PYTHONPATH=. .venv-mediapipe/bin/python tools/mediapipe_landmarks.py
"""

from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from emo_core.video.reader import open_video

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "assets" / "pexels_distress_to_laughter.mp4"
TASK = ROOT / "models" / "face_landmarker" / "face_landmarker.task"
OUT = ROOT / "tests" / "data" / "mediapipe_landmarks.npz"

TIMES_S = (0.5, 2.0, 4.5, 8.0, 13.0, 17.0)
"""A level face, distress, a hand before the face, the hand away again, laughter, laughter with the head leaned."""
RATE_HZ = 10.0
NUM_REPEATS = 12  # tracking restarts from its own result: by then it has settled on a still picture


def main() -> None:
    """Write the landmarks in pixels (x, y): `detected` on single pictures, `tracked` on each picture held still."""
    with open_video(CLIP) as reader:
        clips = list(reader.clips(RATE_HZ))
    times_s = np.concatenate([clip.timestamps_s for clip in clips])
    chosen = [int(np.argmin(np.abs(times_s - time_s))) for time_s in TIMES_S]
    frames = np.concatenate([clip.frames for clip in clips])[chosen]
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        OUT,
        times_s=times_s[chosen],
        detected=np.array([find(frame, vision.RunningMode.IMAGE) for frame in frames]),
        tracked=np.array([find(frame, vision.RunningMode.VIDEO) for frame in frames]),
        mediapipe_version=mediapipe.__version__,
    )


def find(frame: NDArray[np.uint8], mode: vision.RunningMode) -> NDArray[np.float32]:
    """Landmarks (478, 2) of the one face in an RGB picture."""
    image = mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(frame))
    with vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(BaseOptions(str(TASK)), running_mode=mode)
    ) as landmarker:
        if mode is vision.RunningMode.IMAGE:
            result = landmarker.detect(image)
        else:
            for repeat in range(NUM_REPEATS):
                result = landmarker.detect_for_video(image, round(1000 * repeat / RATE_HZ))
    (face,) = result.face_landmarks
    height, width = frame.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in face], np.float32)


if __name__ == "__main__":
    main()
