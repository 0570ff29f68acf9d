"""Give the product files that somebody meant ill, made from seeds: each is read, or refused in one sentence, in time.

    python tools/fuzz.py                              # 60 cases; `make test` runs 32
    nice python tools/fuzz.py --cases 1000 --seed 7   # more, by hand, with other seeds
    python tools/fuzz.py --kind webm --seed 53 --cases 1 --verbose --keep build/fuzz   # one again

Every case runs in a process of its own with limits of processor time, memory and file size. Wrong are tracebacks, the
end of a process, more than five seconds of processor time, sentences that are none, output on the terminal, files
beside their folder, and connections to the network. The status is 1 if any case went wrong; its line says how to run it
again.
"""

import argparse
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np

from emo_core.files import folders
from emo_core.model.bundle import load_bundle
from tools.hostile import apart, models, tables, videos
from tools.hostile.damage import Numbers

KINDS = (*videos.CONTAINERS, "pretender", *tables.KINDS, "model", "clips", "kept")
"""What is made: damaged videos by container, files that are no videos, tables, models, zips of clips, what is kept."""

Make = Callable[[Numbers, Path], tuple[str, Callable[[], object]]]
_ANY_PORT = ("127.0.0.1", 0)


def main() -> int:
    """Run the cases asked for; 1 if any went wrong."""
    options = _options()
    cv2.setNumThreads(1)  # a process with threads must not be forked
    chosen = options.kind or KINDS
    counts, wrong = Counter[tuple[str, str]](), 0
    slowest = largest = 0.0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, socket.create_server(_ANY_PORT) as port:
        place = Path(name)
        kinds = _kinds(place, port)
        for number in range(options.cases):
            kind, seed = chosen[number % len(chosen)], options.seed + number // len(chosen)
            what, outcome = _one(kinds[kind], kind, seed, place, port, options.keep)
            counts[kind, outcome.found] += 1
            slowest, largest = max(slowest, outcome.cpu_s), max(largest, outcome.peak_mb)
            if options.verbose or not outcome.is_well:
                found = f"{outcome.found.upper()} in {outcome.cpu_s:.1f} s"
                print(f"--kind {kind} --seed {seed}: {found}: {what}\n    {outcome.text}", flush=True)
            wrong += not outcome.is_well
    for kind in chosen:
        found = ", ".join(f"{count} {name}" for (of, name), count in sorted(counts.items()) if of == kind)
        print(f"{kind:<10}{found}")
    print(f"{options.cases} cases, {wrong} wrong; at most {slowest:.1f} s of processor time and {largest:.0f} MB")
    return int(wrong > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=60, help="how many, of each kind in turn")
    parser.add_argument("--seed", type=int, default=0, help="of the first case of each kind; the next has the next")
    parser.add_argument("--kind", action="append", choices=KINDS, help="a kind alone; may be given several times")
    parser.add_argument("--keep", type=Path, help="folder for the files of cases that went wrong")
    parser.add_argument("--verbose", action="store_true", help="say what was found of every case")
    return parser.parse_args()


def _kinds(place: Path, port: socket.socket) -> Mapping[str, Make]:
    """How cases of each kind are made."""
    (place / "whole").mkdir()
    bundle = load_bundle(folders.ROOT / "models" / "hybrid")
    whole = videos.prepare(place / "whole", port.getsockname()[1], bundle)
    small = models.prepare(place / "whole", folders.ROOT / "assets" / "demo" / "evaluation.json")
    return {
        **{ending: lambda rng, folder, e=ending: videos.mutant(whole, e, rng, folder) for ending in videos.CONTAINERS},
        "pretender": lambda rng, folder: videos.pretender(whole, rng, folder),
        **{kind: lambda rng, folder, k=kind: tables.table(k, rng, folder) for kind in tables.KINDS},
        "model": lambda rng, folder: models.model(small, rng, folder),
        "clips": lambda rng, folder: models.clips(small, rng, folder),
        "kept": lambda rng, folder: models.kept(small, rng, folder),
    }


def _one(
    make: Make, kind: str, seed: int, place: Path, port: socket.socket, keep: Path | None
) -> tuple[str, apart.Outcome]:
    """What a case is, and what came of it."""
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name) / "case"
        folder.mkdir()
        what, work = make(np.random.default_rng([KINDS.index(kind), seed]), folder)
        if keep:
            shutil.copytree(folder, keep / f"{kind}-{seed}", dirs_exist_ok=True)
        outcome = apart.run(work, folder)
    if videos.was_asked(port):
        outcome = apart.Outcome("outside", "a file made it connect to an address", outcome.cpu_s, outcome.peak_mb)
    if keep and outcome.is_well:
        shutil.rmtree(keep / f"{kind}-{seed}")
    return what, outcome


if __name__ == "__main__":
    sys.exit(main())
