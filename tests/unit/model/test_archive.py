"""A model taken away as one file and brought in elsewhere is the same; what is no such file is refused whole."""

import io
import json
import shutil
import zipfile

import pytest
import yaml

from emo_core.cli.main import main
from emo_core.errors import BundleError
from emo_core.files import folders
from emo_core.model.archive import README, card_header, export_bundle, import_bundle, name_in
from emo_core.model.bundle import load_bundle
from tests.tiny import write_tiny_bundle


@pytest.fixture
def tiny(tmp_path):
    return write_tiny_bundle(tmp_path / "tiny")


@pytest.fixture
def exported(tiny):
    return export_bundle(tiny)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """The folder for models of an installation; nothing is there."""
    monkeypatch.setenv("EMO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def changed(content, change):
    """The ZIP with its files, name → content, as `change` leaves them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    change(files)
    return zipped(files)


def zipped(files):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    return written.getvalue()


def manifest(held, **entries):
    held["tiny/bundle.json"] = json.dumps(json.loads(held["tiny/bundle.json"]) | entries)


def refused(content, target):
    with pytest.raises(BundleError) as caught:
        import_bundle(content, target)
    assert not target.exists()
    assert not list(target.parent.glob(".*"))
    return str(caught.value)


def test_what_comes_back_is_the_same_model(tiny, exported, tmp_path):
    import_bundle(exported, tmp_path / "there" / "again")
    assert load_bundle(tmp_path / "there" / "again").digest == load_bundle(tiny).digest
    assert not (tmp_path / "there" / "again" / README).exists()
    assert export_bundle(tiny) == exported
    assert name_in(exported) == load_bundle(tiny).info.name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda files: files.update({"tiny/head.tflite": b"other"}), "changed after it was written (head.tflite)"),
        (lambda files: files.pop("tiny/normalizer.npz"), "lacks its file normalizer.npz"),
        (lambda files: files.pop("tiny/bundle.json"), "holds 0 files bundle.json"),
        (lambda files: files.update({"other/bundle.json": b"{}"}), "holds 2 files bundle.json"),
        (lambda files: files.update({"../../evil.txt": b"x"}), "files outside the model's folder"),
        (lambda files: files.update({"tiny/sub/more.txt": b"x"}), "files outside the model's folder"),
        (lambda files: files.update({f"tiny/{n}.txt": b"x" for n in range(80)}), "it holds 91 files"),
        (lambda files: manifest(files, schema=2), "newer version of the program, so update this one"),
        (lambda files: manifest(files, schema=0), "train it again"),
        (lambda files: manifest(files, files={"../../etc/passwd": "0" * 64}), "damaged (bundle.json)"),
        (lambda files: manifest(files, files=None), "damaged (bundle.json)"),
        (lambda files: files.update({"tiny/" + "b" * 300: b"x"}), "name of a file in it is too long"),
    ],
)  # fmt: skip
def test_what_is_no_whole_model_is_refused_and_leaves_nothing(exported, tmp_path, change, told):
    assert told in refused(changed(exported, change), tmp_path / "there" / "mine")
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"x" * 99])
def test_what_is_no_zip_is_refused(content, tmp_path):
    assert "no model to bring in" in refused(content, tmp_path / "there" / "mine")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_cut_or_flipped_zip_is_refused(exported, tmp_path, share):
    place = int(share * len(exported))
    refused(exported[:place], tmp_path / "there" / "mine")
    flipped = exported[:place] + bytes([exported[place] ^ 255]) + exported[place + 1 :]
    try:
        import_bundle(flipped, tmp_path / "there" / "other")
    except BundleError:
        assert not (tmp_path / "there" / "other").exists()
    else:  # a bit that means nothing, such as one of the card's
        assert load_bundle(tmp_path / "there" / "other")


def test_a_zip_that_says_less_than_it_holds_is_read_within_bounds(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("emo_core.model.archive.MOST_FILE_BYTES", 1000)
    assert "larger than any model" in refused(exported, tmp_path / "there" / "mine")


def test_what_is_not_listed_is_not_kept(exported, tmp_path):
    import_bundle(changed(exported, lambda files: files.update({"tiny/notes.txt": b"hello"})), tmp_path / "there")
    assert not (tmp_path / "there" / "notes.txt").exists()


def test_the_card_tells_programs_what_was_measured_and_nothing_else():
    entries = json.loads((folders.SHIPPED_MODEL / "bundle.json").read_text("utf-8"))
    metrics = json.loads((folders.SHIPPED_MODEL / "metrics.json").read_text("utf-8"))
    found = yaml.safe_load(card_header(entries, metrics).strip("-\n"))
    results = found["model-index"][0]["results"]
    told = {(row["dataset"]["name"], row["metrics"][0]["type"]): row["metrics"][0]["value"] for row in results}
    real = metrics["real_clips"]["parts"][0]["cross_validated"]["macro_recall"]
    assert told["real clips, cross-validated by person", "macro_recall"] == round(real, 4)
    assert all(row["dataset"]["num_samples"] > 0 for row in results)
    assert (found["license"], found["library_name"]) == ("other", "hybrid-emotion-studio")
    bare = yaml.safe_load(card_header(entries, {"real_clips": [1], "composed_clips": None}).strip("-\n"))
    assert bare["model-index"][0]["results"] == []


def test_a_way_there_and_back_at_the_command_line(tiny, models, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["model", "export", str(tiny), "tiny.zip"]) == 0
    assert main(["model", "import", "tiny.zip", "--name", "mine"]) == 0
    capsys.readouterr()
    assert main(["model", "list"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == ["hybrid", "mine", "published"]
    assert main(["model", "verify", "mine", "hybrid"]) == 0
    assert capsys.readouterr().out.count(": whole (version ") == 2
    (models / "mine" / "head.tflite").write_bytes(b"changed")
    assert main(["model", "verify", "mine"]) == 1
    assert "changed after it was written" in capsys.readouterr().err
    assert main(["model", "list"]) == 0
    assert "cannot be used" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["import", "gone.zip"], "gone.zip cannot be read"),
        (["import", "tiny.zip", "--name", "hybrid"], "came with the program"),
        (["import", "tiny.zip", "--name", "Published"], "came with the program"),
        (["import", "tiny.zip", "--name", "a/b"], "Name the model"),
        (["import", "tiny.zip", "--name", "taken"], "There is a model taken already"),
        (["export", "nothing"], "There is no model 'nothing': choose one of hybrid, published"),
        (["verify", "nothing"], "There is no model 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(exported, models, tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.zip").write_bytes(exported)
    (models / "taken").mkdir(parents=True)
    assert main(["model", *words]) == 1
    captured = capsys.readouterr().err
    assert told in captured
    assert captured.count("\n") == 1
    shutil.rmtree(models / "taken")
    assert not list(models.iterdir())
