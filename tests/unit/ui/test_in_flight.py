"""What is asked for while the server still answers: nothing of it is lost, and nothing leads back to a page left."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType

from ui.serve import in_flight

ROOT = Path(__file__).resolve().parents[3]
MAIN = PagesManager(str(ROOT / "streamlit_app.py")).main_script_hash
HOME, LIVE, ABOUT = "home", "live", "about"


class Visit:
    """As much of a visit as is looked at; what came through to Streamlit."""

    def __init__(self, shown=""):
        self._pages_manager = PagesManager(str(ROOT / "streamlit_app.py"))
        self.shows(shown)
        self._scriptrunner = None
        self.id = "anna"
        self.handled = []

    def shows(self, page):
        self._pages_manager.set_current_page_script_hash(page)

    def ask(self, page, *pressed, fragment="", **values):
        asked = ClientState(page_script_hash=page, fragment_id=fragment)
        for name in pressed:
            asked.widget_states.widgets.add(id=name, trigger_value=True)
        for name, value in values.items():
            asked.widget_states.widgets.add(id=name, string_value=value)
        AppSession._handle_rerun_script_request(self, asked)
        return asked


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    monkeypatch.setattr(
        AppSession, "_handle_rerun_script_request", lambda visit, asked=None: visit.handled.append(asked)
    )
    for owner, name in ((ForwardMsgQueue, "clear"), (PagesManager, "set_current_page_script_hash")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # as it was, after the test
    in_flight.keep()


def waiting(visit, **state):
    """A run that was asked for and has not begun."""
    visit._scriptrunner = SimpleNamespace(_requests=ScriptRequests())
    asked = ClientState()
    for name, value in state.items():
        asked.widget_states.widgets.add(id=name, **value)
    visit._scriptrunner._requests.request_rerun(RerunData(widget_states=asked.widget_states))
    return visit._scriptrunner._requests


def pages(visit):
    return [asked.page_script_hash for asked in visit.handled]


def test_what_a_page_that_was_left_sends_does_not_lead_back():
    visit = Visit(LIVE)
    visit.ask(ABOUT)
    visit.ask(LIVE, camera="ready")  # the run of About has not begun
    visit.shows(ABOUT)
    visit.ask(LIVE, camera="ready")  # it has, and the browser has not heard of it
    assert pages(visit) == [ABOUT]
    visit.ask(ABOUT, tab="Paper")
    assert pages(visit) == [ABOUT, ABOUT]


def test_a_link_back_is_followed_before_and_after_the_other_page_is_shown():
    visit = Visit(LIVE)
    visit.ask(ABOUT)
    visit.ask(LIVE)
    visit.ask(LIVE, camera="ready")
    assert pages(visit) == [ABOUT, LIVE, LIVE]
    visit.ask(ABOUT)
    visit.shows(ABOUT)
    visit.ask(LIVE)
    visit.shows(LIVE)
    visit.ask(LIVE, camera="ready")
    visit.ask(ABOUT, tab="Paper")
    assert pages(visit) == [ABOUT, LIVE, LIVE, ABOUT, LIVE, LIVE]


def test_a_page_is_no_longer_left_once_the_script_leads_back_to_it():
    visit = Visit(LIVE)
    visit.ask(HOME)
    visit.shows(HOME)
    visit.shows(LIVE)  # nothing was asked in between
    visit.ask(LIVE, tab="Charts")
    assert pages(visit) == [HOME, LIVE]


def test_a_page_that_the_script_itself_left_leads_not_back_either():
    visit = Visit(HOME)
    visit.ask(HOME, "analyze-the-sample")
    visit.shows(LIVE)
    visit.ask(HOME, "again")
    visit.ask(LIVE, "start")
    assert pages(visit) == [HOME, LIVE]


@pytest.mark.parametrize("page", ["", MAIN, LIVE])
def test_a_visit_that_begins_takes_whatever_page_the_browser_shows(page):
    visit = Visit()
    visit.ask(page, camera="ready")
    assert pages(visit) == [page]


def test_a_browser_whose_connection_broke_goes_on_with_the_page_that_it_shows(monkeypatch):
    found = SimpleNamespace(client=object())
    server = SimpleNamespace(_session_mgr=SimpleNamespace(get_active_session_info=lambda visit: found))
    monkeypatch.setattr(in_flight, "runtime", SimpleNamespace(exists=lambda: True, get_instance=lambda: server))
    visit = Visit(LIVE)
    visit.ask(LIVE, "analyze-the-last-seconds")
    visit.shows(HOME)  # which it was told through a connection that is gone
    visit.ask(LIVE, camera="ready")
    found.client = object()
    visit.ask(LIVE, camera="ready")
    assert pages(visit) == [LIVE, LIVE]


def test_part_of_a_page_runs_after_what_waits_and_not_on_another_page():
    visit = Visit(ABOUT)
    requests = waiting(visit, start={"trigger_value": True})
    visit.ask(ABOUT, fragment="watch")
    visit.ask(LIVE, fragment="watch")
    AppSession._handle_rerun_script_request(visit)
    assert [asked and asked.page_script_hash for asked in visit.handled] == [ABOUT, None]
    assert requests.on_scriptrunner_ready().type is ScriptRequestType.RERUN


def test_a_press_whose_run_has_not_begun_is_in_the_next_one():
    visit = Visit(HOME)
    requests = waiting(visit, start={"trigger_value": True}, name={"string_value": "an"})
    visit.ask(HOME, name="anna")
    sent = {state.id: state.trigger_value or state.string_value for state in visit.handled[0].widget_states.widgets}
    assert sent == {"start": True, "name": "anna"}
    assert requests.on_scriptrunner_ready().type is ScriptRequestType.STOP  # it would press twice


def test_a_press_whose_run_has_begun_is_not_pressed_again():
    visit = Visit(HOME)
    requests = waiting(visit, start={"trigger_value": True})
    requests.on_scriptrunner_ready()
    visit.ask(HOME, name="anna")
    assert [state.id for state in visit.handled[0].widget_states.widgets] == ["name"]


@pytest.mark.parametrize("fragments", [None, ["watch"]])
def test_answers_to_an_uploader_and_a_download_outlast_the_start_of_a_run(fragments):
    queue = ForwardMsgQueue()
    answers = [ForwardMsg(), ForwardMsg(), ForwardMsg()]
    answers[0].file_urls_response.response_id = "clips"
    answers[1].backend_operation_response.request_id = "table"
    answers[2].script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    text = ForwardMsg()
    text.delta.fragment_id = "watch"
    for message in (text, *answers):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=fragments)
    kinds = sorted(message.WhichOneof("type") for message in queue.flush())
    assert kinds == ["backend_operation_response", "file_urls_response", "script_finished"]
    queue.enqueue(answers[0])
    queue.clear()
    assert queue.is_empty()
