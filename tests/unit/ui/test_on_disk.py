"""Uploads and clips on show: on the disk as they come, sent from there, and gone with whoever held them."""

import gc
import tempfile
from types import SimpleNamespace

import anyio
import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile

from emo_core.files import scratch
from ui.serve import on_disk
from ui.shell import gate
from ui.state import sources, visits

CONTENT = bytes(range(256)) * 2**13  # 2 MB, two parts of which Streamlit tells files apart by


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "clip"
    place.write_bytes(CONTENT)
    return place


@pytest.fixture
def server(monkeypatch, tmp_path):
    """What Streamlit holds of all visits, and temporary files in a folder of the test."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    storage = MemoryMediaFileStorage("/media")
    found = SimpleNamespace(
        uploaded_file_mgr=MemoryUploadedFileManager("/_stcore/upload_file"),
        media_file_mgr=MediaFileManager(storage), storage=storage, temporary=place,
    )  # fmt: skip
    monkeypatch.setattr(on_disk.runtime, "get_instance", lambda: found)
    monkeypatch.setattr(on_disk, "is_xsrf_enabled", lambda: False)
    monkeypatch.setattr(gate, "refusal_of", lambda scope: None)
    monkeypatch.setattr(gate.visits, "may_upload", lambda visit: visit == "anna")
    monkeypatch.setattr(gate.visits, "tell", lambda visit, sentence: None)
    return found


def request(method, path, body=b"", **headers):
    """What the gate answers: status, headers, content."""
    sent = []
    parts = [body[start : start + 2**16] for start in range(0, max(1, len(body)), 2**16)]

    async def receive():
        if not parts:
            await anyio.sleep_forever()
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    async def streamlit(scope, receive, send):
        sent.append({"status": "of Streamlit", "headers": []})

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": pairs, "query_string": b""}
    anyio.run(gate.Gate(streamlit), scope, receive, send)
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])


def form(content=CONTENT, edge="edge"):
    head = f'--{edge}\r\nContent-Disposition: form-data; name="f"; filename="a.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
    return head.encode() + content + f"\r\n--{edge}--\r\n".encode()


def upload(content=CONTENT, visit="anna", body=None):
    body = form(content) if body is None else body
    kind = "multipart/form-data; boundary=edge"
    return request(
        "PUT", f"/_stcore/upload_file/{visit}/7", body, content_type=kind, content_length=str(len(body))
    )[0]  # fmt: skip


def test_it_has_length_and_parts_but_takes_no_memory(path):
    found = on_disk.OnDisk(path)
    assert (len(found), found[:5], found[-3:], found[1000:1004], found[7]) == (
        len(CONTENT), CONTENT[:5], CONTENT[-3:], CONTENT[1000:1004], 7,
    )  # fmt: skip
    assert found[10:2] == b""
    assert found.__sizeof__() < 1000


def test_what_is_small_is_given_as_it_is_for_streamlit_reads_all_of_it(path):
    assert type(on_disk.media(path)) is on_disk.OnDisk
    path.write_bytes(b"small")
    assert on_disk.media(path) == b"small"


def test_streamlit_tells_files_on_the_disk_apart(path, tmp_path, server):
    other = tmp_path / "other"
    other.write_bytes(CONTENT[:-1] + b"!")
    names = {server.storage.load_and_get_id(on_disk.media(item), "video/mp4", "media") for item in (path, other, path)}
    assert len(names) == 2


class TestUploads:
    def test_one_goes_to_the_disk_and_streamlit_and_the_visit_find_it_there(self, server, monkeypatch):
        assert upload() == 204
        (record,) = server.uploaded_file_mgr.get_files("anna", ["7"])
        assert (record.name, record.type, len(record.data)) == ("a.mp4", "video/mp4", len(CONTENT))
        shown = UploadedFile(record, None)
        assert (shown.size, len(shown.getbuffer())) == (len(CONTENT), 0)
        context = SimpleNamespace(uploaded_file_mgr=server.uploaded_file_mgr, session_id="anna")
        monkeypatch.setattr(sources, "get_script_run_ctx", lambda: context)
        source = sources.uploaded(shown)
        assert (source.name, source.is_own, source.path.read_bytes()) == ("a.mp4", True, CONTENT)
        assert visits.uploaded_bytes() == visits.uploaded_bytes("anna") == len(CONTENT)

    def test_it_is_gone_with_the_uploader_and_the_last_source(self, server):
        assert upload() == 204
        (record,) = server.uploaded_file_mgr.get_files("anna", ["7"])
        source = sources.Source("a.mp4", record.data.path)
        del record
        server.uploaded_file_mgr.remove_session_files("anna")
        gc.collect()
        assert source.path.exists(), "a result still shows it"
        del source
        gc.collect()
        assert list(server.temporary.iterdir()) == []

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Starlette's own temporary file
    @pytest.mark.parametrize("body", [b"", b"no form", form()[:-300]])
    def test_what_is_no_whole_upload_is_refused_and_leaves_nothing(self, server, body):
        assert upload(body=body) == 400
        assert server.uploaded_file_mgr.file_storage == {}
        gc.collect()
        assert list(server.temporary.iterdir()) == []

    def test_a_full_disk_is_told(self, server, monkeypatch):
        def refuse(*_):
            raise OSError(28, "No space left on device")

        told = []
        monkeypatch.setattr(gate.visits, "tell", lambda visit, sentence: told.append(sentence))
        monkeypatch.setattr(on_disk.shutil, "copyfileobj", refuse)
        assert upload() == 507
        assert told == [on_disk.FULL_DISK]
        gc.collect()
        assert list(server.temporary.iterdir()) == []

    def test_without_the_token_of_the_page_nothing_is_taken(self, server, monkeypatch):
        monkeypatch.setattr(on_disk, "is_xsrf_enabled", lambda: True)
        assert upload() == 403
        assert upload(visit="eve") == 403
        assert server.uploaded_file_mgr.file_storage == {}


class TestMedia:
    @pytest.fixture
    def place(self, server):
        """Put a file on show; returns its address."""

        def place(path, kind=MediaFileKind.MEDIA, filename=None):
            name = server.storage.load_and_get_id(on_disk.media(path), "video/mp4", kind, filename)
            server.media_file_mgr._file_metadata[name] = MediaFileMetadata(kind)
            return f"/media/{name}.mp4"

        return place

    def test_a_clip_is_sent_from_the_disk_whole_and_in_parts(self, place, path):
        address = place(path)
        status, headers, content = request("GET", address)
        assert (status, headers["content-type"], content == CONTENT) == (200, "video/mp4", True)
        assert headers["x-content-type-options"] == "nosniff"
        status, headers, content = request("GET", address, range="bytes=1000-1003")
        assert (status, headers["content-range"], content) == (
            206,
            f"bytes 1000-1003/{len(CONTENT)}",
            CONTENT[1000:1004],
        )
        assert request("GET", address, range="bytes=0-")[2] == CONTENT
        assert request("GET", address, range=f"bytes={len(CONTENT)}-")[0] == 416
        status, headers, content = request("HEAD", address)
        assert (status, headers["content-length"], content) == (200, str(len(CONTENT)), b"")

    def test_a_download_has_its_name(self, place, path):
        headers = request("GET", place(path, MediaFileKind.DOWNLOADABLE, "été.mp4"))[1]
        assert headers["content-disposition"] == "attachment; filename*=utf-8''%C3%A9t%C3%A9.mp4"

    def test_what_streamlit_holds_it_answers_itself(self, place, path):
        path.write_bytes(b"small")
        assert request("GET", place(path))[0] == "of Streamlit"
        assert request("GET", "/media/unknown.mp4")[0] == "of Streamlit"
        assert request("DELETE", "/media/unknown.mp4")[0] == "of Streamlit"

    def test_it_is_gone_once_no_page_shows_it(self, place, server):
        source = sources.brought("a.mp4", CONTENT)
        address = place(source.path)
        del source
        gc.collect()
        assert request("GET", address)[0] == 200
        server.media_file_mgr.remove_orphaned_files()
        gc.collect()
        assert list(server.temporary.iterdir()) == []
        assert scratch.sweep() == 0


def test_what_was_made_for_a_download_outlasts_runs_of_other_pages_and_goes_with_its_visit(server, path, monkeypatch):
    manager = server.media_file_mgr
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "anna")
    on_disk.hold_downloads()
    number = manager.add_deferred(lambda: on_disk.media(path), "video/mp4", "1.2", "a.mp4")
    address = manager.execute_deferred(number)
    for _ in range(3):
        manager.remove_orphaned_files()
    assert request("GET", address)[0] == 200
    manager.clear_session_refs("anna")
    manager.remove_orphaned_files()
    manager.remove_orphaned_files()
    assert request("GET", address)[0] == "of Streamlit", "which has nothing there"
    assert manager.read_file(address.rpartition("/")[2].partition(".")[0]) is None


def test_a_picture_outlasts_the_next_run_of_its_page_for_a_browser_that_is_slow_to_ask(server, monkeypatch):
    manager, now_s = server.media_file_mgr, [100.0]
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "anna")
    monkeypatch.setattr(on_disk.time, "monotonic", lambda: now_s[0])
    on_disk.hold_shown()

    def is_there():
        manager.remove_orphaned_files()  # as any page of the server does at the end of a run
        return manager.read_file(number) is not None

    number = manager.add(b"a picture", "image/png", "1.2").rpartition("/")[2].partition(".")[0]
    for _ in range(2):
        manager.clear_session_refs()  # as a run of its own page does when it begins
        now_s[0] += on_disk.HELD_S - 1
        assert is_there() == (now_s[0] < 120)
    manager.add(b"a picture", "image/png", "1.2")
    now_s[0] += 1000
    assert is_there()
    manager.clear_session_refs()
    assert is_there()
    manager.clear_session_refs("anna")  # it is deleted, or its visit ends
    assert not is_there()
