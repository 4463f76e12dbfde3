"""The lake: its tables, versions, commits, and what was known when."""
