"""Frames to faces: found, followed, aligned and graded."""
