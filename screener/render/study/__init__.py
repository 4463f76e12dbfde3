"""Event studies and placebos on the terminal."""
