"""Every page loads, and says what to do next when there is nothing to show."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from ui.shell import tour
from ui.state import models


def test_home_offers_the_ways_in(studio):
    assert not studio.app.exception
    assert studio.app.title[0].value == "Hybrid Emotion Studio"
    assert [button.label for button in studio.app.button] == [
        "Analyze the sample", "Record a clip", "Upload a clip", "Open the live view",
        "Take the tour: five stops", "Presenting mode",
    ]  # fmt: skip
    assert studio.app.code[0].value.endswith("python -m emo_core analyze clip.mp4")


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("home", "Hybrid Emotion Studio"),
        ("analyze", "Analyze a clip"),
        ("live", "Watch it live"),
        ("study", "Study"),
        ("evaluate", "Evaluate"),
        ("about", "About"),
    ],
)
def test_every_page_loads(studio, page, title):
    app = studio.open(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == title


def test_about_without_measurements_says_how_to_get_them(studio):
    app = studio.open("about")
    assert [info.value.split(".")[0] for info in app.info] == [
        "Nothing has been measured on this model yet",
        "No training record came with this model",
        "The published method has not been trained on this installation",
        "This model came without a card",
    ]
    assert all("make model" in info.value for info in app.info)


def test_about_shows_what_a_random_split_hides_and_what_each_part_is_worth(studio):
    def head(reader, held_out, clean, **parts):
        figures = {
            f"{name}_macro_f1": [clean, clean - 0.01, clean + 0.01] for name in ("clean", "degraded", "rendered")
        }
        chosen = {"mean_input": False, "q_features": False, "blendshapes": False, **parts}
        return {"reader": reader, **chosen, "num_seeds": 5, "held_out_loss": [held_out, 0.2, 0.4], **figures}

    split = {"interval_over_people": [0.8, 0.9], "macro_f1": 0.8}
    effect = {"part": "q_scores", "figure": "half_total_error", "num_pairs": 9}
    metrics = {
        "protocols": {"random": {"accuracy": 0.91, **split}, "subject": {"accuracy": 0.83, **split},
                      "num_windows": 533, "num_people": 66},
        "ablation": {
            "of_former_frame_cnn": True,
            "variants": [head("lstm", 0.31, 0.88), head("lstm", 0.33, 0.9, q_features=True),
                         head("mean", 0.4, 0.85, mean_input=True)],
            "effects": [{**effect, "clean": [-0.01, -0.02, 0.001], "degraded": [0.0, -0.01, 0.01]}],
        },
        "rendered_clips": {"num_clips": 95, "num_people": 16, "accuracy": 0.77, "macro_f1": 0.76},
        "real_stills": {"accuracy": 0.8, "macro_f1": 0.7, "num_images": 3579},
    }  # fmt: skip
    write("metrics.json", json.dumps(metrics))
    app = studio.open("about")
    assert not app.exception
    told = "\n".join(item.value for item in (*app.markdown, *app.caption)).replace("\u00a0", " ").replace("\u2060", "")
    for words in (
        "95 (16 people) | 77.0%",
        "By person, nobody on both sides | 83.0% | 80.0% | 80.0% – 90.0%",
        "533 windows of clips (rendered) of 66 people",
        "Thresholds by quality | Mean of miss and false alarm rates (less is better) | -0.010 (-0.020 – +0.001)",
        "which is lowest for: LSTM.",
        "LSTM with features normalized by quality | 0.900 ± 0.010",
        "Mean over frames | 0.850 ± 0.010",
        "before the frame network was trained further",
    ):
        assert words in told, words


def test_about_shows_each_figure_with_its_data_and_count(studio):
    clean = {"labels": ["a", "b"], "confusion": [[8, 2], [1, 9]], "num_clips": 1234, "accuracy": 0.85, "macro_f1": 0.84,
             "coverage": 0.9, "accuracy_when_decided": 0.91, "mean_of_frame_emotions_accuracy": 0.72,
             "accuracy_interval": [0.83, 0.87]}  # fmt: skip
    neutral = {"num_clips": 700, "called_hybrid": 0.031}
    stills = {"accuracy": 0.8, "macro_f1": 0.7, "num_images": 3579}
    write("metrics.json", json.dumps({"composed_clips": {"clean": clean, "neutral": neutral}, "real_stills": stills}))
    write(
        "history.csv", "stage,epoch,loss,accuracy,val_loss,val_accuracy\nframes,1,1.2,0.5,1.1,0.6\nhead,1,0.9,0.7,,\n"
    )
    write("MODEL_CARD.md", "# Hybrid\n\nA card.\n")
    app = studio.open("about")
    assert not app.exception
    assert not app.error
    table = next(item.value for item in app.markdown if "Macro-F1" in item.value)
    assert "1,234 | 85.0% (83.0%\u00a0–\u2060\u00a087.0%) | 84.0%" in table, "an interval stays on one line"
    assert "3,579 | 80.0% | 70.0%" in table, "records of old hold no interval"
    assert any("90.0% | 91.0% | 72.0%" in item.value for item in app.markdown)
    assert any("of 700 composed clips of neutral faces, 3.1%" in item.value for item in app.caption)
    assert any("## Hybrid" in item.value for item in app.markdown)
    assert len(app.get("plotly_chart")) == 1 + 2 * 2


MISFIT = '{"composed_clips": {"clean": {"labels": ["a"], "confusion": [[1, 2]]}}}'


@pytest.mark.parametrize("metrics", ["{", "[]", '{"composed_clips": 3}', MISFIT])
def test_about_survives_damaged_measurements(studio, metrics):
    write("metrics.json", metrics)
    write("history.csv", "epoch\nx\n")
    app = studio.open("about")
    assert not app.exception
    assert any("metrics.json" in item.value or "not stated" in item.value or "Nothing has been" in item.value
               for item in [*app.error, *app.info, *app.markdown])  # fmt: skip


def test_about_names_the_prohibited_uses(studio):
    studio.open("about")
    assert "Article 5(1)(f)" in studio.text
    assert "Article 50(3)" in studio.text


def write(name: str, text: str) -> None:
    (models.MODEL_DIR / name).write_text(text, encoding="utf-8")


def test_home_leads_to_the_recorder_which_asks_first(studio):
    studio.app.button[1].click().run()
    assert studio.app.title[0].value == "Analyze a clip"
    assert "Before the camera is used" in studio.text
    assert "Close the recorder" in [button.label for button in studio.app.button]


def ways_to_show():
    import streamlit as st

    from ui.shell import presenting, tour

    st.button("Tour", key="start", on_click=tour.start)
    st.button("Present", key="present", on_click=presenting.switch)
    presenting.render()
    tour.render()
    st.text(str(tour.take_page()))


def test_the_tour_leads_through_five_stops_and_can_be_left():
    app = AppTest.from_function(ways_to_show).run()
    assert app.text[0].value == "None"
    assert not app.markdown
    app.button(key="start").click().run()
    assert app.session_state["_job"].name == "pexels_distress_to_laughter.mp4", "the sample waits for its analysis"
    told, pages, shown = [], [], []
    for _ in tour.STOPS:
        assert not app.exception
        told.append(app.markdown[0].value.split(".**")[0])
        pages.append(app.text[0].value)
        shown.append(app.session_state["_wanted_part"])
        if len(told) < len(tour.STOPS):
            app.button(key="tour-next").click().run()
    assert told == [f"**{number} of 5: {stop.title}" for number, stop in enumerate(tour.STOPS, start=1)]
    assert pages == [
        "('pages/home.py', {})", "('pages/analyze.py', {})", "('pages/analyze.py', {})", "('pages/evaluate.py', {})",
        "('pages/about.py', {'see': 'paper'})",
    ]  # fmt: skip
    assert shown == ["", "verdict", "heatmaps", "matrix", "hundred"], "each stop leads to what its sentence speaks of"
    app.button(key="tour-back").click().run()
    app.button(key="tour-leave").click().run()
    assert not app.markdown
    assert app.text[0].value == "None", "the page stays"


def test_presenting_is_left_where_it_was_begun():
    app = AppTest.from_function(ways_to_show).run()
    assert "leave-presenting" not in [item.key for item in app.button]
    app.button(key="present").click().run()
    app.button(key="leave-presenting").click().run()
    assert "leave-presenting" not in [item.key for item in app.button]
    assert not app.session_state["_presenting"]
