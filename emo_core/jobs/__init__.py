"""Work in processes of its own: a queue, and progress to read."""
