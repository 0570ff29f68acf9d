"""The one list of formats: every kind on it can be read; pointers are told from videos."""

import av
import pytest

from emo_core.errors import VideoError
from emo_core.faces.tracking import MAX_FACES
from emo_core.files import folders, limits
from emo_core.files.formats import POINTER_BYTES, VIDEO_SUFFIXES, describe_pointer, has_video_name
from emo_core.video.reader import open_video
from tests import media
from ui.widgets import uploads

MUXERS = {
    ".m4v": "mp4", ".3gp": "3gp", ".3g2": "3g2", ".wmv": "asf", ".asf": "asf", ".flv": "flv", ".f4v": "flv",
    ".mpg": "mpeg", ".mpeg": "mpeg", ".vob": "vob", ".ts": "mpegts", ".mts": "mpegts", ".m2ts": "mpegts",
    ".m2v": "mpeg2video", ".h264": "h264", ".h265": "hevc", ".hevc": "hevc",
}  # fmt: skip
"""Suffix → container, where the suffix is not its name."""

CODECS = {
    ".webm": "libvpx", ".avi": "mpeg4", ".wmv": "msmpeg4v3", ".asf": "msmpeg4v3", ".mpg": "mpeg2video",
    ".mpeg": "mpeg2video", ".vob": "mpeg2video", ".m2v": "mpeg2video", ".mxf": "mpeg2video", ".gif": "gif",
    ".h265": "libx265", ".hevc": "libx265",
}  # fmt: skip


def written(folder, suffix):
    """A video of forty grey frames of that kind; None where none can be written here, only read."""
    kind = MUXERS.get(suffix, {".mkv": "matroska", ".ogv": "ogg"}.get(suffix, suffix[1:]))
    path, codec = folder / f"grey{suffix}", CODECS.get(suffix, "libtheora" if suffix == ".ogv" else "libx264")
    if codec not in av.codecs_available:
        return None
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, 25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8" if codec == "gif" else "yuv420p"
        for index in range(40):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(media.grey_frame(index), "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_every_format_on_the_list_can_be_read(tmp_path, suffix):
    path = written(tmp_path, suffix)
    if path is None:
        pytest.skip(f"no encoder for {suffix} here")
    with open_video(path) as reader:
        assert sum(len(clip.frames) for clip in reader.clips(25.0)) >= 36


def test_names_count_whatever_their_case_and_hidden_files_do_not():
    names = ("A.M2TS", ".a.mp4", "._a.mp4", "mp4", "a.mp4.txt")
    assert [has_video_name(name) for name in names] == [True, False, False, False, False]


@pytest.mark.parametrize("extension", ["", "ext-0-any sha256:1\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_git_lfs_pointer_is_told_with_its_remedy(extension, end):
    text = f"version https://git-lfs.github.com/spec/v1\n{extension}oid sha256:538d\nsize 201958\n"
    assert "git lfs pull" in describe_pointer(text.replace("\n", end).encode())


def test_what_only_speaks_of_pointers_is_none():
    assert not describe_pointer(b"x" * POINTER_BYTES + b"version https://git-lfs.github.com/spec/v1\noid sha256:ab")
    assert not describe_pointer(b"version https://git-lfs.github.com/spec/v1 is the format")
    assert "git annex get" in describe_pointer(b"/annex/objects/SHA256E-s1--ab.mp4\n")


def test_a_pointer_in_place_of_a_video_says_how_to_fetch_it(tmp_path):
    text = b"version https://git-lfs.github.com/spec/v1\noid sha256:538d\nsize 201958\n"
    (tmp_path / "a.flv").write_bytes(text)
    for source in (tmp_path / "a.flv", text):
        with pytest.raises(VideoError, match=r"is a Git LFS pointer .* run “git lfs pull” in its folder"):
            open_video(source).__enter__()


def test_uploads_take_what_the_list_says():
    assert [f".{kind}" for kind in uploads.TYPES] == list(VIDEO_SUFFIXES)


def test_the_documentation_says_formats_and_limits_as_they_are():
    told = " ".join((folders.ROOT / "docs" / "how-to" / "analyze.md").read_text("utf-8").split())
    assert f"`{' '.join(VIDEO_SUFFIXES)}`" in told
    assert f"{limits.WORDS} At most {MAX_FACES} people are followed at once." in told
