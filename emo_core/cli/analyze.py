"""``analyze``: judge a clip."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emo_core.cli.terminal import PATH, json_option, model_option, native_messages_dropped

if TYPE_CHECKING:
    from emo_core.model.bundle import Bundle
    from emo_core.types import Analysis


@click.command()
@click.argument("clip", type=PATH, metavar="CLIP")
@model_option()
@json_option("Write everything as JSON; - for standard output.")
@click.option("--out", type=PATH, metavar="DIR", help="Write report, video, tables, subtitles and charts.")
def analyze(clip: Path, model: Path, json_file: Path | None, out: Path | None) -> None:
    """Judge CLIP, a video of one face."""
    from emo_core.inference import pipeline
    from emo_core.model.bundle import load_bundle
    from emo_core.report.serialization import to_json, to_text

    with native_messages_dropped():
        bundle = load_bundle(model)
        bundle.head_network()
    analysis = _analyze_into(out, clip, bundle) if out else pipeline.analyze(clip, bundle)
    if json_file == Path("-"):
        print(to_json(analysis))
        return
    if json_file:
        json_file.write_text(to_json(analysis) + "\n", "utf-8")
    print(to_text(analysis))


def _analyze_into(out: Path, clip: Path, bundle: "Bundle") -> "Analysis":
    """Analyze and write every export; the folder is tried first, so that no work is lost on it."""
    from emo_core.inference import pipeline
    from emo_core.report.export import export_all, folder_to_fill

    with folder_to_fill(out) as folder:
        analysis = pipeline.analyze(clip, bundle)
        export_all(folder, clip, analysis, bundle)
    return analysis
