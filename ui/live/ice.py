"""Helpers that connect a browser and this server through firewalls (STUN and TURN), as the installation names them.

None by default: on one machine and in most local networks a connection needs none, and no outside server is asked.
They come from the environment variables ``EMO_ICE_SERVERS`` (JSON, as in ``RTCPeerConnection``) and ``EMO_ICE_POLICY``
(``all`` or ``relay``), or from ``ice_servers`` and ``ice_policy`` in Streamlit's secrets; the environment wins.
"""

import json
import os
import re
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

_URL = re.compile(r"(stun|stuns|turn|turns):[\w.\-\[\]:]+(\?transport=(udp|tcp))?")
_KEYS = {"urls", "username", "credential"}


class IceError(ValueError):
    """The installation's connection servers are not written as they must be; one sentence for whoever runs it."""


@dataclass(frozen=True, slots=True)
class IceSettings:
    """Servers in the form of ``RTCPeerConnection``, and whether only relayed connections are wanted.

    Example:
        >>> IceSettings.parse([{"urls": "stun:stun.example.org:3478"}], "all").for_browser()
        {'iceServers': [{'urls': ['stun:stun.example.org:3478']}], 'iceTransportPolicy': 'all'}
    """

    servers: tuple[dict[str, Any], ...] = field(default=())
    policy: str = "all"

    @classmethod
    def parse(cls, servers: Any, policy: Any = "all") -> "IceSettings":
        """Settings from what was written down.

        Raises:
            IceError: they are malformed, or relaying is wanted without a TURN server.
        """
        if not isinstance(servers, list | tuple):
            raise IceError(f"ice_servers is {type(servers).__name__}, expected a list of servers.")
        if policy not in ("all", "relay"):
            raise IceError(f"ice_policy is {policy!r}, expected 'all' or 'relay'.")
        checked = tuple(_server(item) for item in servers)
        if policy == "relay" and not any(url.startswith("turn") for item in checked for url in item["urls"]):
            raise IceError("ice_policy is 'relay', but no TURN server is named in ice_servers.")
        return cls(checked, policy)

    def for_browser(self) -> dict[str, Any]:
        """Configuration of the browser's end."""
        return {"iceServers": [dict(item) for item in self.servers], "iceTransportPolicy": self.policy}

    def for_server(self) -> dict[str, Any]:
        """Configuration of our end; an empty list keeps the libraries from asking a public server of their own."""
        return {"iceServers": [dict(item) for item in self.servers]}


def settings() -> IceSettings:
    """The settings of this installation.

    Raises:
        IceError: they cannot be used.
    """
    stored: Any = st.secrets if st.secrets.load_if_toml_exists() else {}
    policy = os.environ.get("EMO_ICE_POLICY") or stored.get("ice_policy", "all")
    text = os.environ.get("EMO_ICE_SERVERS")
    if not text:
        return IceSettings.parse([dict(item) for item in stored.get("ice_servers", [])], policy)
    try:
        servers = json.loads(text)
    except ValueError:
        raise IceError('EMO_ICE_SERVERS is no JSON; write it like [{"urls": "turn:host:3478", …}].') from None
    return IceSettings.parse(servers, policy)


def _server(item: Any) -> dict[str, Any]:
    """One server, checked; its addresses always as a list."""
    if not isinstance(item, dict) or not set(item) <= _KEYS or "urls" not in item:
        raise IceError(f"each ICE server needs urls, and may have {' and '.join(sorted(_KEYS - {'urls'}))}.")
    urls = [item["urls"]] if isinstance(item["urls"], str) else item["urls"]
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) and _URL.fullmatch(url) for url in urls):
        raise IceError("the urls of an ICE server look like stun:host:port or turn:host:port?transport=udp.")
    login = {name: item[name] for name in ("username", "credential") if name in item}
    if any(not isinstance(value, str) or not value for value in login.values()):
        raise IceError("username and credential of an ICE server are texts that are not empty.")
    if any(url.startswith("turn") for url in urls) and len(login) != 2:
        raise IceError("a TURN server needs a username and a credential.")
    return {"urls": urls, **login}
