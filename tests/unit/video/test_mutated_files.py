"""Damaged files of every kind are read, or refused in one sentence; nothing else comes out of them."""

import numpy as np
import pytest

from emo_core.errors import EmoError, NoFaceError
from emo_core.inference.pipeline import analyze
from emo_core.video.reader import open_video
from tests.encoding import encode

CONTAINERS = {"mp4": "libx264", "mkv": "libx264", "webm": "libvpx", "avi": "mpeg4", "ts": "libx264"}
EACH = 24


def mutate(content, rng):
    """A file with flipped bits, a hole, a part of it twice, a wrong number in its head, or its end cut off."""
    data = bytearray(content)
    kind = rng.integers(5)
    place = int(rng.integers(len(data)))
    if kind == 0:
        for at in rng.integers(0, len(data), 1 + int(rng.integers(60))):
            data[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[place : place + int(rng.integers(1, 4000))] = b""
    elif kind == 2:
        data[place:place] = data[: int(rng.integers(1, 4000))]
    elif kind == 3:
        at = int(rng.integers(min(len(data) - 8, 400)))
        data[at : at + 4] = rng.integers(0, 256, 4, np.uint8).tobytes()
    else:
        del data[place:]
    return bytes(data)


def told_by(work):
    """What is said of a file; empty where it is read to its end."""
    try:
        work()
    except NoFaceError:
        return ""
    except EmoError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_mutant_is_read_or_refused_in_one_sentence(container, tmp_path, laughter_frames, hybrid):
    small = [np.ascontiguousarray(frame[::2, ::2]) for frame in laughter_frames[:16]]
    whole = encode(tmp_path / f"whole.{container}", small, codec=CONTAINERS[container], options={}).read_bytes()
    rng = np.random.default_rng(661)
    said = []
    for number in range(EACH):
        path = tmp_path / f"mutant {number}.{container}"
        path.write_bytes(mutate(whole, rng))

        def read(path=path):
            with open_video(path) as reader:
                for _ in reader.clips(10.0):
                    pass

        said.append(told_by(read))
        if number % 6 == 0:
            said.append(told_by(lambda path=path: analyze(path, hybrid)))
    for text in filter(None, said):
        assert "Traceback" not in text
        assert "\n" not in text
        assert text.startswith("“mutant "), text
    assert any(said), "no mutant was worth a refusal"
