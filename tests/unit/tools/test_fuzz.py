"""Hostile files of every kind, and what holds them: it must tell a crash, a loop and a bad sentence from a refusal."""

import json
import os
import re
import subprocess
import sys

import pytest

from emo_core.files.folders import ROOT

CASES = 32
WORK = {
    "read": ("lambda: None", ""),
    "refused": ("refuse('the file is damaged; copy it again.')", "copy it again"),
    "words": ("refuse('Traceback: it failed')", "a traceback"),
    "outside": ("outside('it was written beside')", "written beside"),
    "traceback": ("lambda: 1 // 0", "ZeroDivisionError"),
    "crash": ("lambda: os.kill(os.getpid(), 11)", "SIGSEGV"),
    "slow": ("lambda: [None for _ in iter(int, 1)]", "SIGXCPU"),
    "waits": ("lambda: os.read(os.pipe()[0], 1)", "SIGALRM"),
    "noise": ("lambda: os.write(2, b'decoder: no frame')", "no frame"),
}
"""What a case comes to → work that comes to it, and words of what is said of it."""

PROGRAM = """
import json, os, pathlib, sys
from emo_core.errors import EmoError
from tools.hostile import apart

apart._ENDED_CPU_S = 1

def refuse(text):
    def work():
        raise EmoError(text)
    return work

def outside(text):
    def work():
        raise apart.OutsideError(text)
    return work

for work in json.loads(sys.argv[1]):
    apart._ENDED_WALL_S = 2 if "pipe" in work else 20  # a busy machine takes long over a second of processor time
    outcome = apart.run(eval(work), pathlib.Path("/somewhere"))
    print(json.dumps([outcome.found, outcome.text, outcome.is_well]))
"""


def run(*words):
    """Of a fresh process, which has no threads to be forked with; it and its kind are not measured for coverage."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done


def test_cases_of_every_kind_are_read_or_refused_in_time():
    done = run("tools/fuzz.py", "--cases", str(CASES), "--seed", "661")
    assert done.returncode == 0, done.stdout
    assert f"{CASES} cases, 0 wrong" in done.stdout
    assert sum(map(int, re.findall(r"(\d+) (?:read|refused)", done.stdout))) == CASES
    assert sum(map(int, re.findall(r"(\d+) refused", done.stdout))) > CASES / 3


@pytest.fixture(scope="module")
def outcomes():
    lines = run("-c", PROGRAM, json.dumps([work for work, _ in WORK.values()])).stdout.splitlines()
    return dict(zip(WORK, map(json.loads, lines), strict=True))


@pytest.mark.parametrize("expected", WORK)
def test_what_a_case_comes_to_is_told(expected, outcomes):
    found, text, is_well = outcomes[expected]
    assert found == expected, text
    assert WORK[expected][1] in text
    assert is_well == (expected in ("read", "refused"))
