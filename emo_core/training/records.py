"""The records of a bundle: metrics, history, stored predictions and the card, written with the files they speak of."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import to_builtins
from numpy.typing import NDArray

from emo_core.errors import BundleError, DatasetError
from emo_core.files.arrays import read_npz
from emo_core.files.csv_files import read_csv, to_csv
from emo_core.measured import Measured, read_measured
from emo_core.model import bundle as bundles
from emo_core.model.bundle_files import json_object, read_record
from emo_core.training.card.model_card import model_card

VERSION = "2.1"

_HISTORY_COLUMNS = ("stage", "epoch", "loss", "accuracy", "val_loss", "val_accuracy")


def write_with_records(
    out: Path,
    manifest: Mapping[str, Any],
    metrics: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    files: Mapping[str, bytes],
    predictions: Mapping[str, NDArray[Any]],
    drop: Sequence[str] = (),
) -> None:
    """Write the bundle with its records: those of other stages are kept unless dropped, the card is made anew.

    Args:
        out: bundle directory.
        manifest: entries of ``bundle.json``.
        metrics: sections of ``metrics.json``, as :class:`emo_core.measured.Measured` describes them; None takes an
            earlier one away.
        rows: history of one stage, as :func:`history_rows` gives it; replaces the earlier one of that stage.
        files: file name → content.
        predictions: arrays of ``predictions.npz`` by name, a row for each sample: what the metrics were computed from.
        drop: files of other stages that are no longer true.

    Raises:
        BundleError: an earlier record is damaged.
    """
    earlier, measured = ({} if name in drop else read_json(out / name) for name in (bundles.MANIFEST, bundles.METRICS))
    all_metrics = {name: found for name, found in {**measured, **to_builtins(metrics)}.items() if found is not None}
    told = [] if bundles.HISTORY in drop else _read_rows(out / bundles.HISTORY)
    stages = {row["stage"] for row in rows}
    history = [row for row in told if row["stage"] not in stages] + list(rows)
    kept = {} if bundles.PREDICTIONS in drop else read_predictions(out)
    entries = {"name": out.name, "version": VERSION, **earlier, **manifest}
    card = model_card(entries, _measured(out, all_metrics), history)
    records = {
        bundles.METRICS: (json.dumps(all_metrics, indent=1, ensure_ascii=False) + "\n").encode(),
        bundles.HISTORY: to_csv(
            _HISTORY_COLUMNS, [[row.get(name, "") for name in _HISTORY_COLUMNS] for row in history]
        ).encode(),
        bundles.PREDICTIONS: _npz({**kept, **predictions}),
        bundles.CARD: card.encode(),
    }
    bundles.write_bundle(out, manifest, {**files, **records}, drop)


def history_rows(stage: str, history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Rows of ``history.csv``, epochs counted from one."""
    names = _HISTORY_COLUMNS[2:]
    return [
        {"stage": stage, "epoch": int(row["epoch"]) + 1, **{name: round(float(row[name]), 5) for name in names}}
        for row in history
    ]


def read_predictions(out: Path) -> dict[str, NDArray[Any]]:
    """Arrays of ``predictions.npz`` by name, of the shapes they were written with; {} where there is none.

    Raises:
        BundleError: the file is damaged.
    """
    path = out / bundles.PREDICTIONS
    try:
        if not path.exists():
            return {}
        return read_npz(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(path) from error


def read_json(path: Path) -> dict[str, Any]:
    """A record that is a JSON object; {} where there is none.

    Raises:
        BundleError: the file is damaged.
    """
    try:
        return json_object(path.parent, path.name, read_record(path.parent, path.name) or b"{}")
    except BundleError as error:
        raise _damaged(path) from error


def _measured(out: Path, sections: Mapping[str, Any]) -> Measured:
    try:
        return read_measured(sections)
    except ValueError as error:
        raise _damaged(out / bundles.METRICS) from error


def _damaged(path: Path) -> BundleError:
    return BundleError(f"{path.name} of the model {path.parent.name} is damaged: restore it or delete it.")


def _npz(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    values: dict[str, Any] = dict(arrays)
    np.savez_compressed(buffer, **values)
    return buffer.getvalue()


def _read_rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [dict(row.cells) for row in read_csv(path).rows] if path.exists() else []
    except DatasetError as error:
        raise _damaged(path) from error
