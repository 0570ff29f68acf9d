"""How often a model is right, on whom, and how sure that figure is."""
