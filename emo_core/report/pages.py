"""Reports as HTML pages that stand alone: Jinja templates with one head, every text from outside escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

_HEAD = Path(__file__).with_name("page_head.html")


def render_page(template: Path, **values: Any) -> str:
    """The page that a template makes of `values`; it imports the macro ``head`` from ``page_head.html``."""
    templates = Environment(loader=FileSystemLoader([template.parent, _HEAD.parent], "utf-8"), autoescape=True)
    return templates.get_template(template.name).render(**values)
