"""What the documentation takes from the program when it is built: help of commands, JSON Schema, public names."""

from collections.abc import Iterator
from pathlib import Path

import click

from emo_core import __all__ as public_names
from emo_core.cli.main import commands

ROOT = Path(__file__).resolve().parent.parent


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill in what the pages mark with a comment."""
    for mark, make in (("command line", _command_line), ("json schema", _schema), ("public names", _public)):
        place = f"<!-- here: {mark} -->"
        if place in markdown:
            markdown = markdown.replace(place, make())
    return markdown


def _command_line() -> str:
    parts = []
    for words, command in _all_commands(commands, ("hybrid-emotion",)):
        context = click.Context(command, info_name=" ".join(words), max_content_width=100)
        parts += [f"## {' '.join(words)}", "```text", command.get_help(context), "```", ""]
    return "\n".join(parts)


def _all_commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if command.hidden:
        return
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name, inner in sorted(command.commands.items()):
        yield from _all_commands(inner, (*words, name))


def _schema() -> str:
    return f"```json\n{(ROOT / 'assets' / 'analysis.schema.json').read_text('utf-8')}```\n"


def _public() -> str:
    return "\n".join(f"::: emo_core.{name}\n" for name in public_names)
