"""What outlives a rerun: of one visit, or of the whole server."""
