"""Scores on the terminal."""
