"""The sections of a model card on real people: clips, pictures of people, and which of a pair is there."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from emo_core.records import bracketed
from emo_core.training.card.sections import table

_WIDTH = 118
_ROWS = {
    "cross_validated": "verdicts, cross-validated by person",
    "mean_of_frame_emotions": "largest family of the mean frame emotions",
    "as_shipped": "verdicts as shipped (these clips helped to choose: flattering)",
}


def real_clips(record: Mapping[str, Any]) -> str:
    """Real clips, in a table of their own."""
    rows = []
    for part in record["parts"]:
        for name, words in _ROWS.items():
            found = part[name]
            counts = [f"{row['right']} of {row['num']}" for row in found["by_class"]]
            unsure = sum(row["unsure"] for row in found["by_class"])
            macro = f"{found['macro_recall']:.2f}{bracketed(found['interval'], '.2f')}"
            rows.append((part["clips"], part["num_clips"], words, macro, *counts, unsure))
    gain, compared = record["gain_over_mean"], record["compared"]
    lines = [
        "## Real clips",
        *textwrap.wrap(
            f"{record['num_clips']} parts of videos of {record['num_people']} real people, labelled by eye by one "
            f"viewer; {record['num_left_out']} more without a usable face. GIFs have few frames and few colours and "
            "are told apart. Right are verdicts on the class; *unsure* counts as wrong, but for `other`, where it "
            "misleads nobody. Nothing was trained on these clips, but they helped to choose how the frames count "
            "beside the LSTM and the thresholds, so the figures to believe are those cross-validated by person: the "
            "verdicts on each person come from what the other people chose. In brackets 95 % intervals over people.",
            _WIDTH,
        ),
        "",
        *table(("clips", "n", "what", "macro recall", *(f"`{name}`" for name in record["labels"]), "unsure"), rows),
        "",
        "Cross-validated verdicts over the mean of the frame emotions: "
        f"{gain['value']:+.2f}{bracketed(gain['interval'], '.2f')}.",
        *textwrap.wrap(
            f"Tried: the LSTM alone, {compared['lstm_alone']:.2f}; with the mean frame emotions counted in, as far as "
            "that cost composed and rendered clips at most half a point of accuracy, "
            f"{compared['frames_beside']:.2f} (macro recall, cross-validated by person). The better one is shipped.",
            _WIDTH,
        ),
    ]
    return "\n".join([*lines, ""])


def portraits(record: Mapping[str, Any]) -> str:
    """The frame CNN on pictures of people that it has not seen."""
    scores = record["scores"]
    rows = [
        (
            row["label"],
            f"{row['precision']:.2f}",
            f"{row['recall']:.2f}{bracketed(row['recall_interval'], '.2f')}",
            row["support"],
        )
        for row in record["per_class"]
        if row["support"]
    ]  # fmt: skip
    pairs = [
        f"- {row['pair']} against the rest: AUC {row['auc']['value']:.3f}{bracketed(row['auc']['interval'], '.3f')}, "
        f"recall at 5 % false alarms {row['recall_at_false_alarms']['value']:.2f}"
        f"{bracketed(row['recall_at_false_alarms']['interval'], '.2f')}, n = {row['num_positive']}"
        for row in record["pairs"]
        if row["auc"]["value"] is not None
    ]
    lines = [
        "## Frame CNN on portraits of people it never saw",
        f"{record['num_pictures']} pictures of people in the press and in films, one emotion each by one annotator; no "
        f"face found in {record['num_without_face']}, the others show {record['num_people']} people, none of",
        "whose pictures here was learned from or chosen with. In brackets 95 % intervals over people.",
        "",
        f"- accuracy {scores['accuracy']['value']:.1%}{bracketed(scores['accuracy']['interval'], '.2f')}, macro-F1 "
        f"{scores['macro_f1']['value']:.3f}, calibration error {scores['calibration_error']['value']:.3f}",
        *pairs,
        "",
        *table(("emotion", "precision", "recall", "n"), rows),
    ]
    return "\n".join([*lines, ""])


def presence(rows: Sequence[Mapping[str, Any]]) -> str:
    """How well blends are told from single emotions."""
    told = [
        (
            row["class"], row["on"], f"{row['threshold']:.3f}", _counted(row["false_blends"]), _counted(row["recall"]),
            "–" if row["auc"] is None else f"{row['auc']:.3f}",
        )
        for row in rows
    ]  # fmt: skip
    lines = [
        "## Presence: one emotion of a pair, or both",
        *textwrap.wrap(
            "What BLEMORE (arXiv 2601.13225) calls presence: a verdict is called a blend when the weaker emotion of "
            "the pair has at least the threshold's share in what the frames say of both, together or one after the "
            "other. Thresholds keep single emotions called a blend to 5 % on the first half of `valid.npz` and on "
            "rendered clips of calibrating people. Stills: both emotions ≥ 3 votes, together ≥ 7, against ≥ 8 for one; "
            "rendered clips of people who are only measured on: by what was drawn. How much of each there is "
            "(salience) is told apart from it, and only of blends. In brackets exact 95 % intervals.",
            _WIDTH,
        ),
        "",
        *table(("pair", "on", "threshold", "single ones called a blend", "blends found", "AUC"), told),
    ]
    return "\n".join([*lines, ""])


def _counted(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return "–"
    return f"{found['value']:.0%}{bracketed(found['interval'], '.2f')} of {found['num']}"
