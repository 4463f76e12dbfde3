"""Report cards on the terminal."""
