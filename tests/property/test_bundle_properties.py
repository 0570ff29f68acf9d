"""Whatever a bundle holds comes back unchanged, whichever byte is changed is noticed."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_core.config import NUM_BLENDSHAPES
from emo_core.emotions import EMOTIONS, UNSURE, HybridClass
from emo_core.errors import BundleError
from emo_core.model import bundle as bundles
from emo_core.model.bundle import load_bundle, write_bundle
from emo_core.model.normalization import FeatureNormalizer, ScoreNormalizer
from emo_core.model.runners import NetworkShapes
from tests.property.test_config_properties import CONFIGS
from tests.tiny import write_tiny_bundle

_SIGNS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="<>&")
NAMES = st.text(_SIGNS, min_size=1, max_size=12).filter(lambda name: name != UNSURE)
SHARES = st.floats(0, 1)


@st.composite
def hybrid_classes(draw):
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    pairs = st.dictionaries(NAMES, st.sampled_from(EMOTIONS), min_size=2, max_size=2)
    return tuple(HybridClass(name, draw(st.just({}) | pairs)) for name in names)


def neighbourhoods(draw, count):
    edges = np.array(sorted(draw(st.lists(SHARES, min_size=count - 1, max_size=count - 1, unique=True))))
    centres = np.array(sorted(draw(st.lists(SHARES, min_size=count, max_size=count, unique=True))))
    return edges, centres, draw(arrays(np.int64, count, elements=st.integers(0, 99))), draw(st.booleans())


@st.composite
def normalizers(draw, num_classes):
    num_features, count = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    mean = draw(arrays(np.float32, (count, num_features), elements=st.floats(-9, 9, width=32)))
    std = draw(arrays(np.float32, (count, num_features), elements=st.floats(0.125, 9, width=32)))
    thresholds = draw(arrays(np.float64, (count, num_classes), elements=SHARES))
    return (
        FeatureNormalizer(*neighbourhoods(draw, count), mean, std),
        ScoreNormalizer(*neighbourhoods(draw, count), thresholds),
    )


@settings(max_examples=40)
@given(st.data(), hybrid_classes(), CONFIGS, st.floats(0.01, 100), NAMES, NAMES, st.binary(), st.binary())
def test_round_trip(data, classes, config, temperature, name, version, cnn, head):
    features, scores = data.draw(normalizers(len(classes)))
    num_features = features.mean.shape[1]
    shapes = NetworkShapes(
        config.crop_side_px,
        num_features - NUM_BLENDSHAPES * config.blendshapes,
        config.window_steps,
        num_features,
        len(classes),
    )
    manifest = {
        "name": name,
        "version": version,
        "classes": [item.to_dict() for item in classes],
        "pipeline": config.to_dict(),
        "temperature": temperature,
    }
    files = {
        bundles.FRAME_CNN: cnn,
        bundles.HEAD: head,
        bundles.NORMALIZER: bundles.normalizer_bytes(features, scores),
    }
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(Path(folder) / "model", manifest, files)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bundles, "try_networks", lambda *contents: shapes)
            bundle = load_bundle(Path(folder) / "model")
    assert (bundle.classes, bundle.config, bundle.temperature) == (classes, config, temperature)
    assert (bundle.info.name, bundle.info.version) == (name, version)
    assert bundle.info.labels == tuple(item.name for item in classes)
    assert (bundle._frame_cnn, bundle._head) == (cnn, head)
    for loaded, given_ in ((bundle.features, features), (bundle.scores, scores)):
        for key, array in given_.to_arrays().items():
            np.testing.assert_array_equal(loaded.to_arrays()[key], array)


@settings(max_examples=30)
@given(st.data())
def test_any_changed_byte_of_any_file_is_noticed(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "changed" / "tiny"
    write_tiny_bundle(path)
    files = sorted(file for file in path.iterdir() if file.name != bundles.MANIFEST)
    file = data.draw(st.sampled_from(files))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(BundleError, match="changed after it was written"):
        load_bundle(path)
