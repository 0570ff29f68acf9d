"""Make the demo clips in assets/demo: synthetic faces rendered from the ICT face model.

The renderer is no requirement of the project. To make the clips again, from the root of the project:

    python3.11 -m venv .venv-render
    .venv-render/bin/pip install -r tools/requirements-render.txt
    .venv-render/bin/python tools/render_clips.py render --ict ict_face.npz    # clips and manifest; resumable
    .venv-render/bin/python tools/render_clips.py check                        # what a face model sees of them
    .venv-render/bin/python tools/render_clips.py sheet                        # the contact sheet
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emo_core.errors import EmoError  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    options = _parse(arguments)
    try:
        if options.command == "render":
            return _render(options)
        if not (options.out / "manifest.csv").is_file():
            raise EmoError(f"“{options.out.name}” holds no manifest.csv; run the command render first.")
        return _check(options) if options.command == "check" else _sheet(options)
    except (EmoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="render the clips that are missing and write the manifest")
    render.add_argument("--ict", type=Path, required=True, help="ict_face.npz")
    render.add_argument("--people", type=int, default=66, choices=range(1, 1000), metavar="N", help="1 … 999")
    render.add_argument("--first", type=int, default=1, metavar="N", help="number of the first person: others than 1 …")
    check = commands.add_parser("check", help="write checks.json: faces found, motions recovered")
    sheet = commands.add_parser("sheet", help="write contact_sheet.jpg")
    for command in (render, check, sheet):
        command.add_argument("--out", type=Path, default=ROOT / "assets" / "demo", help="folder of the data set")
    return parser.parse_args(arguments)


def _render(options: argparse.Namespace) -> int:
    if not options.ict.is_file():
        raise EmoError(f"“{options.ict.name}” was not found; give the path of ict_face.npz with --ict.")
    try:
        from tools.render.produce import render_clips
    except ModuleNotFoundError as error:
        raise EmoError(f"{error.name} is not installed; see tools/requirements-render.txt.") from None
    render_clips(options.ict, options.people, options.out, options.first)
    return 0


def _check(options: argparse.Namespace) -> int:
    from tools.render.check import CORRELATION_BAR, DETECTION_BAR, check_clips

    checks = check_clips(options.out)
    for name in ("detection_rate_clean", "correlation", "worst_person_detection", "worst_person_correlation"):
        print(f"{name}: {checks[name]}")
    passed = checks["detection_rate_clean"] >= DETECTION_BAR
    passed = passed and min(checks["correlation"].values()) >= CORRELATION_BAR
    print("passed" if passed else f"failed: expected at least {DETECTION_BAR} and {CORRELATION_BAR}")
    return 0 if passed else 1


def _sheet(options: argparse.Namespace) -> int:
    from tools.render.sheet import write_sheet

    write_sheet(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
