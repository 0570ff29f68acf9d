"""Measures the shipped model on the demo clips and keeps that beside them, so that the app shows it at once.

    python tools/evaluate_demo.py

To be run whenever the shipped model or the demo clips change; an evaluation of another model is not shown.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from emo_core.datasets.clips import read_dataset  # noqa: E402
from emo_core.evaluation.results import to_json  # noqa: E402
from emo_core.evaluation.run import choose_clips, evaluate_dataset  # noqa: E402
from emo_core.files import folders  # noqa: E402
from emo_core.files.atomic_write import write_whole  # noqa: E402
from emo_core.model.bundle import load_bundle  # noqa: E402

NAME = "Demo clips of synthetic people"


def main() -> None:
    """Judge every clip of people that the model has not seen."""
    model, demo = folders.ROOT / "models" / "hybrid", folders.ROOT / "assets" / "demo"
    bundle = load_bundle(model)
    clips = choose_clips(model, read_dataset(demo), bundle.info.labels)
    command = "python -m emo_core evaluate --data assets/demo --model models/hybrid"
    evaluation = evaluate_dataset(bundle, clips, demo, folders.cache(), name=NAME, command=command)
    write_whole(demo / "evaluation.json", to_json(evaluation) + "\n")
    print(f"{len(evaluation.clips)} clips judged by {evaluation.model} {evaluation.version}")


if __name__ == "__main__":
    main()
