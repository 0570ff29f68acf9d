"""Figures for whoever runs the server: off by default, in the format of Prometheus, about nobody."""

import os
import subprocess
import sys
import urllib.request

import anyio
import pytest

from emo_core.errors import SettingError, VideoError
from emo_core.files.folders import ROOT
from tools.serve.run import free_port
from ui.serve import metrics


def figure(name, **labels):
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, ""), (VideoError("no video"), "VideoError"), (KeyError("x"), "unexpected"), (KeyboardInterrupt(), "")],
)  # fmt: skip
def test_work_is_counted_with_its_seconds_and_how_it_ended(error, outcome):
    count, failed = figure("studio_job_seconds_count", kind="probe"), figure(
        "studio_job_failures_total", kind="probe", error=outcome
    )  # fmt: skip
    if error is None:
        with metrics.job("probe"):
            pass
    else:
        with pytest.raises(type(error)), metrics.job("probe"):
            raise error
    assert figure("studio_job_seconds_count", kind="probe") == count + 1
    assert figure("studio_job_failures_total", kind="probe", error=outcome) == failed + bool(outcome)


def test_answers_are_counted_and_websockets_pass():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 418})

    async def send(message):
        sent.append(message)

    sent, before = [], figure("studio_requests_total", method="BREW", status="418")
    for kind in ("http", "websocket"):
        anyio.run(metrics.Counted(app), {"type": kind, "method": "BREW"}, None, send)
    assert figure("studio_requests_total", method="BREW", status="418") == before + 1
    assert len(sent) == 2


def test_they_are_read_at_a_port_of_their_own():
    metrics.look_at(lambda: 3, lambda: {("trainings", "waiting"): 2})
    end = metrics.listen(port := free_port())
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            told = answer.read().decode()
        with pytest.raises(SettingError, match="choose another port"):
            metrics.listen(port)
    finally:
        end()
    assert "studio_open_visits 3.0" in told
    assert 'studio_queue_jobs{queue="trainings",state="waiting"} 2.0' in told
    assert "process_resident_memory_bytes" in told


@pytest.mark.parametrize(
    ("setting", "said"),
    [({"EMO_METRICS_PORT": "http"}, "EMO_METRICS_PORT is no whole number"), ({"EMO_LOG": "xml"}, "EMO_LOG is neither")],
)
def test_a_setting_that_is_none_ends_the_start_in_one_sentence(setting, said):
    words = [sys.executable, "-c", "import ui.shell.server"]
    ended = subprocess.run(words, env={**os.environ, **setting}, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith(f"error: {said}")
