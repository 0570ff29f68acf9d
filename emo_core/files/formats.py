"""Which files count as videos by their names, and files that only stand for one that was not fetched."""

VIDEO_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".wmv", ".asf", ".flv", ".f4v", ".mpg", ".mpeg",
    ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".mxf", ".ogv", ".gif", ".h264", ".h265", ".hevc",
)  # fmt: skip
"""What the name of a video ends with, in small letters: the one list for commands, data sets and uploads."""

POINTER_BYTES = 1024
"""The first bytes of a file that tell whether it is a pointer; pointers are no longer than that."""


def has_video_name(name: str) -> bool:
    """Whether a file is called like a video, and is not hidden.

    Example:
        >>> has_video_name("anna__1.MTS"), has_video_name("._anna__1.mp4"), has_video_name("notes.txt")
        (True, False, False)
    """
    return not why_no_video(name)


def why_no_video(name: str) -> str:
    """Why a file is none of the videos in a folder by its name; empty for a video.

    Example:
        >>> why_no_video("anna__1.wav"), why_no_video("._anna__1.mp4"), why_no_video("anna__1.mp4")
        ('not named as a video (.wav)', 'hidden', '')
    """
    if name.startswith("."):
        return "hidden"
    try:
        name.encode()
    except UnicodeEncodeError:  # as unpacking an archive of another system may leave it
        return "named in another encoding than UTF-8"
    if name.lower().endswith(VIDEO_SUFFIXES):
        return ""
    _, dot, ending = name.rpartition(".")
    return f"not named as a video ({f'.{ending.lower()[:10]}' if dot else 'no ending'})"


def describe_pointer(start: bytes) -> str:
    r"""What is the matter with a file that only points to another one, and the remedy; empty for any other file.

    The words follow the name of the file.

    Args:
        start: the first :data:`POINTER_BYTES` of the file.

    Example:
        >>> describe_pointer(b"version https://git-lfs.github.com/spec/v1\noid sha256:538d\nsize 201958\n")
        'is a Git LFS pointer in place of the file itself; run “git lfs pull” in its folder and try again'
        >>> describe_pointer(b"\x00\x00\x00\x18ftypmp42")
        ''
    """
    start = start[:POINTER_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"version http") and b"oid sha256:" in start:
        return "is a Git LFS pointer in place of the file itself; run “git lfs pull” in its folder and try again"
    if start.startswith((b"/annex/objects/", b"../.git/annex/objects/")):
        return "is a git-annex pointer in place of the file itself; run “git annex get” in its folder and try again"
    return ""
