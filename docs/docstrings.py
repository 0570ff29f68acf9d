"""Docstrings as the site reads them: an example is a section of code, and cross references are plain names."""

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:meth|func|class|mod|data|attr):`~?([^`]+)`")


class AsSections(griffe.Extension):
    """Changes nothing but the text that is drawn."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Every object with a docstring, once it is read."""
        if obj.docstring:
            text = re.sub(r"^(\s*)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)
            obj.docstring.value = _ROLE.sub(r"`\1`", text)
