"""Where a number, or a row, comes from, on the terminal."""
