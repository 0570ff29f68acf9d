"""Further training of the frame CNN with PyTorch."""
