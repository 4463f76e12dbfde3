"""The tests and intervals that a study states."""
