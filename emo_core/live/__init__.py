"""A camera watched live: the same pipeline in a thread."""
