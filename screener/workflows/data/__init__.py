"""Data: import, export, status, compact, diff, restore, verify, repair."""
