"""What each part of the method is worth, and what a random split hides."""
