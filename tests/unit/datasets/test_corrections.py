"""Corrected clips as a data set that can be read back."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_core.datasets.clips import read_dataset
from emo_core.datasets.corrections import Correction, zip_corrections
from emo_core.errors import DatasetError


def unpack(content, folder):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return read_dataset(folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip"
    path.write_bytes(b"first")
    return path


def zipped(*corrections):
    target = io.BytesIO()
    zip_corrections(target, corrections)
    return target.getvalue()


def test_the_importer_reads_label_person_and_the_very_clip(tmp_path, clip):
    (tmp_path / "mine.webm").write_bytes(b"second")
    content = zipped(
        Correction(clip, "../a b__c.MOV", "relief_pride", "Anna Lee"), Correction(tmp_path / "mine.webm", "x", "other")
    )
    first, second = unpack(content, tmp_path / "set")
    assert (first.label, first.person, first.source) == ("relief_pride", "Anna_Lee", "corrected")
    assert first.path.name == "Anna_Lee__1_a_b_c.mov"
    assert first.path.read_bytes() == b"first"
    assert second.label == "other"
    assert not second.person_known
    assert "__" not in second.path.name


def test_without_its_manifest_the_folders_say_the_same(tmp_path, clip):
    content = zipped(Correction(clip, "clip.mp4", "other", "p1"))
    unpack(content, tmp_path)
    (tmp_path / "manifest.csv").unlink()
    (clip,) = read_dataset(tmp_path)
    assert (clip.label, clip.person) == ("other", "p1")


def test_a_label_that_cannot_name_a_class(clip):
    with pytest.raises(DatasetError, match="cannot name a class"):
        zipped(Correction(clip, "clip.mp4", "../up"))


@given(st.text(max_size=30), st.text(max_size=30))
def test_names_of_any_kind_stay_inside_their_folder(clip, name, person):
    content = zipped(Correction(clip, name, "other", person))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        path, manifest = archive.namelist()
    assert manifest == "manifest.csv"
    folder, _, file = path.partition("/")
    assert folder == "other"
    assert "/" not in file
    assert "\\" not in file
    assert not file.startswith(".")
    assert file.count("__") == bool(file.partition("__")[1])
