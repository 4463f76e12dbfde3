"""Screens on the terminal."""
