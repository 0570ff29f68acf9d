"""Training clips composed of still pictures."""
