"""The Teach page: its parts."""
