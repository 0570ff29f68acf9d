"""Render the planned clips into a folder, one after the other; clips that exist are kept."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from emo_core.video.writer import write_video
from tools.render.expressions import PAIRED
from tools.render.geometry import load_ict
from tools.render.paint import make_canvas
from tools.render.people import Person, make_person
from tools.render.performance import FPS, Performance, perform
from tools.render.picture import CLEAN_CRF, COMPRESSED_CRF, SMALL_DISTANCE, Bytes, compose, degrade, make_background
from tools.render.plan import ClipPlan, manifest_row, plan_clips, write_manifest
from tools.render.scene import Stage, measure_openness
from tools.render.setting import Setting

SIDE_PX = 256


def perform_plan(plan: ClipPlan) -> tuple[Person, Performance]:
    """Who plays the clip, and how."""
    person = make_person(plan.person, PAIRED)
    return person, perform(person, plan.story, plan.seed)


def render_clips(ict_path: Path, num_people: int, out: Path, first: int = 1) -> None:
    """Render what is missing of the clips of `num_people` people from number `first` on, and write the manifest.

    Raises:
        DatasetError: `ict_path` is not the face model.
    """
    stage = None
    rows, num_frames, started = [], 0, time.perf_counter()
    for _, plans in groupby(plan_clips(num_people, first), key=lambda plan: plan.person):
        placed = False
        for plan in plans:
            person, performance = perform_plan(plan)
            rows.append(manifest_row(plan, performance))
            path = out / plan.path
            if path.exists():
                continue
            if stage is None:
                face = load_ict(ict_path)
                stage = Stage(face, make_canvas(face, measure_openness(face)), SIDE_PX, SIDE_PX)
                started = time.perf_counter()
            if not placed:
                stage.place(person)
                placed = True
            path.parent.mkdir(parents=True, exist_ok=True)
            crf = COMPRESSED_CRF[plan.level] if plan.degradation == "compressed" else CLEAN_CRF
            write_video(path, draw_clip(stage, plan, person, performance), FPS, crf=crf)
            num_frames += len(performance.frames)
        if placed:
            pace_ms = 1e3 * (time.perf_counter() - started) / max(num_frames, 1)
            print(f"{person.name}: {num_frames} frames, {pace_ms:.0f} ms each", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(out / "manifest.csv", rows)


def draw_clip(stage: Stage, plan: ClipPlan, person: Person, performance: Performance) -> Iterator[Bytes]:
    """Frames of a clip as they are written, (SIDE_PX, SIDE_PX, 3) uint8 RGB; the person is on the stage."""
    setting = _farther(performance.setting, plan)
    stage.set_up(setting)
    background = make_background(setting, SIDE_PX, SIDE_PX)
    frames = (compose(stage.draw(frame), background) for frame in performance.frames)
    return degrade(frames, plan.degradation, plan.level, person, plan.seed)


def _farther(setting: Setting, plan: ClipPlan) -> Setting:
    if plan.degradation != "small":
        return setting
    return replace(setting, camera_distance=setting.camera_distance * SMALL_DISTANCE[plan.level])
