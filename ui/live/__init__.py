"""The Live page: its parts."""
