"""``dataset check | import``: look at a data set before training, or make one of a public corpus."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emo_core.cli.terminal import PATH, cache_option, json_option, model_option, say
from emo_core.errors import DatasetError
from emo_core.files.quiet import native_messages_dropped

if TYPE_CHECKING:
    from emo_core.datasets.checks import CheckReport

CORPORA = ("ravdess", "crema-d", "blemore")

_SHOWN = 12


@click.group()
def dataset() -> None:
    """Check a data set of clips, or import a public corpus."""


@dataset.command()
@click.argument("data", type=PATH, metavar="DIR")
@model_option("Model whose frame CNN is used.")
@cache_option()
@json_option("Write what was found as JSON.")
def check(data: Path, model: Path, cache: Path, json_file: Path | None) -> None:
    """What to look at in DIR before training, each with its remedy: a folder per label, or a manifest.csv."""
    from emo_core.datasets.checks import check_dataset
    from emo_core.datasets.clips import count_skipped, read_dataset
    from emo_core.datasets.feature_cache import ClipReader
    from emo_core.evaluation.results import indented
    from emo_core.model.bundle import load_frame_network

    clips = read_dataset(data)
    with native_messages_dropped():
        cnn, config = load_frame_network(model)

    def tell(done: int, total: int) -> None:
        if done % 50 == 0 and done < total:
            say(f"Seeing clip {done + 1} of {total}")

    with native_messages_dropped():
        report = check_dataset(clips, ClipReader(cnn, config, cache), tell, count_skipped(data, clips))
    if json_file:
        json_file.write_text(indented(report) + "\n", "utf-8")
    print(to_text(report))
    if report.errors:
        raise DatasetError(
            f"The data set is not ready: {' '.join(item.text for item in report.errors)} See the remedies."
        )


def to_text(report: "CheckReport") -> str:
    """What was found, for a terminal."""
    lines = [f"{report.num_clips} clips of {report.num_people} people"]
    lines += [
        f"  {label:<24} {size.num_clips:4d} clips {size.num_people:4d} people"
        for label, size in report.by_class.items()
    ]
    for finding in report.findings:
        lines += [f"{finding.severity}: {finding.text}", *(f"    {name}" for name in finding.clips[:_SHOWN])]
        if len(finding.clips) > _SHOWN:
            lines.append(f"    and {len(finding.clips) - _SHOWN} more")
        lines.append(f"  → {finding.remedy}")
    return "\n".join(lines if report.findings else [*lines, "Nothing to complain about."])


@dataset.command("import")
@click.option("--from", "corpus_name", type=click.Choice(CORPORA), required=True, help="Whose names the files have.")
@click.argument("source", type=PATH, metavar="SRC")
@click.argument("target", type=PATH, metavar="DIR")
@click.option("--map", "map_file", type=PATH, metavar="FILE", help="CSV with columns label, class.")
@click.option("--copy", "copied", is_flag=True, help="Copy the clips; else the data set names them where they are.")
def import_(corpus_name: str, source: Path, target: Path, map_file: Path | None, *, copied: bool) -> None:
    """Recognize the clips of the corpus in SRC by the names of its files: a new data set in DIR."""
    from emo_core.datasets import corpora

    corpus = corpora.CORPORA[corpus_name]
    classes = corpora.read_map(map_file) if map_file else dict(corpus.classes)
    found = corpora.find_clips(corpus, source, classes)

    def tell(done: int, total: int) -> None:
        if done % 100 == 0:
            say(f"{done} of {total} clips")

    corpora.import_clips(found.clips, source, target, copy=copied, progress=tell)
    people = {clip.person for clip in found.clips}
    print(f"{len(found.clips)} clips of {len(people)} people in {target / 'manifest.csv'}")
    for label, count in found.counts.items():
        print(f"  {label:<24} {count:5d} → {classes.get(label, 'left out')}")
    for reason, number in found.skipped.items():
        print(f"{number} × left out: {reason}")
    if found.unreadable:
        print(f"{len(found.unreadable)} of some files that were tried cannot be opened; `dataset check` looks at all:")
        print("\n".join(f"    {fault}" for fault in found.unreadable))
    if not map_file:
        print("The map that was used; edit it and give it with --map for other classes:")
        print(corpora.map_text(classes), end="")
