"""A model directory: what is written is read, what was changed is refused, what fails leaves the earlier one."""

import io
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from emo_core.config import PipelineConfig
from emo_core.emotions import PAPER_CLASSES
from emo_core.errors import BundleError
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle, load_frame_network, write_bundle
from tests.tiny import CONFIG, LABELS, bundle_files, bundle_manifest, make_normalizers, write_tiny_bundle

FILES = tuple(bundle_files())
REMEDY = re.compile(r"restore it|train it again|run the train command|name a folder that holds|update this one")


@pytest.fixture
def tiny(tmp_path):
    return write_tiny_bundle(tmp_path / "tiny")


def refused(path, load=load_bundle):
    """The message of the error, which is one sentence with a remedy and no folder."""
    with pytest.raises(BundleError) as caught:
        load(path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert REMEDY.search(text)
    assert str(path.parent) not in text
    return text


def change_manifest(path, **entries):
    file = path / bundles.MANIFEST
    manifest = json.loads(file.read_text("utf-8")) | entries
    file.write_text(json.dumps({key: value for key, value in manifest.items() if value is not ...}), "utf-8")


def replace_file(path, name, content):
    """Change a file as if it had been written so: with its hash."""
    write_bundle(path, {}, {name: content})


class TestLoading:
    def test_what_is_written_is_read(self, tiny):
        bundle = load_bundle(tiny)
        features, scores = make_normalizers()
        assert (bundle.path, bundle.classes, bundle.config, bundle.temperature) == (tiny, PAPER_CLASSES, CONFIG, 1.25)
        assert (bundle.info.name, bundle.info.version, bundle.info.labels) == ("tiny", "3.1", LABELS)
        for loaded, given in ((bundle.features, features), (bundle.scores, scores)):
            for name, array in given.to_arrays().items():
                np.testing.assert_array_equal(loaded.to_arrays()[name], array)

    def test_a_path_may_be_text(self, tiny):
        assert load_bundle(str(tiny)).info.name == "tiny"

    @pytest.mark.parametrize("name", FILES)
    def test_one_flipped_bit_in_any_file_is_noticed(self, tiny, name):
        content = bytearray((tiny / name).read_bytes())
        content[len(content) // 2] ^= 1
        (tiny / name).write_bytes(content)
        assert f"changed after it was written ({name})" in refused(tiny)

    @pytest.mark.parametrize("name", FILES)
    def test_a_missing_file_is_named(self, tiny, name):
        (tiny / name).unlink()
        assert name in refused(tiny)

    @pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch], ids=["nothing", "empty", "a file"])
    def test_a_place_without_a_model(self, tmp_path, make):
        make(tmp_path / "elsewhere")
        assert "There is no model in 'elsewhere'" in refused(tmp_path / "elsewhere")

    @pytest.mark.parametrize("schema", [0, 2, "1", None, ...])
    def test_another_schema(self, tiny, schema):
        change_manifest(tiny, schema=schema)
        assert "schema" in refused(tiny)

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff\xfe{}", b'{"files": 3}', b'{"files": null}']
    )
    @pytest.mark.parametrize("load", [load_bundle, load_frame_network])
    def test_a_damaged_manifest(self, tiny, content, load):
        (tiny / bundles.MANIFEST).write_bytes(content)
        assert "damaged (bundle.json)" in refused(tiny, load)

    @pytest.mark.parametrize(
        "entries",
        [
            {"name": ...},
            {"version": ...},
            {"classes": ...},
            {"classes": 3},
            {"classes": [{"name": "x"}]},
            {"classes": [{"name": "x", "components": {"a": "joy", "b": "fear"}}] * 3},
            {"classes": [item.to_dict() for item in PAPER_CLASSES[:2]]},
            {"temperature": ...},
            {"temperature": "hot"},
            {"temperature": 0},
            {"temperature": -1.0},
            {"pipeline": ...},
            {"pipeline": {"hop": 3}},
            {"pipeline": {"hop_steps": 0}},
            {"pipeline": {"sample_rate_hz": "ten"}},
            {"blend_thresholds": [0.1]},
            {"blend_thresholds": {"sadness_fear": float("nan")}},
            {"frame_evidence": {"weight": 2}},
            {"frame_evidence": {"weight": 0.5, "offsets": [1.0]}},
        ],
        ids=str,
    )
    def test_a_manifest_that_makes_no_sense(self, tiny, entries):
        change_manifest(tiny, **entries)
        assert "damaged (bundle.json)" in refused(tiny)

    def test_thresholds_of_the_former_rule_are_not_read_as_those_of_this_one(self, tiny):
        """Bundles of before 2.0 said under ``presence`` which share the weaker emotion of a blend must have."""
        change_manifest(tiny, presence={"sadness_fear": 0.22})
        assert load_bundle(tiny).blend_thresholds == {}

    @pytest.mark.parametrize("pipeline", [..., 3, {"hop": 3}, {"hop_steps": 0}])
    def test_the_frame_network_alone_checks_its_settings_too(self, tiny, pipeline):
        change_manifest(tiny, pipeline=pipeline)
        refused(tiny, load_frame_network)

    def test_a_frame_network_that_is_none(self, tiny):
        replace_file(tiny, bundles.FRAME_CNN, b"frame network")
        refused(tiny, load_frame_network)

    def test_settings_that_an_older_bundle_lacks_take_their_defaults(self, tiny):
        change_manifest(tiny, pipeline={"crop_side_px": 16, "window_steps": 16})
        assert load_bundle(tiny).config == PipelineConfig(crop_side_px=16, window_steps=16)

    def test_an_unfinished_model_says_how_to_finish_it(self, tmp_path):
        path = tmp_path / "half"
        files = bundle_files()
        write_bundle(path, bundle_manifest(), {bundles.FRAME_CNN: files[bundles.FRAME_CNN]})
        assert "is not finished (head.tflite is missing): run the train command" in refused(path)

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"text", b"\x93NUMPY"])
    def test_damaged_arrays(self, tiny, content):
        replace_file(tiny, bundles.NORMALIZER, content)
        refused(tiny)

    @pytest.mark.parametrize("missing", ["features_mean", "scores_thresholds", "features_edges"])
    def test_arrays_that_are_missing(self, tiny, missing):
        with np.load(tiny / bundles.NORMALIZER) as data:
            arrays = {name: data[name] for name in data if name != missing}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        replace_file(tiny, bundles.NORMALIZER, buffer.getvalue())
        refused(tiny)

    def test_nothing_is_unpickled(self, tiny, tmp_path):
        marker = tmp_path / "executed"

        class Evil:
            def __reduce__(self):
                return os.mkdir, (str(marker),)

        buffer = io.BytesIO()
        arrays = {"features_" + name: array for name, array in make_normalizers()[0].to_arrays().items()}
        np.savez(buffer, **arrays | {"features_mean": np.array([Evil()], object)})
        replace_file(tiny, bundles.NORMALIZER, buffer.getvalue())
        refused(tiny)
        assert not marker.exists()

    def test_parts_of_two_models_are_no_model(self, tiny):
        change_manifest(tiny, pipeline=CONFIG.to_dict() | {"blendshapes": True})
        assert "features of 37 numbers for a normalization of 6" in refused(tiny)

    def test_nobody_changes_a_loaded_bundle(self, tiny):
        with pytest.raises(AttributeError):
            load_bundle(tiny).temperature = 2.0


class TestWriting:
    def test_an_earlier_model_keeps_what_is_not_replaced(self, tiny):
        write_bundle(tiny, {"version": "4"}, {bundles.CARD: b"# New\n"})
        bundle = load_bundle(tiny)
        assert (bundle.info.version, bundle.info.name, bundle.temperature) == ("4", "tiny", 1.25)
        assert (tiny / bundles.CARD).read_bytes() == b"# New\n"
        assert (tiny / bundles.HEAD).read_bytes() == bundle_files()[bundles.HEAD]

    def test_what_became_invalid_is_dropped(self, tiny):
        write_bundle(tiny, {}, {bundles.FRAME_CNN: b"other"}, drop=(bundles.HEAD, "never there"))
        assert not (tiny / bundles.HEAD).exists()
        assert bundles.HEAD not in json.loads((tiny / bundles.MANIFEST).read_text("utf-8"))["files"]
        assert "not finished" in refused(tiny)

    def test_a_dropped_manifest_is_forgotten(self, tiny):
        write_bundle(tiny, {"name": "anew"}, {}, drop=(bundles.MANIFEST,))
        assert set(json.loads((tiny / bundles.MANIFEST).read_text("utf-8"))) == {"name", "schema", "files"}

    def test_nothing_else_is_left_behind(self, tiny):
        write_bundle(tiny, {}, bundle_files(1))
        assert [path.name for path in tiny.parent.iterdir()] == ["tiny"]
        assert {path.name for path in tiny.iterdir()} == {*FILES, bundles.MANIFEST}

    def test_folders_above_are_made(self, tmp_path):
        assert load_bundle(write_tiny_bundle(tmp_path / "a" / "b" / "tiny")).info.name == "tiny"

    @pytest.mark.parametrize("at", range(1, len(FILES) + 1))
    def test_a_disk_that_fills_up_leaves_the_earlier_model(self, tiny, monkeypatch, at):
        written = []

        def fail(path, content):
            written.append(path)
            if len(written) == at:
                raise OSError(28, "No space left on device")
            return len(content)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", fail)
            with pytest.raises(OSError, match="No space"):
                write_bundle(tiny, {"version": "4"}, bundle_files(1))
        assert load_bundle(tiny).info.version == "3.1"
        write_bundle(tiny, {"version": "4"}, bundle_files(1))
        assert load_bundle(tiny).info.version == "4"

    @pytest.mark.parametrize("at", [1, 2], ids=["before the swap", "in the middle of the swap"])
    @pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
    def test_an_interrupted_swap_leaves_the_earlier_model(self, tiny, monkeypatch, at, error):
        rename, calls = Path.rename, []

        def fail(path, target):
            calls.append(path)
            if len(calls) == at:
                raise error
            return rename(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", fail)
            with pytest.raises(error):
                write_bundle(tiny, {"version": "4"}, bundle_files(1))
        assert load_bundle(tiny).info.version == "3.1"

    def test_a_model_left_aside_by_a_crash_is_found_again(self, tiny):
        tiny.rename(tiny.with_name(".tiny.old"))  # the power went between the two renames
        write_bundle(tiny, {"version": "4"}, {})
        assert load_bundle(tiny).info.version == "4"

    def test_leftovers_of_an_interrupted_write_do_not_matter(self, tiny):
        shutil.copytree(tiny, tiny.with_name(".tiny.part"))
        (tiny.with_name(".tiny.part") / "junk").touch()
        write_bundle(tiny, {}, {})
        assert not (tiny / "junk").exists()
        load_bundle(tiny)


def test_the_shipped_bundle_is_whole_and_holds_the_papers_classes(hybrid):
    assert hybrid.info.name == "hybrid"
    assert hybrid.classes == PAPER_CLASSES
    assert {path.name for path in hybrid.path.iterdir()} == {*FILES, bundles.MANIFEST}
