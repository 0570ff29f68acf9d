"""The sections of a model card that hold figures: each a part of ``metrics.json`` in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emo_core.training.synthesis.composed_clips import LOOK_ALIKES


def stills(metrics: Mapping[str, Any]) -> str:
    """The frame CNN on pictures with votes."""
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
        class_table(metrics["per_class"]),
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


def clips(metrics: Mapping[str, Any]) -> str:
    """The head on composed clips."""
    header = (
        "clips", "n", "accuracy", "macro-F1", "calibration error", "mean of frame emotions", "gain",
        "decided", "right when decided",
    )  # fmt: skip
    rows = []
    for name in ("clean", "degraded"):
        row = metrics[name]
        low, high = row["gain_interval"]
        accuracy, macro_f1 = (_over_pictures(row, figure) for figure in ("accuracy", "macro_f1"))
        rows.append(
            (
                name, row["num_clips"], f"{row['accuracy']:.1%}{accuracy}", f"{row['macro_f1']:.3f}{macro_f1}",
                f"{row['calibration_error']:.3f}", f"{row['mean_of_frame_emotions_accuracy']:.1%}",
                f"{row['gain_over_mean']:+.1%} ({low:+.1%} – {high:+.1%})", f"{row['coverage']:.1%}",
                _share(row["accuracy_when_decided"]),
            )
        )  # fmt: skip
    lines = [
        "## Head on clips composed from validation stills",
        "Pictures that nothing was chosen on. In brackets 95 % intervals over pictures: a few",
        "hundred tell all the clips.",
        "",
        *table(header, rows),
    ]
    for name in ("clean", "degraded"):
        if part := metrics[name].get("without_look_alikes"):
            lines += ["", f"Without stories of look-alikes ({', '.join(sorted(LOOK_ALIKES))}; {name}, n = "
                      f"{part['num_clips']} clips): macro-F1 {_figure(part['macro_f1'])}."]  # fmt: skip
    for name in ("neutral", "neutral_degraded"):
        row = metrics[name]
        lines += ["", f"Faces that show nothing ({name.replace('_', ', ')}, n = {row['num_clips']} clips): "
                  f"{row['called_hybrid']:.1%} are called a hybrid."]  # fmt: skip
    hardest = sorted(metrics["clean"]["by_story"].items(), key=lambda item: float(item[1][0]))[:6]
    stories = [(story, f"{share:.0%}", count) for story, (share, count) in hardest]
    lines += ["", "Hardest stories (clean clips):", "", *table(("story", "right", "n"), stories)]
    return "\n".join([*lines, ""])


def rendered(metrics: Mapping[str, Any]) -> str:
    """The head on rendered clips."""
    low, high = metrics["accuracy_interval_over_people"]
    return (
        "## Head on rendered clips of people it never saw\n"
        f"{metrics['num_clips']} clips of {metrics['num_people']} synthetic people, degraded ones among them, whole "
        f"pipeline: accuracy {metrics['accuracy']:.1%}\n(95 % interval over people {low:.1%} – {high:.1%}), macro-F1 "
        f"{metrics['macro_f1']:.3f}, decided {metrics['coverage']:.1%}, right when decided "
        f"{_share(metrics['accuracy_when_decided'])}.\n"
        f"{_undamaged(metrics)}"
        "Clips too dark to judge are left out.\n"
    )


def _undamaged(metrics: Mapping[str, Any]) -> str:
    part = metrics.get("undamaged")
    if not part:
        return ""
    return f"Those whose pictures are not degraded (n = {part['num_clips']}): macro-F1 {_figure(part['macro_f1'])}.\n"


def salience(rows: Sequence[Mapping[str, Any]]) -> str:
    """Shares within a pair against the votes."""
    header = ("pair", "pictures", "rule", "n", "error", "of one half", "difference (95 % interval)")
    told = []
    for row in rows:
        if row["num_images"]:
            low, high = row["difference_interval"]
            error, half = row["mean_absolute_error"], row["of_one_half"]
            difference = f"{error - half:+.3f} ({low:+.3f} – {high:+.3f})"
            what = (row["class"], row["pictures"], row["rule"], row["num_images"])
            told.append((*what, f"{error:.3f}", f"{half:.3f}", difference))
    lines = [
        "## Salience on real stills (`valid.npz`)",
        "Share of a pair's first emotion against its share of the votes, on pictures in which people see both: mean",
        "absolute error, beside that of always answering one half. The first half of the pictures chose how flat the",
        "curves are; the second half chose nothing.",
        "",
        *table(header, told),
    ]
    return "\n".join([*lines, ""])


def seeds(rows: Sequence[Mapping[str, Any]]) -> str:
    """All heads that were trained."""
    header = ("seed", "held-out loss", "macro-F1 clean", "degraded", "rendered", "neutral called a hybrid")
    figures = ("clean_macro_f1", "degraded_macro_f1", "rendered_macro_f1")
    told = [
        (
            f"{row['seed']}{' (shipped)' if row['shipped'] else ''}",
            f"{row['held_out_loss']:.4f}",
            *(f"{row[name]:.3f}" for name in figures),
            f"{row['neutral_called_hybrid']:.1%}",
        )
        for row in rows
    ]
    lines = [
        "## Seeds",
        f"{len(rows)} heads were trained; the one with the median loss on held-out clips is shipped.",
        "",
        *table(header, told),
    ]
    return "\n".join([*lines, ""])


def normalization(record: Mapping[str, Any]) -> str:
    """μ(q), σ(q) and θ(q) as shipped."""
    features = [
        (row["quality"], row["count"], f"{row['mean_shift']:.2f}", f"{row['deviation']:.2f}")
        for row in record["features"]
    ]
    scores = [
        (row["quality"], row["count"], *(f"{value:.2f}" for value in row["thresholds"])) for row in record["scores"]
    ]
    lines = [
        "## Q-based normalization as shipped",
        "Features, by neighbourhood of quality: how far the means μ(q) lie from those of all frames, and the",
        "deviations σ(q) (root mean square over features, in deviations of all frames).",
        "",
        *table(("quality", "frames", "shift of μ", "σ"), features),
        "",
        "Thresholds θ(q) of the scores, by neighbourhood of the clip's quality:",
        "",
        *table(("quality", "clips", *record["labels"]), scores),
    ]
    return "\n".join([*lines, ""])


_FORMER_CNN = "**Measured with the frame CNN as it was before it was trained further; not repeated since.**"


def ablation(record: Mapping[str, Any]) -> str:
    """Heads with and without each part."""
    sets, parts = ("clean", "degraded", "rendered"), ("mean_input", "q_features", "blendshapes")
    variants = [
        (
            row["reader"],
            *("yes" if row[name] else "no" for name in parts),
            row["num_seeds"],
            _plus_minus(row["held_out_loss"]),
            *(_plus_minus(row[f"{name}_macro_f1"]) for name in sets),
        )
        for row in sorted(record["variants"], key=lambda row: float(row["held_out_loss"][0]))
    ]
    effects = [
        (
            row["part"].replace("_", " "),
            row["figure"].replace("_", " "),
            row["num_pairs"],
            _interval(row["clean"]),
            _interval(row["degraded"]),
        )
        for row in record["effects"]
    ]
    lines = [
        "## What each part is worth",
        f"`{record['command']}`: heads of a shorter recipe ({record['recipe']['epochs']} epochs at most of "
        f"{record['recipe']['clips_per_epoch']} composed clips), all else equal.",
        "Loss on held-out clips, which chose the parts of the shipped head, and macro-F1 on clips that chose nothing:",
        "mean of the seeds ± half the 95 % interval over seeds.",
        *((_FORMER_CNN,) if record.get("of_former_frame_cnn") else ()),
        "",
        *table(("reader", "mean input", "Q features", "blendshapes", "seeds", "held-out loss", *sets), variants),
        "",
        "Switching one part of the LSTM on, other things equal (mean and 95 % interval over pairs of heads):",
        "",
        *table(("part", "figure", "pairs", "clean", "degraded"), effects),
    ]
    return "\n".join([*lines, ""])


def protocols(record: Mapping[str, Any]) -> str:
    """A random split beside one by person."""
    rows = []
    for name, title in (("random", "random"), ("subject", "by person (the honest one)")):
        row = record[name]
        low, high = row["interval_over_people"]
        rows.append((title, f"{row['accuracy']:.1%} ({low:.1%} – {high:.1%})", f"{row['macro_f1']:.3f}"))
    lines = [
        "## Two protocols, one recipe",
        f"{record['num_windows']} windows of clips ({', '.join(record.get('sources', ['rendered']))}) of "
        f"{record['num_people']} people, "
        f"{record['num_folds']}-fold cross-validation, nothing else to learn from.",
        "Split at random, as in the paper, other windows of the same clip and other clips of the same person train;",
        "split by person, nobody is on both sides.",
        "",
        *table(("split", "accuracy (95 % interval over people)", "macro-F1"), rows),
        "",
        f"Leakage, the difference: {100 * record['leakage']:+.1f} points.",
    ]
    return "\n".join([*lines, ""])


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a Markdown table."""
    cells = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(map(str, row)) + " |" for row in cells]


def _plus_minus(values: Sequence[float]) -> str:
    return f"{values[0]:.3f} ± {values[2] - values[0]:.3f}"


def _interval(values: Sequence[float]) -> str:
    return f"{values[0]:+.4f} ({values[1]:+.4f} – {values[2]:+.4f})"


def class_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Precision, recall, F1 and count of each class."""
    header = ("class", "precision", "recall", "F1", "n")
    told = [
        (row["label"], *(f"{row[name]:.2f}" for name in ("precision", "recall", "f1")), row["support"]) for row in rows
    ]
    return "\n".join([*table(header, told), ""])


def _over_pictures(row: Mapping[str, Any], figure: str) -> str:
    low, high = row[f"{figure}_interval"]
    return f" ({low:.1%} – {high:.1%})" if figure == "accuracy" else f" ({low:.3f} – {high:.3f})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
