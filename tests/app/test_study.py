"""The Study page: a study made, run, watched, filtered, grouped, taken away and deleted, its clips judged before."""

from pathlib import Path

import pytest

from emo_core.errors import EmoError, StudyError
from emo_core.jobs.progress import TrainingProgress
from emo_core.jobs.queue import JobStatus
from emo_core.studies import works
from emo_core.studies.clips import find_clips
from emo_core.studies.judged import Judged, rows_of, tables_of
from emo_core.studies.report import to_html
from emo_core.studies.run import run_study
from emo_core.studies.tables import load_study
from tests.factories import make_analysis, two_people
from tests.studies import ROWS, judged_study
from ui.state import trainings
from ui.study import choose
from ui.study import server as studies


class Jobs:
    """In the place of the queue: what it was asked for, and what it says of it."""

    def __init__(self):
        self.orders, self.stopped, self.state, self.progress = [], [], None, TrainingProgress()

    def submit(self, order):
        self.orders.append(order)
        self.state = "running"

    def stop(self, name):
        self.stopped.append(name)
        self.state = "stopped"

    def status(self, name):
        del name
        return self.state and JobStatus(self.orders[-1] if self.orders else None, self.state, self.progress)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("EMO_STUDIES", str(tmp_path / "studies"))
    return tmp_path / "studies"


@pytest.fixture
def jobs(monkeypatch):
    made = Jobs()
    monkeypatch.setattr(trainings, "queue", lambda name: made)
    return made


@pytest.fixture
def judged(place, hybrid):
    """A study of three people under two conditions, and a clip that failed."""
    return judged_study(place / "mine", hybrid)


def opened(studio, name="mine"):
    studio.open("study")
    studio.app.session_state[choose._CHOSEN] = studies.known()[name]
    return studio.app.run()


def text(app):
    return "\n".join(str(item.value) for kind in ("markdown", "caption", "info", "error") for item in app.get(kind))


def test_without_studies_the_page_says_what_to_do(studio, place, jobs):
    app = studio.open("study")
    assert not app.exception
    assert "make a new one from uploaded clips" in text(app)


def test_clips_are_shown_filtered_and_told_why_they_failed(studio, judged, jobs):
    app = opened(studio)
    assert not app.exception
    assert "These results were not made by this server." in text(app)
    assert "7 of 7 clips, 1 failed" in text(app)
    assert "“broken.mp4” is not a video." in text(app)
    app.text_input(key="study-filter").set_value("LOUD").run()
    assert text(app).count("ben, loud") == 1
    assert "calm" not in text(app)
    app.text_input(key="study-filter").set_value("").run()
    app.selectbox(key="study-verdict").set_value("failed").run()
    assert "is not a video." in text(app)
    assert "ben" not in text(app)


def test_groups_show_shares_curves_and_differences(studio, judged, jobs):
    app = opened(studio)
    app.session_state["study-tab"] = "Groups"
    app.run()
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 3
    told = text(app)
    assert "| calm | Sadness + fear | 50.0% |" in told
    assert "4 comparisons were made together" in told
    assert "| Verdict | Points of difference | 95% over people | p | p adjusted (Holm) | People |" in told
    assert "| Sadness + fear | +50.0 | +50.0" in told
    app.selectbox(key="study-value").set_value("emotion_happiness").run()
    assert not app.exception


def test_everybody_in_a_clip_is_counted_if_asked_and_page_and_report_say_who_is(
    studio, place, jobs, monkeypatch, hybrid
):
    clips = place / "mine" / "clips"
    clips.mkdir(parents=True)
    for name, _, _ in ROWS:
        (clips / name).write_text(name)
    lines = ["path,participant,condition", *(",".join(row) for row in ROWS)]
    (clips / "manifest.csv").write_text("\n".join(lines))

    def judge(work, path, bundle):
        del path, bundle
        found = two_people() if work.name == ROWS[0][0] else make_analysis(50)
        return Judged(work.name, rows_of(found, 10.0), tables=tables_of(found))

    monkeypatch.setattr(works, "judge_clip", judge)
    run_study(find_clips([clips]), hybrid, place / "mine" / "results", None, command="x", tell=lambda pace: None)
    app = opened(studio)
    app.session_state["study-tab"] = "Groups"
    app.run()
    assert "1 clip shows several people" in text(app)
    assert "the others are not counted" in text(app)
    assert "Sadness + fear | 0.0%" in text(app)
    app.toggle(key="study-everybody-switch").set_value(True).run()
    assert not app.exception
    assert "each counted as one unknown person" in text(app)
    assert "Sadness + fear | 0.0%" not in text(app).split("| loud")[0]
    app.session_state["study-tab"] = "Export"
    app.run()
    assert app.session_state["study-everybody"], "the report follows the choice"
    page = to_html(load_study(place / "mine" / "results"), everybody=True)
    assert "each counted as one unknown person" in page


def test_everything_can_be_taken_away(studio, judged, jobs):
    app = opened(studio)
    app.session_state["study-tab"] = "Export"
    app.run()
    assert not app.exception
    names = [button.label for button in app.get("download_button")]
    assert {"Report (HTML)", "clips.csv", "frames.parquet", "study.json"} <= set(names)
    page = to_html(load_study(judged / "results"))
    assert "By condition" in page
    assert "loud" in page
    assert "comparisons were made together" in page
    assert "src=" not in page.split("</script>")[-1]


def test_a_study_is_deleted_only_after_a_word_that_it_is_for_good(studio, judged, jobs):
    app = opened(studio)
    assert app.button(key="study-delete").disabled
    assert (judged / "results").is_dir()
    next(item for item in app.checkbox if "for good" in item.label).check().run()
    app.button(key="study-delete").click().run()
    assert not app.exception
    assert not (judged / "results").exists()


def test_a_run_is_asked_for_watched_stopped_and_gone_on_with(studio, judged, jobs, hybrid, monkeypatch):
    app = opened(studio)
    app.button(key="study-start").click().run()
    (order,) = jobs.orders
    assert (order.kind, order.data, order.out) == ("study", str(judged / "clips"), str(judged / "results"))
    jobs.progress = TrainingProgress(what="3 of 7 clips; 40 a minute, 6 s left", done=3, total=7)
    app.run()
    assert not app.exception
    assert "3 of 7 clips" in str(app.get("progress")[0].proto)
    app.button(key="study-stop").click().run()
    assert jobs.stopped == [order.name]
    assert app.button(key="study-start").label == "Resume"


def test_what_is_uploaded_becomes_a_study(place, jobs, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(b"path\nb.mp4\n")
    made = studies.make("new", [("a/b.mp4", upload), ("c.mp4", upload)], upload)
    assert sorted(path.name for path in made.clips.iterdir()) == ["b.mp4", "c.mp4", "manifest.csv"]
    assert (made.clips / "b.mp4").read_bytes() == upload.read_bytes()
    for name, files, words in (
        ("new", [("a.mp4", upload)], "There is a study new already"),
        ("other", [("a.mp4", upload), ("x/a.mp4", upload)], "Two clips are called a.mp4"),
        ("other", [], "Nothing was uploaded"),
        ("../up", [("a.mp4", upload)], "Name the study"),
    ):
        with pytest.raises(EmoError, match=words):
            studies.make(name, files, None)
    studies.remove(made)
    assert not made.path.exists()


@pytest.mark.parametrize("words", ["..", "/etc", "../x", "", "a/../..", "link", "x\0y"])
def test_there_is_no_way_out_of_the_folder_of_studies(place, words):
    place.mkdir()
    (place / "link").symlink_to("/etc")
    with pytest.raises(StudyError, match="Studies are opened only below"):
        studies.named(words)


def test_a_link_in_a_study_leads_nowhere_outside(place, jobs, tmp_path):
    (tmp_path / "secret.mp4").write_text("secret")
    (place / "mine").mkdir(parents=True)
    (place / "mine" / "a.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(StudyError, match="leads out of the study"):
        studies.submit(studies.known()["mine"], Path("models/hybrid"))
    assert jobs.orders == []


def test_the_run_of_an_order(place, tmp_path, monkeypatch, hybrid):
    """As the process of a server carries it out, but in this one, its clips judged by a stand-in."""
    from contextlib import nullcontext

    from emo_core.cli import study as command
    from emo_core.cli.run_order import carry_out
    from emo_core.jobs.progress import ProgressWriter
    from emo_core.jobs.queue import Order
    from tests.conftest import MODEL

    found = make_analysis(30)

    def judge(work, path, bundle):
        del path, bundle
        return Judged(work.name, rows_of(found, 10.0), tables=tables_of(found))

    monkeypatch.setattr(works, "judge_clip", judge)
    monkeypatch.setattr(command, "client_of", lambda cluster: nullcontext(None))
    (place / "mine").mkdir(parents=True)
    (place / "mine" / "a.mp4").write_text("one")
    order = Order("study", "mine", str(place / "mine"), str(place / "mine" / "results"), "", base=str(MODEL))
    result = carry_out(order, ProgressWriter(tmp_path / "progress.json"))
    assert result == "1 of 1 clips, 0 failed."
    progress = TrainingProgress.read(tmp_path / "progress.json")
    assert (progress.state, progress.message, progress.done) == ("done", result, 1)
