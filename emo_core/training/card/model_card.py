"""The model card, written with every bundle from its manifest and metrics; holds no figure of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emo_core.model.published import is_published
from emo_core.training.card import custom, people, sections
from emo_core.training.card import heatmaps as card_heatmaps
from emo_core.training.card import published as card_published

_USE = """## Intended use
Research, teaching and demonstration: seeing how a CNN-LSTM reads hybrid (compound, blended) emotion from the visible
expression in a clip of one consenting person's face.

## Prohibited use
Inferring the emotions of people at work or in education is prohibited in the European Union (AI Act, Article 5(1)(f)).
Where emotion recognition is allowed, the people concerned must be told (Article 50(3)). Do not use the model to judge
honesty, health, fitness for a job or guilt. An expression is not a feeling: the model says what a face shows to
annotators, not what a person feels.

## Known limits
- Trained on still pictures and on clips composed from them; labelled video of real people was too little to learn
  from, and fear is hardly among it.
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
  left out. The frame CNN takes its last epoch.{further}
  The pictures of `valid.npz` that are no copies of training pictures are halved by a fixed permutation: the first half
  sets the temperature of the frame emotions.
- **Composed clips**: sequences in feature space told with FER+ pictures on which annotators agree (rest, onset, peaks,
  offset, speech, flicker, damage). Training clips from `train.npz` only, whose pictures are seen as they are and three
  times turned, scaled, mirrored and lit otherwise. Those of the first half of `valid.npz` choose the head's epoch,
  temperature, offsets, thresholds and seed, and chose its recipe; those of the second half are only measured on.
- **Rendered clips**: synthetic people made with the USC ICT face model (MIT licence), seen through the whole pipeline.
  Of the people 60 % train, 15 % help to choose, 25 % are only measured on; nobody is in two groups.
"""

_FURTHER = """ Then it was trained further: on the votes
  averaged with what the network before says of two other views of the same face, and on frames of rendered clips with
  the emotions that were drawn into them, of people who are not among the demo clips."""


_SECTIONS: Mapping[str, Callable[[Any], str]] = {
    "untouched_real_clips": card_published.real_clips,
    "forced_clips": card_published.forced,
    "real_clips": people.real_clips,
    "portraits": people.portraits,
    "real_stills": sections.stills,
    "composed_clips": sections.clips,
    "rendered_clips": sections.rendered,
    "presence": people.presence,
    "salience": sections.salience,
    "seeds": sections.seeds,
    "normalization": sections.normalization,
    "ablation": sections.ablation,
    "protocols": sections.protocols,
    "heatmap_checks": card_heatmaps.heatmaps,
}


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
    """Markdown of ``MODEL_CARD.md``.

    Args:
        manifest: entries of ``bundle.json``.
        metrics: content of ``metrics.json``; sections that are missing are left out.
        history: rows of ``history.csv``.
    """
    parts = [
        f"# Model card: {manifest['name']} {manifest['version']}\n",
        _summary(manifest, published=is_published(metrics)),
    ]
    if is_published(metrics):
        parts += [card_published.what_it_is([item["name"] for item in manifest["classes"]])]
    parts += [custom.taught(manifest, metrics)] if "taught" in manifest else [_data(manifest)]
    parts += [write(metrics[name]) for name, write in _SECTIONS.items() if name in metrics]
    return "\n".join([*parts, _training(manifest, history), custom.USE if "taught" in manifest else _USE])


_REAL = """- **Real clips** (not part of this bundle): parts of videos labelled by eye. They helped to choose how the
  mean frame emotions count beside the LSTM, and the thresholds, in the balance with composed and rendered clips.
"""


def _data(manifest: Mapping[str, Any]) -> str:
    told = _DATA.format(further=_FURTHER if "started_from" in manifest.get("frame_training", {}) else "")
    return told + (_REAL if manifest.get("decision_fit") else "")


def _summary(manifest: Mapping[str, Any], *, published: bool) -> str:
    labels = ", ".join(f"`{item['name']}`" for item in manifest.get("classes", [])) or "not trained yet"
    pipeline = manifest["pipeline"]
    side = pipeline["crop_side_px"]
    where = (
        "only where the parts of a clip contradict one another" if published else "where no class passes its threshold"
    )
    unsure = f"and *unsure* {where}"
    return (
        f"Classes: {labels}, {unsure}. Input: a video of one face, sampled at\n"
        f"{pipeline['sample_rate_hz']:g} frames a second, judged in windows of {pipeline['window_steps']} frames. "
        f"A frame CNN (eight basic emotions) on {side}×{side} grey\n"
        f"crops aligned by the eyes, {_normalization_words(manifest, published=published)}, an LSTM over the window."
        f"{_evidence_words(manifest)}\n"
    )


def _evidence_words(manifest: Mapping[str, Any]) -> str:
    weight = manifest.get("frame_evidence", {}).get("weight", 0)
    if not weight:
        return ""
    return f"\nThe mean frame emotions of the window are {weight:.0%} of its verdict, the LSTM the rest."


def _normalization_words(manifest: Mapping[str, Any], *, published: bool) -> str:
    if published:
        return "Q-based normalization of features (not of scores)"
    recipe = manifest.get("head_training", {}).get("recipe", {})
    by_quality = "features and scores" if recipe.get("q_features", True) else "scores (not of features)"
    return f"Q-based normalization of {by_quality}"


def _training(manifest: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> str:
    lines = ["## How it was made"]
    for key, stage in (("frame_training", "frames"), ("head_training", "head")):
        if key in manifest:
            record = manifest[key]
            epochs = sum(row["stage"] == stage for row in history)
            lines += _steps(record, epochs)
            if "started_from" in record:
                lines += [f"- `{record['command']}`: calibrates and measures what came out"]
    if fit := manifest.get("decision_fit"):
        lines.append(f"- `{fit['command']}`: {fit['num_tried']} ways to decide tried, {fit['minutes']:g} minutes")
    return "\n".join([*lines, ""])


def _steps(record: Mapping[str, Any], epochs: int) -> list[str]:
    """A line for the training of a network and, before it, for those that it started from."""
    first, command = record.get("started_from"), record.get("refine_command", record["command"])
    before = _steps(first, first["recipe"]["epochs"]) if first else []
    seed, minutes = record["recipe"]["seed"], record["minutes"]
    return [*before, f"- `{command}`: seed {seed}, {epochs} epochs, {minutes:g} minutes on 2 processor cores"]
