"""A result for others: what its visitor does to share it."""
