"""Metrics of a path: absolute, relative, as series."""
