"""What the server says, a JSON object a line, with nothing of a person in it: ``EMO_LOG=json``.

Of an error there are its kind and the lines of code that it went through, not its message: that often holds the name of
a file or an address. What our own modules say is kept as they say it; of what libraries say, only the sentence before
anything is put into it.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

_OURS = ("emo_core", "ui", "pages", "streamlit_app")
_LEAST = (
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b|\b(?:[0-9a-fA-F]{0,4}:){3,}[0-9a-fA-F]{0,4}\b"), "[address]"),
    (re.compile(r"(?<![\w/])~?/[^\s'\",;:)]+|[A-Za-z]:\\\S+"), "[path]"),
    (re.compile(r"“[^”]*”|'[^']*'|\"[^\"]*\""), "[name]"),
    (re.compile(r"[^\s/]+\.(mp4|m4v|mov|webm|mkv|avi|gif|ts|zip|csv|json)\b", re.IGNORECASE), "[file]"),
)


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, and of an error its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        ours = record.name.partition(".")[0] in _OURS
        told: dict[str, str | list[str]] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_names(record.getMessage() if ours else str(record.msg)),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            told["at"] = [f"{Path(file).name}:{line}" for file, line, *_ in traceback.extract_tb(record.exc_info[2])]
        return json.dumps(told, ensure_ascii=False)


def without_names(text: str) -> str:
    """A sentence without addresses, paths, names in quotes and names of files.

    Example:
        >>> without_names("notes.mp4 of 192.168.1.20 is not in /srv/data/anna")
        '[file] of [address] is not in [path]'
    """
    for what, instead in _LEAST:
        text = what.sub(instead, text)
    return text


def use_json() -> None:
    """Have everything that is logged in this process written so to standard error; Streamlit has its own handlers."""
    from streamlit import logger as streamlit_logger

    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())

    def take(logger: logging.Logger) -> None:
        for earlier in list(logger.handlers):
            logger.removeHandler(earlier)
        logger.addHandler(handler)

    streamlit_logger.setup_formatter = take
    for logger in (logging.getLogger(), *streamlit_logger._loggers.values()):
        take(logger)
