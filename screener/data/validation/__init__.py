"""Validation of what is imported or fetched: rows, bars, limits, jumps, joins."""
