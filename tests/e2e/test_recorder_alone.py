"""The recorder's own program in the browser, without the application around it: what no page can bring about."""

import io
from itertools import pairwise

import av
import pytest
from playwright.sync_api import Page, expect

from tests import camera
from tests.e2e.camera_pages import until
from ui.shell import browser
from ui.widgets import camera as words
from ui.widgets import recorder
from ui.widgets.recorder import Recording

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
MOUNT = """
async ([html, css, script, data]) => {
  document.head.innerHTML = `<style>${css}</style>`;
  document.body.innerHTML = html;
  window.clips = [];
  window.streams = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    window.streams.push(stream);
    return stream;
  };
  const module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  window.leave = module.default({
    data, parentElement: document.body, setTriggerValue: (name, value) => window.clips.push(value),
  });
}
"""
LIGHTS = "streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === 'live').length"
"""How many cameras have their light on."""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return camera.write_camera(tmp_path_factory.mktemp("camera") / "laughter.mjpeg", [(13.0, 15.0)])


@pytest.fixture
def mounted(server, launch, visit, film):
    """Put the recorder alone on a page of the server, with some of its settings changed; the camera is on."""

    def mount(*flags: str, **settings: object) -> Page:
        flags = flags or (*FAKE, f"--use-file-for-fake-video-capture={film}")
        page = visit(f"{server}/_stcore/health", other=launch(*flags))
        html, css, script, shared = (
            browser.read(name) for name in ("recorder.html", "recorder.css", "recorder.js", "camera.js")
        )
        page.evaluate(MOUNT, [html, css, f"{shared}\n{script}", {**recorder.settings(), "countdown": 1, **settings}])
        page.get_by_role("button", name="Turn the camera on").click()
        expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
        return page

    return mount


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sent(page: Page) -> bytes:
    """What the recorder sent, still whole."""
    until(page, "clips.length")
    return Recording.from_message(page.evaluate("clips[0]")).data


@pytest.mark.camera
def test_a_recording_that_grows_too_large_ends_there_and_can_be_played(mounted):
    page = mounted(max_bytes=150_000)
    page.get_by_label("Length of the recording").select_option("15")
    press(page, "Record")
    press(page, "Use this clip")
    data = sent(page)
    assert 50_000 < len(data) <= 150_000
    with av.open(io.BytesIO(data)) as video:
        times_s = [float(frame.time) for frame in video.decode(video=0)]
    assert 0.1 < times_s[-1] < 10
    assert max(after - before for before, after in pairwise(times_s)) < 1.0


def test_with_two_cameras_one_is_chosen_and_only_that_is_on(mounted):
    page = mounted("--use-fake-device-for-media-stream=device-count=2", FAKE[1])
    choice = page.get_by_label("Camera", exact=True)
    names = choice.locator("option").all_inner_texts()
    assert len(set(names)) == 2
    choice.select_option(names[1])
    until(page, "streams.length === 2")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    assert page.evaluate("streams[1].getVideoTracks()[0].label") == names[1]
    assert page.evaluate(LIGHTS) == 1
    page.evaluate("select = document.querySelector('[data-part=camera]'); select.onchange(); select.onchange()")
    until(page, "streams.length === 4")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    until(page, f"{LIGHTS} === 1")  # two openings at once, and one of them is given up


def test_the_countdown_can_be_called_off_and_the_preview_is_a_mirror(mounted):
    page = mounted(countdown=5)
    press(page, "Record")
    expect(page.locator("[data-part=number]")).to_have_text("5")
    expect(page.locator(".guide")).to_be_visible()
    assert (
        page.locator("[data-part=preview]")
        .evaluate("video => getComputedStyle(video).transform")
        .startswith("matrix(-1")
    )
    press(page, "Cancel")
    expect(page.locator("[data-part=number]")).to_have_text("")
    page.wait_for_timeout(1500)
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
    assert page.evaluate(LIGHTS) == 1


@pytest.mark.parametrize("moment", ["Get ready", "Stop early"])
def test_a_camera_that_goes_away_meanwhile_is_told_and_nothing_is_sent(mounted, moment):
    page = mounted()
    press(page, "Record")
    page.get_by_text(moment).wait_for()
    page.evaluate("streams[0].getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_role("alert")).to_have_text(words.PROBLEMS["lost"])
    page.wait_for_timeout(1200)
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    expect(page.locator("[data-part=number]")).to_have_text("")
    assert page.evaluate("[clips.length, " + LIGHTS + "]") == [0, 0]


@pytest.mark.camera
def test_in_a_tab_in_the_background_the_recording_still_ends_in_time(mounted):
    """Browsers slow the timers of a tab nobody sees, down to one call a minute."""
    page = mounted()
    slowed = "every = setInterval; window.setInterval = (action, ms) => every(action, Math.max(ms, 60000)); true"
    page.evaluate(slowed)  # ends with a value: a function would be called
    page.get_by_label("Length of the recording").select_option("2")
    press(page, "Record")
    press(page, "Use this clip")
    until(page, "clips.length")
    assert 2000 <= page.evaluate("clips[0].ms") < 3500


def test_left_in_the_middle_of_a_recording_the_camera_goes_off(mounted):
    page = mounted()
    press(page, "Record")
    page.get_by_role("button", name="Stop early").wait_for()
    page.evaluate("leave()")
    until(page, f"{LIGHTS} === 0")
    page.wait_for_timeout(300)
    assert page.evaluate("clips.length") == 0
