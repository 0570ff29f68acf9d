"""The Analyze page: the verdict and the tabs below it."""
