"""What the documentation takes from the program when it is built: help of commands, JSON Schema, public names."""

from collections.abc import Iterator
from pathlib import Path

import click

from emo_core import __all__ as public_names
from emo_core.cli.main import commands
from tests.unit.test_architecture import CORE_EDGES

ROOT = Path(__file__).resolve().parent.parent


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill in what the pages mark with a comment."""
    makers = {"command line": _command_line, "json schema": _schema, "public names": _public, "rooms": _rooms}
    for mark, make in makers.items():
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


def _rooms() -> str:
    """The rooms of `emo_core` as a drawing, each above those that it needs; an edge that others imply is not drawn."""
    heights: dict[str, int] = {}
    while len(heights) < len(CORE_EDGES):
        for room, needs in CORE_EDGES.items():
            if needs <= heights.keys():
                heights.setdefault(room, 1 + max((heights[need] for need in needs), default=-1))
    rows = [[room for room in CORE_EDGES if heights[room] == height] for height in range(1 + max(heights.values()))]
    top = 70 * len(rows)
    places = {
        room: (760 * (index + 0.5) / len(row), top - 70 * height - 40)
        for height, row in enumerate(rows)
        for index, room in enumerate(row)
    }
    below = {room: set().union(*(_all_below(need) for need in needs)) for room, needs in CORE_EDGES.items()}
    lines = [
        f'<line x1="{places[room][0]:.0f}" y1="{places[room][1] + 16}" x2="{places[need][0]:.0f}" '
        f'y2="{places[need][1] - 16}" stroke="#8A94A6"/>'
        for room, needs in CORE_EDGES.items()
        for need in sorted(needs - below[room])
    ]
    boxes = [
        f'<rect x="{x - 48:.0f}" y="{y - 16}" width="96" height="32" rx="8" fill="#4453A8"/>'
        f'<text x="{x:.0f}" y="{y + 5}" text-anchor="middle" fill="#fff" font-size="14">{room}</text>'
        for room, (x, y) in places.items()
    ]
    title = "<title>Rooms of emo_core, each above those that it imports</title>"
    return f'<svg viewBox="0 0 760 {top}" role="img" width="100%">{title}{"".join(lines + boxes)}</svg>\n'


def _all_below(room: str) -> set[str]:
    return set(CORE_EDGES[room]).union(*(_all_below(need) for need in CORE_EDGES[room]))
