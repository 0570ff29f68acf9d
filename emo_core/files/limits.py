"""What a clip may cost, once for the reader, the uploads and what both say of it.

The command line has no limit of length and size but the disk: about 17 MB a minute for each person.
"""

MAX_MB = 500
"""Size of a file in units of 2^20 bytes, as Streamlit counts; ``server.maxUploadSize`` of its settings is the same."""

MAX_MINUTES = 120
"""Length from the first frame to the last."""

MAX_WIDTH_PX, MAX_HEIGHT_PX = 4096, 2304
"""A frame may have as many pixels as one of this size, whatever its shape."""

WORDS = f"At most {MAX_MB} MB, {MAX_MINUTES} minutes and {MAX_WIDTH_PX} × {MAX_HEIGHT_PX} pixels."
"""What people are told before they choose a clip."""
