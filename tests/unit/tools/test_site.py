"""The nginx site: what nginx itself says of it, and what it must and must not hold."""

import re
import shutil
import subprocess

import pytest

from emo_core.files import limits
from tools.serve.run import NEEDED, Proxy
from tools.serve.site import site


def test_each_process_has_its_number_and_all_others_behind_it():
    text = site([8501, 8502, 8503])
    for number, port in enumerate((8501, 8502, 8503), 1):
        own = re.search(rf"upstream studio_{number} {{(.*?)}}", text, re.DOTALL)[1]
        assert re.findall(r"server 127\.0\.0\.1:(\d+) max_fails=0;", own) == [str(port)]
        assert len(re.findall(r"max_fails=0 backup;", own)) == 2
    assert f"client_max_body_size {limits.MAX_MB + 1}m;" in text


def test_nothing_of_a_visitor_is_logged_or_kept_on_the_disk():
    text = site([8501, 8502])
    logged = re.search(r"log_format studio (.*?);", text, re.DOTALL)[1]
    assert not re.findall(r"remote_addr|request_uri|\$uri|\$request\b|http_user_agent|http_cookie|\$args", logged)
    assert "proxy_request_buffering off;" in text
    assert "proxy_max_temp_file_size 0;" in text
    assert "X-Forwarded-For" not in text


def test_a_certificate_brings_encryption_and_keeps_it():
    text = site([8501, 8502], name="studio.example.org", listen="443", certificate="/c.pem", key="/k.pem")
    for part in (
        "listen 443 ssl http2;",
        "return 301 https://$host$request_uri;",
        "Strict-Transport-Security",
        "; Secure",
    ):
        assert part in text
    assert "Secure" not in site([8501, 8502])


@pytest.mark.parametrize("ports", [[], [8501, 8501]])
def test_ports_are_named_once(ports):
    with pytest.raises(ValueError, match="once"):
        site(ports)


def test_nginx_takes_it(tmp_path):
    try:
        proxy = Proxy([8501, 8502], 8080, tmp_path)
    except FileNotFoundError:
        pytest.skip(NEEDED)
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    words = [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert proxy.address == "http://localhost:8080"
