"""Whatever a model directory holds, it is refused in one sentence: within bounds, and by a process that lives on."""

import io
import re
import resource
import time
import zipfile

import pytest

from emo_core.cli.main import main
from emo_core.datasets.seen_by_model import exposure
from emo_core.errors import BundleError
from emo_core.explain.numpy_lstm import load_lstm
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle, load_frame_network
from emo_core.training.experiments.run import recipe_of
from tests.conftest import MODEL
from tests.damage import DAMAGES, DEEP, content, entry
from tests.tiny import write_tiny_bundle

REMEDY = re.compile(r"restore it|train it again|name a folder that holds")


@pytest.fixture
def tiny(tmp_path):
    return write_tiny_bundle(tmp_path / "tiny")


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_it_is_refused_in_one_sentence_within_bounds(tiny, damage):
    damage(tiny)
    before, started = peak_mb(), time.process_time()
    with pytest.raises(BundleError) as caught:
        load_bundle(tiny)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 300
    assert text.endswith(".")
    assert REMEDY.search(text)
    assert str(tiny.parent) not in text
    assert time.process_time() - started < 5
    assert peak_mb() - before < 700


@pytest.mark.parametrize("name", ["a list where an object belongs", "a network that ends the process"])
def test_the_command_line_says_it_too(tiny, laughter, name, capsys):
    DAMAGES[name](tiny)
    assert main(["analyze", str(laughter), "--model", str(tiny)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: The model tiny is damaged")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("name", ["settings are a list", "a crop of a million pixels", "half a network"])
def test_so_is_a_frame_network_alone(tiny, name):
    DAMAGES[name](tiny)
    with pytest.raises(BundleError, match="tiny is damaged"):
        load_frame_network(tiny)


@pytest.mark.parametrize("taught", [3, [], {}, {"seen": 3}, {"seen": [[]]}], ids=str)
def test_records_of_another_shape_say_nothing_of_whom_it_has_seen(tiny, taught):
    entry(taught=taught)(tiny)
    with pytest.raises(BundleError, match="tiny is damaged"):
        exposure(tiny, [])


@pytest.mark.parametrize("record", [3, [], {"recipe": []}, {"recipe": {"mean_input": "yes"}}], ids=str)
def test_records_of_another_shape_are_no_recipe(tiny, record):
    entry(head_training=record)(tiny)
    with pytest.raises(BundleError, match="tiny is damaged"):
        recipe_of(tiny)


def keras(weights, times=1):
    """A ``.keras`` file whose weights are some bytes again and again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", '{"config": {"layers": []}}')
        with archive.open("model.weights.h5", "w", force_zip64=True) as file:
            for _ in range(times):
                file.write(weights)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        DEEP,
        lambda: keras(b"\x89HDF\r\n\x1a\n" + bytes(5000)),
        lambda: keras(bytes(2**23), 100),
        (MODEL / bundles.KERAS_HEAD).read_bytes,
    ],
    ids=["nothing", "no archive", "half a file", "gigabytes in a few kilobytes", "of another model"],
)  # fmt: skip
def test_a_head_that_shows_no_weights_takes_only_the_heatmaps_with_it(tiny, head):
    content(bundles.KERAS_HEAD, head)(tiny)
    bundle = load_bundle(tiny)
    with pytest.raises(BundleError, match="cannot be looked into"):
        load_lstm(bundle)
