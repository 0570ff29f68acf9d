"""What surrounds every page: navigation, theme, errors as messages."""
