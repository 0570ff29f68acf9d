"""The Study page: its choice, its run, and what was found."""
