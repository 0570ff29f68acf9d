"""What is fitted to a finished network: its emotions, its decision, presence and salience."""
