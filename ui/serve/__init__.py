"""What whoever runs the server reads of it: figures and logs, with nothing of a visitor in them."""
