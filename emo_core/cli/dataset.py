"""``python -m emo_core dataset check | import``: look at a data set before training, or make one of a public corpus."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from emo_core.errors import DatasetError

if TYPE_CHECKING:
    from emo_core.datasets.checks import CheckReport

CORPORA = ("ravdess", "crema-d", "blemore")

_SHOWN = 12


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", default_model: Path) -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("dataset", help="check a data set of clips, or import a public corpus")
    kinds = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = kinds.add_parser("check", help="what to look at before training, each with its remedy")
    check.add_argument("data", type=Path, metavar="DIR", help="folder per label, or a manifest.csv")
    check.add_argument("--model", type=Path, default=default_model, metavar="DIR", help="model whose frame CNN is used")
    check.add_argument("--cache", type=Path, default=Path(".cache"), metavar="DIR", help="what was seen of clips")
    check.add_argument("--json", type=Path, metavar="FILE", help="write what was found as JSON")
    check.set_defaults(run=_check)
    imported = kinds.add_parser("import", help="recognize the clips of a corpus by the names of its files")
    imported.add_argument("--from", dest="corpus", choices=CORPORA, required=True, help="whose names the files have")
    imported.add_argument("source", type=Path, metavar="SRC", help="folder that the corpus was unpacked into")
    imported.add_argument("target", type=Path, metavar="DIR", help="folder of the new data set")
    imported.add_argument(
        "--map", type=Path, metavar="FILE", help="CSV with columns label, class, in place of the default"
    )
    imported.add_argument(
        "--copy", action="store_true", help="copy the clips; else the data set names them where they are"
    )
    imported.set_defaults(run=_import)


def _check(options: argparse.Namespace) -> None:
    from emo_core.datasets.checks import check_dataset
    from emo_core.datasets.clips import read_dataset
    from emo_core.datasets.feature_cache import ClipReader
    from emo_core.model.bundle import load_frame_network

    clips = read_dataset(options.data)
    with options.quiet():
        cnn, config = load_frame_network(options.model)

    def tell(done: int, total: int) -> None:
        if done % 50 == 0 and done < total:
            options.say(f"Seeing clip {done + 1} of {total}")

    with options.quiet():
        report = check_dataset(clips, ClipReader(cnn, config, options.cache), tell)
    if options.json:
        options.json.write_text(json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(to_text(report))
    if report.errors:
        raise DatasetError(
            f"The data set is not ready: {' '.join(item.text for item in report.errors)} See the remedies."
        )


def to_text(report: "CheckReport") -> str:
    """What was found, for a terminal."""
    lines = [f"{report.num_clips} clips of {report.num_people} people"]
    lines += [
        f"  {label:<24} {clips:4d} clips {people:4d} people" for label, (clips, people) in report.by_class.items()
    ]
    for finding in report.findings:
        lines += [f"{finding.severity}: {finding.text}", *(f"    {name}" for name in finding.clips[:_SHOWN])]
        if len(finding.clips) > _SHOWN:
            lines.append(f"    and {len(finding.clips) - _SHOWN} more")
        lines.append(f"  → {finding.remedy}")
    return "\n".join(lines if report.findings else [*lines, "Nothing to complain about."])


def _import(options: argparse.Namespace) -> None:
    from emo_core.datasets import corpora

    corpus = corpora.CORPORA[options.corpus]
    classes = corpora.read_map(options.map) if options.map else dict(corpus.classes)
    found = corpora.find_clips(corpus, options.source, classes)

    def tell(done: int, total: int) -> None:
        if done % 100 == 0:
            options.say(f"{done} of {total} clips")

    corpora.import_clips(found.clips, options.target, copy=options.copy, progress=tell)
    people = {clip.person for clip in found.clips}
    print(f"{len(found.clips)} clips of {len(people)} people in {options.target / 'manifest.csv'}")
    for label, count in found.counts.items():
        print(f"  {label:<24} {count:5d} → {classes.get(label, 'left out')}")
    if found.num_unknown:
        print(f"{found.num_unknown} videos are not named as {corpus.name} names its files and were left out")
    if not options.map:
        print("The map that was used; edit it and give it with --map for other classes:")
        print(corpora.map_text(classes), end="")
