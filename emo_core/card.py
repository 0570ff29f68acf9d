"""The model card, written with every bundle from its manifest and metrics; holds no figure of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_USE = """## Intended use
Research, teaching and demonstration: seeing how a CNN-LSTM reads hybrid (compound, blended) emotion from the visible
expression in a clip of one consenting person's face.

## Prohibited use
Inferring the emotions of people at work or in education is prohibited in the European Union (AI Act, Article 5(1)(f)).
Where emotion recognition is allowed, the people concerned must be told (Article 50(3)). Do not use the model to judge
honesty, health, fitness for a job or guilt. An expression is not a feeling: the model says what a face shows to
annotators, not what a person feels.

## Known limits
- Trained on still pictures with votes and on clips composed from them; no labelled video of real people was at hand.
- FER+ has no amusement: happiness stands for it.
- FER+ holds pictures found on the web, posed and acted ones among them; people, ages and skin tones are not balanced,
  and who is in it is unknown, so no figure here is a figure by person.
- Hands, masks and strong turns of the head hide what the model needs; such frames count less, and without a usable
  face there is no verdict.
- People who talk, look down or laugh through tears are the hardest cases; look at the windows, not only at the verdict.
"""

_DATA = """## Data and licences
- **FER+** (labels: Microsoft, MIT licence; pictures: FER2013, public for research, collected by image search, not part
  of this bundle). Frame CNN: `train.npz`, vote shares as soft labels; pictures mostly voted unknown or not-face are
  left out. The frame CNN takes its last epoch. The pictures of `valid.npz` that are no copies of training pictures are
  halved by a fixed permutation: the first half sets the temperature of the frame emotions.
- **Composed clips**: sequences in feature space told with FER+ pictures on which annotators agree (rest, onset, peaks,
  offset, speech, flicker, damage). Training clips from `train.npz` only. Those of the first half of `valid.npz` choose
  the head's epoch, temperature, thresholds and seed; those of the second half are only measured on.
- **Rendered clips**: synthetic people made with the USC ICT face model (MIT licence), seen through the whole pipeline.
  Of the people 60 % train, 15 % help to choose, 25 % are only measured on; nobody is in two groups.
"""


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
    """Markdown of ``MODEL_CARD.md``.

    Args:
        manifest: entries of ``bundle.json``.
        metrics: content of ``metrics.json``; sections that are missing are left out.
        history: rows of ``history.csv``.
    """
    parts = [f"# Model card: {manifest['name']} {manifest['version']}\n", _summary(manifest), _DATA]
    if "real_stills" in metrics:
        parts.append(_stills(metrics["real_stills"]))
    sections: dict[str, Callable[[Any], str]] = {
        "composed_clips": _clips, "rendered_clips": _rendered, "salience": _salience, "seeds": _seeds,
        "normalization": _normalization, "ablation": _ablation, "protocols": _protocols,
    }  # fmt: skip
    parts += [write(metrics[name]) for name, write in sections.items() if name in metrics]
    return "\n".join([*parts, _training(manifest, history), _USE])


def _summary(manifest: Mapping[str, Any]) -> str:
    labels = ", ".join(f"`{item['name']}`" for item in manifest.get("classes", [])) or "not trained yet"
    pipeline = manifest["pipeline"]
    side = pipeline["crop_side_px"]
    return (
        f"Classes: {labels}, and *unsure* where no class passes its threshold. Input: a video of one face, sampled at\n"
        f"{pipeline['sample_rate_hz']:g} frames a second, judged in windows of {pipeline['window_steps']} frames. "
        f"A frame CNN (eight basic emotions) on {side}×{side} grey\n"
        "crops aligned by the eyes, Q-based normalization of features and scores, an LSTM over the window.\n"
    )


def _stills(metrics: Mapping[str, Any]) -> str:
    low, high = metrics["accuracy_interval"]
    lines = [
        "## Frame CNN on real stills (`valid.npz`)",
        f"n = {metrics['num_images']} pictures ({metrics['num_left_out']} mostly voted unknown or not-face left out; "
        f"landmarks found in {metrics['share_aligned']:.1%}).",
        "",
        f"- accuracy {metrics['accuracy']:.1%} (95 % interval over pictures {low:.1%} – {high:.1%})",
        *_without_copies(metrics),
        f"- macro-F1 {metrics['macro_f1']:.3f}, calibration error {metrics['calibration_error']:.3f} "
        f"(on the half that set no temperature {metrics['second_half']['calibration_error']:.3f}, "
        f"n = {metrics['second_half']['num_images']})",
        *(
            f"- AUC {row['pair']} ({row['rule']}): {row['auc']:.3f} with {row['num_positive']} positives"
            for row in metrics["hybrid_auc"]
            if row["auc"] is not None
        ),
        "",
        _class_table(metrics["per_class"]),
    ]
    return "\n".join(lines)


def _without_copies(metrics: Mapping[str, Any]) -> list[str]:
    """What is left without the pictures that are in the training part too."""
    unseen = metrics.get("without_copies")
    if not unseen:
        return []
    low, high = unseen["accuracy_interval"]
    return [
        f"- **without the {metrics['num_images'] - unseen['num_images']} copies of training pictures that it holds**: "
        f"accuracy {unseen['accuracy']:.1%} ({low:.1%} – {high:.1%}), macro-F1 {unseen['macro_f1']:.3f}, "
        f"n = {unseen['num_images']}"
    ]


def _clips(metrics: Mapping[str, Any]) -> str:
    lines = [
        "## Head on clips composed from validation stills",
        "Pictures that nothing was chosen on. Clips share pictures, so intervals over clips are optimistic.",
        "",
        "| clips | n | accuracy | macro-F1 | calibration error | mean of frame emotions | gain (95 % interval) "
        "| decided | right when decided |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in ("clean", "degraded"):
        row = metrics[name]
        low, high = row["gain_interval"]
        lines.append(
            f"| {name} | {row['num_clips']} | {row['accuracy']:.1%} | {row['macro_f1']:.3f} | "
            f"{row['calibration_error']:.3f} | {row['mean_of_frame_emotions_accuracy']:.1%} | "
            f"{row['gain_over_mean']:+.1%} ({low:+.1%} – {high:+.1%}) | {row['coverage']:.1%} | "
            f"{_share(row['accuracy_when_decided'])} |"
        )
    for name in ("neutral", "neutral_degraded"):
        row = metrics[name]
        lines += ["", f"Faces that show nothing ({name.replace('_', ', ')}, n = {row['num_clips']} clips): "
                  f"{row['called_hybrid']:.1%} are called a hybrid."]  # fmt: skip
    lines += ["", "Hardest stories (clean clips):", "", "| story | right | n |", "|---|---|---|"]
    hardest = sorted(metrics["clean"]["by_story"].items(), key=lambda item: float(item[1][0]))[:6]
    lines += [f"| {story} | {share:.0%} | {count} |" for story, (share, count) in hardest]
    return "\n".join([*lines, ""])


def _rendered(metrics: Mapping[str, Any]) -> str:
    low, high = metrics["accuracy_interval_over_people"]
    return (
        "## Head on rendered clips of people it never saw\n"
        f"{metrics['num_clips']} clips of {metrics['num_people']} synthetic people, degraded ones among them, whole "
        f"pipeline: accuracy {metrics['accuracy']:.1%}\n(95 % interval over people {low:.1%} – {high:.1%}), macro-F1 "
        f"{metrics['macro_f1']:.3f}, decided {metrics['coverage']:.1%}, right when decided "
        f"{_share(metrics['accuracy_when_decided'])}.\n"
    )


def _salience(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "## Salience on real stills (`valid.npz`)",
        "Share of a pair's first emotion against its share of the votes, on pictures in which people see both: mean",
        "absolute error, beside that of always answering one half.",
        "",
        "| pair | pictures | rule | n | error | of one half | difference (95 % interval) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row["num_images"]:
            low, high = row["difference_interval"]
            difference = row["mean_absolute_error"] - row["of_one_half"]
            lines.append(
                f"| {row['class']} | {row['pictures']} | {row['rule']} | {row['num_images']} | "
                f"{row['mean_absolute_error']:.3f} | {row['of_one_half']:.3f} | "
                f"{difference:+.3f} ({low:+.3f} – {high:+.3f}) |"
            )
    return "\n".join([*lines, ""])


def _seeds(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "## Seeds",
        f"{len(rows)} heads were trained; the one with the median loss on held-out clips is shipped.",
        "",
        "| seed | held-out loss | macro-F1 clean | degraded | rendered | neutral called a hybrid |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['seed']}{' (shipped)' if row['shipped'] else ''} | {row['held_out_loss']:.4f} "
        f"| {row['clean_macro_f1']:.3f} | {row['degraded_macro_f1']:.3f} | {row['rendered_macro_f1']:.3f} "
        f"| {row['neutral_called_hybrid']:.1%} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def _normalization(record: Mapping[str, Any]) -> str:
    lines = [
        "## Q-based normalization as shipped",
        "Features, by neighbourhood of quality: how far the means μ(q) lie from those of all frames and the deviations",
        "σ(q) (root mean square over features, in deviations of all frames).",
        "",
        "| quality | frames | shift of μ | σ |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['quality']} | {row['count']} | {row['mean_shift']:.2f} | {row['deviation']:.2f} |"
        for row in record["features"]
    ]
    labels = record["labels"]
    lines += ["", "Thresholds θ(q) of the scores, by neighbourhood of the clip's quality:", ""]
    lines += ["| quality | clips | " + " | ".join(labels) + " |", "|---|---" + "|---" * len(labels) + "|"]
    lines += [
        f"| {row['quality']} | {row['count']} | " + " | ".join(f"{value:.2f}" for value in row["thresholds"]) + " |"
        for row in record["scores"]
    ]
    return "\n".join([*lines, ""])


def _ablation(record: Mapping[str, Any]) -> str:
    lines = [
        "## What each part is worth",
        f"`{record['command']}`: heads of a shorter recipe ({record['recipe']['epochs']} epochs at most of "
        f"{record['recipe']['clips_per_epoch']} composed clips), all else equal.",
        "Macro-F1, mean of the seeds ± half the 95 % interval over seeds.",
        "",
        "| reader | mean input | Q features | blendshapes | seeds | clean | degraded | rendered |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in sorted(record["variants"], key=lambda row: -float(row["clean_macro_f1"][0])):
        parts = " | ".join("yes" if row[name] else "no" for name in ("mean_input", "q_features", "blendshapes"))
        figures = " | ".join(_plus_minus(row[f"{name}_macro_f1"]) for name in ("clean", "degraded", "rendered"))
        lines.append(f"| {row['reader']} | {parts} | {row['num_seeds']} | {figures} |")
    lines += [
        "",
        "Switching one part of the LSTM on, other things equal (mean and 95 % interval over pairs of heads):",
        "",
        "| part | figure | pairs | clean | degraded |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['part'].replace('_', ' ')} | {row['figure'].replace('_', ' ')} | {row['num_pairs']} | "
        f"{_interval(row['clean'])} | {_interval(row['degraded'])} |"
        for row in record["effects"]
    ]
    return "\n".join([*lines, ""])


def _protocols(record: Mapping[str, Any]) -> str:
    lines = [
        "## Two protocols, one recipe",
        f"{record['num_windows']} windows of rendered clips of {record['num_people']} people, "
        f"{record['num_folds']}-fold cross-validation, nothing else to learn from.",
        "Split at random, as in the paper, other windows of the same clip and other clips of the same person train;",
        "split by person, nobody is on both sides.",
        "",
        "| split | accuracy (95 % interval over people) | macro-F1 |",
        "|---|---|---|",
    ]
    for name, title in (("random", "random"), ("subject", "by person (the honest one)")):
        row = record[name]
        low, high = row["interval_over_people"]
        lines.append(f"| {title} | {row['accuracy']:.1%} ({low:.1%} – {high:.1%}) | {row['macro_f1']:.3f} |")
    return "\n".join([*lines, "", f"Leakage, the difference: {100 * record['leakage']:+.1f} points.", ""])


def _plus_minus(values: Sequence[float]) -> str:
    return f"{values[0]:.3f} ± {values[2] - values[0]:.3f}"


def _interval(values: Sequence[float]) -> str:
    return f"{values[0]:+.4f} ({values[1]:+.4f} – {values[2]:+.4f})"


def _training(manifest: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
    lines = ["## How it was made"]
    for key, stage in (("frame_training", "frames"), ("head_training", "head")):
        if key in manifest:
            record = manifest[key]
            epochs = sum(row["stage"] == stage for row in history)
            lines.append(
                f"- `{record['command']}`: seed {record['recipe']['seed']}, {epochs} epochs, "
                f"{record['minutes']:g} minutes on 2 processor cores"
            )
    return "\n".join([*lines, ""])


def _class_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["| class | precision | recall | F1 | n |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['label']} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} | {row['support']} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
