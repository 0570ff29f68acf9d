"""Measure what the project promises about speed and memory; prints medians with the number of runs.

    python tools/bench.py                  # speed on the sample clip, about a minute
    python tools/bench.py --long           # also the memory of a ten-minute 720p video, some minutes more
    python tools/bench.py --lengths 1 5 20 # time and peak memory of the sample repeated to so many minutes
    python tools/bench.py --only peers     # others' models beside ours, where they are installed
    python tools/bench.py --study          # clips a minute in one process, with one worker and with two

Peers are no requirement of the project. To compare with them, from the root of the project:

    python3.11 -m venv .venv-peers
    .venv-peers/bin/pip install -r requirements.txt -c constraints.txt mediapipe==1.2.2
    .venv-peers/bin/pip install --no-deps fer==25.10.3
    .venv-peers/bin/python tools/bench.py --only peers

Figures, never tests: they depend on the machine and on what else it does.
"""

import argparse
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SAMPLE = ROOT / "assets" / "pexels_distress_to_laughter.mp4"
LONG_S = 600
STUDY_CLIPS = 60


def main() -> None:
    """Run the measurements asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement")
    parser.add_argument("--long", action="store_true", help="also a ten-minute 720p video")
    measurements = {call.__name__: call for call in (warm, stages, peers, cold)}
    parser.add_argument("--study", action="store_true", help="the throughput of a study alone")
    parser.add_argument("--lengths", type=int, nargs="+", metavar="MINUTES", help="long clips alone, by their lengths")
    parser.add_argument("--only", choices=measurements, help="one measurement alone")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processor cores, load {os.getloadavg()[0]:.1f}, medians of {options.runs} runs")
    for name, call in measurements.items():
        if options.only in (None, name) and not (options.study or options.lengths):
            call(options.runs)
    if options.lengths:
        lengths(options.lengths)
    if options.study:
        study()
    if options.long:
        long_video()


def warm(runs: int) -> None:
    """The sample clip in a process that has analysed it before."""
    from emo_core import analyze, load_bundle

    bundle = load_bundle(ROOT / "models" / "hybrid")
    analysis = analyze(SAMPLE, bundle)
    seconds = _median(lambda: analyze(SAMPLE, bundle), runs)
    length_s = analysis.video.duration_s
    print(f"warm analysis of {length_s:.1f} s        {seconds:6.2f} s   {seconds / length_s:.3f} × its length")
    timing = analysis.timing_ms
    frames = analysis.video.num_frames_sampled
    for stage in ("decode", "faces", "cnn", "head"):
        value = getattr(timing, stage)
        print(f"  {stage:<8} {value:8.0f} ms  {value / frames:6.2f} ms a sampled frame")


def stages(runs: int) -> None:
    """One call of each network, on one thread and on the two that an analysis uses; sizes on disk."""
    from emo_core.faces.blendshapes import BlendshapeModel
    from emo_core.faces.landmarks import FaceLandmarker
    from emo_core.model.bundle import FRAME_CNN, HEAD, NORMALIZER, load_bundle

    bundle, frame = load_bundle(ROOT / "models" / "hybrid"), _frame()
    faces = np.full((16, bundle.config.crop_side_px, bundle.config.crop_side_px), 0.5, np.float32)
    for threads in (1, 2):
        landmarker, cnn = FaceLandmarker(num_threads=threads), bundle.frame_network(threads)
        region = landmarker.detect(frame)[0]
        detect = _median_ms(lambda: landmarker.detect(frame), 10 * runs)  # noqa: B023
        mesh = _median_ms(lambda: landmarker.fit(frame, region), 10 * runs)  # noqa: B023
        crop = _median_ms(lambda: cnn(faces), 4 * runs) / len(faces)  # noqa: B023
        print(
            f"{threads} thread(s): search for faces {detect:.2f} ms, mesh {mesh:.2f} ms, frame CNN {crop:.2f} ms a crop"
        )
    points = landmarker.fit(frame, region).landmarks[np.newaxis]
    blendshapes, found = BlendshapeModel(), np.ones(1, bool)
    head, steps = bundle.head_network(), bundle.config.window_steps
    window = np.zeros((steps, bundle.features.mean.shape[1]), np.float32), np.ones(steps, np.float32)
    print(
        f"one thread: blendshapes {_median_ms(lambda: blendshapes(points, found), 10 * runs):.2f} ms a frame, "
        f"LSTM head {_median_ms(lambda: head(*window), 10 * runs):.2f} ms a window of {steps} frames"
    )
    size = sum(file.stat().st_size for file in bundle.path.iterdir()) / 1e6
    served = sum((bundle.path / name).stat().st_size for name in (FRAME_CNN, HEAD, NORMALIZER)) / 1e6
    print(f"bundle {size:.1f} MB, of which {served:.1f} MB are needed to serve")


def peers(runs: int) -> None:
    """MediaPipe's own landmarker and fer's network on the same frame as ours, each where it is installed."""
    from emo_core.faces.landmarks import FaceLandmarker
    from emo_core.model.bundle import load_bundle

    frame, bundle = _frame(), load_bundle(ROOT / "models" / "hybrid")
    landmarker, cnn = FaceLandmarker(num_threads=1), bundle.frame_network(1)
    face = np.full((1, bundle.config.crop_side_px, bundle.config.crop_side_px), 0.5, np.float32)
    whole_ms = _median_ms(lambda: landmarker.fit(frame, landmarker.detect(frame, thorough=False)[0]), 10 * runs)
    print(f"ours on one thread: face and mesh {whole_ms:.2f} ms, frame CNN {_median_ms(lambda: cnn(face), 40):.2f} ms")
    for name, measure in (("mediapipe", _mediapipe_ms), ("fer", _fer_ms)):
        if importlib.util.find_spec(name) is None:
            print(f"{name}: not measured, it is not installed")
        else:
            print(f"{name}: {measure(frame, 10 * runs)}")


def _mediapipe_ms(frame: np.ndarray, runs: int) -> str:
    """MediaPipe's landmarker on single pictures, from the same model file."""
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    model = ROOT / "models" / "face_landmarker" / "face_landmarker.task"
    image = mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(frame))
    with vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(BaseOptions(str(model)))) as theirs:
        return (
            f"face and mesh {_median_ms(lambda: theirs.detect(image), runs):.2f} ms (version {mediapipe.__version__})"
        )


def _fer_ms(frame: np.ndarray, runs: int) -> str:
    """The quantized emotion network of fer alone, on one face; importing its package would load a framework."""
    from ai_edge_litert.interpreter import Interpreter

    (folder,) = importlib.util.find_spec("fer").submodule_search_locations  # type: ignore[union-attr, misc]
    path = Path(folder) / "data" / "emotion_model_quantized.tflite"
    network: Any = Interpreter(model_path=str(path), num_threads=1)
    network.allocate_tensors()
    details = network.get_input_details()[0]
    face = np.resize(frame, details["shape"]).astype(details["dtype"])

    def run() -> None:
        network.set_tensor(details["index"], face)
        network.invoke()

    return f"emotion network {_median_ms(run, runs):.2f} ms a face, {path.stat().st_size / 1e6:.2f} MB"


def _frame() -> np.ndarray:
    """The first frame of the sample clip, (H, W, 3) uint8 RGB."""
    from emo_core.video.reader import open_video

    with open_video(SAMPLE) as reader:
        return np.asarray(next(reader.clips(10.0, 1)).frames[0])


def cold(runs: int) -> None:
    """The whole command from a new process: wall time and peak memory."""
    walls, peaks = [], []
    for _ in range(runs):
        wall, peak, _ = command([sys.executable, "-m", "emo_core", "analyze", str(SAMPLE)])
        walls.append(wall)
        peaks.append(peak)
    print(f"cold command                    {statistics.median(walls):6.2f} s   {statistics.median(peaks):.0f} MB peak")


def long_video() -> None:
    """Ten minutes of 720p, made by repeating the sample's frames: wall time and peak memory."""
    from emo_core.video.reader import open_video
    from emo_core.video.writer import write_video

    def repeated() -> Iterator[np.ndarray]:
        with open_video(SAMPLE, max_side_px=640) as reader:
            frames = [frame.copy() for clip in reader.clips(25.0) for frame in clip.frames]
        for i in range(LONG_S * 25):
            yield cv2.resize(frames[i % len(frames)], (1280, 720))

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        write_video(path, repeated(), Fraction(25), crf=30)
        wall, peak, _ = command([sys.executable, "-m", "emo_core", "analyze", str(path)])
    print(f"{LONG_S} s of 1280×720             {wall:6.1f} s   {wall / LONG_S:.3f} × its length, {peak:.0f} MB peak")


def lengths(minutes: list[int]) -> None:
    """The sample repeated to some lengths, its packets copied: time, processor time and peak memory of the command."""
    for length in minutes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "long.mp4"
            repeat(path, 60 * length)
            wall, peak, busy = command([sys.executable, "-m", "emo_core", "analyze", str(path)])
        told = (
            f"{wall:7.1f} s   {wall / length:5.2f} s a minute, {busy / length:5.2f} s of processor time, {peak:.0f} MB"
        )
        print(f"{length:4d} minutes of 640×360   {told}", flush=True)


def repeat(path: Path, length_s: float) -> None:
    """Write the sample one time after the other, without encoding it anew, until it is so long."""
    with av.open(str(path), "w") as target, av.open(str(SAMPLE)) as first:
        stream = target.add_stream_from_template(first.streams.video[0])
        shift = 0
        while shift * (first.streams.video[0].time_base or 1) < length_s:
            with av.open(str(SAMPLE)) as source:
                ends = [shift]
                for packet in source.demux(source.streams.video[0]):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        ends.append(packet.pts + (packet.duration or 0))
                        packet.stream = stream
                        target.mux(packet)
                shift = max(ends)


def study() -> None:
    """Demo clips as a study: in this process, by one and by two workers; memory of each, and what a clip costs more."""
    from emo_core import analyze_many, load_bundle
    from emo_core.studies.engine import local_cluster

    bundle = load_bundle(ROOT / "models" / "hybrid")
    clips = sorted((ROOT / "assets" / "demo" / "clips").glob("*/*.mp4"))[:STUDY_CLIPS]

    def measure(name: str, client: Any) -> float:
        list(analyze_many(clips[:4], bundle, client))
        started = time.perf_counter()
        work_s = [result.seconds for result in analyze_many(clips, bundle, client)]
        wall_s, workers = time.perf_counter() - started, len(client.nthreads()) if client else 1
        rate = 60 * len(clips) / wall_s
        more_ms = 1e3 * (workers * wall_s - sum(work_s)) / len(clips)
        peaks = client.run(_peak_mb).values() if client else [_peak_mb()]
        print(
            f"study, {name:<12} {rate:6.0f} clips a minute   {1e3 * statistics.median(work_s):.0f} ms of work a clip, "
            f"{more_ms:.0f} ms more, {max(peaks):.0f} MB peak"
        )
        return rate

    measure("one process", None)
    rates = []
    for workers in (1, 2):
        with local_cluster(workers) as client:
            rates.append(measure(f"{workers} worker{'s' if workers > 1 else ''}", client))
    print(f"two workers do {rates[1] / rates[0]:.2f} × the clips of one")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _median(call: Callable[[], object], runs: int) -> float:
    """Median wall time of `runs` calls in seconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _median_ms(call: Callable[[], object], runs: int) -> float:
    """:func:`_median` in milliseconds."""
    return 1e3 * _median(call, runs)


def command(words: list[str]) -> tuple[float, float, float]:
    """Wall seconds, peak resident megabytes and processor seconds of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{words} failed with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1e3, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
