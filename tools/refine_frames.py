"""Train the frame CNN of a bundle further, with PyTorch: twice as fast as TensorFlow on a processor without AVX-512.

PyTorch is no requirement of the project. From the root of the project, with what `make app` installed in `.venv`:

    .venv/bin/pip install -r tools/requirements-refine.txt
    .venv/bin/python tools/refine_frames.py --data data/ferplus --start build/first \
        --rendered data/more_people/manifest.csv --weights .cache/refined.npz
    .venv/bin/python -m emo_core train-frames --data data/ferplus --out models/hybrid --weights .cache/refined.npz

It learns from two sources: face pictures, whose votes are averaged with what the network that it starts from says of
the same face seen in other ways (ten votes are few, the mean is a steadier answer), and frames of rendered clips of
people who are not among the demo clips. Interrupted, it goes on from its last epoch.
"""

import argparse
import hashlib
import json
import math
import os
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn  # noqa: E402

from emo_core.errors import EmoError  # noqa: E402
from emo_core.files.atomic_write import replaced_whole  # noqa: E402
from emo_core.model import bundle as bundles  # noqa: E402
from tools.refine.faces import Faces, Refinement, batches, gather_rendered, gather_stills, gather_valid  # noqa: E402
from tools.refine.net import FrameNet, answer, first_weights  # noqa: E402
from tools.refine.portraits import gather_portraits  # noqa: E402

TUNABLE = (
    "epochs", "seed", "learning_rate", "last_rate", "average", "stills_in_batch", "rendered_in_batch",
    "portraits_in_batch", "certainty", "mixing", "damage_share", "teacher_share", "easy_share", "kept",
    "half_precision",
)  # fmt: skip
"""What of the recipe the command line can change."""


def run_epoch(
    net: FrameNet, average: AveragedModel, optimizer: torch.optim.Optimizer, schedule: Any, steps: Iterator[Any],
    *, half: bool,
) -> dict[str, float]:  # fmt: skip
    """One epoch; mean loss over its steps, and share of its faces given the emotion with the greatest target."""
    net.train()
    losses, right = [], []
    for inputs, targets, weights in steps:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net(inputs).float()
        entropy = -(targets * logits.log_softmax(1)).sum(1)
        loss = (weights * entropy).sum() / weights.sum()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(net)
        losses.append(loss.item())
        right.append((logits.argmax(1) == targets.argmax(1)).float().mean().item())
    return {"loss": float(np.mean(losses)), "accuracy": float(np.mean(right))}


def measured(net: FrameNet, held_out: dict[str, Faces]) -> dict[str, float]:
    """Log loss against the targets and accuracy against the label, without mirror images, of each kind of faces."""
    row = {}
    for prefix, faces in held_out.items():
        said = answer(net, faces.crops, mirrored=False)
        row[f"{prefix}loss"] = float(-(faces.targets * np.log(np.maximum(said, 1e-9))).sum(axis=1).mean())
        row[f"{prefix}accuracy"] = float((said.argmax(axis=1) == faces.labels).mean())
    return row


def refine(options: argparse.Namespace, recipe: Refinement) -> None:
    """All epochs, from the checkpoint on where there is one, and the weights in Keras's order at the end."""
    torch.manual_seed(recipe.seed)
    side = bundles.load_frame_network(options.start)[1].crop_side_px
    weights = first_weights(options.start, side)
    net = FrameNet(weights)
    stills = gather_stills(options.data, side, options.cache, net, recipe)
    rendered, held_out = gather_rendered(options.rendered, options.demo, options.start, options.cache)
    valid = {"val_": gather_valid(options.data, side, options.cache), "rendered_": held_out}
    portraits = None
    if options.portraits:
        portraits, valid["portraits_"] = gather_portraits(options.portraits, side, options.cache, recipe.certainty)
    net.to(memory_format=torch.channels_last)
    per_epoch = int(stills.chance.sum() / recipe.stills_in_batch)
    print(f"{len(stills.crops)} stills, {len(rendered.crops)} rendered frames, about {per_epoch} steps an epoch")
    print(measured(net, valid), flush=True)
    optimizer, schedule = make_optimizer(net, recipe, per_epoch)
    content = [repr(recipe).encode(), options.rendered.read_bytes(), *(array.tobytes() for array in weights)]
    digest = hashlib.sha256(b"".join(content)).hexdigest()[:12]  # another recipe or start never resumes from it
    checkpoint = options.cache / f"refine-{digest}.pt"
    average = running_mean(net, recipe)
    parts = {"net": net, "average": average, "optimizer": optimizer, "schedule": schedule}
    rows: list[dict[str, float]] = []
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(kept[name])
        rows = kept["rows"]
    for epoch in range(len(rows), recipe.epochs):
        began = time.monotonic()
        row = {
            "epoch": float(epoch),
            **run_epoch(
                net, average, optimizer, schedule, batches(stills, rendered, portraits, recipe, epoch),
                half=recipe.half_precision,
            ),
        }  # fmt: skip
        row |= measured(average.module, valid)
        rows.append({**row, "seconds": time.monotonic() - began})
        print(json.dumps({name: round(value, 4) for name, value in rows[-1].items()}), flush=True)
        with replaced_whole(checkpoint) as file:
            torch.save({name: part.state_dict() for name, part in parts.items()} | {"rows": rows}, file)
    first = json.loads((options.start / bundles.MANIFEST).read_text("utf-8"))["frame_training"]
    record = {"recipe": asdict(recipe), "refine_command": options.command, "started_from": first}
    write(options.weights, mixed(average.module.keras_weights(), weights, recipe.kept), rows, record)


def running_mean(net: FrameNet, recipe: Refinement) -> AveragedModel:
    """The running mean of the weights, which is what is measured and written."""
    return AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True)


def make_optimizer(net: FrameNet, recipe: Refinement, per_epoch: int) -> tuple[torch.optim.AdamW, Any]:
    """AdamW, which decays convolutions and the softmax only, and its schedule over all steps."""
    learned = [parameter for parameter in net.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learned if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, recipe.learning_rate)
    total, warmup = recipe.epochs * per_epoch, max(1, per_epoch // 2)

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        fallen = 0.5 + 0.5 * math.cos(math.pi * min(1, (step - warmup) / (total - warmup)))
        return recipe.last_rate + (1 - recipe.last_rate) * fallen

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share)


def mixed(trained: list[np.ndarray], first: list[np.ndarray], kept: float) -> list[np.ndarray]:
    """Weights between those of two networks, `kept` of them the first one's."""
    return [(1 - kept) * own + kept * before for own, before in zip(trained, first, strict=True)]


def write(path: Path, weights: list[np.ndarray], rows: list[dict[str, float]], record: dict[str, Any]) -> None:
    """The weights, numbered in the order of Keras, with the history (CSV) and the record (JSON) as texts."""
    table = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    arrays = {f"weights_{index:02d}": array for index, array in enumerate(weights)}
    with replaced_whole(path) as part:
        np.savez(part, **arrays, history=np.array("\n".join(table)), record=np.array(json.dumps(record)))


def main() -> int:
    """Run; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.npz and valid.npz")
    parser.add_argument("--start", type=Path, required=True, help="bundle with the frame CNN to start from")
    parser.add_argument("--rendered", type=Path, required=True, metavar="CSV", help="manifest of rendered clips")
    parser.add_argument("--demo", type=Path, default=ROOT / "assets" / "demo" / "manifest.csv", help="to measure on")
    parser.add_argument("--portraits", type=Path, metavar="PICTURES", help="folder or zip with labels.csv")
    parser.add_argument("--weights", type=Path, required=True, help="file to write, .npz")
    parser.add_argument("--cache", type=Path, default=Path(".cache"), help="folder for aligned pictures")
    for name in TUNABLE:
        default = getattr(Refinement(), name)
        option = f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            parser.add_argument(option, action=argparse.BooleanOptionalAction, default=default)
        else:
            parser.add_argument(option, type=type(default), default=default)
    options = parser.parse_args()
    options.command = shlex.join(["python", "tools/refine_frames.py", *sys.argv[1:]])
    try:
        refine(options, Refinement(**{name: getattr(options, name) for name in TUNABLE}))
    except (EmoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
