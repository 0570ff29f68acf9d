"""Connection servers of an installation: none unless named, and nothing malformed gets through."""

import json

import pytest
import streamlit as st

from ui.live import ice

TURN = {"urls": "turn:192.0.2.9:3478?transport=udp", "username": "u", "credential": "c"}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    monkeypatch.delenv("EMO_ICE_SERVERS", raising=False)
    monkeypatch.delenv("EMO_ICE_POLICY", raising=False)
    monkeypatch.setattr(st, "secrets", Secrets({}))


class Secrets(dict):
    def load_if_toml_exists(self):
        return bool(self)


def test_by_default_there_is_none_and_no_public_server_is_asked():
    found = ice.settings()
    assert found.for_browser() == {"iceServers": [], "iceTransportPolicy": "all"}
    assert found.for_server() == {"iceServers": []}


def test_the_libraries_take_an_empty_list_for_none():
    from streamlit_webrtc.component import _resolve_server_rtc_configuration, enhance_frontend_rtc_configuration

    found = ice.settings()
    assert _resolve_server_rtc_configuration(found.for_server()).iceServers == []
    assert enhance_frontend_rtc_configuration.__wrapped__(found.for_browser())["iceServers"] == []


def test_they_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("EMO_ICE_SERVERS", json.dumps([TURN]))
    monkeypatch.setenv("EMO_ICE_POLICY", "relay")
    found = ice.settings()
    assert found.for_browser() == {
        "iceServers": [{**TURN, "urls": [TURN["urls"]]}],
        "iceTransportPolicy": "relay",
    }


def test_they_come_from_secrets_and_the_environment_wins(monkeypatch):
    monkeypatch.setattr(st, "secrets", Secrets(ice_servers=[TURN], ice_policy="relay"))
    assert ice.settings().policy == "relay"
    monkeypatch.setenv("EMO_ICE_POLICY", "all")
    monkeypatch.setenv("EMO_ICE_SERVERS", '[{"urls": ["stun:example.org"]}]')
    assert ice.settings().for_browser()["iceServers"] == [{"urls": ["stun:example.org"]}]


@pytest.mark.parametrize(
    ("servers", "policy", "told"),
    [
        ("x", "all", "expected a list"),
        ([TURN], "direct", "expected 'all' or 'relay'"),
        ([{"urls": "stun:example.org"}], "relay", "no TURN server"),
        ([{"url": "stun:example.org"}], "all", "needs urls"),
        ([{**TURN, "password": "x"}], "all", "needs urls"),
        (["stun:example.org"], "all", "needs urls"),
        ([{"urls": []}], "all", "look like"),
        ([{"urls": 3}], "all", "look like"),
        ([{"urls": "http://example.org"}], "all", "look like"),
        ([{"urls": "stun:a b"}], "all", "look like"),
        ([{"urls": "turn:example.org"}], "all", "username and a credential"),
        ([{**TURN, "credential": ""}], "all", "not empty"),
        ([{**TURN, "username": 3}], "all", "not empty"),
    ],
)
def test_malformed_settings_are_refused_with_a_reason(servers, policy, told):
    with pytest.raises(ice.IceError, match=told):
        ice.IceSettings.parse(servers, policy)


def test_an_environment_that_is_no_json_is_refused_without_repeating_it(monkeypatch):
    monkeypatch.setenv("EMO_ICE_SERVERS", "turn:user:secret@host")
    with pytest.raises(ice.IceError, match="no JSON") as caught:
        ice.settings()
    assert "secret" not in str(caught.value)
