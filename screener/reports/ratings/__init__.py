"""Ratings, their definitions, and the returns that these promise."""
