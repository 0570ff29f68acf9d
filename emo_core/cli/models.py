"""``model list | verify | export | import``: which models there are, whether they are whole, and on their way."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emo_core.cli.terminal import PATH
from emo_core.errors import BundleError, os_remedy
from emo_core.files.atomic_write import write_whole
from emo_core.files.quiet import native_messages_dropped

if TYPE_CHECKING:
    from emo_core.model.bundle import Bundle


@click.group()
def model() -> None:
    """List models, verify them, take one away as a ZIP or bring one in."""


@model.command("list")
def list_() -> None:
    """Every model that can be chosen: name, version, classes, folder."""
    from emo_core.model.library import all_finished

    for folder in all_finished():
        try:
            bundle = _loaded(folder)
            print(f"{folder.name:<20} {bundle.info.version:<6} {', '.join(bundle.info.labels)}  ({folder})")
        except BundleError as error:
            print(f"{folder.name:<20} {'':<6} cannot be used: {error}")


@model.command()
@click.argument("names", nargs=-1, metavar="[MODEL]…")
def verify(names: tuple[str, ...]) -> None:
    """Check files, settings and networks of each MODEL, a name or a folder; of every one by default."""
    from emo_core.model.library import all_finished

    faults = []
    for folder in [_place(name) for name in names] or all_finished():
        try:
            bundle = _loaded(folder)
            print(f"{folder.name}: whole (version {bundle.info.version}, files {bundle.digest})")
        except BundleError as error:
            faults.append(str(error))
    if faults:
        raise BundleError(" ".join(faults))


@model.command()
@click.argument("name", metavar="MODEL")
@click.argument("out", type=PATH, metavar="[ZIP]", required=False)
def export(name: str, out: Path | None) -> None:
    """Write MODEL as one file, MODEL-VERSION.zip by default."""
    from emo_core.model.archive import export_bundle

    folder = _place(name)
    with native_messages_dropped():
        content = export_bundle(folder)
    target = out or Path(f"{folder.name}-{_loaded(folder).info.version}.zip")
    write_whole(target, content)
    print(f"{target} ({len(content) / 2**20:.1f} MB)")


@model.command("import")
@click.argument("zip_file", type=PATH, metavar="ZIP")
@click.option("--name", metavar="NAME", help="What to call it here; its own name by default.")
def import_(zip_file: Path, name: str | None) -> None:
    """Bring in a model that was exported: checked whole, then it can be chosen everywhere."""
    from emo_core.datasets.names import check_name
    from emo_core.model.archive import import_bundle, name_in
    from emo_core.model.bundle_files import MOST_BYTES
    from emo_core.model.library import new_place

    try:
        if zip_file.stat().st_size > MOST_BYTES:
            raise BundleError(f"{zip_file.name} is larger than any model: choose a ZIP that was exported as one.")
        content = zip_file.read_bytes()
    except OSError as error:
        raise BundleError(f"{zip_file.name} cannot be read ({error.strerror}). {os_remedy(error)}") from error
    place = new_place(check_name(name or name_in(content)))
    with native_messages_dropped():
        import_bundle(content, place)
    print(f"{place.name} can be chosen now ({place})")


def _place(name: str) -> Path:
    """The directory that a word means: a model's name, or a folder."""
    from emo_core.model.library import named

    folder = Path(name)
    return folder if folder.is_dir() else named(name)


def _loaded(folder: Path) -> "Bundle":
    from emo_core.model.bundle import load_bundle

    with native_messages_dropped():
        return load_bundle(folder)
