"""Write ``tests/data/public_api.txt``, what the public names of `emo_core` are: run it when that should change."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.public_api import described  # noqa: E402

(ROOT / "tests" / "data" / "public_api.txt").write_text(described(), "utf-8")
