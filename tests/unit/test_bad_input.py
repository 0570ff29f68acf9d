"""Every file that a person may offer by mistake: one sentence on standard error, nothing else."""

import os
import re
import shutil

import numpy as np
import pytest

from emo_core.cli.main import main
from emo_core.model import bundle as bundles
from emo_core.video.writer import write_video
from tests import media
from tests.conftest import MODEL
from tests.unit.cli.test_command_line import run_process

pytestmark = pytest.mark.usefixtures("frames_known_again")

BAD = {
    "empty": (media.empty_file, r"is empty \(0 bytes\)"),
    "text": (media.text_file, "is not a video that can be read"),
    "picture": (media.still_image, "single frame|not a video"),
    "cut off, without its index": (media.cut_without_index, "is cut off"),
    "cut off inside its index": (media.cut_inside_index, "is cut off"),
    "cut off, with its index": (media.cut_with_index, "is cut off"),
    "cut off mkv": (media.cut_mkv, "is cut off"),
    "damaged": (lambda folder: media.damaged_video(folder, share=0.6), "damaged|cut off"),
    "sound only": (media.audio_only, "holds only sound"),
    "one frame": (media.one_frame_video, "has a single frame"),
    "three hours, which a visitor may not bring": (media.overlong_video, "No face was found"),
    "grey": (media.grey_video, "No face was found"),
    "missing": (lambda folder: folder / "gone.mp4", "was not found"),
}
NAMES = (
    "with spaces.mp4",
    'it\'s "quoted" `and` $HOME.mp4',
    "Ünïcödé 表情 😀 مرحبا.mp4",
    "bell\x07 tab\t escape\x1b[31m.mp4",
    "percent %s {curly} \\back.mp4",
    "-dash.mp4",
    "no extension",
    "x" * 200 + ".mp4",
    os.fsdecode(b"not utf-8 \xff\xfe.mp4"),
)


def noise_video(folder):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (120, 160, 3), np.uint8) for _ in range(12)]
    return media.write(folder / "noise.mp4", frames, [k / 10 for k in range(12)])


def big_pictures(folder):
    frame = np.zeros((2320, 4112, 3), np.uint8)
    return media.write(folder / "big.mp4", [frame] * 2, [0.0, 0.1], codec_options={"preset": "ultrafast"})


def big_file(folder):
    """Over the limit of visitors, without a byte on the disk."""
    path = folder / "heavy.mp4"
    with path.open("wb") as file:
        file.truncate(513 * 2**20)
    return path


def refused(path, capsys, *words):
    """The one line on standard error."""
    assert main(["analyze", str(path), *map(str, words)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return one_line(captured.err)


def one_line(errors):
    assert re.fullmatch(r"error: [^\n]+\.\n", errors), errors
    line = errors.rstrip("\n")
    assert line.isprintable()
    assert len(line) < 300
    assert re.search("[;:,]", line.removeprefix("error: ")), "no remedy"
    return line


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_cannot_be_judged(kind, tmp_path, capsys):
    make, message = BAD[kind]
    line = refused(make(tmp_path), capsys)
    assert re.search(message, line)
    assert str(tmp_path.parent) not in line


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (noise_video, "No face was found"),
        (big_pictures, "has frames of 4112×2320 pixels, over the limit of 9.4 megapixels"),
        (big_file, "is not a video that can be read"),  # the size is no reason: it is the operator's own disk
    ],
)
def test_noise_and_files_over_the_limits(make, message, tmp_path, capsys):
    assert message in refused(make(tmp_path), capsys)


def test_a_face_for_a_moment_only(tmp_path, capsys, laughter_frames):
    nothing = [np.full_like(laughter_frames[0], 90)] * 8
    write_video(tmp_path / "moment.mp4", [*nothing, *laughter_frames[:4], *nothing], 10.0)
    assert "A face was seen for only 0.4 s in moment.mp4" in refused(tmp_path / "moment.mp4", capsys)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
class TestNames:
    def test_a_good_clip_may_be_called_anything(self, name, short_laughter, capsys):
        assert main(["analyze", str(short_laughter(name))]) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        first = captured.out.splitlines()[0]
        assert first.isprintable()
        assert "Amusement + surprise" in captured.out

    def test_and_so_may_a_bad_one(self, name, tmp_path, capsys):
        refused(media.text_file(tmp_path, name), capsys)
        refused(tmp_path / f"gone {name}"[:200], capsys)


def test_a_path_through_other_folders(tmp_path, short_laughter, capsys):
    short_laughter("good.mp4")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert main(["analyze", f"{tmp_path}/a/../a/b/../../good.mp4"]) == 0
    assert capsys.readouterr().out.startswith("good.mp4: ")
    assert "“gone.mp4” was not found" in refused(f"{tmp_path}/a/../../gone.mp4", capsys)


def test_a_link_and_a_device(tmp_path, short_laughter, capsys):
    (tmp_path / "link.mp4").symlink_to(short_laughter("good.mp4"))
    assert main(["analyze", str(tmp_path / "link.mp4")]) == 0
    capsys.readouterr()
    (tmp_path / "broken.mp4").symlink_to(tmp_path / "nowhere")
    assert "was not found" in refused(tmp_path / "broken.mp4", capsys)
    assert "is not a file" in refused("/dev/zero", capsys)


def test_a_name_with_a_null_is_no_crash(capsys):
    refused("a\0b.mp4", capsys)


class TestModels:
    @pytest.fixture
    def model(self, tmp_path):
        return shutil.copytree(MODEL, tmp_path / "mine")

    @pytest.mark.parametrize("name", [bundles.FRAME_CNN, bundles.HEAD, bundles.NORMALIZER, bundles.MANIFEST])
    def test_a_damaged_model(self, model, name, laughter, capsys):
        content = bytearray((model / name).read_bytes())
        content[len(content) // 2] ^= 0xFF
        (model / name).write_bytes(content)
        assert name in refused(laughter, capsys, "--model", model)

    def test_no_model(self, tmp_path, laughter, capsys):
        assert "There is no model in 'gone'" in refused(laughter, capsys, "--model", tmp_path / "gone")

    def test_an_unfinished_model(self, model, laughter, capsys):
        bundles.write_bundle(model, {}, {}, drop=bundles.OF_THE_HEAD)
        assert "is not finished" in refused(laughter, capsys, "--model", model)


@pytest.mark.parametrize("make", [media.cut_without_index, media.grey_video])
def test_in_a_process_of_its_own(make, tmp_path):
    done = run_process("analyze", make(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    one_line(done.stderr)
