"""What a clip may cost, once for the reader, the uploads and what both say of it; less on a server for everybody.

The command line has no limit of length and size but the disk: about 17 MB a minute for each person.
"""

from emo_core.config import is_public

MAX_MB = 100 if is_public() else 500
"""Size of a file in units of 2^20 bytes, as Streamlit counts; ``server.maxUploadSize`` is the larger of the two."""

MAX_MINUTES = 5 if is_public() else 120
"""Length from the first frame to the last."""

MAX_WIDTH_PX, MAX_HEIGHT_PX = (1920, 1080) if is_public() else (4096, 2304)
"""A frame may have as many pixels as one of this size, whatever its shape."""

WORDS = f"At most {MAX_MB} MB, {MAX_MINUTES} minutes and {MAX_WIDTH_PX} × {MAX_HEIGHT_PX} pixels."
"""What people are told before they choose a clip."""
