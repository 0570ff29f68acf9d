import itertools

import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE

from emo_core.emotions import (
    EMOTION_COLOURS,
    EMOTIONS,
    OTHER,
    PAPER_CLASSES,
    UNSURE,
    VOTE_NAMES,
    HybridClass,
    class_colour,
    class_named,
    display_name,
)

PAIR = {"joy": "happiness", "fear": "fear"}


def test_the_order_is_that_of_ferplus():
    assert EMOTIONS == ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
    assert (*EMOTIONS, "unknown", "not_face") == VOTE_NAMES


def test_the_papers_classes():
    amusement, sadness, other = PAPER_CLASSES
    assert dict(amusement.components) == {"amusement": "happiness", "surprise": "surprise"}
    assert dict(sadness.components) == {"sadness": "sadness", "fear": "fear"}
    assert (other.name, other.is_pair, sadness.is_pair) == (OTHER, False, True)


@pytest.mark.parametrize("item", [*PAPER_CLASSES, HybridClass("mine", PAIR)], ids=lambda item: item.name)
def test_json_round_trip(item):
    assert HybridClass(**item.to_dict()) == item


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("", PAIR),
        (UNSURE, PAIR),
        ("x", {"joy": "happiness"}),
        ("x", PAIR | {"a": "anger"}),
        ("x", {"joy": "joy", "a": "fear"}),
    ],
)
def test_a_class_that_makes_no_sense(name, components):
    with pytest.raises(ValueError, match="class"):
        HybridClass(name, components)


def test_every_name_has_a_colour_of_its_own():
    labels = ("a", "b", "c", "d", "e", "f")
    colours = [class_colour(name, labels) for name in (*labels, "amusement_surprise", "sadness_fear", OTHER, UNSURE)]
    assert len(set(colours)) == len(colours)
    assert set(EMOTION_COLOURS) == set(EMOTIONS)
    assert len(set(EMOTION_COLOURS.values())) == len(EMOTIONS)
    assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in (*colours, *EMOTION_COLOURS.values()))


def test_a_taught_class_beyond_the_spare_colours_still_gets_one():
    labels = tuple(f"class {k}" for k in range(20))
    assert class_colour("class 6", labels) == class_colour("class 0", labels)


def test_names_for_people():
    assert [display_name(item.name) for item in PAPER_CLASSES] == ["Amusement + surprise", "Sadness + fear", "Other"]


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("joy_fear", {"joy": "happiness", "fear": "fear"}),
        ("Anger_Disgust", {"anger": "anger", "disgust": "disgust"}),
        ("joy_happiness", {}),
        ("joy", {}),
        ("joy_pensive", {}),
        ("fear_fear", {}),
        ("joy_fear_anger", {}),
    ],
)
def test_a_label_means_a_pair_where_it_names_two_basic_emotions(name, components):
    assert class_named(name) == HybridClass(name, components)


def test_the_labels_of_the_paper_mean_its_classes():
    assert tuple(class_named(item.name) for item in PAPER_CLASSES) == PAPER_CLASSES


@pytest.mark.parametrize("sight", [None, "deuteranomaly", "protanomaly"])
def test_any_two_emotions_stay_apart_for_every_eye(sight):
    """Any two can be the components of a pair: at least 15 in CAM02-UCS, also without the red or the green cones."""

    def seen(colour):
        rgb = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        if sight is None:
            return rgb
        return np.clip(cspace_convert(rgb, {"name": "sRGB1+CVD", "cvd_type": sight, "severity": 100}, "sRGB1"), 0, 1)

    for first, second in itertools.combinations(EMOTION_COLOURS, 2):
        apart = deltaE(seen(EMOTION_COLOURS[first]), seen(EMOTION_COLOURS[second]), input_space="sRGB1")
        assert apart >= 15, f"{first} and {second}: {apart:.1f}"
