"""Which folders a visitor may name, and that nothing but data sets is written into."""

import os

import click
import pytest

from emo_core.cli.main import commands
from emo_core.datasets import editable
from emo_core.datasets.clips import is_dataset
from emo_core.errors import DatasetError
from emo_core.files import folders


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("EMO_ROOTS", raising=False)
    (tmp_path / "data" / "mine").mkdir(parents=True)
    (tmp_path / "private" / "films").mkdir(parents=True)
    (tmp_path / "private" / "films" / "a.mp4").write_bytes(b"film")
    return tmp_path / "data"


def test_nothing_is_the_folder_of_data_sets_and_a_name_lies_below_it(data):
    assert folders.visitors_folder("  ") == data
    assert folders.visitors_folder("mine") == data / "mine"
    assert folders.visitors_folder(str(data / "mine")) == data / "mine"


@pytest.mark.parametrize(
    "words", ["..", "../private", "mine/../../private", "/", "/proc", "/proc/self/root", "x" * 5000, "a\0b", "loop"]
)
def test_every_other_folder_is_refused_in_one_sentence(data, words):
    (data / "loop").symlink_to(data / "loop")
    with pytest.raises(DatasetError, match=r"^Data sets are opened only below .* EMO_ROOTS\.$"):
        folders.visitors_folder(words)


def test_links_are_followed_before_it_is_decided(data, tmp_path):
    (data / "link").symlink_to(tmp_path / "private")
    with pytest.raises(DatasetError):
        folders.visitors_folder("link")
    assert not folders.is_visitors(data / "link" / "films")
    assert not folders.is_visitors(tmp_path / "data-of-others")  # begins alike


def test_the_operator_names_further_folders(data, tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_ROOTS", os.pathsep.join(["", str(tmp_path / "private"), str(tmp_path / "more")]))
    assert folders.visitors_folder(str(tmp_path / "private")) == tmp_path / "private"
    assert folders.visitors_folder(str(tmp_path / "more" / "below")) == tmp_path / "more" / "below"
    assert folders.visitors_folder("") == data
    with pytest.raises(DatasetError):
        folders.visitors_folder(str(tmp_path))


@pytest.mark.parametrize("words", [["evaluate", "--data", "d"], ["dataset", "check", "d"],
                                   ["check-heatmaps", "--data", "d", "--out", "o"],
                                   ["train", "--data", "d", "--out", "o"],
                                   ["protocols", "--out", "o"]])  # fmt: skip
def test_every_command_keeps_what_it_sees_where_the_pages_do(words, tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_CACHE", str(tmp_path / "cache"))
    assert cache_of(words) == tmp_path / "cache"
    monkeypatch.delenv("EMO_CACHE")
    assert cache_of(words) == folders.ROOT / ".cache"


def cache_of(words):
    command = commands
    while isinstance(command, click.Group):
        command, words = command.commands[words[0]], words[1:]
    return command.make_context("test", list(words)).params["cache"]


class TestOnlyDataSets:
    def states(self, folder):
        return sorted((str(path), path.stat().st_mtime_ns) for path in (folder, *folder.rglob("*")))

    @pytest.mark.parametrize("content", ["letter.txt", "photos/1.jpg", ".git/config", "manifest.csv"])
    def test_anything_else_is_neither_adopted_nor_written_into(self, data, content):
        folder = data / "thesis"
        (folder / content).parent.mkdir(parents=True)
        (folder / content).write_text("name,size\nfilm,3\n")
        before = self.states(folder)
        for attempt in (
            lambda: editable.create(folder, ["other"]),
            lambda: editable.open_collection(folder),
            lambda: editable.add_clip(folder, b"film", ".mp4", "other", "anna"),
        ):
            with pytest.raises(DatasetError, match="holds other things than a data set and is left alone"):
                attempt()
        assert self.states(folder) == before
        assert not is_dataset(folder)

    def test_one_that_was_only_begun_goes_on(self, data):
        (data / "mine" / "other").mkdir()
        assert editable.create(data / "mine", ["joy_fear"]).labels == ("joy_fear", "other")

    def test_a_folder_for_each_class_is_one(self, tmp_path):
        assert is_dataset(tmp_path / "private")
        assert editable.create(tmp_path / "private", ["other"]).labels == ("films", "other")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_one_that_may_not_be_looked_into_is_none(self, data):
        (data / "mine").chmod(0)
        assert not is_dataset(data / "mine")
        (data / "mine").chmod(0o700)
