"""The performances of the demo clips: onset, apex and offset, ranges, repeatability; no drawing."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_core.emotions import EMOTIONS
from tools import render_clips
from tools.render.expressions import EXPRESSIONS, PAIRED, both_sides
from tools.render.people import make_person
from tools.render.performance import FPS, STORIES, perform
from tools.render.picture import DEGRADATIONS
from tools.render.plan import plan_clip, plan_clips

seeds = st.integers(0, 10**6)
stories = st.sampled_from(sorted(STORIES))
people = st.integers(1, 99)


def play(story, seed=1, person=1):
    return perform(make_person(person, PAIRED), story, seed)


def driven(performance, name):
    return np.array([frame.shapes.get(name, 0.0) for frame in performance.frames])


@given(stories, seeds, people)
@settings(max_examples=40)
def test_every_performance_is_two_to_four_seconds_of_valid_weights(story, seed, person):
    performance = play(story, seed, person)
    assert 2.0 <= len(performance.frames) / FPS <= 4.0
    values = [value for frame in performance.frames for value in frame.shapes.values()]
    assert min(values) >= 0.0
    assert max(values) <= 1.0
    assert all(abs(angle) <= 32 for frame in performance.frames for angle in (*frame.head_deg, *frame.gaze_deg))


@given(stories, seeds)
@settings(max_examples=60)
def test_keyframes_start_and_end_neutral_and_cover_the_clip(story, seed):
    performance = play(story, seed)
    times_s = [time_s for time_s, _ in performance.keyframes]
    assert times_s[0] == 0.0
    assert times_s[-1] == pytest.approx(len(performance.frames) / FPS, abs=1e-3)
    assert all(later > earlier for earlier, later in itertools.pairwise(times_s))
    assert performance.keyframes[0][1] == performance.keyframes[-1][1] == {}
    for _, strengths in performance.keyframes:
        assert set(strengths) <= set(EMOTIONS) - {"neutral"}
        assert all(0.0 < value <= 1.0 for value in strengths.values())


@given(stories, seeds, people)
@settings(max_examples=15)
def test_the_same_seed_gives_the_same_performance(story, seed, person):
    first, second = play(story, seed, person), play(story, seed, person)
    assert first.keyframes == second.keyframes
    assert first.frames == second.frames
    assert first.setting == second.setting


def test_other_seeds_give_other_performances():
    assert play("happiness", 1).frames != play("happiness", 2).frames


@given(st.sampled_from(["happiness + surprise", "sadness + fear"]), seeds)
def test_both_halves_of_a_true_blend_hold_a_quarter(story, seed):
    performance = play(story, seed)
    names = set(story.split(" + "))
    apexes = [strengths for _, strengths in performance.keyframes if strengths]
    assert apexes
    for strengths in apexes:
        assert set(strengths) == names
        assert min(strengths.values()) / sum(strengths.values()) >= 0.25


@given(st.sampled_from([story for story in STORIES if "→" in story]), seeds)
def test_a_transition_shows_its_emotions_in_order(story, seed):
    performance = play(story, seed)
    first, second = story.split(" → ")
    half_s = len(performance.frames) / FPS / 2
    peaks = {
        name: max(performance.keyframes, key=lambda frame, name=name: frame[1].get(name, 0.0))[0]
        for name in (first, second)
    }
    assert peaks[first] < peaks[second]
    assert dict(performance.keyframes)[peaks[second]].get(first, 0.0) == 0.0
    assert peaks[first] < half_s + 0.5


@pytest.mark.parametrize(
    ("story", "shape"),
    [
        ("happiness", "mouthSmile_L"),
        ("surprise", "browOuterUp_R"),
        ("fear", "mouthStretch_L"),
        ("sadness", "mouthFrown_R"),
    ],
)
def test_a_face_follows_onset_apex_and_offset(story, shape):
    for seed in range(8):
        performance = play(story, seed)
        values = driven(performance, shape)
        peak = int(values.argmax())
        assert values[peak] > 0.25
        assert values[0] < 0.35 * values[peak]
        assert values[-1] < 0.5 * values[peak]
        assert 0 < peak < len(values) - 1


def test_a_neutral_face_shows_no_emotion():
    performance = play("neutral", 3)
    for shape in ("mouthSmile_L", "mouthFrown_L", "browInnerUp_L", "eyeWide_R", "jawOpen"):
        assert driven(performance, shape).max() == 0.0


def test_speech_moves_the_mouth_alone_and_emotions_speak_too():
    assert driven(play("speech", 3), "jawOpen").max() > 0.08
    assert driven(play("speech", 3), "mouthSmile_L").max() == 0.0
    smiles = [driven(play("happiness", seed), "mouthPucker") for seed in range(40)]
    speaking = sum(values.max() > 0.05 for values in smiles)
    assert 0 < speaking < 40


def test_people_differ_in_how_they_show_an_emotion():
    peaks = {round(driven(play("surprise", 5, person), "browOuterUp_L").max(), 3) for person in range(1, 12)}
    assert len(peaks) >= 6


def test_every_shape_has_a_known_form():
    for ways in EXPRESSIONS.values():
        for way in ways:
            assert all(0 < weight <= 1 for weight in way.values())
            assert all(both_sides(name) for name in way)


@given(people)
def test_a_person_is_always_the_same(number):
    assert make_person(number, PAIRED) == make_person(number, PAIRED)


def test_people_look_different():
    crowd = [make_person(number) for number in range(1, 67)]
    lightness = [np.mean(person.skin) for person in crowd]
    assert min(lightness) < 0.3
    assert max(lightness) > 0.75
    assert len({person.hair_style for person in crowd}) >= 8
    assert {person.has_glasses for person in crowd} == {True, False}


def test_the_plan_deals_classes_and_damage_evenly():
    plans = plan_clips(66)
    assert len({plan.path for plan in plans}) == len(plans) == 396
    for label in set(STORIES.values()):
        own = [plan for plan in plans if plan.label == label]
        assert len(own) == 132
        assert 0.55 < np.mean([plan.degradation == "none" for plan in own]) < 0.65
    assert {plan.story for plan in plans} == set(STORIES)
    assert {plan.degradation for plan in plans} == set(DEGRADATIONS)
    assert all((plan.level == 0) == (plan.degradation == "none") and 0 <= plan.level <= 3 for plan in plans)


def test_a_seed_alone_tells_the_clip():
    plans = plan_clips(66)
    assert [plan_clip(plan.seed) for plan in plans] == plans
    assert len({plan.seed for plan in plans}) == len(plans)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["render", "--ict", "nowhere.npz"], "error: “nowhere.npz” was not found; give the path of ict_face.npz"),
        (["check", "--out", "nowhere"], "error: “nowhere” holds no manifest.csv; run the command render first."),
    ],
)
def test_a_wrong_path_gets_one_sentence(capsys, arguments, sentence):
    assert render_clips.main(arguments) == 1
    assert capsys.readouterr().err.startswith(sentence)


def test_the_tool_runs_as_a_program_without_a_renderer():
    done = subprocess.run(
        [sys.executable, render_clips.__file__, "render", "--ict", "gone.npz"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
