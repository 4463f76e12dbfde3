"""Explain: a row back to its sources."""
