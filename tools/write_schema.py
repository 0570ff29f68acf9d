"""Write the JSON Schema of ``analysis.json`` from its types: ``python tools/write_schema.py``."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emo_core.report.schema import json_schema  # noqa: E402

(ROOT / "assets" / "analysis.schema.json").write_text(json.dumps(json_schema(), indent=1) + "\n", "utf-8")
