"""Who in a video is judged, and what to warn of."""

import math
from collections.abc import Sequence

import numpy as np

from emo_core.analysis import VideoInfo
from emo_core.config import PipelineConfig
from emo_core.errors import NoFaceError
from emo_core.faces.alignment import normalize_intensity
from emo_core.faces.cover import hidden_parts, is_still
from emo_core.files.rows import release
from emo_core.inference.people import Person, alike
from emo_core.inference.window_plan import FEW_HZ, TOO_FEW_HZ, is_below, picture_rate_hz
from emo_core.types import Booleans, Doubles, FaceTrack, NormalizedClip

_MOST_SPANS = 5  # named in a warning

_IS = {"eyes": "are", "mouth": "is"}
_SELDOM, _MOSTLY = 0.1, 0.5  # shares of frames from which something is told
_MOST_STILLS, _PIECES = 300, 30
_CLEAR = 0.6  # best confidence: 0.47 at most in patterns taken for a face, 0.9 and more in faces of 58 people on film
_TURNED = 0.5  # frontalness at 35° off the camera's axis

MOST_PEOPLE = 8
"""People judged in one video; that more are seen is told."""


def choose(people: Sequence[Person], least: int, step_s: float, name: str) -> list[Person]:
    """Who can be judged of the people in the video called `name`, the largest and longest first.

    Args:
        people: in that order.
        least: frames with a usable face that make a verdict.
        step_s: seconds that each sampled frame stands for.
        name: of the video.

    Raises:
        NoFaceError: nobody was seen for long or well enough.
    """
    if not people:
        raise NoFaceError(
            f"No face was found in {name}: use a clip in which one face is well lit and large in the picture."
        )
    chosen = [person for person in people if person.num_detected >= least and person.num_usable >= least]
    clear = [person for person in chosen if person.clearest >= _CLEAR]
    if chosen:
        return clear or chosen[:1]  # what is never a clear face beside one that is, is a pattern
    if people[0].num_detected < least:
        seen_s = people[0].num_detected * step_s
        raise NoFaceError(
            f"A face was seen for only {seen_s:.1f} s in {name}: use a clip that shows one for at least half a second."
        )
    parts = [hidden_parts(normalize_intensity(crops)) for item in people[0].records for crops in item.crops]
    for part in parts[0]:
        hidden = np.concatenate([some[part] for some in parts])
        if hidden.mean() > _MOSTLY:
            raise NoFaceError(
                f"The {part} of the face in {name} {_IS[part]} hidden in {hidden.mean():.0%} of the frames, "
                "and what is left says too little: use a clip without dark glasses, a mask or a bar over the face."
            )
    weakest = _weakest_component(people[0].normalized)
    raise NoFaceError(
        f"The face in {name} is not clear enough to judge ({weakest}): "
        "use a sharper, brighter clip of a face turned to the camera."
    )


def least_frames(config: PipelineConfig, step_s: float) -> int:
    """Frames of `step_s` seconds with a face that make a person."""
    return max(1, math.ceil(config.min_face_frames / (step_s * config.sample_rate_hz) - 1e-6))


def crowd_warnings(people: Sequence[Person], *, crowded: bool) -> list[str]:
    """What to know when several people can be judged, all of them in `people`; [] for one.

    `crowded` tells that faces were left out because too many were seen at once.
    """
    warnings = []
    if len(people) > 1:
        warnings.append(f"{len(people)} people were seen, each judged alone; Person 1 is largest and longest in view.")
    if len(people) > MOST_PEOPLE or crowded:
        warnings.append(f"Only {MOST_PEOPLE} people are judged, those largest and longest in view; more are seen.")
    for i, j in alike(people[:MOST_PEOPLE]):
        warnings.append(
            f"Person {i + 1} and Person {j + 1} look alike and are never seen together: they may be one person."
        )
    return warnings


def time_warnings(video: VideoInfo, times_s: Doubles, rate_hz: float) -> list[str]:
    """What to know of a clip with few pictures a second or with gaps; sampled at `rate_hz`, at `times_s` (T,)."""
    warnings = []
    if len(times_s) and is_below(FEW_HZ, times_s, rate_hz):
        found = f"The clip shows only {picture_rate_hz(times_s, rate_hz):.1f} pictures a second"
        if is_below(TOO_FEW_HZ, times_s, rate_hz):
            rest = (
                f"too few in its {video.duration_s:.0f} s to follow how a face changes, so nothing is said about that"
            )
        else:
            rest = f"so in its {video.duration_s:.0f} s short expressions and the moments of change may be missed"
        warnings.append(f"{found}, {rest}.")
    if video.gaps:
        spans = ", ".join(f"{start_s:.1f} – {end_s:.1f} s" for start_s, end_s in video.gaps[:_MOST_SPANS])
        more = f" and {len(video.gaps) - _MOST_SPANS} more times" if len(video.gaps) > _MOST_SPANS else ""
        warnings.append(f"There is no picture at {spans}{more}: nothing is said about that time.")
    return warnings


def quality_warnings(track: FaceTrack, normalized: NormalizedClip, away: Booleans) -> list[str]:
    """What to know of a person whose face is often lost or hard to see while they are not `away`, (T,)."""
    warnings = []
    seen = float(track.detected[~away].mean())
    if seen < 0.8:
        warnings.append(f"The face was found in only {seen:.0%} of the frames; the others do not count.")
    warnings += _appearance_warnings(track, normalized)
    if normalized.mask.any():
        mean = float(normalized.quality[normalized.mask].mean())
        if mean < 0.35:
            weakest = _weakest_component([normalized])
            warnings.append(
                f"The frames are of low quality (mean {mean:.2f} of 1, {weakest}): do not lean on the verdict."
            )
    return warnings


def _appearance_warnings(track: FaceTrack, normalized: NormalizedClip) -> list[str]:
    """What to know of a face that is partly hidden, turned too far, or that never moves."""
    warnings = []
    seen = np.flatnonzero(track.detected)
    for part, hidden in hidden_parts(normalized.faces).items():
        share = float(hidden[seen].mean())
        if share >= _SELDOM:
            warnings.append(
                f"The {part} {_IS[part]} hidden in {share:.0%} of the frames with the face; they do not count."
            )
    turned = float((normalized.components["frontalness"][track.detected] < _TURNED).mean())
    if turned > _MOSTLY:
        warnings.append(
            f"The head is turned by more than 35° in {turned:.0%} of the frames, further than the faces that the model "
            "learned from: do not lean on the verdict."
        )
    spread = seen[np.unique(np.linspace(0, len(seen) - 1, _MOST_STILLS).astype(int))]  # all would be held twice
    stills = []
    for some in np.array_split(spread, _PIECES):  # what lies around each of them comes into memory with it
        stills.append(normalized.faces[some])
        release(normalized.faces)
    if is_still(np.concatenate(stills)):
        warnings.append(
            "Nothing in the face moves from beginning to end, as in a photograph or poster: how an expression comes "
            "and goes cannot be judged."
        )
    return warnings


def _weakest_component(parts: list[NormalizedClip]) -> str:
    means = {
        name: float(np.mean(np.concatenate([part.components[name] for part in parts]))) for name in parts[0].components
    }
    worst = min(means, key=lambda name: means[name])
    return f"mean {worst.replace('_', ' ')} {means[worst]:.2f} of 1"
