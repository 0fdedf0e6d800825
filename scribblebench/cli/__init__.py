"""Commands: one a file."""
