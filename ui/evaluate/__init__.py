"""The Evaluate page: its tabs and parts."""
