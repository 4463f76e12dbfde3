"""Bringing the tables up to date: plan, ask, validate, commit."""

YEARS = 10
"""Years of history that are fetched where no first day is given; the command's help says so too."""
