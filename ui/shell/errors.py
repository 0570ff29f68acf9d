"""Errors → one sentence on the page; the traceback goes to the log, never to the visitor."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from emo_core.emotions import display_name
from emo_core.errors import UNEXPECTED, EmoError, os_remedy


def tell(sentence: str) -> None:
    """Show what went wrong, as an alert."""
    st.error(sentence, icon="⚠️")


@contextmanager
def shown(tell: Callable[[str], None] = tell) -> Iterator[None]:
    """Turn an error inside the block into one message on the page; what comes after the block still runs.

    Args:
        tell: called with the sentence; by default it is shown at once.

    Example:
        >>> with shown():                   # doctest: +SKIP
        ...     bundle = load_bundle(path)
    """
    try:
        yield
    except EmoError as error:
        tell(plain(str(error)))
    except OSError as error:
        logging.getLogger(__name__).exception("the operating system refused something on a page")
        tell(plain(f"Reading or writing on the server failed ({error.strerror or error}). {os_remedy(error)}"))
    except Exception:
        logging.getLogger(__name__).exception("unexpected error on a page")
        tell(UNEXPECTED)


def without_pictures(text: str) -> str:
    r"""Markdown whose pictures are shown as text: what a file says must not make the browser ask another server.

    Example:
        >>> without_pictures("# Card\n![pixel](https://elsewhere.example/pixel.png)")
        '# Card\n!\\[pixel](https://elsewhere.example/pixel.png)'
    """
    return text.replace("![", "!\\[")


def plain_name(label: str) -> str:
    r"""Name of a class as a person reads it, as Markdown that shows it as it stands.

    Example:
        >>> plain_name("joy_<b>")
        'Joy + \\<b\\>'
    """
    return plain(display_name(label))


def plain(text: str) -> str:
    r"""Text that Markdown shows as it stands, whatever a file is called.

    Example:
        >>> plain("a*b_c.mp4 costs $1")
        'a\\*b\\_c.mp4 costs \\$1'
    """
    return re.sub(r"([\\`*_{}\[\]<>#$~|:])", r"\\\1", text)
