"""Logs as lines of JSON: what happened and where, and nothing of a person."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.files.folders import ROOT
from ui.serve import logs


def line(name, message, *words, error=None):
    found = None
    if error is not None:
        try:
            raise error
        except Exception:
            found = sys.exc_info()
    record = logging.LogRecord(name, logging.WARNING, "file.py", 1, message, words, found)
    return json.loads(logs.JsonLines().format(record))


def test_a_line_says_when_who_and_what():
    told = line("ui.shell.server", "the queues cannot be looked after: %s", "No space left on device")
    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "warning", "logger": "ui.shell.server",
        "message": "the queues cannot be looked after: No space left on device",
    }  # fmt: skip


def test_an_error_is_told_by_its_kind_and_place_alone():
    told = line("ui.shell.errors", "unexpected error", error=FileNotFoundError(2, "no file", "/srv/anna.mp4"))
    assert told["error"] == "FileNotFoundError"
    assert told["at"][0].startswith("test_logs.py:")
    assert "anna" not in json.dumps(told)


@pytest.mark.parametrize(
    ("name", "message", "words"),
    [
        ("aioice.ice", "Connection(%s) Check %s", (0, "CandidatePair(('10.0.0.7', 5))")),
        ("uvicorn.error", "('10.0.0.7', 40312) - \"WebSocket /_stcore/stream\" [accepted]", ()),
        ("streamlit.web", "Uploaded anna.mp4 from 2001:db8::10:7 to /tmp/anna", ()),
        ("ui.state", "the clip “anna.mp4” of 10.0.0.7:80 is gone", ()),
    ],
)
def test_what_tells_of_a_person_is_left_out(name, message, words):
    told = line(name, message, *words)["message"]
    assert not {part for part in ("anna", "10.0.0.7", "db8", "40312 _stcore") if part in told}


@given(st.text())
def test_every_line_is_one_line_of_json(text):
    record = logging.LogRecord("ui.x", logging.INFO, "file.py", 1, "%s", (text,), None)
    assert "\n" not in logs.JsonLines().format(record)


def test_streamlits_own_loggers_write_so_too():
    code = (
        "from ui.serve import logs; from streamlit.logger import get_logger; early = get_logger('early');"
        "logs.use_json(); early.warning('a'); get_logger('late').warning('b');"
        "import logging; logging.getLogger('ui.x').error('c')"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [json.loads(one)["message"] for one in ended.stderr.splitlines()] == ["a", "b", "c"]
