"""Labelled pictures: FER+ with its votes, and portraits of known people."""
