"""Measure what several people in a clip cost, and what one costs beside another version.

    python tools/bench_people.py --beside FOLDER     # processor time beside another version, checked out in FOLDER
    python tools/bench_people.py --people 3          # peak memory of 640×360 with so many people
    python tools/bench_people.py --people 3 --minutes 10

Figures, never tests: they depend on the machine and on what else it does.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench import SAMPLE, command  # noqa: E402  (needs the path)

RATE_HZ = 25


def main() -> None:
    """Run the measurements asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="another version, checked out")
    parser.add_argument("--runs", type=int, default=5, help="analyses of each version")
    parser.add_argument("--people", type=int, metavar="N", help="how many are in the picture, up to 8")
    parser.add_argument("--minutes", type=int, default=1, help="length of the clip with them")
    options = parser.parse_args()
    if options.beside:
        beside(options.beside, options.runs)
    if options.people:
        crowd(options.people, options.minutes)


_ANALYZE_WHEN_TOLD = """
import sys, time
from emo_core import analyze, load_bundle
bundle = load_bundle("models/hybrid")
analyze(sys.argv[1], bundle)
for line in sys.stdin:
    started = time.process_time()
    analyze(sys.argv[1], bundle)
    print(time.process_time() - started, flush=True)
"""


def beside(folder: Path, runs: int) -> None:
    """Warm analyses of two clips with one person in this version and in another, one after the other in turns.

    Processor time, of which other programs on the machine change less than of the time that passes.
    """
    for clip in (SAMPLE, ROOT / "assets" / "demo" / "clips" / "person_01" / "amusement_surprise_0.mp4"):
        words = [sys.executable, "-c", _ANALYZE_WHEN_TOLD, str(clip)]
        versions = [
            subprocess.Popen(
                words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            for root in (folder, ROOT)
        ]
        pairs = [[_ask(version) for version in versions] for _ in range(runs)]
        for version in versions:
            assert version.stdin is not None
            version.stdin.close()
            version.wait()
        other, ours = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
        print(f"{clip.name}: processor time {ours:.2f} s, {other:.2f} s in {folder.name}, {ratio:.3f} of it")


def _ask(version: "subprocess.Popen[str]") -> float:
    """Processor seconds of one more analysis."""
    assert version.stdin is not None
    assert version.stdout is not None
    version.stdin.write("\n")
    version.stdin.flush()
    return float(version.stdout.readline())


def crowd(num_people: int, minutes: int) -> None:
    """Rendered people in a grid of 640×360: peak memory of the command."""
    from emo_core.video.reader import open_video
    from emo_core.video.writer import write_video

    shots = []
    for path in sorted((ROOT / "assets" / "demo" / "clips").glob("person_*/amusement_surprise_0.mp4"))[:num_people]:
        with open_video(path) as reader:
            shots.append([frame.copy() for clip in reader.clips(RATE_HZ) for frame in clip.frames])
    columns = min(num_people, 4)
    side = min(640 // columns, 360 // -(-num_people // columns))

    def together() -> Iterator[np.ndarray]:
        for i in range(60 * minutes * RATE_HZ):
            sheet = np.zeros((360, 640, 3), np.uint8)
            for place, shot in enumerate(shots):
                row, column = divmod(place, columns)
                frame = shot[abs((i + len(shot) - 1) % (2 * len(shot) - 2) - len(shot) + 1)]  # there and back
                sheet[row * side :, column * side :][:side, :side] = cv2.resize(frame, (side, side))
            yield sheet

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "crowd.mp4"
        write_video(path, together(), Fraction(RATE_HZ), crf=23)
        wall, peak, _ = command([sys.executable, "-m", "emo_core", "analyze", str(path), "--person", "all"])
    print(f"{60 * minutes} s of 640×360, {num_people} people     {wall:6.1f} s   {peak:.0f} MB peak")


if __name__ == "__main__":
    main()
