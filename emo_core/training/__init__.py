"""Training of the networks and what is recorded of it. Most modules here load TensorFlow."""
