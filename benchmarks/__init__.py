"""Measurements side by side: ratios in one run, never tests."""
