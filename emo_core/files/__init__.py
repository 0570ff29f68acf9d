"""Files and folders: where they may lie, how they are written whole, what a table or a video file is."""
