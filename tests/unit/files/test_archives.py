"""Zips and folders of visitors: unpacked inside, or refused in one sentence with nothing beside the folder."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from emo_core.errors import DatasetError
from emo_core.files import archives


def zipped(files, **attributes):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = attributes.get("mode", 0o600) << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def test_what_is_in_it_lies_below_the_folder_and_what_systems_add_does_not(tmp_path):
    content = zipped(
        {"set/joy/a.mp4": b"a", "set\\other\\b.mp4": b"b", "__MACOSX/set/._a": b"x", "set/.DS_Store": b"x"}
    )
    archives.unpack(content, tmp_path)
    root = archives.content_root(tmp_path)
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*")) == ["joy/a.mp4", "other/b.mp4"]


@pytest.mark.parametrize("kind", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_to_what_is_packed_in_any_way_is_told(tmp_path, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr("joy/a.mp4", bytes(range(256)) * 40)
    content = bytearray(buffer.getvalue())
    content[60:120] = b"x" * 60
    with pytest.raises(DatasetError, match="no zip that can be read"):
        archives.unpack(bytes(content), tmp_path)


def test_members_without_a_name_or_with_one_that_is_too_long_are_told(tmp_path):
    with pytest.raises(DatasetError, match="file name too long"):
        archives.unpack(zipped({f"joy/{'a' * 300}.mp4": b"a"}), tmp_path)
    nameless = zipped({"a": b"a"})
    place = nameless.index(b"PK\x01\x02") + 28  # the length of its name in the directory
    with pytest.raises(DatasetError, match="no zip that can be read"):
        archives.unpack(nameless[:place] + b"\0\0" + nameless[place + 2 :], tmp_path)


@pytest.mark.parametrize("name", ["../a.mp4", "/etc/a.mp4", "x/../../a.mp4", "..\\a.mp4", "C:/a.mp4"])
def test_names_that_lead_outside_are_refused(tmp_path, name):
    place = tmp_path / "in"
    place.mkdir()
    with pytest.raises(DatasetError, match="leads outside"):
        archives.unpack(zipped({name: b"a"}), place)
    with pytest.raises(DatasetError, match="leads outside"):
        archives.place_all([(name, Path(__file__))], place)
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


def test_damage_that_asks_for_more_memory_than_there_is_is_told(tmp_path, monkeypatch):
    """Such as the size of a dictionary that LZMA is to have, where the process has a limit."""

    def refuse(*_, **__):
        raise MemoryError

    content = zipped({"joy/a.mp4": b"content"})
    monkeypatch.setattr(zipfile.ZipFile, "open", refuse)
    with pytest.raises(DatasetError, match="no zip that can be read"):
        archives.unpack(content, tmp_path)


def test_what_is_no_zip_a_link_or_too_much_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="no zip that can be read"):
        archives.unpack(b"no zip", tmp_path)
    broken = bytearray(zipped({"joy/a.mp4": b"content of it"}))
    broken[45] ^= 0xFF
    with pytest.raises(DatasetError, match="no zip that can be read"):
        archives.unpack(bytes(broken), tmp_path)
    with pytest.raises(DatasetError, match="links"):
        archives.unpack(zipped({"joy/a.mp4": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777), tmp_path)
    with pytest.raises(DatasetError, match="Two names"):
        archives.place_all([("joy", Path(__file__)), ("joy/a.mp4", Path(__file__))], tmp_path)
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    with pytest.raises(DatasetError, match="at most 2 files"):
        archives.unpack(zipped({f"joy/{number}.mp4": b"a" for number in range(3)}), tmp_path)
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    with pytest.raises(DatasetError, match="holds too much"):
        archives.unpack(zipped({"joy/a.mp4": bytes(101)}), tmp_path)
