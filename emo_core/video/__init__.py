"""File or bytes to frames on the file's own clock, and back."""
